//! Bytes to tokens, with automatic semicolons, and the literals' well-formedness.
//!
//! Comments vanish, except directives (`//go:…`, `//line`, `/*line*/`), which are handed over as they are met.

use super::{ast::BinaryOp, ast::LitKind, token::Token};

/// Where and what the scanner found wrong: byte offset and words.
pub type Complaint = (u32, String);

/// A comment that may be a directive: its offset, text without the opening `//` or `/*`, whether it is a `/* */`
/// comment, and whether it begins its line.
pub struct Comment<'a> {
    pub offset: u32,
    pub text: &'a [u8],
    pub block: bool,
    pub own_line: bool,
}

/// One pass over a file's bytes. `next` moves to the next token.
pub struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
    /// A newline or the end of file here ends the statement.
    wants_semi: bool,
    /// The current token.
    pub token: Token,
    /// Its first byte.
    pub start: u32,
    /// Its text; for [`Token::Semi`] what stood for it.
    pub lit: &'a str,
    /// The literal is malformed, and a complaint says why.
    pub bad: bool,
    pub complaints: Vec<Complaint>,
    pub comments: Vec<Comment<'a>>,
}

impl<'a> Scanner<'a> {
    pub fn new(text: &'a [u8]) -> Scanner<'a> {
        let at = if text.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        Scanner {
            text,
            at,
            wants_semi: false,
            token: Token::Eof,
            start: 0,
            lit: "",
            bad: false,
            complaints: Vec::new(),
            comments: Vec::new(),
        }
    }

    fn peek(&self) -> u8 {
        self.text.get(self.at).copied().unwrap_or(0)
    }

    fn peek_at(&self, n: usize) -> u8 {
        self.text.get(self.at + n).copied().unwrap_or(0)
    }

    fn at_end(&self) -> bool {
        self.at >= self.text.len()
    }

    fn complain(&mut self, offset: usize, words: impl Into<String>) {
        self.complaints.push((offset as u32, words.into()));
    }

    /// Takes one character. Bytes that are not UTF-8, NUL and stray byte order marks are reported.
    fn character(&mut self) -> char {
        let at = self.at;
        let byte = self.text[at];
        if byte < 0x80 {
            self.at += 1;
            if byte == 0 {
                self.complain(at, "invalid NUL character");
            }
            return byte as char;
        }
        let window = &self.text[at..self.text.len().min(at + 4)];
        let decoded = match std::str::from_utf8(window) {
            Ok(s) => s.chars().next(),
            Err(e) if e.valid_up_to() > 0 => {
                std::str::from_utf8(&window[..e.valid_up_to()]).ok().and_then(|s| s.chars().next())
            }
            Err(_) => None,
        };
        match decoded {
            Some(c) => {
                self.at += c.len_utf8();
                if c == '\u{feff}' {
                    self.complain(at, "invalid BOM in the middle of the file");
                }
                c
            }
            None => {
                self.at += 1;
                self.complain(at, "invalid UTF-8 encoding");
                char::REPLACEMENT_CHARACTER
            }
        }
    }

    /// The bytes of the token so far as text; what is not UTF-8 has been reported and reads as nothing.
    fn lit_from(&self, start: usize) -> &'a str {
        std::str::from_utf8(&self.text[start..self.at]).unwrap_or("")
    }

    /// Moves to the next token.
    pub fn next(&mut self) {
        let wants_semi = std::mem::replace(&mut self.wants_semi, false);
        self.bad = false;
        self.lit = "";
        loop {
            match self.peek() {
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'\n' if !self.at_end() => {
                    if wants_semi {
                        self.start = self.at as u32;
                        self.at += 1;
                        return self.semi("newline");
                    }
                    self.at += 1;
                }
                b'/' if self.peek_at(1) == b'/' => self.line_comment(),
                b'/' if self.peek_at(1) == b'*' => {
                    let start = self.at;
                    // A comment that spans lines ends the statement like the newlines in it.
                    if self.block_comment() && wants_semi {
                        self.start = start as u32;
                        return self.semi("newline");
                    }
                }
                0 if self.at_end() => {
                    self.start = self.at as u32;
                    if wants_semi {
                        return self.semi("EOF");
                    }
                    self.token = Token::Eof;
                    return;
                }
                _ => break,
            }
        }
        self.start = self.at as u32;
        self.scan_token();
    }

    fn semi(&mut self, lit: &'static str) {
        self.token = Token::Semi;
        self.lit = lit;
    }

    fn begins_line(&self, at: usize) -> bool {
        self.text[..at].iter().rev().take_while(|&&b| b != b'\n').all(|&b| b == b' ' || b == b'\t')
    }

    fn line_comment(&mut self) {
        let start = self.at;
        let end = memchr::memchr(b'\n', &self.text[start..]).map_or(self.text.len(), |n| start + n);
        let body = &self.text[start + 2..end];
        let is_directive =
            body.starts_with(b"go:") || body.starts_with(b"line ") || body.starts_with(b"export ");
        if is_directive {
            let own_line = self.begins_line(start);
            let text = body.strip_suffix(b"\r").unwrap_or(body);
            self.comments.push(Comment { offset: start as u32, text, block: false, own_line });
        }
        self.check_comment(start, end);
        self.at = end;
    }

    /// Reports bad bytes inside a comment.
    fn check_comment(&mut self, start: usize, end: usize) {
        let body = &self.text[start..end];
        if body.is_ascii() && memchr::memchr(0, body).is_none() {
            return;
        }
        let saved = self.at;
        self.at = start;
        while self.at < end {
            self.character();
        }
        self.at = saved;
    }

    /// Whether the comment spans lines.
    fn block_comment(&mut self) -> bool {
        let start = self.at;
        match memchr::memmem::find(&self.text[start + 2..], b"*/") {
            Some(n) => {
                let end = start + 2 + n + 2;
                let body = &self.text[start + 2..end - 2];
                if body.starts_with(b"line ") {
                    let own_line = self.begins_line(start);
                    self.comments.push(Comment { offset: start as u32, text: body, block: true, own_line });
                }
                self.check_comment(start, end);
                self.at = end;
                memchr::memchr(b'\n', body).is_some()
            }
            None => {
                self.check_comment(start, self.text.len());
                self.at = self.text.len();
                self.complain(start, "comment not terminated");
                memchr::memchr(b'\n', &self.text[start..]).is_some()
            }
        }
    }

    fn scan_token(&mut self) {
        let byte = self.peek();
        if byte.is_ascii_alphabetic() || byte == b'_' {
            return self.name();
        }
        if byte.is_ascii_digit() || byte == b'.' && self.peek_at(1).is_ascii_digit() {
            return self.number();
        }
        match byte {
            b'"' => return self.string(),
            b'`' => return self.raw_string(),
            b'\'' => return self.rune(),
            0x80.. => {
                let at = self.at;
                let n_complaints = self.complaints.len();
                let c = self.character();
                if is_letter(c) {
                    self.at = at;
                    return self.name();
                }
                if unicode_digit(c) {
                    self.complain(at, format!("identifier cannot begin with digit {}", unicode(c)));
                    self.at = at;
                    return self.name();
                }
                if n_complaints == self.complaints.len() {
                    self.complain(at, format!("invalid character {}", unicode(c)));
                }
                return self.next_after_bad();
            }
            _ => (),
        }
        self.at += 1;
        self.operator(byte);
    }

    /// Skips a bad character; a line that wanted a semicolon no longer does, as in gc.
    fn next_after_bad(&mut self) {
        self.next();
    }

    fn operator(&mut self, byte: u8) {
        let op = |op| Token::Op(op);
        self.token = match byte {
            b'(' => Token::Lparen,
            b'[' => Token::Lbrack,
            b'{' => Token::Lbrace,
            b',' => Token::Comma,
            b';' => {
                self.lit = "semicolon";
                Token::Semi
            }
            b')' => self.closing(Token::Rparen),
            b']' => self.closing(Token::Rbrack),
            b'}' => self.closing(Token::Rbrace),
            b':' if self.take(b'=') => Token::Define,
            b':' => Token::Colon,
            b'.' if self.peek() == b'.' && self.peek_at(1) == b'.' => {
                self.at += 2;
                Token::DotDotDot
            }
            b'.' => Token::Dot,
            b'+' if self.take(b'+') => self.closing(Token::Inc),
            b'+' => self.binary(BinaryOp::Add),
            b'-' if self.take(b'-') => self.closing(Token::Dec),
            b'-' => self.binary(BinaryOp::Sub),
            b'*' if self.take(b'=') => Token::AssignOp(BinaryOp::Mul),
            b'*' => Token::Star,
            b'/' => self.binary(BinaryOp::Div),
            b'%' => self.binary(BinaryOp::Rem),
            b'&' if self.take(b'&') => op(BinaryOp::AndAnd),
            b'&' if self.take(b'^') => self.binary(BinaryOp::AndNot),
            b'&' => self.binary(BinaryOp::And),
            b'|' if self.take(b'|') => op(BinaryOp::OrOr),
            b'|' => self.binary(BinaryOp::Or),
            b'^' => self.binary(BinaryOp::Xor),
            b'<' if self.take(b'<') => self.binary(BinaryOp::Shl),
            b'<' if self.take(b'=') => op(BinaryOp::Le),
            b'<' if self.take(b'-') => Token::Arrow,
            b'<' => op(BinaryOp::Lt),
            b'>' if self.take(b'>') => self.binary(BinaryOp::Shr),
            b'>' if self.take(b'=') => op(BinaryOp::Ge),
            b'>' => op(BinaryOp::Gt),
            b'=' if self.take(b'=') => op(BinaryOp::Eq),
            b'=' => Token::Assign,
            b'!' if self.take(b'=') => op(BinaryOp::Ne),
            b'!' => Token::Not,
            b'~' => Token::Tilde,
            0 => {
                self.complain(self.at - 1, "invalid NUL character");
                return self.next_after_bad();
            }
            _ => {
                self.complain(self.at - 1, format!("invalid character {}", unicode(byte as char)));
                return self.next_after_bad();
            }
        };
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == byte && !self.at_end();
        self.at += usize::from(found);
        found
    }

    fn closing(&mut self, token: Token) -> Token {
        self.wants_semi = true;
        token
    }

    fn binary(&mut self, op: BinaryOp) -> Token {
        if self.take(b'=') { Token::AssignOp(op) } else { Token::Op(op) }
    }

    fn name(&mut self) {
        let start = self.at;
        while !self.at_end() {
            let byte = self.peek();
            if byte.is_ascii_alphanumeric() || byte == b'_' {
                self.at += 1;
                continue;
            }
            if byte < 0x80 {
                break;
            }
            let at = self.at;
            let n_complaints = self.complaints.len();
            let c = self.character();
            if is_letter(c) || unicode_digit(c) {
                continue;
            }
            if self.complaints.len() == n_complaints && at == start {
                self.complain(at, format!("invalid character {}", unicode(c)));
            } else if self.complaints.len() == n_complaints {
                self.complain(at, format!("invalid character {} in identifier", unicode(c)));
            }
        }
        self.lit = self.lit_from(start);
        match Token::keyword(self.lit.as_bytes()) {
            Some(token) => {
                self.wants_semi =
                    matches!(token, Token::Break | Token::Continue | Token::Fallthrough | Token::Return);
                self.token = token;
            }
            None => {
                self.wants_semi = true;
                self.token = Token::Name;
            }
        }
    }

    fn literal(&mut self, kind: LitKind, start: usize) {
        self.wants_semi = true;
        self.token = Token::Literal(kind);
        self.lit = self.lit_from(start);
    }

    fn bad_literal(&mut self, offset: usize, words: impl Into<String>) {
        if !self.bad {
            self.complain(offset, words);
        }
        self.bad = true;
    }

    /// Digits and separators of `base`; notes the first digit that does not belong and whether there were any.
    fn digits(&mut self, base: u32, invalid: &mut Option<usize>) -> (bool, bool) {
        let (mut any, mut separators) = (false, false);
        loop {
            let c = self.peek();
            let is_digit = if base == 16 { c.is_ascii_hexdigit() } else { c.is_ascii_digit() };
            if c == b'_' {
                separators = true;
            } else if is_digit {
                any = true;
                if base < 10 && u32::from(c - b'0') >= base && invalid.is_none() {
                    *invalid = Some(self.at);
                }
            } else {
                return (any, separators);
            }
            self.at += 1;
        }
    }

    fn number(&mut self) {
        let start = self.at;
        let mut kind = LitKind::Int;
        let (mut base, mut prefix) = (10, 0u8);
        let mut invalid = None;
        let (mut any, mut separators) = (false, false);
        if self.peek() != b'.' {
            if self.peek() == b'0' {
                self.at += 1;
                match self.peek().to_ascii_lowercase() {
                    b'x' => (base, prefix) = (16, b'x'),
                    b'o' => (base, prefix) = (8, b'o'),
                    b'b' => (base, prefix) = (2, b'b'),
                    _ => (base, prefix, any) = (8, b'0', true),
                }
                if prefix != b'0' {
                    self.at += 1;
                }
            }
            let (a, s) = self.digits(if prefix == b'0' { 10 } else { base }, &mut invalid);
            if prefix == b'0' {
                // Only now is it known whether this is an octal integer or a decimal float.
                invalid = (start..self.at).find(|&i| matches!(self.text[i], b'8' | b'9'));
            }
            any |= a;
            separators |= s;
        }
        let name = |prefix| match prefix {
            b'x' => "hexadecimal",
            b'o' | b'0' => "octal",
            b'b' => "binary",
            _ => "decimal",
        };
        if self.peek() == b'.' {
            kind = LitKind::Float;
            if matches!(prefix, b'o' | b'b') {
                self.bad_literal(self.at, format!("invalid radix point in {} literal", name(prefix)));
            }
            self.at += 1;
            let (a, s) = self.digits(if base == 8 { 10 } else { base }, &mut invalid);
            any |= a;
            separators |= s;
        }
        if !any {
            self.bad_literal(self.at, format!("{} literal has no digits", name(prefix)));
        }
        let e = self.peek().to_ascii_lowercase();
        if e == b'e' || e == b'p' {
            let shown = self.peek() as char;
            if e == b'e' && prefix != 0 && prefix != b'0' {
                self.bad_literal(self.at, format!("'{shown}' exponent requires decimal mantissa"));
            } else if e == b'p' && prefix != b'x' {
                self.bad_literal(self.at, format!("'{shown}' exponent requires hexadecimal mantissa"));
            }
            self.at += 1;
            kind = LitKind::Float;
            if matches!(self.peek(), b'+' | b'-') {
                self.at += 1;
            }
            let (a, s) = self.digits(10, &mut None);
            separators |= s;
            if !a {
                self.bad_literal(self.at, "exponent has no digits");
            }
        } else if prefix == b'x' && kind == LitKind::Float {
            self.bad_literal(self.at, "hexadecimal mantissa requires a 'p' exponent");
        }
        if self.peek() == b'i' {
            kind = LitKind::Imag;
            self.at += 1;
        }
        if let (LitKind::Int, Some(at)) = (kind, invalid) {
            let digit = self.text[at] as char;
            self.bad_literal(at, format!("invalid digit '{digit}' in {} literal", name(prefix)));
        }
        if separators
            && !self.bad
            && let Some(at) = misplaced_separator(&self.text[start..self.at])
        {
            self.bad_literal(start + at, "'_' must separate successive digits");
        }
        self.literal(kind, start);
    }

    fn string(&mut self) {
        let start = self.at;
        self.at += 1;
        loop {
            if self.at_end() {
                self.bad_literal(start, "string not terminated");
                break;
            }
            match self.peek() {
                b'"' => {
                    self.at += 1;
                    break;
                }
                b'\\' => {
                    self.at += 1;
                    self.escape(b'"');
                }
                b'\n' => {
                    self.bad_literal(self.at, "newline in string");
                    break;
                }
                0x01..0x80 => self.at += 1,
                _ => {
                    self.character();
                }
            }
        }
        self.literal(LitKind::String, start);
    }

    fn raw_string(&mut self) {
        let start = self.at;
        self.at += 1;
        loop {
            if self.at_end() {
                self.bad_literal(start, "string not terminated");
                break;
            }
            match self.peek() {
                b'`' => {
                    self.at += 1;
                    break;
                }
                0x01..0x80 => self.at += 1,
                _ => {
                    self.character();
                }
            }
        }
        self.literal(LitKind::String, start);
    }

    fn rune(&mut self) {
        let start = self.at;
        self.at += 1;
        let mut n = 0;
        loop {
            if self.at_end() {
                self.bad_literal(start, "rune literal not terminated");
                break;
            }
            match self.peek() {
                b'\'' => {
                    if n == 0 {
                        self.bad_literal(self.at, "empty rune literal or unescaped '");
                    } else if n != 1 {
                        self.bad_literal(start, "more than one character in rune literal");
                    }
                    self.at += 1;
                    break;
                }
                b'\\' => {
                    self.at += 1;
                    if !self.escape(b'\'') {
                        n += 1;
                        continue;
                    }
                }
                b'\n' => {
                    self.bad_literal(self.at, "newline in rune literal");
                    break;
                }
                _ => {
                    self.character();
                }
            }
            n += 1;
        }
        self.literal(LitKind::Char, start);
    }

    /// After a backslash. Whether the escape is well formed.
    fn escape(&mut self, quote: u8) -> bool {
        let (n, base, max) = match self.peek() {
            c if c == quote && !self.at_end() => {
                self.at += 1;
                return true;
            }
            b'a' | b'b' | b'f' | b'n' | b'r' | b't' | b'v' | b'\\' => {
                self.at += 1;
                return true;
            }
            b'0'..=b'7' => (3, 8, 255),
            b'x' => (2, 16, 255),
            b'u' => (4, 16, 0x10ffff),
            b'U' => (8, 16, 0x10ffff),
            _ => {
                if self.at_end() {
                    // The missing end of the literal is reported instead.
                    return true;
                }
                self.bad_literal(self.at, "unknown escape");
                return false;
            }
        };
        if base == 16 {
            self.at += 1;
        }
        let mut value: u32 = 0;
        for _ in 0..n {
            if self.at_end() {
                return true;
            }
            match (self.peek() as char).to_digit(base) {
                Some(digit) => value = value.wrapping_mul(base).wrapping_add(digit),
                None => {
                    let kind = if base == 8 { "octal" } else { "hexadecimal" };
                    let at = self.at;
                    let shown = quoted(self.character());
                    self.at = at;
                    self.bad_literal(at, format!("invalid character {shown} in {kind} escape"));
                    return false;
                }
            }
            self.at += 1;
        }
        if value > max && base == 8 {
            self.bad_literal(self.at, format!("octal escape value {value} > 255"));
            return false;
        }
        if value > max || (0xd800..0xe000).contains(&value) && n >= 4 {
            self.bad_literal(self.at, format!("escape is invalid Unicode code point U+{value:04X}"));
            return false;
        }
        true
    }
}

/// The first `_` that does not stand between digits (or between a prefix and a digit).
fn misplaced_separator(lit: &[u8]) -> Option<usize> {
    let hex = lit.len() > 1 && lit[0] == b'0' && lit[1].eq_ignore_ascii_case(&b'x');
    let has_prefix =
        lit.len() > 1 && lit[0] == b'0' && matches!(lit[1].to_ascii_lowercase(), b'x' | b'o' | b'b');
    let is_digit = |c: u8| c.is_ascii_digit() || hex && c.is_ascii_hexdigit();
    (0..lit.len()).find(|&i| {
        lit[i] == b'_' && {
            let before = i > 0 && (is_digit(lit[i - 1]) || has_prefix && i == 2);
            let after = lit.get(i + 1).is_some_and(|&c| is_digit(c));
            !(before && after)
        }
    })
}

/// A character as Go's `%q` shows it.
fn quoted(c: char) -> String {
    match c {
        '\n' => "'\\n'".to_owned(),
        '\t' => "'\\t'".to_owned(),
        '\r' => "'\\r'".to_owned(),
        '\'' => "'\\''".to_owned(),
        '\\' => "'\\\\'".to_owned(),
        c => format!("'{c}'"),
    }
}

/// A character as Go's `%#U` shows it: `U+0040 '@'`.
fn unicode(c: char) -> String {
    if c.is_control() { format!("U+{:04X}", c as u32) } else { format!("U+{:04X} '{c}'", c as u32) }
}

/// spec: "The underscore character _ (U+005F) is considered a lowercase letter", and all of Unicode's L categories.
pub fn is_letter(c: char) -> bool {
    use unicode_general_category::{GeneralCategory::*, get_general_category};
    c == '_'
        || c.is_ascii_alphabetic()
        || !c.is_ascii()
            && matches!(
                get_general_category(c),
                UppercaseLetter | LowercaseLetter | TitlecaseLetter | ModifierLetter | OtherLetter
            )
}

/// Unicode's Nd category.
pub fn unicode_digit(c: char) -> bool {
    use unicode_general_category::{GeneralCategory::DecimalNumber, get_general_category};
    c.is_ascii_digit() || !c.is_ascii() && get_general_category(c) == DecimalNumber
}
