//! Which constants a basic type can hold, and what becomes of them when it rounds.

use crate::types::ty::BasicKind;

use super::{Const, ConstKind};

impl Const {
    /// The value as type `kind` holds it, rounded; None if it cannot. Words have `word_bits` bits. An Unknown value
    /// fits everywhere.
    pub fn represented(&self, kind: BasicKind, word_bits: u32) -> Option<Const> {
        if self.is_unknown() {
            return Some(Const::Unknown);
        }
        if kind.is_integer() {
            let whole = self.to_int();
            let fits = match bounds(kind, word_bits) {
                _ if whole.kind() != ConstKind::Int => false,
                None => true,
                Some((bits, true)) => whole.sign() >= 0 && whole.bit_len() <= bits as usize,
                Some((bits, false)) => fits_signed(&whole, bits),
            };
            return fits.then_some(whole);
        }
        if kind.is_float() {
            let x = self.to_float();
            return if x.is_unknown() { None } else { rounded_float(x, kind) };
        }
        if kind.is_complex() {
            let part = match kind {
                BasicKind::Complex64 => BasicKind::Float32,
                BasicKind::Complex128 => BasicKind::Float64,
                _ => BasicKind::UntypedFloat,
            };
            let x = self.to_complex();
            let re = rounded_float(x.real(), part)?;
            let im = rounded_float(x.imag(), part)?;
            return Some(Const::complex(re, im));
        }
        let fits = kind.is_string() && self.kind() == ConstKind::String
            || kind.is_boolean() && self.kind() == ConstKind::Bool;
        fits.then(|| self.clone())
    }
}

fn fits_signed(x: &Const, bits: u32) -> bool {
    match x {
        Const::Int(n) => bits == 64 || (-(1i64 << (bits - 1))..1i64 << (bits - 1)).contains(n),
        _ => false,
    }
}

/// Bits, and whether unsigned; None: any integer.
fn bounds(kind: BasicKind, word_bits: u32) -> Option<(u32, bool)> {
    Some(match kind {
        BasicKind::Int => (word_bits, false),
        BasicKind::Int8 => (8, false),
        BasicKind::Int16 => (16, false),
        BasicKind::Int32 => (32, false),
        BasicKind::Int64 => (64, false),
        BasicKind::Uint | BasicKind::Uintptr => (word_bits, true),
        BasicKind::Uint8 => (8, true),
        BasicKind::Uint16 => (16, true),
        BasicKind::Uint32 => (32, true),
        BasicKind::Uint64 => (64, true),
        _ => return None,
    })
}

fn rounded_float(x: Const, kind: BasicKind) -> Option<Const> {
    match kind {
        BasicKind::Float32 => {
            let near = x.to_f32()?;
            near.is_finite().then(|| Const::f64(near as f64))
        }
        BasicKind::Float64 => {
            let near = x.to_f64()?;
            near.is_finite().then(|| Const::f64(near))
        }
        _ => Some(x),
    }
}
