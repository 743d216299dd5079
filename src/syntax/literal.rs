//! The values of string and rune literals.

/// The bytes a string or rune literal stands for; `None` when it is malformed.
pub fn unquote(literal: &str) -> Option<Vec<u8>> {
    let (quote, body) = (literal.bytes().next()?, literal.get(1..literal.len().checked_sub(1)?)?);
    if literal.len() < 2 || literal.as_bytes()[literal.len() - 1] != quote {
        return None;
    }
    if quote == b'`' {
        // spec: "Carriage return characters ('\r') inside raw string literals are discarded from the raw string value."
        return Some(body.bytes().filter(|&b| b != b'\r').collect());
    }
    let mut out = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        rest = unescape(&rest[at + 1..], quote, &mut out)?;
    }
    out.extend_from_slice(rest.as_bytes());
    Some(out)
}

/// A rune literal's value: a code point, or a byte given by `\x` or octal.
pub fn unquote_rune(literal: &str) -> Option<u32> {
    let body = literal.strip_prefix('\'')?.strip_suffix('\'')?;
    if !body.starts_with('\\') {
        return body.chars().next().map(u32::from);
    }
    escape(&body[1..], b'\'').map(|(value, _, _)| value)
}

fn unescape<'a>(rest: &'a str, quote: u8, out: &mut Vec<u8>) -> Option<&'a str> {
    let (value, is_byte, n) = escape(rest, quote)?;
    if is_byte {
        out.push(value as u8);
    } else {
        out.extend_from_slice(char::from_u32(value)?.encode_utf8(&mut [0; 4]).as_bytes());
    }
    rest.get(n..)
}

/// What stands after a backslash: value, whether it is one byte, and how many bytes were taken.
fn escape(rest: &str, quote: u8) -> Option<(u32, bool, usize)> {
    let digits = |from: usize, n: usize, radix| {
        rest.get(from..from + n).and_then(|d| u32::from_str_radix(d, radix).ok())
    };
    let simple = |value: u8| Some((u32::from(value), true, 1));
    match *rest.as_bytes().first()? {
        b'a' => simple(7),
        b'b' => simple(8),
        b'f' => simple(12),
        b'n' => simple(b'\n'),
        b'r' => simple(b'\r'),
        b't' => simple(b'\t'),
        b'v' => simple(11),
        b'\\' => simple(b'\\'),
        c if c == quote => simple(c),
        b'x' => Some((digits(1, 2, 16)?, true, 3)),
        b'u' => Some((digits(1, 4, 16)?, false, 5)),
        b'U' => Some((digits(1, 8, 16)?, false, 9)),
        b'0'..=b'7' => Some((digits(0, 3, 8)?, true, 3)),
        _ => None,
    }
}
