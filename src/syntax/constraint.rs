//! Build constraints: `//go:build` lines and the older `// +build` lines, parsed and evaluated.

use serde::{Deserialize, Serialize};

/// A condition over build tags.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Constraint {
    Tag(String),
    Not(Box<Constraint>),
    And(Box<Constraint>, Box<Constraint>),
    Or(Box<Constraint>, Box<Constraint>),
}

/// go/build/constraint allows as many operands and no more.
const MAX_OPERANDS: usize = 1000;

impl Constraint {
    pub fn eval(&self, holds: &dyn Fn(&str) -> bool) -> bool {
        match self {
            Constraint::Tag(tag) => holds(tag),
            Constraint::Not(x) => !x.eval(holds),
            // Both sides on purpose: a caller may collect the tags that were asked for.
            Constraint::And(x, y) => x.eval(holds) & y.eval(holds),
            Constraint::Or(x, y) => x.eval(holds) | y.eval(holds),
        }
    }

    /// The least minor version of Go 1 that the condition implies: 21 for `go1.21 && linux`, none for `linux`.
    /// `go1` alone gives 0. Any tag is taken to be true or false at will, except that `!go1.N` implies nothing.
    pub fn go_version(&self) -> Option<u32> {
        self.min_version(true)
    }

    fn min_version(&self, positive: bool) -> Option<u32> {
        match self {
            Constraint::Tag(tag) if positive => match tag.as_str() {
                "go1" => Some(0),
                _ => tag.strip_prefix("go1.")?.parse().ok(),
            },
            Constraint::Tag(_) => None,
            Constraint::Not(x) => x.min_version(!positive),
            Constraint::And(x, y) | Constraint::Or(x, y) => {
                let (x, y) = (x.min_version(positive), y.min_version(positive));
                // None orders before Some: an alternative that implies nothing makes the whole imply nothing.
                if matches!(self, Constraint::And(..)) == positive { x.max(y) } else { x.min(y) }
            }
        }
    }
}

/// The expression of a `//go:build` line; none if `line` is no such line.
pub fn parse_go_build(line: &str) -> Option<Result<Constraint, String>> {
    let rest = line.trim_end_matches('\n').trim().strip_prefix("//go:build")?;
    let text = rest.trim();
    if !rest.is_empty() && rest.len() == text.len() {
        return None;
    }
    Some(Parser::parse(text))
}

/// The expression of a `// +build` line; none if `line` is no such line.
pub fn parse_plus_build(line: &str) -> Option<Result<Constraint, String>> {
    let rest = line.trim_end_matches('\n').strip_prefix("//")?.trim().strip_prefix("+build")?;
    let text = rest.trim();
    if !rest.is_empty() && rest.len() == text.len() {
        return None;
    }
    let mut any: Option<Constraint> = None;
    let mut size = 0;
    for clause in text.split_whitespace() {
        let mut all: Option<Constraint> = None;
        for literal in clause.split(',') {
            size += 1;
            if size > 100 {
                return Some(Err("build expression too large".to_owned()));
            }
            let x = plus_build_literal(literal);
            all = Some(match all {
                None => x,
                Some(y) => Constraint::And(Box::new(y), Box::new(x)),
            });
        }
        let all = all.expect("split gives at least one part");
        any = Some(match any {
            None => all,
            Some(y) => Constraint::Or(Box::new(y), Box::new(all)),
        });
    }
    // An empty line matches nothing.
    Some(Ok(any.unwrap_or_else(|| Constraint::Tag("ignore".to_owned()))))
}

fn plus_build_literal(literal: &str) -> Constraint {
    let ignore = || Constraint::Tag("ignore".to_owned());
    if literal.starts_with("!!") || literal == "!" {
        return ignore();
    }
    let (negated, tag) = match literal.strip_prefix('!') {
        Some(tag) => (true, tag),
        None => (false, literal),
    };
    let x = if is_tag(tag) { Constraint::Tag(tag.to_owned()) } else { ignore() };
    if negated { Constraint::Not(Box::new(x)) } else { x }
}

fn is_tag(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_tag_char)
}

fn is_tag_char(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '.'
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Token<'a> {
    End,
    Tag(&'a str),
    Sign(&'a str),
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    token: Token<'a>,
    operands: usize,
}

impl<'a> Parser<'a> {
    fn parse(text: &'a str) -> Result<Constraint, String> {
        let mut p = Parser { text, at: 0, token: Token::End, operands: 0 };
        let x = p.or()?;
        match p.token {
            Token::End => Ok(x),
            Token::Tag(t) | Token::Sign(t) => Err(format!("unexpected token {t}")),
        }
    }

    fn or(&mut self) -> Result<Constraint, String> {
        let mut x = self.and()?;
        while self.token == Token::Sign("||") {
            x = Constraint::Or(Box::new(x), Box::new(self.and()?));
        }
        Ok(x)
    }

    fn and(&mut self) -> Result<Constraint, String> {
        let mut x = self.not()?;
        while self.token == Token::Sign("&&") {
            x = Constraint::And(Box::new(x), Box::new(self.not()?));
        }
        Ok(x)
    }

    fn not(&mut self) -> Result<Constraint, String> {
        self.operands += 1;
        if self.operands > MAX_OPERANDS {
            return Err("build expression too large".to_owned());
        }
        self.next()?;
        if self.token != Token::Sign("!") {
            return self.atom();
        }
        self.next()?;
        if self.token == Token::Sign("!") {
            return Err("double negation not allowed".to_owned());
        }
        Ok(Constraint::Not(Box::new(self.atom()?)))
    }

    fn atom(&mut self) -> Result<Constraint, String> {
        match self.token {
            Token::Sign("(") => {
                let x = self.or().map_err(|e| match e.as_str() {
                    "unexpected end of expression" => "missing close paren".to_owned(),
                    _ => e,
                })?;
                if self.token != Token::Sign(")") {
                    return Err("missing close paren".to_owned());
                }
                self.next()?;
                Ok(x)
            }
            Token::Tag(tag) => {
                self.next()?;
                Ok(Constraint::Tag(tag.to_owned()))
            }
            Token::End => Err("unexpected end of expression".to_owned()),
            Token::Sign(sign) => Err(format!("unexpected token {sign}")),
        }
    }

    fn next(&mut self) -> Result<(), String> {
        let rest = self.text[self.at..].trim_start_matches([' ', '\t']);
        let start = self.text.len() - rest.len();
        let Some(first) = rest.chars().next() else {
            self.at = start;
            self.token = Token::End;
            return Ok(());
        };
        let len = match first {
            '(' | ')' | '!' => 1,
            '&' | '|' if rest[1..].starts_with(first) => 2,
            '&' | '|' => return Err(format!("invalid syntax at {first}")),
            _ => rest.find(|c| !is_tag_char(c)).unwrap_or(rest.len()),
        };
        if len == 0 {
            return Err(format!("invalid syntax at {first}"));
        }
        let token = &rest[..len];
        self.token = if is_tag_char(first) { Token::Tag(token) } else { Token::Sign(token) };
        self.at = start + len;
        Ok(())
    }
}

/// The build constraints at the head of a file.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Header {
    /// That of the `//go:build` line; it alone counts when there is one.
    pub go_build: Option<Constraint>,
    /// Those of `// +build` lines, all of which must hold.
    pub plus_build: Vec<Constraint>,
    /// What is wrong with the constraints: `multiple //go:build comments`.
    pub error: Option<String>,
}

impl Header {
    /// Whether a file with this header is part of a build in which `holds` tells the tags.
    pub fn eval(&self, holds: &dyn Fn(&str) -> bool) -> bool {
        match &self.go_build {
            Some(x) => x.eval(holds),
            None => self.plus_build.iter().all(|x| x.eval(holds)),
        }
    }
}

/// Reads the constraints among the comments before a file's first code.
///
/// A `//go:build` line counts anywhere there; `// +build` lines count before the last blank line that follows only `//` comments.
pub fn header(text: &[u8]) -> Header {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut out = Header::default();
    let mut go_build: Option<&[u8]> = None;
    let mut blank_end = 0;
    let mut ended = false;
    let mut in_block = false;
    let mut at = 0;
    'lines: while at < text.len() {
        let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |i| at + i);
        let mut line = text[at..end].trim_ascii();
        at = (end + 1).min(text.len());
        if line.is_empty() && !ended {
            blank_end = at;
            continue;
        }
        if !line.starts_with(b"//") {
            ended = true;
        }
        if !in_block && is_go_build(line) {
            if go_build.is_some() {
                out.error = Some("multiple //go:build comments".to_owned());
                return out;
            }
            go_build = Some(line);
        }
        while !line.is_empty() {
            if in_block {
                match memchr::memmem::find(line, b"*/") {
                    Some(i) => {
                        in_block = false;
                        line = line[i + 2..].trim_ascii();
                    }
                    None => continue 'lines,
                }
            } else if line.starts_with(b"//") {
                continue 'lines;
            } else if line.starts_with(b"/*") {
                in_block = true;
                line = line[2..].trim_ascii();
            } else {
                break 'lines;
            }
        }
    }
    if let Some(line) = go_build {
        match parse_go_build(&String::from_utf8_lossy(line)) {
            Some(Ok(x)) => out.go_build = Some(x),
            Some(Err(e)) => out.error = Some(format!("parsing //go:build line: {e}")),
            None => {}
        }
        return out;
    }
    for line in text[..blank_end].split(|&b| b == b'\n').map(<[u8]>::trim_ascii) {
        if line.starts_with(b"//")
            && let Some(Ok(x)) = parse_plus_build(&String::from_utf8_lossy(line))
        {
            out.plus_build.push(x);
        }
    }
    out
}

fn is_go_build(line: &[u8]) -> bool {
    line.strip_prefix(b"//go:build").is_some_and(|rest| rest.is_empty() || rest[0].is_ascii_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn eval(line: &str, tags: &[&str]) -> bool {
        parse_go_build(line).unwrap().unwrap().eval(&|tag| tags.contains(&tag))
    }

    #[test]
    fn operators_bind_as_in_go() {
        assert!(eval("//go:build a || b && c", &["a"]));
        assert!(!eval("//go:build (a || b) && c", &["a"]));
        assert!(eval("//go:build !a && !b", &["c"]));
    }

    #[test]
    fn versions_are_implied() {
        let version = |line| parse_go_build(line).unwrap().unwrap().go_version();
        assert_eq!(version("//go:build go1.21 && linux"), Some(21));
        assert_eq!(version("//go:build go1.21 || linux"), None);
        assert_eq!(version("//go:build go1.21 || go1.20"), Some(20));
        assert_eq!(version("//go:build !go1.21"), None);
        assert_eq!(version("//go:build !(!go1.21)"), Some(21));
    }

    #[test]
    fn mistakes_are_named_as_go_names_them() {
        let error = |line| parse_go_build(line).unwrap().unwrap_err();
        assert_eq!(error("//go:build ("), "missing close paren");
        assert_eq!(error("//go:build a b"), "unexpected token b");
        assert_eq!(error("//go:build !!a"), "double negation not allowed");
        assert_eq!(error("//go:build a & b"), "invalid syntax at &");
        assert_eq!(error("//go:build"), "unexpected end of expression");
    }

    #[test]
    fn plus_build_needs_a_blank_line_below() {
        let holds = |tag: &str| tag == "linux";
        assert!(!header(b"// +build windows\n\npackage p\n").eval(&holds));
        assert!(header(b"// +build windows\npackage p\n").eval(&holds));
        assert!(header(b"// +build windows linux,!cgo\n\npackage p\n").eval(&holds));
        assert!(!header(b"// Doc.\n//go:build windows\npackage p\n").eval(&holds));
    }

    #[test]
    fn two_lines_are_one_too_many() {
        let header = header(b"//go:build a\n//go:build b\n\npackage p\n");
        assert_eq!(header.error.as_deref(), Some("multiple //go:build comments"));
    }
}
