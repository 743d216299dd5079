//! From a literal's text to its value.

use dashu::integer::{IBig, UBig};
use dashu::rational::RBig;

use crate::syntax;
use crate::syntax::ast::LitKind;

use super::{Const, Float};

/// Exponents beyond this cannot be told from infinity or zero.
const HUGE: i64 = 1 << 40;

impl Const {
    /// The value of a literal as written; Unknown if it is malformed, or a number is too large to be kept.
    pub fn literal(kind: LitKind, text: &str) -> Const {
        let value = match kind {
            LitKind::Int => int(text),
            LitKind::Float => number(text),
            LitKind::Imag => {
                text.strip_suffix('i').and_then(number).map(|im| Const::complex(Const::Int(0), im))
            }
            LitKind::Char => syntax::unquote_rune(text).map(|c| Const::Int(c as i64)),
            LitKind::String => syntax::unquote(text).map(|bytes| Const::Str(bytes.into())),
        };
        value.unwrap_or(Const::Unknown)
    }
}

/// The base a literal's prefix names, and what follows it.
fn split_base(text: &str) -> (u32, &str) {
    let bytes = text.as_bytes();
    match (bytes.first(), bytes.get(1).map(u8::to_ascii_lowercase)) {
        (Some(b'0'), Some(b'x')) => (16, &text[2..]),
        (Some(b'0'), Some(b'o')) => (8, &text[2..]),
        (Some(b'0'), Some(b'b')) => (2, &text[2..]),
        _ => (10, text),
    }
}

fn int(text: &str) -> Option<Const> {
    let text = text.replace('_', "");
    let (base, digits) = match split_base(&text) {
        (10, digits) if digits.len() > 1 && digits.starts_with('0') => (8, &digits[1..]),
        other => other,
    };
    if let Ok(small) = i64::from_str_radix(digits, base) {
        return Some(Const::Int(small));
    }
    Some(Const::int(IBig::from(UBig::from_str_radix(digits, base).ok()?)))
}

/// A literal of any base, with or without fraction and exponent, as a fraction.
fn number(text: &str) -> Option<Const> {
    let text = text.replace('_', "");
    let (base, rest) = split_base(&text);
    let (mantissa, exponent) = match rest.find(if base == 16 { ['p', 'P'] } else { ['e', 'E'] }) {
        Some(at) if base == 16 || base == 10 => (&rest[..at], parse_exponent(&rest[at + 1..])?),
        _ => (rest, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut digits = format!("{whole}{fraction}");
    if digits.is_empty() {
        digits.push('0');
    }
    let mant = IBig::from(UBig::from_str_radix(&digits, base).ok()?);
    if mant.is_zero() {
        return Some(Const::ratio(RBig::ZERO));
    }
    let n_fraction = fraction.len() as i64;
    let (two, five) = match base {
        16 => (exponent - 4 * n_fraction, 0),
        10 => (exponent - n_fraction, exponent - n_fraction),
        _ => (0, 0),
    };
    Some(scaled(mant, two, five))
}

/// Saturates.
fn parse_exponent(text: &str) -> Option<i64> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let value = digits.parse().unwrap_or(HUGE).min(HUGE);
    Some(if negative { -value } else { value })
}

/// `mant * 2^two * 5^five`
fn scaled(mant: IBig, two: i64, five: i64) -> Const {
    // log2(5) is a little more than 2.
    let bits = mant.bit_len_estimate() + two + five.saturating_mul(2);
    if bits > 1 << 33 {
        return Const::Unknown;
    }
    // The exponents of big floats end at −2³¹; what is smaller is zero.
    if bits < -(1 << 31) {
        return Const::ratio(RBig::ZERO);
    }
    const EXACT: i64 = 20_000;
    if two.abs() <= EXACT && five.abs() <= EXACT {
        let (mut num, mut den) = (mant, UBig::ONE);
        if five >= 0 {
            num *= UBig::from(5u8).pow(five as usize);
        } else {
            den *= UBig::from(5u8).pow(-five as usize);
        }
        if two >= 0 {
            num <<= two as usize;
        } else {
            den <<= -two as usize;
        }
        // What leaves the range of ratios becomes a float in there.
        return Const::ratio(RBig::from_parts(num, den));
    }
    let value = power_of_five(five.unsigned_abs()).and_then(|power| {
        let mant = Float::new(mant, two)?;
        if five >= 0 { mant.mul(&power) } else { mant.div(&power) }
    });
    Const::float(value)
}

/// By repeated squaring; the last of 512 bits may be off.
fn power_of_five(mut n: u64) -> Option<Float> {
    let mut result = Float::new(IBig::ONE, 0)?;
    let mut square = Float::new(IBig::from(5), 0)?;
    while n > 0 {
        if n & 1 == 1 {
            result = result.mul(&square)?;
        }
        n >>= 1;
        if n > 0 {
            square = square.mul(&square)?;
        }
    }
    Some(result)
}

trait BitLenEstimate {
    fn bit_len_estimate(&self) -> i64;
}

impl BitLenEstimate for IBig {
    fn bit_len_estimate(&self) -> i64 {
        use dashu::base::{BitTest, UnsignedAbs};
        self.clone().unsigned_abs().bit_len() as i64
    }
}
