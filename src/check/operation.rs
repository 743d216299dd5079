//! Unary and binary operations: operators, shifts, comparisons.

use super::Checker;
use super::basics::is_int;
use super::codes::Code;
use super::operand::{Operand, composite_kind};
use crate::base::Pos;
use crate::syntax::ast::{self, BinaryOp, ExprKind, UnaryOp};
use crate::types::constant::{Const, Op};
use crate::types::{ChanDir, Mode, Ty};

impl<'a> Checker<'a> {
    pub(super) fn unary(&mut self, e: &'a ast::Expr, op: UnaryOp, inner: &'a ast::Expr) -> Operand<'a> {
        let mut x = self.expr(None, inner);
        if !x.is_valid() {
            return x;
        }
        let mut op = op;
        match op {
            UnaryOp::Addr => {
                // spec: "As an exception to the addressability requirement x may also be a (possibly
                // parenthesized) composite literal."
                let is_literal = matches!(inner.unparen().kind, ExprKind::CompositeLit(_));
                if !is_literal && x.mode != Mode::Variable {
                    let text = format!("invalid operation: cannot take address of {}", self.show(&x));
                    self.error(x.at(), Code::UnaddressableOperand, text);
                    x.invalidate();
                    return x;
                }
                x.mode = Mode::Value;
                x.ty = Ty::pointer(x.ty);
                return x;
            }
            UnaryOp::Recv => {
                match self.chan_elem(x.at(), &x, true) {
                    Some(elem) if self.is_complete(elem) => {
                        x.mode = Mode::CommaOk;
                        x.ty = elem;
                        self.env.has_call_or_recv = true;
                    }
                    _ => x.invalidate(),
                }
                return x;
            }
            UnaryOp::Tilde => {
                let mut text = "cannot use ~ outside of interface or type constraint".to_owned();
                let is_integer = self.all_integer(x.ty);
                if is_integer {
                    text.push_str(" (use ^ for bitwise complement)");
                }
                self.error(e.start(), Code::UndefinedOp, text);
                if !is_integer {
                    x.invalidate();
                    return x;
                }
                op = UnaryOp::Xor;
            }
            _ => (),
        }
        let op_text = op.text();
        let defined = match op {
            UnaryOp::Plus | UnaryOp::Minus => self.all_numeric(x.ty),
            UnaryOp::Xor => self.all_integer(x.ty),
            UnaryOp::Not => self.all_boolean(x.ty),
            _ => unreachable!("handled above"),
        };
        if !defined {
            let text = format!("invalid operation: operator {op_text} not defined on {}", self.show(&x));
            self.error(x.at(), Code::UndefinedOp, text);
            x.invalidate();
            return x;
        }
        if x.is_const() {
            let val = x.val.as_ref().expect("a constant has a value");
            if val.is_unknown() {
                return x;
            }
            let bits = if self.is_unsigned(x.ty) { self.size_of(x.ty) as u32 * 8 } else { 0 };
            x.val = Some(match op {
                UnaryOp::Minus => val.negate(),
                UnaryOp::Xor => val.complement(bits),
                UnaryOp::Not => val.not(),
                _ => val.clone(),
            });
            x.from = super::operand::Source::Expr(e);
            self.overflow(&mut x, e.pos);
            return x;
        }
        x.mode = Mode::Value;
        x
    }

    /// The element type of the channel `x` for a receive or a send; an error if there is none.
    pub(super) fn chan_elem(&mut self, at: Pos, x: &Operand<'a>, receive: bool) -> Option<Ty> {
        let mut common: Option<Ty> = None;
        let cause = match self.common_under_where(x.ty, |cx, t, under| {
            let Some(under) = under else { return Some("no specific channel type".to_owned()) };
            let t = t.unwrap_or(under);
            let Some(chan) = under.as_chan() else { return Some(format!("non-channel {}", cx.ts(t))) };
            if receive && chan.dir == ChanDir::Send {
                return Some(format!("send-only channel {}", cx.ts(t)));
            }
            if !receive && chan.dir == ChanDir::Recv {
                return Some(format!("receive-only channel {}", cx.ts(t)));
            }
            None
        }) {
            Ok(under) => {
                common = under.as_chan().map(|c| c.elem);
                String::new()
            }
            Err(cause) => cause,
        };
        if common.is_some() {
            return common;
        }
        let shown = self.show(x);
        let what = if receive { "receive from" } else { "send to" };
        let text = if self.is_tparam(x.ty) {
            format!("invalid operation: cannot {what} {shown}: {cause}")
        } else {
            format!("invalid operation: cannot {what} {cause} {shown}")
        };
        self.error(at, if receive { Code::InvalidReceive } else { Code::InvalidSend }, text);
        None
    }

    /// Checks `lhs op rhs`; `e` is the expression itself, or none for the operation inside `lhs op= rhs`.
    pub(super) fn binary(
        &mut self,
        e: Option<&'a ast::Expr>,
        lhs: &'a ast::Expr,
        rhs: &'a ast::Expr,
        op: BinaryOp,
    ) -> Operand<'a> {
        let op_text = op.text();
        let mut x = self.expr(None, lhs);
        let mut y = self.expr(None, rhs);
        if !x.is_valid() {
            return x;
        }
        if !y.is_valid() {
            x.invalidate();
            x.from = y.from;
            return x;
        }
        if op.is_shift() {
            self.shift(&mut x, &mut y, e, op);
            return x;
        }
        self.match_types(&mut x, &mut y);
        if !x.is_valid() {
            return x;
        }
        if op.is_comparison() {
            self.comparison(&mut x, &y, op, false);
            return x;
        }
        if !self.identical(x.ty, y.ty) {
            if x.ty.is_valid() && y.ty.is_valid() {
                let (tx, ty) = (self.ts(x.ty), self.ts(y.ty));
                let what = match e {
                    Some(e) => self.es(e),
                    None => format!("{} {op_text}= {}", self.es(lhs), self.es(rhs)),
                };
                let text = format!("invalid operation: {what} (mismatched types {tx} and {ty})");
                self.error(x.at(), Code::MismatchedTypes, text);
            }
            x.invalidate();
            return x;
        }
        if !self.binary_defined(op, x.ty) {
            let text = format!("invalid operation: operator {op_text} not defined on {}", self.show(&x));
            self.error(x.at(), Code::UndefinedOp, text);
            x.invalidate();
            return x;
        }
        if matches!(op, BinaryOp::Div | BinaryOp::Rem) && self.divides_by_zero(&x, &y) {
            self.error(y.at(), Code::DivByZero, "invalid operation: division by zero");
            x.invalidate();
            return x;
        }
        if let (true, true, Some(xv), Some(yv)) = (x.is_const(), y.is_const(), &x.val, &y.val) {
            if xv.is_unknown() || yv.is_unknown() {
                x.val = Some(Const::Unknown);
                return x;
            }
            let is_int_div = op == BinaryOp::Div && self.is_integer(x.ty);
            x.val = Some(Const::binary(xv, if is_int_div { Op::QuoInt } else { const_op(op) }, yv));
            if let Some(e) = e {
                x.from = super::operand::Source::Expr(e);
            }
            let at = self.op_pos(&x);
            self.overflow(&mut x, at);
            return x;
        }
        x.mode = Mode::Value;
        x
    }

    /// Of an operation the place of its operator, else the start of the expression.
    pub(super) fn op_pos(&self, x: &Operand<'a>) -> Pos {
        match x.expr() {
            Some(e) if matches!(e.kind, ExprKind::Unary(..) | ExprKind::Binary(..)) => e.pos,
            _ => x.at(),
        }
    }

    fn binary_defined(&mut self, op: BinaryOp, ty: Ty) -> bool {
        match op {
            BinaryOp::Add => self.all_numeric_or_string(ty),
            BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div => self.all_numeric(ty),
            BinaryOp::Rem | BinaryOp::And | BinaryOp::Or | BinaryOp::Xor | BinaryOp::AndNot => {
                self.all_integer(ty)
            }
            BinaryOp::AndAnd | BinaryOp::OrOr => self.all_boolean(ty),
            _ => unreachable!("shifts and comparisons are handled by the caller"),
        }
    }

    fn divides_by_zero(&mut self, x: &Operand<'a>, y: &Operand<'a>) -> bool {
        let (true, Some(by)) = (y.is_const(), &y.val) else { return false };
        if (x.is_const() || self.all_integer(x.ty)) && by.sign() == 0 {
            return true;
        }
        // The square of a tiny complex divisor may vanish.
        if x.is_const() && self.is_complex(x.ty) {
            let (re, im) = (by.real(), by.imag());
            let square = |v: &Const| Const::binary(v, Op::Mul, v);
            return square(&re).sign() == 0 && square(&im).sign() == 0;
        }
        false
    }

    /// Brings two operands to one type where one of them is untyped.
    pub(super) fn match_types(&mut self, x: &mut Operand<'a>, y: &mut Operand<'a>) {
        if !self.may_convert(x, y) {
            return;
        }
        self.convert_untyped(x, y.ty);
        if !x.is_valid() {
            return;
        }
        self.convert_untyped(y, x.ty);
        if !y.is_valid() {
            x.invalidate();
        }
    }

    /// Whether a failing conversion between the operands deserves an error of its own; else the mismatch does.
    fn may_convert(&mut self, x: &Operand<'a>, y: &Operand<'a>) -> bool {
        if self.is_typed(x.ty) && self.is_typed(y.ty) {
            return false;
        }
        if self.all_numeric(x.ty) != self.all_numeric(y.ty) {
            return false;
        }
        if self.is_plain_interface(x.ty) || self.is_plain_interface(y.ty) {
            return true;
        }
        if self.all_boolean(x.ty) != self.all_boolean(y.ty) || self.all_string(x.ty) != self.all_string(y.ty)
        {
            return false;
        }
        if x.is_nil() {
            return self.has_nil(y.ty);
        }
        if y.is_nil() {
            return self.has_nil(x.ty);
        }
        x.ty.underlying().as_pointer().is_none() && y.ty.underlying().as_pointer().is_none()
    }

    /// Compares `x` and `y`; the result is left in `x`.
    pub(super) fn comparison(&mut self, x: &mut Operand<'a>, y: &Operand<'a>, op: BinaryOp, is_case: bool) {
        if !x.ty.is_valid() || !y.ty.is_valid() {
            x.invalidate();
            return;
        }
        let op = if is_case { BinaryOp::Eq } else { op };
        let problem = self.comparable_operands(x, y, op);
        let Err(problem) = problem else {
            if let (true, true, Some(xv), Some(yv)) = (x.is_const(), y.is_const(), &x.val, &y.val) {
                x.val = Some(Const::Bool(Const::compare(xv, const_op(op), yv)));
            } else {
                x.mode = Mode::Value;
                x.val = None;
                let (tx, ty) = (self.default_type(x.ty), self.default_type(y.ty));
                self.update_type_of(x, tx, true);
                self.update_type_of(y, ty, true);
            }
            x.ty = Ty::UNTYPED_BOOL;
            return;
        };
        let op_text = op.text();
        let Incomparable { code, mut on_right, cause } = problem;
        let cause = if !cause.is_empty() {
            cause
        } else if self.is_tparam(x.ty) || self.is_tparam(y.ty) {
            if !self.is_tparam(x.ty) {
                on_right = true;
            }
            let ty = if on_right { y.ty } else { x.ty };
            format!("type parameter {} cannot use operator {op_text}", self.ts(ty))
        } else {
            let ty = if on_right { y.ty } else { x.ty };
            let what = match composite_kind(ty) {
                "" => self.ts(ty),
                what => what.to_owned(),
            };
            format!("operator {op_text} not defined on {what}")
        };
        let (tx, ty) = (x.text(), y.text());
        if is_case {
            self.error(x.at(), code, format!("invalid case {tx} in switch on {ty} ({cause})"));
        } else {
            let at = if on_right { y.at() } else { x.at() };
            self.error(at, code, format!("invalid operation: {tx} {op_text} {ty} ({cause})"));
        }
        x.invalidate();
    }

    fn comparable_operands(
        &mut self,
        x: &Operand<'a>,
        y: &Operand<'a>,
        op: BinaryOp,
    ) -> Result<(), Incomparable> {
        // spec: "In any comparison, the first operand must be assignable to the type of the second operand, or
        // vice versa."
        if self.assignable(x, y.ty, None).is_err() && self.assignable(y, x.ty, None).is_err() {
            let cause = format!("mismatched types {} and {}", self.ts(x.ty), self.ts(y.ty));
            return Err(Incomparable { code: Code::MismatchedTypes, on_right: true, cause });
        }
        let undefined = |on_right, cause| Err(Incomparable { code: Code::UndefinedOp, on_right, cause });
        if matches!(op, BinaryOp::Eq | BinaryOp::Ne) {
            if x.is_nil() || y.is_nil() {
                let other = if x.is_nil() { y.ty } else { x.ty };
                return if self.has_nil(other) { Ok(()) } else { undefined(true, String::new()) };
            }
            if !self.comparable(x.ty) {
                let cause = self.incomparable_cause(x.ty);
                return undefined(false, cause);
            }
            if !self.comparable(y.ty) {
                let cause = self.incomparable_cause(y.ty);
                return undefined(true, cause);
            }
            return Ok(());
        }
        if !self.all_ordered(x.ty) {
            return undefined(false, String::new());
        }
        if !self.all_ordered(y.ty) {
            return undefined(true, String::new());
        }
        Ok(())
    }

    /// Why a type cannot be compared, "" if there is nothing more to say.
    pub(super) fn incomparable_cause(&mut self, ty: Ty) -> String {
        let under = ty.underlying();
        if under.as_slice().is_some() || under.as_signature().is_some() || under.as_map().is_some() {
            return format!("{} can only be compared to nil", composite_kind(ty));
        }
        self.why_incomparable(ty)
    }

    fn shift(&mut self, x: &mut Operand<'a>, y: &mut Operand<'a>, e: Option<&'a ast::Expr>, op: BinaryOp) {
        let xval = x.val.as_ref().filter(|_| x.is_const()).map(|v| v.to_int());
        let is_untyped_int = self.is_untyped(x.ty) && xval.as_ref().is_some_and(is_int);
        if !self.all_integer(x.ty) && !is_untyped_int {
            return self.bad_shift_operand(x);
        }
        // spec: "The right operand in a shift expression must have integer type or be an untyped constant
        // representable by a value of type uint."
        let mut count = None;
        if y.is_const() {
            let val = y.val.as_ref().expect("a constant has a value").to_int();
            if is_int(&val) && val.sign() < 0 {
                let text = format!("invalid operation: negative shift count {}", self.show(y));
                self.error(y.at(), Code::InvalidShiftCount, text);
                return x.invalidate();
            }
            count = Some(val);
            if self.is_untyped(y.ty) {
                self.representable(y, Ty::UINT);
                if !y.is_valid() {
                    return x.invalidate();
                }
            }
        } else if self.all_integer(y.ty) {
            if !self.all_unsigned(y.ty) {
                let shown = y.clone();
                let signed =
                    |cx: &mut Self| format!("invalid operation: signed shift count {}", cx.show(&shown));
                if !self.verify_version(y.at(), 13, signed) {
                    return x.invalidate();
                }
            }
        } else if self.is_untyped(y.ty) {
            self.convert_untyped(y, Ty::UINT);
            if !y.is_valid() {
                return x.invalidate();
            }
        } else {
            let text = format!("invalid operation: shift count {} must be integer", self.show(y));
            self.error(y.at(), Code::InvalidShiftCount, text);
            return x.invalidate();
        }

        if x.is_const() {
            if let Some(count) = count {
                return self.const_shift(x, xval, y, count, e, op);
            }
            if self.is_untyped(x.ty) {
                // spec: "If the left operand of a non-constant shift expression is an untyped constant, it is
                // first implicitly converted to the type it would assume if the shift expression were replaced
                // by its left operand alone."
                if let Some(pending) = x.expr().and_then(|e| self.pending.get_mut(&e.id)) {
                    pending.is_shifted = true;
                }
                x.mode = Mode::Value;
                x.val = None;
                return;
            }
        }
        if !self.all_integer(x.ty) {
            return self.bad_shift_operand(x);
        }
        x.mode = Mode::Value;
        x.val = None;
    }

    fn bad_shift_operand(&mut self, x: &mut Operand<'a>) {
        let text = format!("invalid operation: shifted operand {} must be integer", self.show(x));
        self.error(x.at(), Code::InvalidShiftOperand, text);
        x.invalidate();
    }

    fn const_shift(
        &mut self,
        x: &mut Operand<'a>,
        xval: Option<Const>,
        y: &Operand<'a>,
        count: Const,
        e: Option<&'a ast::Expr>,
        op: BinaryOp,
    ) {
        let unknown = |v: &Option<Const>| v.as_ref().is_some_and(|v| v.is_unknown());
        if unknown(&x.val) || unknown(&y.val) {
            x.val = Some(Const::Unknown);
            if !self.is_integer(x.ty) {
                x.ty = Ty::UNTYPED_INT;
            }
            return;
        }
        /// Enough to write the smallest float64 as a shift (go.dev/issue/44057).
        const BOUND: u64 = 1023 - 1 + 52;
        let Some(count) = count.as_u64().filter(|&n| n <= BOUND) else {
            let text = format!("invalid operation: invalid shift count {}", self.show(y));
            self.error(y.at(), Code::InvalidShiftCount, text);
            return x.invalidate();
        };
        if !self.is_integer(x.ty) {
            x.ty = Ty::UNTYPED_INT;
        }
        let xval = xval.expect("a constant shift has a constant left operand");
        let count = count as u32;
        x.val = Some(if op == BinaryOp::Shl { xval.shift_left(count) } else { xval.shift_right(count) });
        if let Some(e) = e {
            x.from = super::operand::Source::Expr(e);
        }
        let at = self.op_pos(x);
        self.overflow(x, at);
    }
}

struct Incomparable {
    code: Code,
    /// The second operand is to blame.
    on_right: bool,
    cause: String,
}

/// The operator as constants know it.
pub(super) fn const_op(op: BinaryOp) -> Op {
    match op {
        BinaryOp::OrOr => Op::LogicalOr,
        BinaryOp::AndAnd => Op::LogicalAnd,
        BinaryOp::Eq => Op::Eq,
        BinaryOp::Ne => Op::Ne,
        BinaryOp::Lt => Op::Lt,
        BinaryOp::Le => Op::Le,
        BinaryOp::Gt => Op::Gt,
        BinaryOp::Ge => Op::Ge,
        BinaryOp::Add => Op::Add,
        BinaryOp::Sub => Op::Sub,
        BinaryOp::Or => Op::Or,
        BinaryOp::Xor => Op::Xor,
        BinaryOp::Mul => Op::Mul,
        BinaryOp::Div => Op::Quo,
        BinaryOp::Rem => Op::Rem,
        BinaryOp::And => Op::And,
        BinaryOp::AndNot => Op::AndNot,
        BinaryOp::Shl | BinaryOp::Shr => unreachable!("shifts are no such operations"),
    }
}
