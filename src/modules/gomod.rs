//! The text of go.mod, parsed with go's words for its mistakes.

use super::version::{self, compare_go};

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct GoMod {
    pub module: Option<String>,
    /// As written: `1.21`, `1.21.3`.
    pub go: Option<String>,
    pub toolchain: Option<String>,
    pub requires: Vec<Require>,
    pub excludes: Vec<(String, String)>,
    pub replaces: Vec<Replace>,
    pub tools: Vec<String>,
    pub ignores: Vec<String>,
    pub godebug: Vec<(String, String)>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Require {
    pub path: String,
    pub version: String,
    pub indirect: bool,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Replace {
    pub path: String,
    /// None: every version.
    pub version: Option<String>,
    pub new_path: String,
    /// None: `new_path` is a directory.
    pub new_version: Option<String>,
}

/// A mistake: 1-based line, column when it is one of form, text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mistake {
    pub line: u32,
    pub column: Option<u32>,
    pub text: String,
}

impl GoMod {
    /// The language version's text; a file without a go line means 1.16.
    pub fn go_or_default(&self) -> &str {
        self.go.as_deref().unwrap_or("1.16")
    }

    /// What stands in for a module version, if anything.
    pub fn replacement(&self, path: &str, version: &str) -> Option<&Replace> {
        let of = |wanted: Option<&str>| {
            self.replaces.iter().rev().find(|r| r.path == path && r.version.as_deref() == wanted)
        };
        of(Some(version)).or_else(|| of(None))
    }

    /// From go 1.17 on the file lists every module that a build needs.
    pub fn is_pruned(&self) -> bool {
        compare_go(self.go_or_default(), "1.17").is_ge()
    }
}

/// Parses go.mod. With `strict` false (a dependency's file) unknown and main-module-only directives are ignored.
pub fn parse(text: &[u8], strict: bool) -> Result<GoMod, Vec<Mistake>> {
    let lines = lex(text).map_err(|mistake| vec![mistake])?;
    let mut parser = Parser { strict, out: GoMod::default(), mistakes: Vec::new() };
    let mut block: Option<(String, u32, u32)> = None;
    for line in &lines {
        let words: Vec<&str> = line.words.iter().map(String::as_str).collect();
        match (&block, &words[..]) {
            (Some(_), [")"]) => block = None,
            (Some((verb, ..)), args) => parser.directive(verb, args, line),
            (None, [verb, "("]) => {
                if strict && !BLOCKS.contains(verb) {
                    parser.fail(line.number, format!("unknown block type: {verb}"));
                }
                block = Some(((*verb).to_owned(), line.number, line.column));
            }
            (None, [_, "(", ")"]) => {}
            (None, [verb, args @ ..]) => parser.directive(verb, args, line),
            (None, []) => {}
        }
    }
    if let Some((_, line, column)) = block {
        let end = text.iter().filter(|&&b| b == b'\n').count() as u32 + 1;
        let text = format!("syntax error (unterminated block started at FILE:{line}:{column})");
        return Err(vec![Mistake { line: end, column: None, text }]);
    }
    if parser.mistakes.is_empty() { Ok(parser.out) } else { Err(parser.mistakes) }
}

const BLOCKS: &[&str] = &["module", "godebug", "require", "exclude", "replace", "retract", "tool", "ignore"];

struct Line {
    number: u32,
    column: u32,
    words: Vec<String>,
    comment: String,
}

fn lex(text: &[u8]) -> Result<Vec<Line>, Mistake> {
    let mut out = Vec::new();
    for (i, line) in text.split(|&b| b == b'\n').enumerate() {
        let number = i as u32 + 1;
        let line = String::from_utf8_lossy(line);
        let line = line.trim_end_matches('\r');
        let (words, column, comment) = lex_line(line, number)?;
        if !words.is_empty() {
            out.push(Line { number, column, words, comment });
        }
    }
    Ok(out)
}

fn lex_line(line: &str, number: u32) -> Result<(Vec<String>, u32, String), Mistake> {
    let mut words = Vec::new();
    let mut first = 0;
    let mut at = 0;
    let fail = |at: usize, text: &str| {
        Err(Mistake { line: number, column: Some(at as u32 + 1), text: text.to_owned() })
    };
    while at < line.len() {
        let rest = &line[at..];
        let c = rest.chars().next().expect("at is inside the line");
        if c == ' ' || c == '\t' || c == '\r' {
            at += 1;
            continue;
        }
        if rest.starts_with("//") {
            return Ok((words, first, rest.to_owned()));
        }
        if rest.starts_with("/*") {
            return fail(at, "mod files must use // comments (not /* */ comments)");
        }
        if words.is_empty() {
            first = at as u32 + 1;
        }
        let len = match c {
            '(' | ')' | '[' | ']' | '{' | '}' | ',' => 1,
            '"' | '`' => match quoted_len(rest, c) {
                Some(len) => len,
                None => return fail(line.len(), "unexpected newline in string"),
            },
            '\0' => {
                let text = "unexpected input character '\\x00'".to_owned();
                return Err(Mistake { line: number, column: None, text });
            }
            '=' if rest.starts_with("=>") => 2,
            _ => {
                let end = |(i, c): (usize, char)| {
                    let stop = c.is_whitespace() || "()[]{},".contains(c);
                    (stop || rest[i..].starts_with("//") || rest[i..].starts_with("=>")).then_some(i)
                };
                rest.char_indices().find_map(end).unwrap_or(rest.len())
            }
        };
        words.push(rest[..len].to_owned());
        at += len;
    }
    Ok((words, first, String::new()))
}

fn quoted_len(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (i, c) in text.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if c == '\\' && quote == '"' {
            escaped = true;
        } else if c == quote {
            return Some(i + 1);
        }
    }
    None
}

struct Parser {
    strict: bool,
    out: GoMod,
    mistakes: Vec<Mistake>,
}

impl Parser {
    fn fail(&mut self, line: u32, text: impl Into<String>) {
        self.mistakes.push(Mistake { line, column: None, text: text.into() });
    }

    fn directive(&mut self, verb: &str, args: &[&str], line: &Line) {
        if !self.strict && !matches!(verb, "go" | "module" | "retract" | "require" | "ignore") {
            return;
        }
        if let Err(text) = self.try_directive(verb, args, line) {
            self.fail(line.number, text);
        }
    }

    fn try_directive(&mut self, verb: &str, args: &[&str], line: &Line) -> Result<(), String> {
        match verb {
            "go" => self.go_line(args),
            "toolchain" => {
                if self.out.toolchain.is_some() {
                    return Err("repeated toolchain statement".to_owned());
                }
                let [name] = args else {
                    return Err("toolchain directive expects exactly one argument".to_owned());
                };
                let version = name.strip_prefix("go").map(|v| v.split('-').next().unwrap_or(v));
                if *name != "default" && !version.is_some_and(version::is_go_version) {
                    return Err(format!(
                        "invalid toolchain version '{name}': must match format go1.23.0 or default"
                    ));
                }
                self.out.toolchain = Some((*name).to_owned());
                Ok(())
            }
            "module" => {
                if self.out.module.is_some() {
                    return Err("repeated module statement".to_owned());
                }
                let [path] = args else { return Err("usage: module module/path".to_owned()) };
                self.out.module = Some(string(path)?);
                Ok(())
            }
            "godebug" => {
                let usage = || "usage: godebug key=value".to_owned();
                let [arg] = args else { return Err(usage()) };
                let (key, value) = arg.split_once('=').ok_or_else(usage)?;
                if arg.contains(['"', '`', '\'', ',']) {
                    return Err(usage());
                }
                self.out.godebug.push((key.to_owned(), value.to_owned()));
                Ok(())
            }
            "require" | "exclude" => {
                let [path, version] = args else {
                    return Err(format!("usage: {verb} module/path v1.2.3"));
                };
                let path = string(path)?;
                let version = module_version(verb, &path, version)?;
                check_major(verb, &path, &version)?;
                if verb == "exclude" {
                    self.out.excludes.push((path, version));
                } else {
                    let note = line.comment.trim_start_matches('/').trim();
                    let indirect = note == "indirect" || note.starts_with("indirect;");
                    self.out.requires.push(Require { path, version, indirect });
                }
                Ok(())
            }
            "replace" => {
                let replace = replace_line(args)?;
                self.out.replaces.push(replace);
                Ok(())
            }
            "retract" => Ok(()),
            "tool" | "ignore" => {
                let [path] = args else {
                    return Err(format!("{verb} directive expects exactly one argument"));
                };
                let list = if verb == "tool" { &mut self.out.tools } else { &mut self.out.ignores };
                list.push(string(path)?);
                Ok(())
            }
            _ => Err(format!("unknown directive: {verb}")),
        }
    }

    fn go_line(&mut self, args: &[&str]) -> Result<(), String> {
        if self.out.go.is_some() {
            return Err("repeated go statement".to_owned());
        }
        let [text] = args else { return Err("go directive expects exactly one argument".to_owned()) };
        let version = if version::is_go_version(text) {
            *text
        } else {
            // A dependency may write `v1.2` or `1.2.beta`: what can be made out of it is taken.
            let lax = text.strip_prefix('v').unwrap_or(text);
            let len = lax.match_indices('.').nth(1).map_or(lax.len(), |(i, _)| i);
            if self.strict || !version::is_go_version(&lax[..len]) {
                return Err(format!("invalid go version '{text}': must match format 1.23.0"));
            }
            &lax[..len]
        };
        self.out.go = Some(version.to_owned());
        Ok(())
    }
}

fn string(word: &str) -> Result<String, String> {
    if word.starts_with(['"', '`']) {
        let bytes = crate::syntax::unquote(word).ok_or("invalid quoted string: invalid syntax")?;
        return String::from_utf8(bytes).map_err(|_| "invalid quoted string: invalid syntax".to_owned());
    }
    if word.contains(['"', '\'', '`']) {
        return Err("invalid quoted string: unquoted string cannot contain quote".to_owned());
    }
    Ok(word.to_owned())
}

fn module_version(verb: &str, path: &str, word: &str) -> Result<String, String> {
    let text = string(word)?;
    if !version::is_canonical_semver(&text) {
        return Err(format!("{verb} {path}: version {text:?} invalid: must be of the form v1.2.3"));
    }
    Ok(text)
}

fn check_major(verb: &str, path: &str, version: &str) -> Result<(), String> {
    let Some((_, suffix)) = version::split_major(path) else {
        return Err(format!("{verb} {path}: invalid module path"));
    };
    let have = version::major(version);
    if version.ends_with("+incompatible") && suffix.is_empty() {
        return Ok(());
    }
    let fits = match suffix.trim_start_matches(['/', '.']).trim_end_matches("-unstable") {
        "" => have == "v0" || have == "v1",
        "v1" if version.starts_with("v0.0.0-") => true,
        want => have == want,
    };
    if fits {
        return Ok(());
    }
    let want = match suffix.trim_start_matches(['/', '.']) {
        "" => "v0 or v1",
        want => want,
    };
    Err(format!("{verb} {path}: version {version:?} invalid: should be {want}, not {have}"))
}

fn replace_line(args: &[&str]) -> Result<Replace, String> {
    let arrow = if args.get(1) == Some(&"=>") { 1 } else { 2 };
    if args.len() < arrow + 2 || args.len() > arrow + 3 || args[arrow] != "=>" {
        return Err("usage: replace module/path [v1.2.3] => other/module v1.4\n\t or replace module/path [v1.2.3] => ../local/directory".to_owned());
    }
    let path = string(args[0])?;
    let version = if arrow == 2 { Some(module_version("replace", &path, args[1])?) } else { None };
    if let Some(version) = &version {
        check_major("replace", &path, version)?;
    }
    let new_path = string(args[arrow + 1])?;
    let Some(new_version) = args.get(arrow + 2) else {
        if !is_directory(&new_path) {
            return Err(match new_path.contains('@') {
                true => "replacement module must match format 'path version', not 'path@version'",
                false => "replacement module without version must be directory path (rooted or starting with . or ..)",
            }
            .to_owned());
        }
        return Ok(Replace { path, version, new_path, new_version: None });
    };
    let new_version = module_version("replace", &new_path, new_version)?;
    if is_directory(&new_path) {
        return Err(format!("replacement module directory path {new_path:?} cannot have version"));
    }
    Ok(Replace { path, version, new_path, new_version: Some(new_version) })
}

fn is_directory(path: &str) -> bool {
    path == "." || path == ".." || path.starts_with("./") || path.starts_with("../") || path.starts_with('/')
}
