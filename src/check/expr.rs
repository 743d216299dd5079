//! Expressions: the dispatch over their kinds, and what their contexts demand.

use super::Checker;
use super::codes::Code;
use super::operand::Operand;
use crate::syntax::ast::{self, ExprKind};
use crate::types::universe::CallKind;
use crate::types::{Mode, Ty};

/// The function type that a generic function is assigned to, and what of.
#[derive(Clone)]
pub(super) struct Target {
    pub sig: Ty,
    pub desc: String,
}

/// Modes that a context does not accept.
#[derive(Clone, Copy)]
pub(super) struct Excluded {
    pub no_value: bool,
    pub builtin: bool,
    pub type_expr: bool,
}

const NOT_A_VALUE: Excluded = Excluded { no_value: true, builtin: true, type_expr: true };

impl<'a> Checker<'a> {
    /// A target, if the type is a function's.
    pub(super) fn target_of(&mut self, ty: Option<Ty>, desc: &str) -> Option<Target> {
        let under = self.common_under(ty?)?;
        under.as_signature()?;
        Some(Target { sig: under, desc: desc.to_owned() })
    }

    /// An expression with a single value.
    pub(super) fn expr(&mut self, target: Option<&Target>, e: &'a ast::Expr) -> Operand<'a> {
        let (mut x, _) = self.raw_expr(target, e, None, false);
        self.exclude(&mut x, NOT_A_VALUE);
        self.single_value(&mut x);
        x
    }

    /// The same, but a generic function is a value as well.
    pub(super) fn generic_expr(&mut self, e: &'a ast::Expr, hint: Option<Ty>) -> Operand<'a> {
        let (mut x, _) = self.raw_expr(None, e, hint, true);
        self.exclude(&mut x, NOT_A_VALUE);
        self.single_value(&mut x);
        x
    }

    pub(super) fn expr_or_type(&mut self, e: &'a ast::Expr, allow_generic: bool) -> Operand<'a> {
        let (mut x, _) = self.raw_expr(None, e, None, allow_generic);
        self.exclude(&mut x, Excluded { no_value: true, builtin: false, type_expr: false });
        self.single_value(&mut x);
        x
    }

    /// The values of an expression that may have several: of a call, or, if allowed, of a comma-ok expression, in which
    /// case the second part is true.
    pub(super) fn multi_expr(&mut self, e: &'a ast::Expr, allow_comma_ok: bool) -> (Vec<Operand<'a>>, bool) {
        let (mut x, _) = self.raw_expr(None, e, None, false);
        self.exclude(&mut x, NOT_A_VALUE);
        if let (true, Some(tuple)) = (x.is_valid(), x.ty.as_tuple()) {
            let nth = |i: usize| match i {
                0 => "1st".to_owned(),
                1 => "2nd".to_owned(),
                2 => "3rd".to_owned(),
                i => format!("{}th", i + 1),
            };
            let value = |(i, v): (usize, &crate::types::ObjRef)| {
                Operand::worded(v.typ(), e.start(), format!("{} function result", nth(i)))
            };
            return (tuple.vars.iter().enumerate().map(value).collect(), false);
        }
        if allow_comma_ok && matches!(x.mode, Mode::MapIndex | Mode::CommaOk) {
            let words = "ok value of (comma, ok) expression".to_owned();
            let ok = Operand::worded(Ty::UNTYPED_BOOL, e.start(), words);
            return (vec![x, ok], true);
        }
        (vec![x], false)
    }

    pub(super) fn expr_list(&mut self, list: &'a [ast::Expr]) -> Vec<Operand<'a>> {
        match list {
            [one] => self.multi_expr(one, false).0,
            _ => list.iter().map(|e| self.expr(None, e)).collect(),
        }
    }

    pub(super) fn exclude(&mut self, x: &mut Operand<'a>, excluded: Excluded) {
        let (code, what) = match x.mode {
            Mode::NoValue if excluded.no_value && excluded.type_expr => {
                (Code::TooManyValues, "used as value")
            }
            Mode::NoValue if excluded.no_value => (Code::TooManyValues, "used as value or type"),
            Mode::Builtin(_) if excluded.builtin => (Code::UncalledBuiltin, "must be called"),
            Mode::TypeExpr if excluded.type_expr => (Code::NotAnExpr, "is not an expression"),
            _ => return,
        };
        let text = format!("{} {what}", self.show(x));
        self.error(x.at(), code, text);
        x.invalidate();
    }

    pub(super) fn single_value(&mut self, x: &mut Operand<'a>) {
        if x.mode == Mode::Value && x.ty.as_tuple().is_some() {
            let text = format!("multiple-value {} in single-value context", self.show(x));
            self.error(x.at(), Code::TooManyValues, text);
            x.invalidate();
        }
    }

    /// Checks any expression and records it.
    pub(super) fn raw_expr(
        &mut self,
        target: Option<&Target>,
        e: &'a ast::Expr,
        hint: Option<Ty>,
        allow_generic: bool,
    ) -> (Operand<'a>, CallKind) {
        let (mut x, kind) = self.expr_of_kind(target, e, hint);
        if !allow_generic {
            self.non_generic(target, &mut x);
        }
        self.record(&x);
        (x, kind)
    }

    /// A generic type or function must not be left as it is, unless its arguments follow from the target.
    pub(super) fn non_generic(&mut self, target: Option<&Target>, x: &mut Operand<'a>) {
        if !x.is_valid() || x.mode == Mode::NoValue {
            return;
        }
        let what = if self.is_generic(x.ty) {
            "type"
        } else if x.ty.as_signature().is_some_and(|sig| !sig.tparams.is_empty()) {
            if target.is_some() {
                let at = x.pos();
                self.func_inst(target, at, x, None, true);
                return;
            }
            "function"
        } else {
            return;
        };
        let text = format!("cannot use generic {what} {} without instantiation", x.text());
        self.error(x.at(), Code::WrongTypeArgCount, text);
        x.invalidate();
        x.ty = Ty::INVALID;
    }

    fn expr_of_kind(
        &mut self,
        target: Option<&Target>,
        e: &'a ast::Expr,
        hint: Option<Ty>,
    ) -> (Operand<'a>, CallKind) {
        let mut x = Operand::new(Mode::Invalid, Ty::INVALID, e);
        match &e.kind {
            ExprKind::Bad => return (x, CallKind::Statement),
            ExprKind::Name(name) => {
                x = self.ident(e, name, false);
                return (x, CallKind::Expression);
            }
            ExprKind::Ellipsis(_) => self.error(e.pos, Code::InvalidSyntaxTree, "invalid use of ..."),
            ExprKind::Lit(lit) => x = self.basic_lit(e, lit),
            ExprKind::FuncLit(lit) => x = self.func_lit(e, lit),
            ExprKind::CompositeLit(lit) => x = self.composite_lit(e, lit, hint),
            ExprKind::Paren(inner) => {
                let (mut x, kind) = self.raw_expr(None, inner, None, false);
                x.from = super::operand::Source::Expr(e);
                return (x, kind);
            }
            ExprKind::Selector(inner, sel) => {
                x = self.selector(e, inner, sel, false);
                return (x, CallKind::Expression);
            }
            ExprKind::Index(inner, indices) => {
                let generic;
                (x, generic) = self.index_expr(e, inner, indices);
                if generic {
                    self.func_inst(target, e.pos, &mut x, Some(e), true);
                }
            }
            ExprKind::Slice(s) => x = self.slice_expr(e, s),
            ExprKind::TypeAssert(inner, ty) => x = self.type_assert(e, inner, ty.as_deref()),
            ExprKind::Call(call) => return self.call_expr(e, call),
            ExprKind::Star(inner) => x = self.star(e, inner),
            ExprKind::Unary(op, inner) => {
                x = self.unary(e, *op, inner);
                if *op == ast::UnaryOp::Recv && x.is_valid() {
                    x.from = super::operand::Source::Expr(e);
                    return (x, CallKind::Statement);
                }
            }
            ExprKind::Binary(op, left, right) => x = self.binary(Some(e), left, right, *op),
            ExprKind::KeyValue(..) => {
                self.error(e.start(), Code::InvalidSyntaxTree, "no key:value expected");
            }
            ExprKind::ArrayType(..)
            | ExprKind::SliceType(_)
            | ExprKind::StructType(_)
            | ExprKind::FuncType(_)
            | ExprKind::InterfaceType(_)
            | ExprKind::MapType(..)
            | ExprKind::ChanType(..) => {
                x.mode = Mode::TypeExpr;
                x.ty = self.typ(e);
            }
        }
        x.from = super::operand::Source::Expr(e);
        // A wrong expression may stand alone, lest there is a second error.
        let kind = if x.is_valid() { CallKind::Expression } else { CallKind::Statement };
        (x, kind)
    }

    /// `*x`: a pointer type or a dereference.
    fn star(&mut self, e: &'a ast::Expr, inner: &'a ast::Expr) -> Operand<'a> {
        let mut x = self.expr_or_type(inner, false);
        match x.mode {
            Mode::Invalid => return x,
            Mode::TypeExpr => {
                self.valid_var_type(inner, x.ty);
                x.ty = Ty::pointer(x.ty);
                return x;
            }
            _ => (),
        }
        let mut base: Option<Ty> = None;
        for (_, under) in self.type_set_of(x.ty) {
            let problem = match under.and_then(Ty::as_pointer) {
                None => format!("invalid operation: cannot indirect {}", self.show(&x)),
                Some(b) if base.is_some_and(|first| !self.identical(first, b)) => {
                    format!("invalid operation: pointers of {} must have identical base types", self.show(&x))
                }
                Some(b) => {
                    base = Some(b);
                    continue;
                }
            };
            self.error(x.at(), Code::InvalidIndirection, problem);
            x.invalidate();
            return x;
        }
        let base = base.unwrap_or(Ty::INVALID);
        if !self.is_complete(base) {
            x.invalidate();
            return x;
        }
        x = Operand::new(Mode::Variable, base, e);
        x
    }

    fn type_assert(
        &mut self,
        e: &'a ast::Expr,
        inner: &'a ast::Expr,
        ty: Option<&'a ast::Expr>,
    ) -> Operand<'a> {
        let Some(ty) = ty else {
            self.error(e.start(), Code::InvalidSyntaxTree, "use of .(type) outside type switch");
            self.use_expr(inner);
            return Operand::new(Mode::Invalid, Ty::INVALID, e);
        };
        let mut x = self.expr(None, inner);
        if !x.is_valid() {
            return x;
        }
        let problem = if self.is_tparam(x.ty) {
            Some(format!(
                "invalid operation: cannot use type assertion on type parameter value {}",
                self.show(&x)
            ))
        } else if x.ty.underlying().as_interface().is_none() {
            Some(format!("invalid operation: {} is not an interface", self.show(&x)))
        } else {
            None
        };
        if let Some(text) = problem {
            self.error(x.at(), Code::InvalidAssert, text);
            x.invalidate();
            return x;
        }
        let ty = self.var_type(ty);
        if !ty.is_valid() || !self.is_complete(ty) {
            x.invalidate();
            return x;
        }
        self.check_assertion(e, &x, ty, false);
        x.mode = Mode::CommaOk;
        x.ty = ty;
        x
    }

    /// An interface value cannot hold a type that lacks its methods.
    pub(super) fn check_assertion(&mut self, e: &'a ast::Expr, x: &Operand<'a>, ty: Ty, is_case: bool) {
        let mut cause = String::new();
        if self.assertable_to(x.ty, ty, Some(&mut cause)) {
            return;
        }
        let (expr, shown) = (self.es(e), self.ts(ty));
        let text = if is_case {
            format!(
                "impossible type switch case: {expr}\n\t{} cannot have dynamic type {shown} {cause}",
                self.show(x)
            )
        } else {
            format!(
                "impossible type assertion: {expr}\n\t{shown} does not implement {} {cause}",
                self.ts(x.ty)
            )
        };
        self.error(e.start(), Code::ImpossibleAssert, text);
    }

    /// Evaluates an expression whose value is lost to another error. Says whether it is right.
    pub(super) fn use_expr(&mut self, e: &'a ast::Expr) -> bool {
        self.use_one(e, false)
    }

    pub(super) fn use_all(&mut self, list: &'a [ast::Expr]) -> bool {
        // No short cut: all of them count as used.
        list.iter().filter(|e| !self.use_one(e, false)).count() == 0
    }

    /// The same for left sides: their variables do not count as used.
    pub(super) fn use_lhs(&mut self, list: &'a [ast::Expr]) -> bool {
        list.iter().filter(|e| !self.use_one(e, true)).count() == 0
    }

    fn use_one(&mut self, e: &'a ast::Expr, is_lhs: bool) -> bool {
        let inner = e.unparen();
        let ExprKind::Name(name) = &inner.kind else {
            return self.raw_expr(None, e, None, true).0.is_valid();
        };
        if &**name == "_" {
            return true;
        }
        let var = self.lookup(name).filter(|o| is_lhs && o.is_var() && o.pkg == Some(self.pkg));
        let used = var.is_some_and(|v| v.used());
        let x = self.expr_or_type(inner, true);
        if let Some(var) = var {
            var.set_used(used);
        }
        x.is_valid()
    }
}
