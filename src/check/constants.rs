//! Constants against types: representability, rounding, overflow.

use super::Checker;
use super::basics::is_int;
use super::codes::Code;
use super::operand::Operand;
use crate::base::Pos;
use crate::syntax::ast::{self, BinaryOp, ExprKind, UnaryOp};
use crate::types::{Const, Ty};

impl<'a> Checker<'a> {
    /// Checks that a constant fits its type, or, untyped, has not grown out of hand.
    pub(super) fn overflow(&mut self, x: &mut Operand<'a>, op_pos: Pos) {
        let val = x.val.clone().expect("a constant has a value");
        if val.is_unknown() {
            self.error(op_pos, Code::InvalidConstVal, "constant result is not representable");
            return;
        }
        if self.is_typed(x.ty) {
            self.representable(x, x.ty.underlying());
            return;
        }
        /// The precision of untyped constants.
        const BITS: usize = 512;
        if is_int(&val) && val.bit_len() > BITS {
            let op = x.expr().map_or("", op_name);
            let gap = if op.is_empty() { "" } else { " " };
            self.error(op_pos, Code::InvalidConstVal, format!("constant {op}{gap}overflow"));
            x.val = Some(Const::Unknown);
        }
    }

    /// Rounds the constant `x` to the basic type `ty`, with an error if it does not fit.
    pub(super) fn representable(&mut self, x: &mut Operand<'a>, ty: Ty) {
        match self.representation(x, ty) {
            Ok(val) => x.val = Some(val),
            Err(code) => {
                self.invalid_conversion(code, x, ty);
                x.invalidate();
            }
        }
    }

    pub(super) fn representation(&mut self, x: &Operand<'a>, ty: Ty) -> Result<Const, Code> {
        let val = x.val.as_ref().expect("a constant has a value");
        if let Some(rounded) = self.rounded(val, ty) {
            return Ok(rounded);
        }
        if self.is_numeric(x.ty) && self.is_numeric(ty) {
            // Only a fraction is cut when it goes to an integer; everything else is too large.
            let is_cut = !self.is_integer(x.ty) && self.is_integer(ty);
            return Err(if is_cut { Code::TruncatedFloat } else { Code::NumericOverflow });
        }
        Err(Code::InvalidConstVal)
    }

    /// The value as a value of the basic type `ty`, if it is one.
    pub(super) fn rounded(&self, val: &Const, ty: Ty) -> Option<Const> {
        val.represented(ty.basic_kind()?, self.sizes.word as u32 * 8)
    }
}

/// What an operation that may overflow is called.
fn op_name(e: &ast::Expr) -> &'static str {
    match &e.kind {
        ExprKind::Unary(UnaryOp::Xor, _) => "bitwise complement",
        ExprKind::Binary(op, ..) => match op {
            BinaryOp::Add => "addition",
            BinaryOp::Sub => "subtraction",
            BinaryOp::Xor => "bitwise XOR",
            BinaryOp::Mul => "multiplication",
            BinaryOp::Shl => "shift",
            _ => "",
        },
        _ => "",
    }
}
