//! Assignments: initialisation, assignment, short variable declarations, results.

use super::Checker;
use super::codes::Code;
use super::message::{Fault, measure};
use super::operand::Operand;
use super::resolve::eid;
use crate::base::Pos;
use crate::syntax::ast::{self, ExprKind};
use crate::types::{Const, Mode, ObjRef, Ty, VarKind};

impl<'a> Checker<'a> {
    /// Checks that `x` can be assigned to a variable of type `ty` (none: any type will do), and gives an untyped `x` its
    /// type. The context is for messages.
    pub(super) fn assignment(&mut self, x: &mut Operand<'a>, ty: Option<Ty>, context: &str) {
        self.single_value(x);
        match x.mode {
            Mode::Invalid => return,
            Mode::NilValue
            | Mode::Constant
            | Mode::Variable
            | Mode::MapIndex
            | Mode::Value
            | Mode::CommaOk => (),
            _ => {
                let target = ty.map_or("<nil>".to_owned(), |t| self.ts(t));
                let text = format!("cannot assign {} to {target} in {context}", self.show(x));
                self.error(x.at(), Code::IncompatibleAssign, text);
                x.invalidate();
                return;
            }
        }
        if self.is_untyped(x.ty) && !self.assign_untyped(x, ty, context) {
            return;
        }
        if x.ty.as_signature().is_some() {
            // A generic function must be instantiated, by the variable's type if need be.
            let target = self.target_of(ty, context);
            self.non_generic(target.as_ref(), x);
            if !x.is_valid() {
                return;
            }
        }
        let Some(ty) = ty else { return };
        if x.ty == ty {
            return;
        }
        let mut cause = String::new();
        if let Err(code) = self.assignable(x, ty, Some(&mut cause)) {
            let mut text = format!("cannot use {} as {} value in {context}", self.show(x), self.ts(ty));
            if !cause.is_empty() {
                text.push_str(": ");
                text.push_str(&cause);
            }
            self.error(x.at(), code, text);
            x.invalidate();
        }
    }

    /// spec: "If an untyped constant is assigned to a variable of interface type or the blank identifier, the constant
    /// is first implicitly converted to its default type."
    fn assign_untyped(&mut self, x: &mut Operand<'a>, ty: Option<Ty>, context: &str) -> bool {
        let target = match ty {
            None if x.is_nil() => {
                self.error(x.at(), Code::UntypedNilUse, format!("use of untyped nil in {context}"));
                x.invalidate();
                return false;
            }
            Some(ty) if x.is_nil() || !self.is_plain_interface(ty) => ty,
            _ => self.default_type(x.ty),
        };
        match self.implicit_type_and_value(x, target) {
            Ok((ty, val)) => {
                self.take_implicit_type(x, ty, val);
                true
            }
            Err(code) => {
                let mut text =
                    format!("cannot use {} as {} value in {context}", self.show(x), self.ts(target));
                let code = match code {
                    Code::TruncatedFloat => {
                        text.push_str(" (truncated)");
                        code
                    }
                    Code::NumericOverflow => {
                        text.push_str(" (overflows)");
                        code
                    }
                    _ => Code::IncompatibleAssign,
                };
                self.error(x.at(), code, text);
                x.invalidate();
                false
            }
        }
    }

    pub(super) fn init_const(&mut self, obj: ObjRef, mut x: Operand<'a>) {
        if !x.is_valid() || !x.ty.is_valid() || obj.ty().is_some_and(|t| !t.is_valid()) {
            if obj.ty().is_none() {
                obj.set_ty(Ty::INVALID);
            }
            return;
        }
        if !x.is_const() {
            let text = format!("{} is not constant", self.show(&x));
            self.error(x.at(), Code::InvalidConstInit, text);
            if obj.ty().is_none() {
                obj.set_ty(Ty::INVALID);
            }
            return;
        }
        if obj.ty().is_none() {
            obj.set_ty(x.ty);
        }
        self.assignment(&mut x, obj.ty(), "constant declaration");
        if x.is_valid() {
            obj.set_value(x.val.unwrap_or(Const::Unknown));
        }
    }

    /// Checks `obj = x` where a variable is declared; it takes the type of `x` if it has none.
    pub(super) fn init_var(&mut self, obj: ObjRef, x: &mut Operand<'a>, context: &str) {
        if !x.is_valid() || !x.ty.is_valid() || obj.ty().is_some_and(|t| !t.is_valid()) {
            if obj.ty().is_none() {
                obj.set_ty(Ty::INVALID);
            }
            x.invalidate();
            return;
        }
        if obj.ty().is_none() {
            if x.ty == Ty::UNTYPED_NIL {
                self.error(x.at(), Code::UntypedNilUse, format!("use of untyped nil in {context}"));
                obj.set_ty(Ty::INVALID);
                x.invalidate();
                return;
            }
            obj.set_ty(self.default_type(x.ty));
        }
        self.assignment(x, obj.ty(), context);
    }

    /// The type of a left side: none for `_`, an error if it cannot be assigned to.
    fn lhs_type(&mut self, lhs: &'a ast::Expr) -> Result<Option<Ty>, ()> {
        let inner = lhs.unparen();
        let mut var = None;
        if let ExprKind::Name(name) = &inner.kind {
            if &**name == "_" {
                self.record_def(eid(inner.id), None);
                return Ok(None);
            }
            // Assigning to a variable is no use of it.
            var = self.lookup(name).filter(|o| o.is_var() && o.pkg == Some(self.pkg));
        }
        let used = var.is_some_and(|v| v.used());
        let x = self.expr(None, lhs);
        if let Some(var) = var {
            var.set_used(used);
        }
        if !x.is_valid() || !x.ty.is_valid() {
            return Err(());
        }
        if matches!(x.mode, Mode::Variable | Mode::MapIndex) {
            return Ok(Some(x.ty));
        }
        if let Some(ExprKind::Selector(inner, _)) = x.expr().map(|e| &e.kind)
            && self.expr(None, inner).mode == Mode::MapIndex
        {
            let text = format!("cannot assign to struct field {} in map", x.text());
            self.error(x.at(), Code::UnaddressableFieldAssign, text);
            return Err(());
        }
        let text = format!("cannot assign to {} (neither addressable nor a map index expression)", x.text());
        self.error(x.at(), Code::UnassignableOperand, text);
        Err(())
    }

    /// Checks `lhs = rhs`.
    fn assign_expr(&mut self, lhs: &'a ast::Expr, rhs: &'a ast::Expr, context: &str) {
        let Ok(ty) = self.lhs_type(lhs) else {
            self.use_expr(rhs);
            return;
        };
        let mut target = None;
        if ty.is_some_and(|t| t.underlying().as_signature().is_some()) {
            let desc = self.es(lhs);
            target = self.target_of(ty, &desc);
        }
        let mut x = self.expr(target.as_ref(), rhs);
        self.assign_typed(ty, &mut x, context);
    }

    /// Checks `lhs = x`.
    pub(super) fn assign_operand(&mut self, lhs: &'a ast::Expr, x: &mut Operand<'a>, context: &str) {
        match self.lhs_type(lhs) {
            Ok(ty) => self.assign_typed(ty, x, context),
            Err(()) => x.invalidate(),
        }
    }

    fn assign_typed(&mut self, ty: Option<Ty>, x: &mut Operand<'a>, context: &str) {
        let context = match (ty, context) {
            (None, "assignment") => "assignment to _ identifier",
            _ => context,
        };
        self.assignment(x, ty, context);
    }

    fn assign_error(&mut self, rhs: &'a [ast::Expr], l: usize, r: usize) {
        let (vars, vals) = (measure(l, "variable"), measure(r, "value"));
        let first = &rhs[0];
        let text = match &first.unparen().kind {
            ExprKind::Call(call) if rhs.len() == 1 => {
                format!("assignment mismatch: {vars} but {} returns {vals}", self.es(&call.fun))
            }
            _ => format!("assignment mismatch: {vars} but {vals}"),
        };
        self.error(first.start(), Code::WrongAssignCount, text);
    }

    fn return_error(&mut self, at: Pos, lhs: &[ObjRef], rhs: &[Operand<'a>]) {
        let (l, r) = (lhs.len(), rhs.len());
        let (mut at, mut qualifier) = (at, "not enough");
        if r > l {
            at = rhs[l].at();
            qualifier = "too many";
        } else if r > 0 {
            at = rhs[r - 1].at();
        }
        let have: Vec<Ty> = rhs.iter().map(|x| x.ty).collect();
        let want: Vec<Ty> = lhs.iter().map(|v| v.typ()).collect();
        let mut fault = Fault::new(Code::WrongResultCount);
        fault.add(at, format!("{qualifier} return values"));
        let (have, want) = (self.types_summary(&have, false, false), self.types_summary(&want, false, false));
        fault.add(Pos::NONE, format!("have {have}"));
        fault.add(Pos::NONE, format!("want {want}"));
        self.report(fault);
    }

    /// Checks `lhs = rhs` where variables are declared, or, at a return statement at that place, results given.
    pub(super) fn init_vars(&mut self, lhs: &[ObjRef], rhs: &'a [ast::Expr], returns: Option<Pos>) {
        let (l, r) = (lhs.len(), rhs.len());
        let context = match returns {
            Some(_) => "return statement",
            None if l > 1 => "multiple assignment",
            None => "assignment",
        };
        let is_call = r == 1 && matches!(rhs[0].unparen().kind, ExprKind::Call(_));
        if l == r && !is_call {
            for (&var, e) in lhs.iter().zip(rhs) {
                let desc =
                    if returns.is_some() && var.name.is_empty() { "result variable" } else { var.name };
                let target = match var.ty() {
                    Some(ty) => self.target_of(Some(ty), desc),
                    None => None,
                };
                let mut x = self.expr(target.as_ref(), e);
                self.init_var(var, &mut x, context);
            }
            return;
        }
        if r != 1 {
            if self.use_all(rhs) {
                match returns {
                    Some(at) => {
                        let values = self.expr_list(rhs);
                        self.return_error(at, lhs, &values);
                    }
                    None => self.assign_error(rhs, l, r),
                }
            }
            invalidate_untyped(lhs);
            return;
        }
        let (mut values, comma_ok) = self.multi_expr(&rhs[0], l == 2 && returns.is_none());
        if values.len() == l {
            for (&var, x) in lhs.iter().zip(&mut values) {
                self.init_var(var, x, context);
            }
            if comma_ok && values.iter().all(|x| x.is_valid()) {
                self.record_comma_ok(&rhs[0], values[0].ty, values[1].ty);
            }
            return;
        }
        if values[0].is_valid() {
            match returns {
                Some(at) => self.return_error(at, lhs, &values),
                None => self.assign_error(rhs, l, values.len()),
            }
        }
        invalidate_untyped(lhs);
    }

    /// Checks `lhs = rhs`.
    pub(super) fn assign_vars(&mut self, lhs: &'a [ast::Expr], rhs: &'a [ast::Expr]) {
        let (l, r) = (lhs.len(), rhs.len());
        let context = if l > 1 { "multiple assignment" } else { "assignment" };
        let is_call = r == 1 && matches!(rhs[0].unparen().kind, ExprKind::Call(_));
        if l == r && !is_call {
            for (to, from) in lhs.iter().zip(rhs) {
                self.assign_expr(to, from, context);
            }
            return;
        }
        if r != 1 {
            let (left, right) = (self.use_lhs(lhs), self.use_all(rhs));
            if left && right {
                self.assign_error(rhs, l, r);
            }
            return;
        }
        let (mut values, comma_ok) = self.multi_expr(&rhs[0], l == 2);
        if values.len() == l {
            for (to, x) in lhs.iter().zip(&mut values) {
                self.assign_operand(to, x, context);
            }
            if comma_ok && values.iter().all(|x| x.is_valid()) {
                self.record_comma_ok(&rhs[0], values[0].ty, values[1].ty);
            }
            return;
        }
        if values[0].is_valid() {
            self.assign_error(rhs, l, values.len());
        }
        self.use_lhs(lhs);
    }

    pub(super) fn short_var_decl(&mut self, at: Pos, lhs: &'a [ast::Expr], rhs: &'a [ast::Expr]) {
        let top = self.delayed.len();
        let scope = self.scope();
        let mut seen: Vec<&str> = Vec::new();
        let mut vars: Vec<ObjRef> = Vec::with_capacity(lhs.len());
        let mut new_vars = Vec::new();
        let mut has_error = false;
        for e in lhs {
            let dummy = |cx: &Self| ObjRef::var(VarKind::Local, e.pos, Some(cx.pkg), "_", None);
            let ExprKind::Name(name) = &e.kind else {
                self.use_lhs(std::slice::from_ref(e));
                let text = format!("non-name {} on left side of :=", self.es(e));
                self.error(e.start(), Code::BadDecl, text);
                has_error = true;
                vars.push(dummy(self));
                continue;
            };
            if &**name != "_" {
                if seen.contains(&&**name) {
                    let text = format!("{name} repeated on left side of :=");
                    self.error(e.pos, Code::RepeatedDecl, text);
                    has_error = true;
                    vars.push(dummy(self));
                    continue;
                }
                seen.push(name);
            }
            if let Some(known) = self.scopes.lookup(scope, name) {
                self.record_use(eid(e.id), known);
                if known.is_var() {
                    vars.push(known);
                } else {
                    self.error(e.pos, Code::UnassignableOperand, format!("cannot assign to {name}"));
                    has_error = true;
                    vars.push(dummy(self));
                }
                continue;
            }
            let var = ObjRef::var(VarKind::Local, e.pos, Some(self.pkg), name, None);
            vars.push(var);
            if &**name != "_" {
                new_vars.push(var);
            }
            self.record_def(eid(e.id), Some(var));
        }
        self.init_vars(&vars, rhs, None);
        // Function literals must not see the new variables.
        self.run_delayed(top);
        if new_vars.is_empty() && !has_error {
            self.soft_error(at, Code::NoNewVar, "no new variables on left side of :=");
            return;
        }
        for var in new_vars {
            self.declare(Some(scope), None, var);
        }
    }
}

/// Variables without a type get the invalid one, so that nobody complains about them.
fn invalidate_untyped(vars: &[ObjRef]) {
    for var in vars {
        if var.ty().is_none() {
            var.set_ty(Ty::INVALID);
        }
    }
}
