//! Arithmetic and comparison of constants.

use std::cmp::Ordering;

use dashu::base::{Signed, UnsignedAbs};
use dashu::integer::IBig;
use dashu::rational::RBig;

use super::{Const, ConstKind, Float};

/// A binary operator on constants. `Quo` makes fractions, `QuoInt` divides integers toward zero.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Op {
    Add,
    Sub,
    Mul,
    Quo,
    QuoInt,
    Rem,
    And,
    Or,
    Xor,
    AndNot,
    LogicalAnd,
    LogicalOr,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl Const {
    /// `x op y` for an operator that is no comparison. Operands of different kinds meet at the larger one. The divisor
    /// is not zero. Unknown if an operand is, or if the operator does not fit.
    pub fn binary(x: &Const, op: Op, y: &Const) -> Const {
        match (x, y) {
            (Const::Bool(a), Const::Bool(b)) => match op {
                Op::LogicalAnd => Const::Bool(*a && *b),
                Op::LogicalOr => Const::Bool(*a || *b),
                _ => Const::Unknown,
            },
            (Const::Str(a), Const::Str(b)) if op == Op::Add => Const::Str([&a[..], &b[..]].concat().into()),
            (Const::Int(a), Const::Int(b)) => small_int(*a, op, *b).unwrap_or_else(|| big_int(x, op, y)),
            _ => match x.kind().max(y.kind()) {
                _ if x.kind() < ConstKind::Int || y.kind() < ConstKind::Int => Const::Unknown,
                ConstKind::Int => big_int(x, op, y),
                ConstKind::Float => fraction(x, op, y),
                _ => complex(x, op, y),
            },
        }
    }

    /// `x op y` for a comparison; false if an operand is Unknown.
    pub fn compare(x: &Const, op: Op, y: &Const) -> bool {
        let order = match (x, y) {
            (Const::Bool(a), Const::Bool(b)) => a.cmp(b),
            (Const::Str(a), Const::Str(b)) => a.cmp(b),
            _ if x.kind() < ConstKind::Int || y.kind() < ConstKind::Int => return false,
            (Const::Complex(_), _) | (_, Const::Complex(_)) => {
                let same = Const::compare(&x.real(), Op::Eq, &y.real())
                    && Const::compare(&x.imag(), Op::Eq, &y.imag());
                return match op {
                    Op::Eq => same,
                    Op::Ne => !same,
                    _ => false,
                };
            }
            (Const::Int(a), Const::Int(b)) => a.cmp(b),
            _ => match (x.as_int(), y.as_int()) {
                (Some(a), Some(b)) => a.cmp(&b),
                _ => match (ratio_of(x), ratio_of(y)) {
                    (Some(a), Some(b)) => a.cmp(&b),
                    _ => match (float_of(x), float_of(y)) {
                        (Some(a), Some(b)) => a.cmp(&b),
                        _ => return false,
                    },
                },
            },
        };
        match op {
            Op::Eq => order == Ordering::Equal,
            Op::Ne => order != Ordering::Equal,
            Op::Lt => order == Ordering::Less,
            Op::Le => order != Ordering::Greater,
            Op::Gt => order == Ordering::Greater,
            Op::Ge => order != Ordering::Less,
            _ => panic!("{op:?} is no comparison"),
        }
    }

    /// `-x`
    pub fn negate(&self) -> Const {
        match self {
            Const::Int(n) => match n.checked_neg() {
                Some(n) => Const::Int(n),
                None => Const::int(-IBig::from(*n)),
            },
            Const::Big(n) => Const::int(-(**n).clone()),
            Const::Rat(r) => Const::ratio(-(**r).clone()),
            Const::Float(f) => Const::float(Some(f.neg())),
            Const::Complex(c) => Const::complex(c.0.negate(), c.1.negate()),
            _ => Const::Unknown,
        }
    }

    /// `!x`
    pub fn not(&self) -> Const {
        match self {
            Const::Bool(b) => Const::Bool(!b),
            _ => Const::Unknown,
        }
    }

    /// `^x`; of an unsigned type of `unsigned_bits` bits, if that is not zero.
    pub fn complement(&self, unsigned_bits: u32) -> Const {
        let Some(n) = self.as_int() else { return Const::Unknown };
        let flipped = -n - IBig::ONE;
        if unsigned_bits == 0 {
            return Const::int(flipped);
        }
        let mask = (IBig::ONE << unsigned_bits as usize) - IBig::ONE;
        Const::int(flipped & mask)
    }

    /// `x << n` of an integer.
    pub fn shift_left(&self, n: u32) -> Const {
        match self.as_int() {
            Some(x) => Const::int(x << n as usize),
            None => Const::Unknown,
        }
    }

    /// `x >> n` of an integer; the sign fills up.
    pub fn shift_right(&self, n: u32) -> Const {
        match self {
            Const::Int(x) => Const::Int(x >> n.min(63)),
            Const::Big(x) if x.is_negative() => {
                // Rounds toward minus infinity.
                let mag = ((**x).clone().unsigned_abs() - 1u8) >> n as usize;
                Const::int(-IBig::from(mag) - IBig::ONE)
            }
            Const::Big(x) => Const::int(IBig::from((**x).clone().unsigned_abs() >> n as usize)),
            _ => Const::Unknown,
        }
    }
}

/// None: too large for 64 bits, or not done here.
fn small_int(a: i64, op: Op, b: i64) -> Option<Const> {
    Some(Const::Int(match op {
        Op::Add => a.checked_add(b)?,
        Op::Sub => a.checked_sub(b)?,
        Op::Mul => a.checked_mul(b)?,
        Op::QuoInt => a.checked_div(b)?,
        Op::Rem => a.checked_rem(b)?,
        Op::And => a & b,
        Op::Or => a | b,
        Op::Xor => a ^ b,
        Op::AndNot => a & !b,
        _ => return None,
    }))
}

fn big_int(x: &Const, op: Op, y: &Const) -> Const {
    let (Some(a), Some(b)) = (x.as_int(), y.as_int()) else { return Const::Unknown };
    if b.is_zero() && matches!(op, Op::Quo | Op::QuoInt | Op::Rem) {
        return Const::Unknown;
    }
    Const::int(match op {
        Op::Add => a + b,
        Op::Sub => a - b,
        Op::Mul => a * b,
        Op::Quo => return Const::ratio(RBig::from_parts_signed(a, b)),
        Op::QuoInt => a / b,
        Op::Rem => a % b,
        Op::And => a & b,
        Op::Or => a | b,
        Op::Xor => a ^ b,
        Op::AndNot => a & !b,
        _ => return Const::Unknown,
    })
}

fn ratio_of(x: &Const) -> Option<RBig> {
    match x {
        Const::Int(n) => Some(RBig::from(*n)),
        Const::Big(_) => ratio_of(&x.to_float()),
        Const::Rat(r) => Some((**r).clone()),
        _ => None,
    }
}

fn float_of(x: &Const) -> Option<Float> {
    match x {
        Const::Int(n) => Float::new(IBig::from(*n), 0),
        Const::Big(n) => Float::new((**n).clone(), 0),
        Const::Rat(r) => Float::ratio(r.numerator(), r.denominator()),
        Const::Float(f) => Some((**f).clone()),
        _ => None,
    }
}

fn fraction(x: &Const, op: Op, y: &Const) -> Const {
    if op == Op::Quo && y.sign() == 0 {
        return Const::Unknown;
    }
    if let (Some(a), Some(b)) = (ratio_of(x), ratio_of(y)) {
        return Const::ratio(match op {
            Op::Add => a + b,
            Op::Sub => a - b,
            Op::Mul => a * b,
            Op::Quo => a / b,
            _ => return Const::Unknown,
        });
    }
    let (Some(a), Some(b)) = (float_of(x), float_of(y)) else { return Const::Unknown };
    Const::float(match op {
        Op::Add => a.add(&b),
        Op::Sub => a.add(&b.neg()),
        Op::Mul => a.mul(&b),
        Op::Quo => a.div(&b),
        _ => return Const::Unknown,
    })
}

fn complex(x: &Const, op: Op, y: &Const) -> Const {
    let (a, b, c, d) = (x.real(), x.imag(), y.real(), y.imag());
    let add = |x: &Const, y: &Const| Const::binary(x, Op::Add, y);
    let sub = |x: &Const, y: &Const| Const::binary(x, Op::Sub, y);
    let mul = |x: &Const, y: &Const| Const::binary(x, Op::Mul, y);
    let quo = |x: &Const, y: &Const| Const::binary(x, Op::Quo, y);
    match op {
        Op::Add => Const::complex(add(&a, &c), add(&b, &d)),
        Op::Sub => Const::complex(sub(&a, &c), sub(&b, &d)),
        // (a+bi)(c+di) = (ac-bd) + (bc+ad)i
        Op::Mul => Const::complex(sub(&mul(&a, &c), &mul(&b, &d)), add(&mul(&b, &c), &mul(&a, &d))),
        // (a+bi)/(c+di) = ((ac+bd) + (bc-ad)i) / (cc+dd)
        Op::Quo => {
            let scale = add(&mul(&c, &c), &mul(&d, &d));
            if scale.sign() == 0 {
                return Const::Unknown;
            }
            let re = quo(&add(&mul(&a, &c), &mul(&b, &d)), &scale);
            let im = quo(&sub(&mul(&b, &c), &mul(&a, &d)), &scale);
            Const::complex(re, im)
        }
        _ => Const::Unknown,
    }
}
