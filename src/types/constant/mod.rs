//! Constant values: exact as long as anyone can afford it.
//!
//! Integers are exact. Fractions are exact ratios while numerator and denominator stay below 4096 bits, then big floats
//! of 512 bits. A value keeps the form its literal gave it: `2.0` is a fraction, and prints as one, until something asks
//! for an integer.

mod float;
mod literal;
mod ops;
mod represent;
#[cfg(test)]
mod tests;
mod text;

use std::sync::Arc;

use dashu::base::{BitTest, Signed, UnsignedAbs};
use dashu::integer::IBig;
use dashu::rational::RBig;

pub use float::Float;
pub use ops::Op;
pub use text::quote;

/// The value of a constant expression.
#[derive(Clone, Debug)]
pub enum Const {
    /// Of an expression in error.
    Unknown,
    Bool(bool),
    /// Any bytes, as Go's strings.
    Str(Arc<[u8]>),
    Int(i64),
    /// Does not fit an `i64`.
    Big(Arc<IBig>),
    /// A fraction; it may happen to be whole.
    Rat(Arc<RBig>),
    /// Too large or too small for a ratio.
    Float(Arc<Float>),
    /// Real and imaginary part, themselves not complex.
    Complex(Arc<(Const, Const)>),
}

/// What sort of value it is, by its form.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ConstKind {
    Unknown,
    Bool,
    String,
    Int,
    Float,
    Complex,
}

/// Ratios whose parts have more bits than this become floats.
const MAX_RATIO_BITS: usize = 4 << 10;

impl Const {
    pub fn string(text: impl AsRef<[u8]>) -> Const {
        Const::Str(text.as_ref().into())
    }

    pub fn int(value: IBig) -> Const {
        match i64::try_from(&value) {
            Ok(small) => Const::Int(small),
            Err(_) => Const::Big(Arc::new(value)),
        }
    }

    pub fn u64(value: u64) -> Const {
        Const::int(IBig::from(value))
    }

    /// A finite number; Unknown for infinities and not-a-number.
    pub fn f64(value: f64) -> Const {
        let bits = value.to_bits();
        let (field, fraction) = ((bits >> 52 & 0x7ff) as i64, bits & ((1 << 52) - 1));
        let (mant, exp) = match field {
            0x7ff => return Const::Unknown,
            0 => (fraction, -1074),
            _ => (fraction | 1 << 52, field - 1075),
        };
        let mant = IBig::from(if value < 0.0 { -(mant as i64) } else { mant as i64 });
        match Float::new(mant, exp) {
            Some(float) => {
                let (num, den) = float.to_ratio();
                Const::ratio(RBig::from_parts(num, den))
            }
            None => Const::Unknown,
        }
    }

    pub(super) fn ratio(value: RBig) -> Const {
        let bits = value.numerator().clone().unsigned_abs().bit_len().max(value.denominator().bit_len());
        if bits < MAX_RATIO_BITS {
            return Const::Rat(Arc::new(value));
        }
        Const::float(Float::ratio(value.numerator(), value.denominator()))
    }

    /// None is an overflow.
    pub(super) fn float(value: Option<Float>) -> Const {
        value.map_or(Const::Unknown, |f| Const::Float(Arc::new(f)))
    }

    pub fn complex(re: Const, im: Const) -> Const {
        if re.is_unknown() || im.is_unknown() {
            return Const::Unknown;
        }
        Const::Complex(Arc::new((re, im)))
    }

    pub fn kind(&self) -> ConstKind {
        match self {
            Const::Unknown => ConstKind::Unknown,
            Const::Bool(_) => ConstKind::Bool,
            Const::Str(_) => ConstKind::String,
            Const::Int(_) | Const::Big(_) => ConstKind::Int,
            Const::Rat(_) | Const::Float(_) => ConstKind::Float,
            Const::Complex(_) => ConstKind::Complex,
        }
    }

    pub fn is_unknown(&self) -> bool {
        matches!(self, Const::Unknown)
    }

    /// The bytes of a string.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        if let Const::Str(s) = self { Some(s) } else { None }
    }

    pub fn as_bool(&self) -> Option<bool> {
        if let Const::Bool(b) = self { Some(*b) } else { None }
    }

    /// The exact integer, if the value has the form of one.
    pub fn as_int(&self) -> Option<IBig> {
        match self {
            Const::Int(n) => Some(IBig::from(*n)),
            Const::Big(n) => Some((**n).clone()),
            _ => None,
        }
    }

    /// The value, if it has the form of an integer and fits.
    pub fn as_i64(&self) -> Option<i64> {
        if let Const::Int(n) = self { Some(*n) } else { None }
    }

    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Const::Int(n) => u64::try_from(*n).ok(),
            Const::Big(n) => u64::try_from(&**n).ok(),
            _ => None,
        }
    }

    /// The low 64 bits in two's complement of a whole number, whatever its form; what a machine word holds.
    pub fn low_u64(&self) -> Option<u64> {
        match self.to_int() {
            Const::Int(n) => Some(n as u64),
            Const::Big(n) => {
                let low = (&*n) & IBig::from(u64::MAX);
                u64::try_from(&low).ok()
            }
            _ => None,
        }
    }

    /// Nearest `f64` of a number that is not complex; infinite if too large.
    pub fn to_f64(&self) -> Option<f64> {
        Some(match self {
            Const::Int(n) => *n as f64,
            Const::Big(n) => float::ratio_to_f64(n, &1u8.into()),
            Const::Rat(r) => float::ratio_to_f64(r.numerator(), r.denominator()),
            Const::Float(f) => f.to_f64(),
            Const::Complex(_) => return self.to_float().to_f64(),
            _ => return None,
        })
    }

    pub fn to_f32(&self) -> Option<f32> {
        Some(match self {
            Const::Int(n) => *n as f32,
            Const::Big(n) => float::ratio_to_f32(n, &1u8.into()),
            Const::Rat(r) => float::ratio_to_f32(r.numerator(), r.denominator()),
            Const::Float(f) => f.to_f32(),
            Const::Complex(_) => return self.to_float().to_f32(),
            _ => return None,
        })
    }

    /// Real part of any number.
    pub fn real(&self) -> Const {
        match self {
            Const::Complex(c) => c.0.clone(),
            _ if self.kind() >= ConstKind::Int => self.clone(),
            _ => Const::Unknown,
        }
    }

    /// Imaginary part of any number.
    pub fn imag(&self) -> Const {
        match self {
            Const::Complex(c) => c.1.clone(),
            _ if self.kind() >= ConstKind::Int => Const::Int(0),
            _ => Const::Unknown,
        }
    }

    /// As an integer, if the value is whole; otherwise Unknown.
    pub fn to_int(&self) -> Const {
        match self {
            Const::Int(_) | Const::Big(_) => self.clone(),
            Const::Rat(r) if r.is_int() => Const::int(r.numerator().clone()),
            // Huge integers are not worth having.
            Const::Float(f) if f.top().unsigned_abs() < MAX_RATIO_BITS as u64 => {
                f.to_int().map_or(Const::Unknown, Const::int)
            }
            Const::Float(f) if f.mant.is_zero() => Const::Int(0),
            Const::Complex(_) => match self.to_float() {
                Const::Unknown => Const::Unknown,
                real => real.to_int(),
            },
            _ => Const::Unknown,
        }
    }

    /// As a fraction or float, if the value has no imaginary part; otherwise Unknown.
    pub fn to_float(&self) -> Const {
        match self {
            Const::Int(n) => Const::Rat(Arc::new(RBig::from(*n))),
            Const::Big(n) => Const::ratio(RBig::from((**n).clone())),
            Const::Rat(_) | Const::Float(_) => self.clone(),
            Const::Complex(c) if c.1.sign() == 0 => c.0.to_float(),
            _ => Const::Unknown,
        }
    }

    pub fn to_complex(&self) -> Const {
        match self {
            Const::Complex(_) => self.clone(),
            _ if self.kind() >= ConstKind::Int => Const::complex(self.clone(), Const::Int(0)),
            _ => Const::Unknown,
        }
    }

    /// −1, 0 or 1; of complex numbers 0 only for zero; of Unknown 1, so that nobody complains of a zero.
    pub fn sign(&self) -> i32 {
        let of = |n: &IBig| {
            if n.is_zero() {
                0
            } else if n.is_negative() {
                -1
            } else {
                1
            }
        };
        match self {
            Const::Int(n) => n.signum() as i32,
            Const::Big(n) => of(n),
            Const::Rat(r) => of(r.numerator()),
            Const::Float(f) => of(&f.mant),
            Const::Complex(c) => c.0.sign() | c.1.sign(),
            _ => 1,
        }
    }

    /// Bits of the magnitude of an integer.
    pub fn bit_len(&self) -> usize {
        match self {
            Const::Int(n) => 64 - n.unsigned_abs().leading_zeros() as usize,
            Const::Big(n) => (**n).clone().unsigned_abs().bit_len(),
            _ => 0,
        }
    }
}
