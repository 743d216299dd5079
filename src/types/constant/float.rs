//! Big binary floats of 512 bits, and rounding to the machine's.

use std::cmp::Ordering;

use dashu::base::{BitTest, Sign, Signed, UnsignedAbs};
use dashu::integer::{IBig, UBig};

/// Bits of the mantissa, as go/constant has them.
const PRECISION: usize = 512;

/// `mant * 2^exp`, `mant` odd or zero, of at most 512 bits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Float {
    pub mant: IBig,
    pub exp: i64,
}

impl Float {
    pub const ZERO: Float = Float { mant: IBig::ZERO, exp: 0 };

    /// Rounds to nearest, ties to even. None: the exponent is out of bounds.
    pub fn new(mant: IBig, exp: i64) -> Option<Float> {
        Float::rounded(mant, exp, false)
    }

    /// `sticky`: the true value lies a little further from zero than `mant * 2^exp`.
    fn rounded(mant: IBig, mut exp: i64, sticky: bool) -> Option<Float> {
        if mant.is_zero() {
            return Some(Float::ZERO);
        }
        let negative = mant.is_negative();
        let mut mag = mant.unsigned_abs();
        let bits = mag.bit_len();
        if bits > PRECISION {
            let drop = bits - PRECISION;
            let half = mag.bit(drop - 1);
            let rest = sticky || mag.trailing_zeros().is_some_and(|n| n < drop - 1);
            mag >>= drop;
            exp += drop as i64;
            if half && (rest || mag.bit(0)) {
                mag += UBig::ONE;
            }
        }
        let zeros = mag.trailing_zeros().unwrap_or(0);
        mag >>= zeros;
        exp += zeros as i64;
        // big.Float's exponents are 32 bit numbers; what is smaller becomes zero.
        let top = exp + mag.bit_len() as i64;
        if top > i32::MAX as i64 {
            return None;
        }
        if top < i32::MIN as i64 {
            return Some(Float::ZERO);
        }
        Some(Float { mant: IBig::from_parts(sign(negative), mag), exp })
    }

    pub fn ratio(num: &IBig, den: &UBig) -> Option<Float> {
        if num.is_zero() {
            return Some(Float::ZERO);
        }
        let shift = (PRECISION + 2 + den.bit_len()).saturating_sub(num.bit_len());
        let mag = num.clone().unsigned_abs() << shift;
        let (quotient, rest) = (&mag / den, &mag % den);
        Float::rounded(
            IBig::from_parts(sign(num.is_negative()), (quotient << 1) + UBig::from(!rest.is_zero())),
            -(shift as i64) - 1,
            !rest.is_zero(),
        )
    }

    pub fn neg(&self) -> Float {
        Float { mant: -&self.mant, exp: self.exp }
    }

    pub fn add(&self, other: &Float) -> Option<Float> {
        let (big, small) = if self.exp >= other.exp { (self, other) } else { (other, self) };
        if big.mant.is_zero() || small.mant.is_zero() {
            return Some(if big.mant.is_zero() { small.clone() } else { big.clone() });
        }
        let shift = big.exp - small.exp;
        if shift > 4 * PRECISION as i64 {
            // `small` is far below the last bit that counts.
            return Some(big.clone());
        }
        Float::new((&big.mant << shift as usize) + &small.mant, small.exp)
    }

    pub fn mul(&self, other: &Float) -> Option<Float> {
        Float::new(&self.mant * &other.mant, self.exp + other.exp)
    }

    /// `other` is not zero.
    pub fn div(&self, other: &Float) -> Option<Float> {
        let negative = other.mant.is_negative();
        let den = other.mant.clone().unsigned_abs();
        let num = if negative { -&self.mant } else { self.mant.clone() };
        let quotient = Float::ratio(&num, &den)?;
        Float::new(quotient.mant, quotient.exp + self.exp - other.exp)
    }

    pub fn cmp(&self, other: &Float) -> Ordering {
        let signs = self.mant.signum().cmp(&other.mant.signum());
        if signs != Ordering::Equal || self.mant.is_zero() {
            return signs;
        }
        let tops = self.top().cmp(&other.top());
        let mags = tops.then_with(|| {
            let low = self.exp.min(other.exp);
            let mag = |f: &Float| f.mant.clone().unsigned_abs() << (f.exp - low) as usize;
            mag(self).cmp(&mag(other))
        });
        if self.mant.is_negative() { mags.reverse() } else { mags }
    }

    /// The exponent when the mantissa is read as a fraction in [1/2, 1).
    pub fn top(&self) -> i64 {
        self.exp + self.mant.clone().unsigned_abs().bit_len() as i64
    }

    pub fn is_int(&self) -> bool {
        self.exp >= 0
    }

    /// Exactly, as numerator and denominator. For floats of moderate exponent.
    pub fn to_ratio(&self) -> (IBig, UBig) {
        if self.exp >= 0 {
            (&self.mant << self.exp as usize, UBig::ONE)
        } else {
            (self.mant.clone(), UBig::ONE << (-self.exp) as usize)
        }
    }

    pub fn to_f64(&self) -> f64 {
        match self.top() {
            2000.. => {
                if self.mant.is_negative() {
                    f64::NEG_INFINITY
                } else {
                    f64::INFINITY
                }
            }
            ..=-2000 => 0.0,
            _ => {
                let (num, den) = self.to_ratio();
                ratio_to_f64(&num, &den)
            }
        }
    }

    pub fn to_f32(&self) -> f32 {
        match self.top() {
            2000.. => {
                if self.mant.is_negative() {
                    f32::NEG_INFINITY
                } else {
                    f32::INFINITY
                }
            }
            ..=-2000 => 0.0,
            _ => {
                let (num, den) = self.to_ratio();
                ratio_to_f32(&num, &den)
            }
        }
    }

    /// As an integer, if it is one; also if it is one but for a rounding error in the last four bits.
    pub fn to_int(&self) -> Option<IBig> {
        const DELTA: usize = 4;
        if self.is_int() {
            return Some(&self.mant << self.exp as usize);
        }
        let mag = self.mant.clone().unsigned_abs();
        let bits = mag.bit_len();
        if bits <= PRECISION - DELTA {
            return None;
        }
        let drop = bits - (PRECISION - DELTA);
        let down = mag >> drop;
        let up = &down + UBig::ONE;
        let exp = self.exp + drop as i64;
        [down, up].into_iter().find_map(|mag| {
            let zeros = mag.trailing_zeros()? as i64;
            (exp + zeros >= 0).then(|| {
                let mag = if exp >= 0 { mag << exp as usize } else { mag >> (-exp) as usize };
                IBig::from_parts(sign(self.mant.is_negative()), mag)
            })
        })
    }
}

fn sign(negative: bool) -> Sign {
    if negative { Sign::Negative } else { Sign::Positive }
}

/// Rounds to nearest, ties to even; infinite when too large.
pub fn ratio_to_f64(num: &IBig, den: &UBig) -> f64 {
    let bits = round_ratio(num, den, 53, -1074, 1024);
    f64::from_bits(match bits {
        Rounded::Infinite => 0x7ff << 52,
        Rounded::Finite(mant, exp) if mant < 1 << 52 => {
            debug_assert!(exp == -1074);
            mant
        }
        Rounded::Finite(mant, exp) => ((exp + 1075) as u64) << 52 | (mant & ((1 << 52) - 1)),
    }) * if num.is_negative() { -1.0 } else { 1.0 }
}

pub fn ratio_to_f32(num: &IBig, den: &UBig) -> f32 {
    let bits = round_ratio(num, den, 24, -149, 128);
    f32::from_bits(match bits {
        Rounded::Infinite => 0xff << 23,
        Rounded::Finite(mant, _) if mant < 1 << 23 => mant as u32,
        Rounded::Finite(mant, exp) => ((exp + 150) as u32) << 23 | (mant as u32 & ((1 << 23) - 1)),
    }) * if num.is_negative() { -1.0 } else { 1.0 }
}

enum Rounded {
    Infinite,
    /// Mantissa and exponent of its last bit.
    Finite(u64, i64),
}

fn round_ratio(num: &IBig, den: &UBig, bits: i64, min_exp: i64, max_top: i64) -> Rounded {
    if num.is_zero() {
        return Rounded::Finite(0, min_exp);
    }
    let num = num.clone().unsigned_abs();
    // Either floor(log2) or one more.
    let guess = num.bit_len() as i64 - den.bit_len() as i64;
    let mut exp = (guess - bits).max(min_exp);
    loop {
        let (top, bottom) = if exp >= 0 {
            (num.clone(), den.clone() << exp as usize)
        } else {
            (num.clone() << (-exp) as usize, den.clone())
        };
        let (quotient, rest) = (&top / &bottom, &top % &bottom);
        if quotient.bit_len() as i64 > bits {
            exp += 1;
            continue;
        }
        let twice = rest << 1;
        let mut mant = u64::try_from(&quotient).expect("a quotient of at most 53 bits");
        match twice.cmp(&bottom) {
            Ordering::Greater => mant += 1,
            Ordering::Equal => mant += mant & 1,
            Ordering::Less => (),
        }
        if mant == 1 << bits {
            mant >>= 1;
            exp += 1;
        }
        let n_bits = 64 - mant.leading_zeros() as i64;
        return if exp + n_bits > max_top { Rounded::Infinite } else { Rounded::Finite(mant, exp) };
    }
}
