//! Untyped values on their way to a type.
//!
//! # The idea
//! An untyped expression is remembered with its operands when it is first checked. Its context decides its type
//! later: then the new type is pushed down the expression to every operand that takes part in the value, and
//! recorded. What never meets a context keeps its untyped type, recorded at the end.

use super::Checker;
use super::codes::Code;
use super::operand::Operand;
use crate::syntax::ast::{self, ExprKind};
use crate::types::{self, BasicKind, Const, Mode, Ty};

/// An expression whose final type is not known yet.
#[derive(Clone)]
pub(super) struct Pending<'a> {
    pub expr: &'a ast::Expr,
    pub mode: Mode,
    pub ty: Ty,
    pub val: Option<Const>,
    /// The left operand of a non-constant shift: its final type must be an integer.
    pub is_shifted: bool,
}

impl<'a> Checker<'a> {
    /// Notes what was found out about an expression.
    pub(super) fn record(&mut self, x: &Operand<'a>) {
        let Some(expr) = x.expr() else { return };
        let ty = match x.mode {
            Mode::Invalid => return,
            Mode::NoValue => empty_tuple(),
            _ => x.ty,
        };
        let val = if x.is_const() { x.val.clone() } else { None };
        if self.is_untyped(ty) {
            let pending = Pending { expr, mode: x.mode, ty, val, is_shifted: false };
            self.pending.insert(expr.id, pending);
        } else {
            self.record_type(expr, x.mode, ty, val);
        }
    }

    /// At the end: what is still untyped stays so.
    pub(super) fn record_untyped(&mut self) {
        for pending in std::mem::take(&mut self.pending).into_values() {
            self.record_type(pending.expr, pending.mode, pending.ty, pending.val);
        }
    }

    pub(super) fn update_expr_val(&mut self, x: &Operand<'a>, val: &Const) {
        if let Some(pending) = x.expr().and_then(|e| self.pending.get_mut(&e.id)) {
            pending.val = Some(val.clone());
        }
    }

    /// Gives the type `ty` to the untyped expression of `x` and to the operands that share its type.
    pub(super) fn update_type_of(&mut self, x: &Operand<'a>, ty: Ty, is_final: bool) {
        if let Some(expr) = x.expr() {
            self.update_expr_type(expr, ty, is_final);
        }
    }

    pub(super) fn update_expr_type(&mut self, x: &'a ast::Expr, ty: Ty, is_final: bool) {
        let Some(old) = self.pending.get(&x.id).cloned() else { return };
        match &x.kind {
            ExprKind::Paren(inner) => self.update_expr_type(inner, ty, is_final),
            // Operands of a constant expression never become values of their own.
            ExprKind::Unary(..) | ExprKind::Binary(..) if old.val.is_some() => (),
            ExprKind::Unary(_, inner) => self.update_expr_type(inner, ty, is_final),
            ExprKind::Binary(op, left, right) => {
                if op.is_comparison() {
                    // The result does not depend on the operands, and these have their types already.
                } else if op.is_shift() {
                    self.update_expr_type(left, ty, is_final);
                } else {
                    self.update_expr_type(left, ty, is_final);
                    self.update_expr_type(right, ty, is_final);
                }
            }
            _ => (),
        }
        if !is_final && self.is_untyped(ty) {
            if let Some(pending) = self.pending.get_mut(&x.id) {
                pending.ty = ty.underlying();
            }
            return;
        }
        self.pending.remove(&x.id);
        if old.is_shifted && !self.all_integer(ty) {
            let text = format!(
                "invalid operation: shifted operand {} (type {}) must be integer",
                self.es(x),
                self.ts(ty)
            );
            self.error(x.start(), Code::InvalidShiftOperand, text);
            return;
        }
        if old.val.is_some() {
            let mut c = Operand::new(old.mode, old.ty, x);
            c.val = old.val.clone();
            self.convert_untyped(&mut c, ty);
            if !c.is_valid() {
                return;
            }
        }
        self.record_type(x, old.mode, ty, old.val);
    }

    /// The type an operand takes in a context that wants `target`, and its value there if it is a constant.
    pub(super) fn implicit_type_and_value(
        &mut self,
        x: &Operand<'a>,
        target: Ty,
    ) -> Result<(Ty, Option<Const>), Code> {
        const NO: Code = Code::InvalidUntypedConversion;
        if !x.is_valid() || self.is_typed(x.ty) || !target.is_valid() {
            return Ok((x.ty, None));
        }
        if self.is_untyped(target) {
            return types::max_type(x.ty, target).map(|t| (t, None)).ok_or(NO);
        }
        if x.is_nil() {
            return if self.has_nil(target) { Ok((target, None)) } else { Err(NO) };
        }
        match target.underlying().kind() {
            types::Kind::Basic(_) => {
                if x.is_const() {
                    let val = self.representation(x, target.underlying())?;
                    return Ok((target, Some(val)));
                }
                // What is untyped without being constant: comparisons, shifts of constants by variables.
                let fits = match x.ty.basic_kind() {
                    Some(BasicKind::UntypedBool) => self.is_boolean(target),
                    Some(
                        BasicKind::UntypedInt
                        | BasicKind::UntypedRune
                        | BasicKind::UntypedFloat
                        | BasicKind::UntypedComplex,
                    ) => self.is_numeric(target),
                    Some(BasicKind::UntypedString) => self.is_string(target),
                    _ => false,
                };
                if fits { Ok((target, None)) } else { Err(NO) }
            }
            types::Kind::Interface(iface) => {
                if self.is_tparam(target) {
                    let mut fits = true;
                    for (_, under) in self.type_set_of(target) {
                        fits &= under.is_some_and(|u| self.implicit_type_and_value(x, u).is_ok());
                    }
                    return if fits { Ok((target, None)) } else { Err(NO) };
                }
                // Values in interfaces have concrete types: the default type, not the target.
                if iface.is_empty() { Ok((types::default_type(x.ty), None)) } else { Err(NO) }
            }
            _ => Err(NO),
        }
    }

    /// Gives an untyped operand the type its context wants, with an error if it cannot have it.
    pub(super) fn convert_untyped(&mut self, x: &mut Operand<'a>, target: Ty) {
        match self.implicit_type_and_value(x, target) {
            Ok((ty, val)) => self.take_implicit_type(x, ty, val),
            Err(code) => {
                let shown = if self.is_tparam(target) { target } else { target.underlying() };
                self.invalid_conversion(code, x, shown);
                x.invalidate();
            }
        }
    }

    pub(super) fn take_implicit_type(&mut self, x: &mut Operand<'a>, ty: Ty, val: Option<Const>) {
        if let Some(val) = val {
            self.update_expr_val(x, &val);
            x.val = Some(val);
        }
        if ty != x.ty {
            x.ty = ty;
            self.update_type_of(x, ty, false);
        }
    }

    pub(super) fn invalid_conversion(&mut self, code: Code, x: &Operand<'a>, target: Ty) {
        let (x_text, target) = (self.show(x), self.ts(target));
        let text = match code {
            Code::TruncatedFloat => format!("{x_text} truncated to {target}"),
            Code::NumericOverflow => format!("{x_text} overflows {target}"),
            _ => format!("cannot convert {x_text} to type {target}"),
        };
        self.error(x.at(), code, text);
    }
}

/// The type of a call without results.
fn empty_tuple() -> Ty {
    static EMPTY: std::sync::OnceLock<Ty> = std::sync::OnceLock::new();
    *EMPTY.get_or_init(|| Ty::tuple(Vec::new()))
}
