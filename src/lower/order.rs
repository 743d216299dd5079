//! The order of evaluation inside a statement, where the language leaves it open and gc's is relied upon: calls (and
//! receives, assertions, `&&` and `||`) happen first, from left to right; variables, fields and elements are read after.
//!
//! ```text
//! return v, update(&v)        the updated v
//! m[i] = next(&i)             the new i
//! ```
//! Operands are lowered where they stand unless something is read before a call of the same statement that might change
//! it. Only then are the calls lowered ahead, and found again under their expressions' ids.

use super::expr::Operand;
use super::func::{Fx, Local};
use super::val::Val;
use crate::syntax::ast::{self, BinaryOp, ExprKind, StmtKind, UnaryOp};
use crate::types::{BuiltinId, Kind, Mode, ObjKind, SelectionKind, VarKind};

/// What an expression is to its statement.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Value,
    /// Stored to, or its address taken: only what leads to it is read.
    Place,
}

/// What a walk over the operands found so far.
#[derive(Default)]
struct Seen {
    /// Something was read that a later call may change.
    read: bool,
    /// And such a call came.
    clash: bool,
}

impl Seen {
    /// Something that takes place at once, with operands seen by `operands`.
    fn event(&mut self, operands: impl FnOnce(&mut Seen)) {
        let before = self.read;
        operands(self);
        self.clash |= before;
        self.read = before;
    }
}

/// How an expression takes part.
enum Part<'a> {
    /// Happens in order.
    Event,
    Plain,
    /// Changes nothing, and has its value from where it stands: a built-in function, a comparison of structs or arrays,
    /// whose operands gc copies.
    Pinned,
    /// Nothing in it is evaluated here.
    Nothing,
    /// The right side may not be evaluated at all.
    Conditional(&'a ast::Expr),
}

impl<'a> Fx<'_, 'a> {
    /// Lowers the calls of a statement ahead, if that is needed.
    pub(super) fn order_stmt(&mut self, s: &'a ast::Stmt) {
        let (place, value) = (Role::Place, Role::Value);
        let mut list: Vec<(&'a ast::Expr, Role)> = Vec::new();
        // The outermost call of a statement comes last anyway.
        let inside = |e: &'a ast::Expr| match &e.unparen().kind {
            ExprKind::Call(call) => {
                let args = call.args.iter().map(|a| (a, value));
                std::iter::once((&call.fun, value)).chain(args).collect()
            }
            _ => vec![(e, value)],
        };
        match &s.kind {
            StmtKind::Expr(e) | StmtKind::Go(e) | StmtKind::Defer(e) => list = inside(e),
            StmtKind::Send(c, v) => list.extend([(c, value), (v, value)]),
            StmtKind::IncDec(x, _) => list.push((x, place)),
            StmtKind::Assign(a) => match (a.op, &a.lhs[..], &a.rhs[..]) {
                (ast::AssignOp::Op(_), [x], [y]) => list.extend([(x, value), (y, value)]),
                (ast::AssignOp::Define, [_], [y]) => list = inside(y),
                (op, lhs, rhs) => {
                    if op == ast::AssignOp::Plain {
                        list.extend(lhs.iter().map(|x| (x, place)));
                    }
                    list.extend(rhs.iter().map(|y| (y, value)));
                }
            },
            StmtKind::Return(values) => match &values[..] {
                [one] => list = inside(one),
                many => list.extend(many.iter().map(|e| (e, value))),
            },
            StmtKind::Decl(decls) => {
                for decl in decls {
                    if let ast::Decl::Var(var) = decl {
                        let values: Vec<_> = var.values.iter().map(|e| (e, value)).collect();
                        self.order(&values);
                    }
                }
            }
            _ => {}
        }
        self.order(&list);
    }

    /// As [`Fx::order_stmt`], for an expression that is evaluated by itself.
    pub(super) fn order_expr(&mut self, e: &'a ast::Expr) {
        self.order(&[(e, Role::Value)]);
    }

    fn order(&mut self, list: &[(&'a ast::Expr, Role)]) {
        let mut seen = Seen::default();
        for &(e, role) in list {
            self.look(e, role, &mut seen);
        }
        if seen.clash {
            for &(e, role) in list {
                self.lower_ahead(e, role);
            }
        }
    }

    /// What was lowered ahead for this expression.
    pub(super) fn lowered_ahead(&mut self, e: &ast::Expr) -> Option<Vec<Val>> {
        if self.ahead.is_empty() { None } else { self.ahead.remove(&e.id) }
    }

    fn look(&self, e: &'a ast::Expr, role: Role, seen: &mut Seen) {
        match self.part(e) {
            Part::Nothing => {}
            Part::Event => seen.event(|seen| self.operands(e, role, &mut |e, role| self.look(e, role, seen))),
            Part::Conditional(x) => {
                let before = seen.read;
                self.look(x, Role::Value, seen);
                // Calls on the right side count as well, whether they happen or not.
                let mut right = Seen { read: true, clash: false };
                self.operands(e, role, &mut |e, role| self.look(e, role, &mut right));
                seen.clash |= before && right.clash;
            }
            Part::Plain | Part::Pinned => {
                self.operands(e, role, &mut |e, role| self.look(e, role, seen));
                seen.read |= role == Role::Value && self.reads(e);
            }
        }
    }

    fn lower_ahead(&mut self, e: &'a ast::Expr, role: Role) {
        let part = self.part(e);
        match part {
            Part::Nothing => return,
            Part::Conditional(x) => self.lower_ahead(x, Role::Value),
            Part::Event | Part::Plain | Part::Pinned => {
                let mut inner = Vec::new();
                self.operands(e, role, &mut |e, role| inner.push((e, role)));
                for (e, role) in inner {
                    self.lower_ahead(e, role);
                }
            }
        }
        match (&e.kind, part) {
            (_, Part::Plain | Part::Nothing) => {}
            (ExprKind::Call(_), _) => {
                let vals = self.call_expr(e);
                self.ahead.insert(e.id, vals);
            }
            _ => {
                let val = match self.operand(e) {
                    Operand::V(val) => val,
                    Operand::P(a) => {
                        let ty = self.ty(e.id);
                        self.load(a, ty)
                    }
                };
                let ty = self.ty(e.id);
                let val = self.own(val, ty);
                self.ahead.insert(e.id, vec![val]);
            }
        }
    }

    fn part(&self, e: &'a ast::Expr) -> Part<'a> {
        if self.const_of(e).is_some() || self.is_type(e) || self.is_nil(e) {
            return Part::Nothing;
        }
        // Where both values of `v, ok` are asked for, the statement sees to it.
        let is_tuple =
            || self.info().types.get(e.id).is_some_and(|tv| matches!(tv.ty.kind(), Kind::Tuple(_)));
        match &e.kind {
            ExprKind::FuncLit(_) | ExprKind::Lit(_) | ExprKind::Bad => Part::Nothing,
            ExprKind::Binary(BinaryOp::AndAnd | BinaryOp::OrOr, x, _) => Part::Conditional(x),
            ExprKind::Unary(UnaryOp::Recv, _) | ExprKind::TypeAssert(..) if !is_tuple() => Part::Event,
            ExprKind::Call(call) if self.is_type(&call.fun) => Part::Plain,
            ExprKind::Call(call) => match self.called_builtin(call) {
                None => Part::Event,
                Some(BuiltinId::Append | BuiltinId::Copy) => Part::Event,
                Some(BuiltinId::Alignof | BuiltinId::Offsetof | BuiltinId::Sizeof) => Part::Nothing,
                Some(_) => Part::Pinned,
            },
            ExprKind::Binary(BinaryOp::Eq | BinaryOp::Ne, x, _) if !self.is_nil(x) => {
                let compares_whole = matches!(self.ty(x.id).under(), Kind::Struct(_) | Kind::Array(_));
                if compares_whole { Part::Pinned } else { Part::Plain }
            }
            _ => Part::Plain,
        }
    }

    fn called_builtin(&self, call: &'a ast::CallExpr) -> Option<BuiltinId> {
        if let Some(Mode::Builtin(id)) = self.info().types.get(call.fun.unparen().id).map(|tv| tv.mode) {
            return Some(id);
        }
        match self.callee_object(&call.fun)?.kind {
            ObjKind::Builtin(id) => Some(id),
            _ => None,
        }
    }

    /// The operands of an expression, in order; of `&&` and `||` the right one only.
    fn operands(&self, e: &'a ast::Expr, role: Role, each: &mut dyn FnMut(&'a ast::Expr, Role)) {
        let value = Role::Value;
        match &e.kind {
            ExprKind::Paren(x) => each(x, role),
            ExprKind::CompositeLit(lit) => {
                for elem in &lit.elems {
                    match &elem.kind {
                        ExprKind::KeyValue(key, val) => {
                            if matches!(self.ty(e.id).under(), Kind::Map(_)) {
                                each(key, value);
                            }
                            each(val, value);
                        }
                        _ => each(elem, value),
                    }
                }
            }
            ExprKind::Selector(x, _) => {
                let Some(s) = self.info().selections.get(e.id) else { return };
                let through_pointer = s.indirect || matches!(self.ty(x.id).under(), Kind::Pointer(_));
                match s.kind {
                    SelectionKind::MethodExpr => {}
                    _ => each(x, if through_pointer { value } else { role }),
                }
            }
            ExprKind::Index(x, index) => {
                if self.callee_object(e).is_some() || self.info().instances.contains(x.unparen().id) {
                    return;
                }
                let in_place = matches!(self.ty(x.id).under(), Kind::Array(_));
                each(x, if in_place { role } else { value });
                index.iter().for_each(|i| each(i, value));
            }
            ExprKind::Slice(s) => {
                let in_place = matches!(self.ty(s.x.id).under(), Kind::Array(_));
                each(&s.x, if in_place { Role::Place } else { value });
                s.index.iter().flatten().for_each(|i| each(i, value));
            }
            ExprKind::TypeAssert(x, _) | ExprKind::Star(x) => each(x, value),
            ExprKind::Unary(op, x) => each(x, if *op == UnaryOp::Addr { Role::Place } else { value }),
            ExprKind::Binary(BinaryOp::AndAnd | BinaryOp::OrOr, _, y) => each(y, value),
            ExprKind::Binary(_, x, y) => {
                each(x, value);
                each(y, value);
            }
            ExprKind::Call(call) => {
                if !self.is_type(&call.fun) && self.called_builtin(call).is_none() {
                    each(&call.fun, value);
                }
                call.args.iter().for_each(|arg| each(arg, value));
            }
            _ => {}
        }
    }

    /// Whether the value of an expression, its operands aside, is something a call may change.
    fn reads(&self, e: &'a ast::Expr) -> bool {
        match &e.kind {
            ExprKind::Name(_) | ExprKind::Selector(..) if self.info().selections.get(e.id).is_none() => {
                let id = match &e.kind {
                    ExprKind::Selector(_, sel) => sel.id,
                    _ => e.id,
                };
                let Some(obj) = self.info().object_of(id) else { return false };
                match &obj.kind {
                    ObjKind::Var(var) if var.kind == VarKind::Package => true,
                    // A variable in SSA form is changed by its own function's statements only.
                    ObjKind::Var(_) => !matches!(self.vars.get(&self.facts.key(obj)), Some(Local::Ssa(_))),
                    _ => false,
                }
            }
            ExprKind::Selector(x, _) => {
                let field = self.info().selections.get(e.id).is_some_and(|s| s.kind == SelectionKind::Field);
                field && matches!(self.ty(x.id).under(), Kind::Pointer(_))
                    || self.info().selections.get(e.id).is_some_and(|s| s.indirect)
            }
            ExprKind::Index(x, _) => {
                let known = self.info().types.get(x.id).is_some();
                known && matches!(self.ty(x.id).under(), Kind::Slice(_) | Kind::Map(_) | Kind::Pointer(_))
            }
            ExprKind::Star(_) => true,
            _ => false,
        }
    }
}
