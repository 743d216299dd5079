//! The notation of expected errors in Go's own test files: `/* ERROR "part" */` and `/* ERRORx "pattern" */` behind
//! the token where the error belongs.

use std::collections::BTreeMap;

/// One expected error; its line and column are those of the token before the comment.
#[derive(Clone, Debug)]
pub struct Expected {
    pub column: u32,
    pub what: Pattern,
}

#[derive(Clone, Debug)]
pub enum Pattern {
    Part(String),
    Regex(regex::Regex),
    /// The comment itself cannot be read; says why.
    Broken(String),
}

impl Pattern {
    pub fn matches(&self, message: &str) -> bool {
        match self {
            Pattern::Part(part) => message.contains(part),
            Pattern::Regex(regex) => regex.is_match(message),
            Pattern::Broken(_) => false,
        }
    }

    pub fn show(&self) -> String {
        match self {
            Pattern::Part(part) => part.clone(),
            Pattern::Regex(regex) => format!("/{regex}/"),
            Pattern::Broken(why) => why.clone(),
        }
    }
}

/// Expected errors by line.
pub fn expected(text: &str) -> BTreeMap<u32, Vec<Expected>> {
    let mut out: BTreeMap<u32, Vec<Expected>> = BTreeMap::new();
    let mut last = (0, 0);
    for token in tokens(text) {
        match token {
            Token::Code { line, column } => last = (line, column),
            Token::Comment { body } => {
                if let Some(what) = pattern(body) {
                    out.entry(last.0).or_default().push(Expected { column: last.1, what });
                }
            }
        }
    }
    out
}

fn pattern(comment: &str) -> Option<Pattern> {
    let (is_regex, quoted) = match comment.strip_prefix(" ERROR ") {
        Some(rest) => (false, rest),
        None => (true, comment.strip_prefix(" ERRORx ")?),
    };
    let Some(text) = unquote(quoted.trim()) else {
        return Some(Pattern::Broken(format!("cannot unquote {quoted}")));
    };
    if !is_regex {
        return Some(Pattern::Part(text));
    }
    Some(match regex::Regex::new(&text) {
        Ok(regex) => Pattern::Regex(regex),
        Err(err) => Pattern::Broken(err.to_string()),
    })
}

fn unquote(text: &str) -> Option<String> {
    if let Some(raw) = text.strip_prefix('`').and_then(|t| t.strip_suffix('`')) {
        return Some(raw.to_owned());
    }
    let body = text.strip_prefix('"')?.strip_suffix('"')?;
    let mut out = String::new();
    let mut chars = body.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next()? {
            'n' => out.push('\n'),
            't' => out.push('\t'),
            c @ ('\\' | '"') => out.push(c),
            _ => return None,
        }
    }
    Some(out)
}

enum Token<'a> {
    Code { line: u32, column: u32 },
    Comment { body: &'a str },
}

/// Cuts `text` roughly into Go tokens: enough to know which token stands before a comment.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let (mut at, mut line, mut line_start) = (0, 1u32, 0);
    while at < bytes.len() {
        let start = at;
        match bytes[at] {
            b'\n' => {
                at += 1;
                line += 1;
                line_start = at;
                continue;
            }
            b' ' | b'\t' | b'\r' => {
                at += 1;
                continue;
            }
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                at = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |n| at + n);
                out.push(Token::Comment { body: text[start + 2..at].trim_end_matches('\r') });
                continue;
            }
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                at = memchr::memmem::find(&bytes[at + 2..], b"*/").map_or(bytes.len(), |n| at + n + 4);
                out.push(Token::Comment { body: text[start + 2..at].trim_end_matches("*/") });
                for newline in memchr::memchr_iter(b'\n', &bytes[start..at]) {
                    line += 1;
                    line_start = start + newline + 1;
                }
                continue;
            }
            _ => (),
        }
        out.push(Token::Code { line, column: (start - line_start) as u32 + 1 });
        match bytes[at] {
            b'`' => {
                at = memchr::memchr(b'`', &bytes[at + 1..]).map_or(bytes.len(), |n| at + n + 2);
                for newline in memchr::memchr_iter(b'\n', &bytes[start..at]) {
                    line += 1;
                    line_start = start + newline + 1;
                }
            }
            quote @ (b'"' | b'\'') => {
                at += 1;
                while at < bytes.len() && bytes[at] != quote && bytes[at] != b'\n' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                at = (at + usize::from(bytes.get(at) == Some(&quote))).min(bytes.len());
            }
            c if c.is_ascii_alphanumeric() || c == b'_' || c >= 0x80 => {
                while at < bytes.len()
                    && (bytes[at].is_ascii_alphanumeric() || matches!(bytes[at], b'_' | 0x80..))
                {
                    at += 1;
                }
            }
            c => {
                const LONG: &[&str] = &[
                    "<<=", ">>=", "&^=", "...", "&&", "||", "<-", "++", "--", "==", "!=", "<=", ">=", ":=", "+=", "-=",
                    "*=", "/=", "%=", "&=", "|=", "^=", "<<", ">>", "&^",
                ];
                let long = LONG.iter().find(|op| text.as_bytes()[at..].starts_with(op.as_bytes()));
                at += long.map_or(1, |op| op.len());
                debug_assert!(c.is_ascii());
            }
        }
    }
    out
}
