//! Constants as messages show them.

use std::fmt;

use super::{Const, Float};

/// Longer strings are cut off in messages.
const MAX_STRING: usize = 72;

impl fmt::Display for Const {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Const::Unknown => f.write_str("unknown"),
            Const::Bool(b) => write!(f, "{b}"),
            Const::Int(n) => write!(f, "{n}"),
            Const::Big(n) => write!(f, "{n}"),
            Const::Rat(r) => match Float::ratio(r.numerator(), r.denominator()) {
                Some(float) => f.write_str(&float_text(&float)),
                None => f.write_str("unknown"),
            },
            Const::Float(float) => f.write_str(&float_text(float)),
            Const::Complex(c) => write!(f, "({} + {}i)", c.0, c.1),
            Const::Str(s) => {
                let quoted = quote(s);
                if quoted.chars().count() <= MAX_STRING {
                    return f.write_str(&quoted);
                }
                let kept: String = quoted.chars().take(MAX_STRING - 3).collect();
                write!(f, "{kept}...")
            }
        }
    }
}

impl Const {
    /// A text that differs for different values and is the same for equal numbers, whatever their form.
    pub fn exact_string(&self) -> String {
        match self.to_int() {
            Const::Unknown => match self {
                Const::Rat(r) => format!("{}/{}", r.numerator(), r.denominator()),
                Const::Float(f) => format!("{}p{}", f.mant, f.exp),
                Const::Complex(c) if c.1.sign() == 0 => c.0.exact_string(),
                Const::Complex(c) => format!("({} + {}i)", c.0.exact_string(), c.1.exact_string()),
                Const::Str(s) => quote(s),
                other => other.to_string(),
            },
            whole => whole.to_string(),
        }
    }
}

/// As Go's `%.6g`; out of a float64's range by way of logarithms.
fn float_text(float: &Float) -> String {
    let x = float.to_f64();
    if (float.mant.is_zero()) == (x == 0.0) && x.is_finite() {
        let short = format_g(x, Some(6));
        if !float.is_int() && !short.contains('.') {
            return format_g(x, None);
        }
        return short;
    }
    let top = float.top();
    // The mantissa alone, between 1/2 and 1.
    let mut m = Float { mant: float.mant.clone(), exp: float.exp - top }.to_f64();
    let d = top as f64 * (std::f64::consts::LN_2 / std::f64::consts::LN_10);
    let mut e = d as i64;
    m *= 10f64.powf(d - e as f64);
    if m.abs() < 1.0 - 0.5e-6 {
        m *= 10.0;
        e -= 1;
    } else if m.abs() >= 10.0 {
        m /= 10.0;
        e += 1;
    }
    format!("{}e{e:+}", format_g(m, Some(6)))
}

/// Go's `%g`: with a precision, at most that many digits; without, as many as it takes to read the number back.
pub(super) fn format_g(x: f64, precision: Option<usize>) -> String {
    if x == 0.0 {
        return "0".to_owned();
    }
    let scientific = match precision {
        Some(p) => format!("{:.*e}", p - 1, x),
        None => format!("{x:e}"),
    };
    let (mantissa, exponent) = scientific.split_once('e').expect("{:e} prints an exponent");
    let exponent: i32 = exponent.parse().expect("an exponent is a number");
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let digits: String = mantissa.chars().filter(|c| *c != '.').collect();
    let digits = match digits.trim_end_matches('0') {
        "" => "0",
        trimmed => trimmed,
    };
    // %e is used if the exponent is below -4 or at least the precision (21 for the shortest form).
    let limit = precision.map_or(21, |p| p as i32);
    if exponent < -4 || exponent >= limit {
        let (first, rest) = digits.split_at(1);
        let dot = if rest.is_empty() { "" } else { "." };
        let e_sign = if exponent < 0 { '-' } else { '+' };
        return format!("{sign}{first}{dot}{rest}e{e_sign}{:02}", exponent.abs());
    }
    if exponent < 0 {
        return format!("{sign}0.{}{digits}", "0".repeat((-exponent - 1) as usize));
    }
    let n_whole = exponent as usize + 1;
    if digits.len() <= n_whole {
        return format!("{sign}{digits}{}", "0".repeat(n_whole - digits.len()));
    }
    format!("{sign}{}.{}", &digits[..n_whole], &digits[n_whole..])
}

/// As Go's `strconv.Quote`: what is not printable is escaped.
pub fn quote(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(bytes.len() + 2);
    out.push('"');
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\x07' => out.push_str("\\a"),
                '\x08' => out.push_str("\\b"),
                '\x0c' => out.push_str("\\f"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '\x0b' => out.push_str("\\v"),
                c if is_print(c) => out.push(c),
                c if (c as u32) < 0x80 => {
                    let _ = write!(out, "\\x{:02x}", c as u32);
                }
                c if (c as u32) < 0x10000 => {
                    let _ = write!(out, "\\u{:04x}", c as u32);
                }
                c => {
                    let _ = write!(out, "\\U{:08x}", c as u32);
                }
            }
        }
        for b in chunk.invalid() {
            let _ = write!(out, "\\x{b:02x}");
        }
    }
    out.push('"');
    out
}

/// Letters, marks, numbers, punctuation, symbols and the ASCII space.
fn is_print(c: char) -> bool {
    use unicode_general_category::{GeneralCategory as G, get_general_category};
    if c.is_ascii() {
        return (' '..='~').contains(&c);
    }
    !matches!(
        get_general_category(c),
        G::Control
            | G::Format
            | G::Surrogate
            | G::PrivateUse
            | G::Unassigned
            | G::SpaceSeparator
            | G::LineSeparator
            | G::ParagraphSeparator
    )
}
