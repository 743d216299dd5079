//! Constants as values.

use dashu::base::{Abs, Approximation, BitTest, Signed};
use dashu::integer::IBig;

use super::func::Fx;
use super::layout;
use super::val::{TyExt, Val};
use crate::ir;
use crate::types::{BasicKind, Const, Ty};

impl Fx<'_, '_> {
    /// A constant of type `ty`; of an interface type: the default type's value, converted.
    pub fn constant(&mut self, c: &Const, ty: Ty) -> Val {
        if ty.is_interface() {
            let from = default_type(c);
            let val = self.constant(c, from);
            return self.to_interface(&val, from, ty);
        }
        let kind = ty.basic_kind().unwrap_or_else(|| panic!("{}: constant of type {ty:?}", self.name));
        match kind {
            BasicKind::Bool | BasicKind::UntypedBool => match c {
                Const::Bool(b) => Val::one(self.b.bool(*b)),
                _ => panic!("{}: {c:?} as a bool", self.name),
            },
            BasicKind::String | BasicKind::UntypedString => match c {
                Const::Str(bytes) => self.string_const(bytes),
                _ => panic!("{}: {c:?} as a string", self.name),
            },
            BasicKind::Float32 => Val::one(self.b.f32const(to_f64(c) as f32)),
            BasicKind::Float64 | BasicKind::UntypedFloat => Val::one(self.b.f64const(to_f64(c))),
            BasicKind::Complex64 => {
                let (re, im) = complex_parts(c);
                Val::S(vec![self.b.f32const(re as f32), self.b.f32const(im as f32)])
            }
            BasicKind::Complex128 | BasicKind::UntypedComplex => {
                let (re, im) = complex_parts(c);
                Val::S(vec![self.b.f64const(re), self.b.f64const(im)])
            }
            BasicKind::UnsafePointer => {
                let v = self.b.iconst(ir::Ty::Ptr, to_bits(c));
                Val::one(v)
            }
            _ => {
                let leaf = layout::of(ty).scalars()[0].ty;
                Val::one(self.b.iconst(leaf, to_bits(c)))
            }
        }
    }

    /// The string of these bytes.
    pub fn string_const(&mut self, bytes: &[u8]) -> Val {
        let ptr = if bytes.is_empty() {
            self.b.nil()
        } else {
            let sym = self.cx.string_sym(bytes);
            self.b.sym_addr(&sym, 0)
        };
        Val::S(vec![ptr, self.b.i64(bytes.len() as i64)])
    }
}

/// The type an untyped constant takes where none is asked for.
fn default_type(c: &Const) -> Ty {
    match c {
        Const::Bool(_) => Ty::BOOL,
        Const::Str(_) => Ty::STRING,
        Const::Int(_) | Const::Big(_) => Ty::INT,
        Const::Rat(_) | Const::Float(_) => Ty::FLOAT64,
        Const::Complex(_) => Ty::COMPLEX128,
        Const::Unknown => panic!("a constant in error has no type"),
    }
}

/// The low 64 bits of an integer.
pub fn to_bits(c: &Const) -> i64 {
    match c {
        Const::Int(i) => *i,
        Const::Big(big) => big_bits(big),
        Const::Rat(r) if r.is_int() => big_bits(r.numerator()),
        Const::Float(f) => to_f64_float(f) as i64,
        Const::Rat(r) => r.to_f64().value() as i64,
        Const::Complex(parts) => to_bits(&parts.0),
        other => panic!("{other:?} as an integer"),
    }
}

fn big_bits(big: &IBig) -> i64 {
    let abs: IBig = big.clone().abs();
    let mut bits = 0u64;
    for i in 0..64 {
        if abs.bit(i) {
            bits |= 1 << i;
        }
    }
    let bits = bits as i64;
    if big.is_negative() { bits.wrapping_neg() } else { bits }
}

fn to_f64_float(f: &crate::types::constant::Float) -> f64 {
    f.to_f64()
}

/// The nearest float.
pub fn to_f64(c: &Const) -> f64 {
    match c {
        Const::Int(i) => *i as f64,
        Const::Big(big) => match big.to_f64() {
            Approximation::Exact(x) | Approximation::Inexact(x, _) => x,
        },
        Const::Rat(r) => r.to_f64().value(),
        Const::Float(f) => to_f64_float(f),
        Const::Complex(parts) => to_f64(&parts.0),
        other => panic!("{other:?} as a float"),
    }
}

fn complex_parts(c: &Const) -> (f64, f64) {
    match c {
        Const::Complex(parts) => (to_f64(&parts.0), to_f64(&parts.1)),
        real => (to_f64(real), 0.0),
    }
}
