//! The few tokens that may stand before a file's first declaration, named as go/scanner names them.

use crate::syntax::{FactError, Place};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    End,
    /// A semicolon, written or implied by a line's end.
    Semi,
    Ident,
    Keyword,
    String,
    Literal,
    /// Any other sign.
    Sign,
    /// No token at all: a mistake was reported.
    Bad,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    pub kind: Kind,
    pub text: &'a [u8],
    pub at: usize,
}

impl Token<'_> {
    pub fn is(&self, text: &str) -> bool {
        matches!(self.kind, Kind::Keyword | Kind::Sign | Kind::Semi) && self.text == text.as_bytes()
    }

    /// As in `expected X, found …`.
    pub fn found(&self) -> String {
        let text = String::from_utf8_lossy(self.text);
        match self.kind {
            Kind::End => "'EOF'".to_owned(),
            Kind::Semi if self.text != b";" => "newline".to_owned(),
            Kind::Bad => "'ILLEGAL'".to_owned(),
            Kind::Ident | Kind::String | Kind::Literal => text.into_owned(),
            Kind::Semi | Kind::Keyword | Kind::Sign => format!("'{text}'"),
        }
    }
}

const KEYWORDS: &[&str] = &[
    "break",
    "case",
    "chan",
    "const",
    "continue",
    "default",
    "defer",
    "else",
    "fallthrough",
    "for",
    "func",
    "go",
    "goto",
    "if",
    "import",
    "interface",
    "map",
    "package",
    "range",
    "return",
    "select",
    "struct",
    "switch",
    "type",
    "var",
];

pub(super) struct Lexer<'a> {
    pub text: &'a [u8],
    pub at: usize,
    needs_semi: bool,
    /// Comments seen so far that begin a line: where, and their text.
    pub comments: Vec<(usize, &'a [u8])>,
    pub error: Option<FactError>,
    line: u32,
    line_start: usize,
    counted: usize,
}

impl<'a> Lexer<'a> {
    pub fn new(text: &'a [u8]) -> Lexer<'a> {
        let at = if text.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        Lexer {
            text,
            at,
            needs_semi: false,
            comments: Vec::new(),
            error: None,
            line: 1,
            line_start: 0,
            counted: 0,
        }
    }

    /// Offsets are asked for in ascending order mostly, so lines are counted from the last answer on.
    pub fn place(&mut self, offset: usize) -> Place {
        if offset == self.text.len() && self.text.ends_with(b"\n") && offset > 0 {
            // go/token has no line behind a last newline: the end of the file is on the line that it ends.
            let last = self.place(offset - 1);
            return Place { column: last.column + 1, ..last };
        }
        if offset < self.counted {
            (self.line, self.line_start, self.counted) = (1, 0, 0);
        }
        for newline in memchr::memchr_iter(b'\n', &self.text[self.counted..offset]) {
            self.line += 1;
            self.line_start = self.counted + newline + 1;
        }
        self.counted = offset;
        Place { line: self.line, column: (offset - self.line_start) as u32 + 1 }
    }

    /// Keeps the first mistake.
    pub fn fail(&mut self, offset: usize, text: impl Into<String>) {
        if self.error.is_none() {
            let at = self.place(offset);
            self.error = Some(FactError::Syntax { at, text: text.into() });
        }
    }

    pub fn next(&mut self) -> Token<'a> {
        if let Some(semi) = self.skip_blanks() {
            return semi;
        }
        let start = self.at;
        let Some(&first) = self.text.get(start) else {
            return self.token(Kind::End, start, start);
        };
        match first {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80.. => self.ident(start),
            b'0'..=b'9' => {
                let end = self.end_while(start, |b| b.is_ascii_alphanumeric() || b == b'.' || b == b'_');
                self.needs_semi = true;
                self.token(Kind::Literal, start, end)
            }
            b'"' | b'`' | b'\'' => self.quoted(start, first),
            b';' => self.token(Kind::Semi, start, start + 1),
            0 => {
                if self.error.is_none() {
                    self.error = Some(FactError::Read { text: "unexpected NUL in input".to_owned() });
                }
                self.token(Kind::Bad, start, start + 1)
            }
            _ => {
                self.needs_semi = matches!(first, b')' | b']' | b'}');
                self.token(Kind::Sign, start, start + 1)
            }
        }
    }

    fn token(&mut self, kind: Kind, start: usize, end: usize) -> Token<'a> {
        self.at = end;
        Token { kind, text: &self.text[start..end], at: start }
    }

    fn end_while(&self, start: usize, keep: impl Fn(u8) -> bool) -> usize {
        self.text[start..].iter().position(|&b| !keep(b)).map_or(self.text.len(), |n| start + n)
    }

    /// Blanks and comments; a semicolon when a line's end stands for one.
    fn skip_blanks(&mut self) -> Option<Token<'a>> {
        loop {
            let rest = &self.text[self.at..];
            match rest {
                [b' ' | b'\t' | b'\r', ..] => self.at += 1,
                [b'\n', ..] | [] if self.needs_semi => {
                    self.needs_semi = false;
                    let end = (self.at + 1).min(self.text.len());
                    // At the end of the file the token has no text, which shows as a newline too.
                    return Some(self.token(Kind::Semi, self.at, end));
                }
                [b'\n', ..] => self.at += 1,
                [b'/', b'/', ..] => {
                    let end = memchr::memchr(b'\n', rest).map_or(self.text.len(), |n| self.at + n);
                    self.expect_utf8(self.at, end);
                    self.comments.push((self.at, &self.text[self.at..end]));
                    self.at = end;
                }
                [b'/', b'*', ..] => {
                    let Some(len) = memchr::memmem::find(&rest[2..], b"*/") else {
                        self.fail(self.at, "comment not terminated");
                        self.at = self.text.len();
                        continue;
                    };
                    self.expect_utf8(self.at, self.at + len + 4);
                    let comment = &rest[..len + 4];
                    if self.needs_semi && comment.contains(&b'\n') {
                        self.needs_semi = false;
                        return Some(self.token(Kind::Semi, self.at, self.at));
                    }
                    self.at += comment.len();
                }
                _ => return None,
            }
        }
    }

    fn expect_utf8(&mut self, start: usize, end: usize) {
        if let Err(e) = std::str::from_utf8(&self.text[start..end]) {
            self.fail(start + e.valid_up_to(), "illegal UTF-8 encoding");
        }
    }

    fn ident(&mut self, start: usize) -> Token<'a> {
        let end = self.end_while(start, |b| b.is_ascii_alphanumeric() || b == b'_' || b >= 0x80);
        let text = &self.text[start..end];
        self.expect_utf8(start, end);
        let kind = if KEYWORDS.iter().any(|k| k.as_bytes() == text) { Kind::Keyword } else { Kind::Ident };
        self.needs_semi = kind == Kind::Ident;
        self.token(kind, start, end)
    }

    fn quoted(&mut self, start: usize, quote: u8) -> Token<'a> {
        self.needs_semi = true;
        let mut at = start + 1;
        loop {
            match self.text.get(at) {
                Some(&b) if b == quote => break,
                Some(b'\n') | None if quote != b'`' => {
                    let what = if quote == b'"' { "string" } else { "rune" };
                    self.fail(start, format!("{what} literal not terminated"));
                    return self.token(Kind::Bad, start, at.min(self.text.len()));
                }
                None => {
                    self.fail(start, "raw string literal not terminated");
                    return self.token(Kind::Bad, start, at);
                }
                Some(b'\\') if quote != b'`' => at += 2,
                Some(_) => at += 1,
            }
        }
        self.expect_utf8(start, at + 1);
        self.token(if quote == b'\'' { Kind::Literal } else { Kind::String }, start, at + 1)
    }
}
