//! Constant values: exact as long as anyone can afford it.

use std::sync::Arc;

use dashu::integer::IBig;
use dashu::rational::RBig;

/// A big binary float; operations round to 512 bits.
pub type Float = dashu::float::FBig<dashu::float::round::mode::HalfEven, 2>;

/// The value of a constant expression. Numbers are kept in the smallest form that holds them exactly.
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
    /// Not an integer.
    Rat(Arc<RBig>),
    Float(Arc<Float>),
    /// Real and imaginary part, themselves not complex.
    Complex(Arc<(Const, Const)>),
}
