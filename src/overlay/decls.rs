//! Finds the top-level declarations of a Go file by their text alone.
//!
//! The files are gofmt'd sources of the standard library, so a declaration ends at the first line end outside
//! every bracket. Strings, runes and comments are skipped, nothing else is understood.

use std::ops::Range;

/// One declared name and where its declaration stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decl {
    /// `F`, `T`, `x`, or `T.M` for a method of `T` or `*T`.
    pub name: String,
    pub kind: Kind,
    /// The declaration itself, from its keyword (or, in a group, from its name) to its last character.
    pub span: Range<usize>,
    /// `span` and the comment lines directly above.
    pub with_comments: Range<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Func,
    Type,
    /// A constant or variable; of a spec with several names each is listed with the same span.
    Value,
}

/// All top-level declarations of `text`, in order.
pub(super) fn decls(text: &str) -> Vec<Decl> {
    let mut out = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let skipped = skip(bytes, at);
        if skipped > at {
            at = skipped;
            continue;
        }
        let word = ident(text, at);
        match word {
            "func" => {
                let end = line_end_outside_brackets(bytes, at);
                if let Some(name) = func_name(text, at + 4) {
                    out.push(decl(text, name, Kind::Func, at..end));
                }
                at = end;
            }
            "type" | "const" | "var" => {
                let kind = if word == "type" { Kind::Type } else { Kind::Value };
                let end = line_end_outside_brackets(bytes, at);
                let rest = blanks(bytes, at + word.len());
                if bytes.get(rest) == Some(&b'(') {
                    group(text, kind, rest + 1..end - 1, &mut out);
                } else {
                    for name in names(text, rest) {
                        out.push(decl(text, name, kind, at..end));
                    }
                }
                at = end;
            }
            "" => at += 1,
            _ => at = line_end_outside_brackets(bytes, at),
        }
    }
    out
}

/// The specs between the parentheses of `const ( … )` and the like.
fn group(text: &str, kind: Kind, inside: Range<usize>, out: &mut Vec<Decl>) {
    let bytes = text.as_bytes();
    let mut at = inside.start;
    while at < inside.end {
        let skipped = skip(bytes, at);
        if skipped > at {
            at = skipped;
        } else if ident(text, at).is_empty() {
            at += 1;
        } else {
            let end = line_end_outside_brackets(bytes, at).min(inside.end);
            for name in names(text, at) {
                out.push(decl(text, name, kind, at..end));
            }
            at = end;
        }
    }
}

fn decl(text: &str, name: String, kind: Kind, span: Range<usize>) -> Decl {
    Decl { name, kind, with_comments: comments_above(text, span.start)..span.end, span }
}

/// `a, b` at `at` as two names.
fn names(text: &str, mut at: usize) -> Vec<String> {
    let mut out = Vec::new();
    loop {
        let name = ident(text, at);
        if name.is_empty() {
            return out;
        }
        out.push(name.to_string());
        at = blanks(text.as_bytes(), at + name.len());
        if text.as_bytes().get(at) != Some(&b',') {
            return out;
        }
        at = blanks(text.as_bytes(), at + 1);
    }
}

/// The name after `func`: `F`, or `T.M` after a receiver.
fn func_name(text: &str, at: usize) -> Option<String> {
    let bytes = text.as_bytes();
    let at = blanks(bytes, at);
    if bytes.get(at) != Some(&b'(') {
        let name = ident(text, at);
        return (!name.is_empty()).then(|| name.to_string());
    }
    let close = at + text[at..].find(')')?;
    let receiver = text[at + 1..close].trim();
    let ty = receiver.rsplit(' ').next()?.trim_start_matches('*');
    let ty = ty.split('[').next()?;
    let method = ident(text, blanks(bytes, close + 1));
    Some(format!("{ty}.{method}"))
}

/// The start of the unbroken run of `//` lines that ends right above the line of `at`.
fn comments_above(text: &str, at: usize) -> usize {
    let mut start = text[..at].rfind('\n').map_or(0, |i| i + 1);
    if !text[start..at].trim().is_empty() {
        return at;
    }
    while start > 0 {
        let line_start = text[..start - 1].rfind('\n').map_or(0, |i| i + 1);
        if !text[line_start..start].trim_start().starts_with("//") {
            break;
        }
        start = line_start;
    }
    start
}

fn line_end_outside_brackets(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0usize;
    while at < bytes.len() {
        // A line comment ends where its line does, which is what we look for.
        let skipped = skip(bytes, at);
        if skipped > at {
            at = skipped;
            continue;
        }
        match bytes[at] {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b'\n' if depth == 0 => return at,
            _ => (),
        }
        at += 1;
    }
    at
}

/// The end of the comment, string or rune that starts at `at`, else `at`.
fn skip(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at..];
    let until = |needle: &[u8], from: usize| {
        rest[from..].windows(needle.len()).position(|w| w == needle).map_or(bytes.len(), |i| at + from + i)
    };
    match rest {
        [b'/', b'/', ..] => until(b"\n", 2),
        [b'/', b'*', ..] => (until(b"*/", 2) + 2).min(bytes.len()),
        [b'`', ..] => (until(b"`", 1) + 1).min(bytes.len()),
        [quote @ (b'"' | b'\''), ..] => {
            let mut i = at + 1;
            while i < bytes.len() && bytes[i] != *quote && bytes[i] != b'\n' {
                i += if bytes[i] == b'\\' { 2 } else { 1 };
            }
            (i + 1).min(bytes.len())
        }
        _ => at,
    }
}

fn blanks(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\t')) {
        at += 1;
    }
    at
}

/// The identifier that starts at `at`, or nothing.
fn ident(text: &str, at: usize) -> &str {
    let rest = &text[at.min(text.len())..];
    let len = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    if rest.starts_with(|c: char| c.is_ascii_digit()) { "" } else { &rest[..len] }
}
