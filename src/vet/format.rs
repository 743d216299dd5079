//! The directives of a format string.

/// One `%…v`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Directive {
    /// Where it begins in the format.
    pub start: usize,
    pub text: String,
    pub flags: String,
    pub verb: char,
    /// The argument it prints, by number in the call.
    pub arg: usize,
    /// Arguments of `*`.
    pub stars: Vec<usize>,
    /// It names an argument by `[n]`.
    pub is_indexed: bool,
}

/// Reads a format whose first argument is `first` in the call. The error continues `fmt.Printf `.
pub(super) fn parse(format: &str, first: usize) -> Result<Vec<Directive>, String> {
    let mut out = Vec::new();
    let mut next = first;
    let mut at = 0;
    while let Some(n) = format[at..].find('%') {
        at += n;
        let mut reader = Reader { text: &format[at..], at: 1, first, next, pending: false };
        let mut directive = reader.directive()?;
        directive.start = at;
        at += directive.text.len();
        next = if directive.verb == '%' { next } else { directive.arg + 1 };
        out.push(directive);
    }
    Ok(out)
}

struct Reader<'a> {
    /// From the percent sign on.
    text: &'a str,
    at: usize,
    first: usize,
    next: usize,
    /// An index was read and nothing uses it yet.
    pending: bool,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn directive(&mut self) -> Result<Directive, String> {
        let mut out = Directive::default();
        let rest = &self.text[self.at..];
        out.flags = rest[..rest.len() - rest.trim_start_matches(['#', '0', '+', '-', ' ']).len()].to_owned();
        self.at += out.flags.len();
        self.index(&mut out)?;
        self.size(&mut out);
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.index(&mut out)?;
            self.size(&mut out);
        }
        if !self.pending {
            self.index(&mut out)?;
        }
        let Some(verb) = self.text[self.at..].chars().next() else {
            return Err(format!("format {} is missing verb at end of string", self.text));
        };
        out.verb = verb;
        out.arg = self.next;
        out.text = self.text[..self.at + verb.len_utf8()].to_owned();
        Ok(out)
    }

    /// `[3]`
    fn index(&mut self, out: &mut Directive) -> Result<(), String> {
        if self.peek() != Some(b'[') {
            return Ok(());
        }
        let inside = &self.text[self.at + 1..];
        let Some(end) = inside.find(']') else {
            return Err(format!("format {} is missing closing ]", self.text));
        };
        let number = &inside[..end];
        let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        let n = number.parse::<i32>().ok().filter(|n| is_number && *n > 0);
        let n = n.ok_or_else(|| format!("format has invalid argument index [{number}]"))?;
        self.at += end + 2;
        self.next = self.first + n as usize - 1;
        self.pending = true;
        out.is_indexed = true;
        Ok(())
    }

    /// A width or precision.
    fn size(&mut self, out: &mut Directive) {
        if self.peek() == Some(b'*') {
            self.at += 1;
            self.pending = false;
            out.stars.push(self.next);
            self.next += 1;
            return;
        }
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
    }
}

/// Where the byte `offset` of a literal's value is in its source; `None` for what is no plain literal.
pub(super) fn offset_in_literal(literal: &str, offset: usize) -> Option<usize> {
    if let Some(raw) = literal.strip_prefix('`') {
        return (offset < raw.len() && !raw.contains('\r')).then_some(offset + 1);
    }
    let mut value = 0;
    let mut at = 1;
    let bytes = literal.as_bytes();
    while value < offset {
        let (len, means) = match (bytes.get(at)?, bytes.get(at + 1)) {
            (b'\\', Some(b'x')) => (4, 1),
            (b'\\', Some(b'u')) => (6, escaped_len(literal, at, 6)?),
            (b'\\', Some(b'U')) => (10, escaped_len(literal, at, 10)?),
            (b'\\', Some(b'0'..=b'7')) => (4, 1),
            (b'\\', _) => (2, 1),
            _ => (1, 1),
        };
        at += len;
        value += means;
    }
    Some(at)
}

fn escaped_len(literal: &str, at: usize, len: usize) -> Option<usize> {
    let code = u32::from_str_radix(literal.get(at + 2..at + len)?, 16).ok()?;
    Some(char::from_u32(code)?.len_utf8())
}

/// The first thing in a text for `Println` that looks like a directive, but is no `%XX` of a URL.
pub(super) fn looks_like_directive(text: &str) -> Option<&str> {
    let mut at = 0;
    while let Some(n) = text[at..].find('%') {
        let start = at + n;
        at = start + 1;
        let Some(end) = end_of_directive(text, at) else { continue };
        let found = &text[start..end];
        at = end;
        let is_hex = |i: usize| found.as_bytes().get(i).is_some_and(u8::is_ascii_hexdigit);
        if !(is_hex(1) && is_hex(2)) {
            return Some(found);
        }
    }
    None
}

fn end_of_directive(text: &str, mut at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let skip = |at: usize, set: &dyn Fn(u8) -> bool| at + bytes[at..].iter().take_while(|b| set(**b)).count();
    let index = |at: usize| match bytes.get(at) {
        Some(b'[') => {
            let end = skip(at + 1, &|b| b.is_ascii_digit());
            if end > at + 1 && bytes.get(end) == Some(&b']') { end + 1 } else { at }
        }
        _ => at,
    };
    let number = |at: usize| match skip(at, &|b| b.is_ascii_digit()) {
        end if end > at => end,
        _ if bytes.get(index(at)) == Some(&b'*') => index(at) + 1,
        _ => at,
    };
    at = number(skip(at, &|b| b"+-#".contains(&b)));
    if bytes.get(at) == Some(&b'.') {
        at += 1;
    }
    at = index(number(at));
    bytes.get(at).filter(|b| b"bcdefgopqstvxEFGTUX".contains(b)).map(|_| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_and_their_arguments() {
        let found = parse("a%-5d %[3]*.[2]*[1]f %% %s", 1).unwrap();
        let args: Vec<(&str, usize, &[usize])> =
            found.iter().map(|d| (d.text.as_str(), d.arg, &d.stars[..])).collect();
        assert_eq!(
            args,
            [("%-5d", 1, &[][..]), ("%[3]*.[2]*[1]f", 1, &[3, 2]), ("%%", 2, &[]), ("%s", 2, &[])]
        );
        assert_eq!(parse("%[x]d", 1).unwrap_err(), "format has invalid argument index [x]");
        assert_eq!(parse("%[1", 1).unwrap_err(), "format %[1 is missing closing ]");
    }

    #[test]
    fn places_in_literals() {
        assert_eq!(offset_in_literal("\"a\\n\\u00e9%d\"", 4), Some(10));
        assert_eq!(offset_in_literal("`a%d`", 1), Some(2));
    }

    #[test]
    fn directives_where_none_belong() {
        assert_eq!(looks_like_directive("http://x/%2Fy % z"), None);
        assert_eq!(looks_like_directive("n: %+5.2f!"), Some("%+5.2f"));
    }
}
