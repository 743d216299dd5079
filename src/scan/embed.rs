//! `//go:embed` lines, wherever they stand.

use crate::syntax::{Embed, Place, unquote};

/// The patterns in source order. A malformed line gives none: the compiler complains about it.
pub(super) fn find(text: &[u8]) -> Vec<Embed> {
    let mut out = Vec::new();
    // Most files that import embed are short, and code is skipped at memchr's speed.
    let (mut at, mut line, mut line_start) = (0, 1u32, 0);
    let mut own_line = true;
    while let Some(&b) = text.get(at) {
        match b {
            b'\n' => {
                at += 1;
                line += 1;
                line_start = at;
                own_line = true;
                continue;
            }
            b' ' | b'\t' | b'\r' => {
                at += 1;
                continue;
            }
            b'/' if text[at..].starts_with(b"//") => {
                let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |n| at + n);
                if own_line && let Some(args) = text[at..end].strip_prefix(b"//go:embed") {
                    let column = (at - line_start) as u32 + 1 + "//go:embed".len() as u32;
                    patterns(args, Place { line, column }, &mut out);
                }
                at = end;
            }
            b'/' if text[at..].starts_with(b"/*") => {
                let end = memchr::memmem::find(&text[at + 2..], b"*/").map_or(text.len(), |n| at + n + 4);
                count_lines(text, at, end, &mut line, &mut line_start);
                at = end;
            }
            b'"' | b'\'' | b'`' => {
                let end = end_of_quoted(text, at);
                count_lines(text, at, end, &mut line, &mut line_start);
                at = end;
            }
            _ => at += 1,
        }
        own_line = false;
    }
    out
}

fn count_lines(text: &[u8], from: usize, to: usize, line: &mut u32, line_start: &mut usize) {
    for n in memchr::memchr_iter(b'\n', &text[from..to]) {
        *line += 1;
        *line_start = from + n + 1;
    }
}

fn end_of_quoted(text: &[u8], start: usize) -> usize {
    let quote = text[start];
    let mut at = start + 1;
    while let Some(&b) = text.get(at) {
        match b {
            b'\n' if quote != b'`' => return at,
            b'\\' if quote != b'`' => at += 1,
            _ if b == quote => return at + 1,
            _ => {}
        }
        at += 1;
    }
    text.len()
}

fn patterns(args: &[u8], at: Place, out: &mut Vec<Embed>) {
    let Ok(args) = std::str::from_utf8(args) else { return };
    if !args.starts_with([' ', '\t']) {
        return;
    }
    let mut rest = args;
    let mut found = Vec::new();
    loop {
        rest = rest.trim_start();
        let column = at.column + (args.len() - rest.len()) as u32;
        let Some(first) = rest.chars().next() else { break };
        let len = match first {
            '"' | '`' => end_of_quoted(rest.as_bytes(), 0),
            _ => rest.find(char::is_whitespace).unwrap_or(rest.len()),
        };
        let word = &rest[..len];
        let pattern = match first {
            '"' | '`' => match unquote(word).and_then(|b| String::from_utf8(b).ok()) {
                Some(pattern) => pattern,
                None => return,
            },
            _ => word.to_owned(),
        };
        rest = &rest[len..];
        if !rest.is_empty() && !rest.starts_with(char::is_whitespace) {
            return;
        }
        found.push(Embed { pattern, at: Place { line: at.line, column } });
    }
    out.extend(found);
}
