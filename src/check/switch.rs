//! Switch, type switch and select statements.

use rustc_hash::FxHashMap;

use super::Checker;
use super::basics::const_key;
use super::codes::Code;
use super::message::Fault;
use super::operand::Operand;
use super::resolve::eid;
use super::stmt::Context;
use crate::base::Pos;
use crate::syntax::ast::{
    BinaryOp, CaseClause, Expr, ExprKind, SelectStmt, StmtKind, SwitchStmt, TypeSwitchStmt, UnaryOp,
};
use crate::types::{Const, Mode, ObjKind, ObjRef, Ty, VarKind};

/// Case values seen so far, by value; those of different types do not collide.
type Seen = FxHashMap<String, Vec<(Pos, Ty)>>;

impl<'a> Checker<'a> {
    pub(super) fn switch_stmt(&mut self, inner: Context, s: &'a SwitchStmt) {
        let mut x;
        match &s.tag {
            Some(tag) => {
                x = self.expr(None, tag);
                // As if the value was assigned to a variable nobody sees.
                self.assignment(&mut x, None, "switch expression");
                if x.is_valid() && !self.comparable(x.ty) && !self.has_nil(x.ty) {
                    let text =
                        format!("cannot switch on {} ({} is not comparable)", self.show(&x), self.ts(x.ty));
                    self.error(x.at(), Code::InvalidExprSwitch, text);
                    x.invalidate();
                }
            }
            None => {
                // spec: "A missing switch expression is equivalent to the boolean value true."
                let at = s.clauses.first().map_or(s.rbrace, |c| c.pos);
                x = Operand::worded(Ty::BOOL, at, "true".to_owned());
                x.mode = Mode::Constant;
                x.val = Some(Const::Bool(true));
            }
        }
        self.check_defaults(s.clauses.iter().filter(|c| c.is_default).map(|c| c.pos));
        let mut seen = Seen::default();
        let last = s.clauses.len().saturating_sub(1);
        for (i, clause) in s.clauses.iter().enumerate() {
            self.case_values(&mut x, clause, &mut seen);
            self.open_scope();
            let inner = Context { fallthrough_ok: i < last, final_case: i == last, ..inner };
            self.stmt_list(inner, &clause.body);
            self.close_scope();
        }
    }

    fn check_defaults(&mut self, places: impl Iterator<Item = Pos>) {
        let mut first: Option<Pos> = None;
        for at in places {
            match first {
                None => first = Some(at),
                Some(first) => {
                    let text = format!("multiple defaults (first at {})", self.place(first));
                    self.error(at, Code::DuplicateDefault, text);
                }
            }
        }
    }

    fn case_values(&mut self, x: &mut Operand<'a>, clause: &'a CaseClause, seen: &mut Seen) {
        for e in &clause.exprs {
            let mut v = self.expr(None, e);
            if !x.is_valid() || !v.is_valid() {
                continue;
            }
            self.convert_untyped(&mut v, x.ty);
            if !v.is_valid() {
                continue;
            }
            let mut result = v.clone();
            self.comparison(&mut result, x, BinaryOp::Eq, true);
            if !result.is_valid() || !v.is_const() {
                continue;
            }
            // gc looks at integers, floats and strings only.
            let val = v.val.clone().unwrap_or(Const::Unknown);
            if matches!(val, Const::Bool(_) | Const::Unknown) || matches!(val, Const::Complex(_)) {
                continue;
            }
            let same = seen.entry(const_key(&val)).or_default();
            let other = same.iter().find(|(_, ty)| crate::types::identical(*ty, v.ty)).map(|(at, _)| *at);
            match other {
                Some(at) => {
                    let mut fault = Fault::new(Code::DuplicateCase);
                    fault.add(v.at(), format!("duplicate case {} in expression switch", self.show(&v)));
                    fault.add(at, "previous case");
                    self.report(fault);
                }
                None => same.push((v.pos(), v.ty)),
            }
        }
    }

    pub(super) fn type_switch(&mut self, inner: Context, s: &'a TypeSwitchStmt) {
        let mut bind = s.bind.as_ref();
        if let Some(ident) = bind {
            if ident.is_blank() {
                self.soft_error(ident.pos, Code::NoNewVar, "no new variable on left side of :=");
                bind = None;
            } else {
                self.record_def(eid(ident.id), None);
            }
        }
        let x = self.expr(None, &s.x);
        let mut subject = None;
        if x.is_valid() {
            if self.is_tparam(x.ty) {
                let text = format!("cannot use type switch on type parameter value {}", self.show(&x));
                self.error(x.at(), Code::InvalidTypeSwitch, text);
            } else if x.ty.underlying().as_interface().is_some() {
                subject = Some(x);
            } else {
                let text = format!("{} is not an interface", self.show(&x));
                self.error(x.at(), Code::InvalidTypeSwitch, text);
            }
        }
        self.check_defaults(s.clauses.iter().filter(|c| c.is_default).map(|c| c.pos));
        let mut vars: Vec<ObjRef> = Vec::new();
        let mut seen: Vec<(Option<Ty>, Pos)> = Vec::new();
        for clause in &s.clauses {
            let ty = self.case_types(subject.as_ref(), clause, &mut seen);
            self.open_scope();
            if let Some(ident) = bind {
                let var = ObjRef::var(VarKind::Local, ident.pos, Some(self.pkg), &ident.name, Some(ty));
                let scope = self.scope();
                self.declare(Some(scope), None, var);
                self.record_implicit(clause.pos, var);
                vars.push(var);
            }
            self.stmt_list(Context { in_type_switch: true, ..inner }, &clause.body);
            self.close_scope();
        }
        // One use in any clause will do.
        if let Some(ident) = bind {
            let used = vars.iter().any(|v| v.used());
            vars.iter().for_each(|v| v.set_used(true));
            if !used {
                let text = format!("{} declared and not used", ident.name);
                self.soft_error(ident.pos, Code::UnusedVar, text);
            }
        }
    }

    fn is_nil_name(&self, e: &Expr) -> bool {
        let ExprKind::Name(name) = &e.unparen().kind else { return false };
        self.lookup(name).is_some_and(|o| matches!(o.kind, ObjKind::Nil))
    }

    /// Checks the types of a clause; gives the type that the switch's variable has in it.
    fn case_types(
        &mut self,
        x: Option<&Operand<'a>>,
        clause: &'a CaseClause,
        seen: &mut Vec<(Option<Ty>, Pos)>,
    ) -> Ty {
        let mut only = None;
        for e in &clause.exprs {
            // None stands for nil.
            let ty = if self.is_nil_name(e) {
                self.expr(None, e);
                None
            } else {
                let ty = self.var_type(e);
                if !ty.is_valid() {
                    only = Some(ty);
                    continue;
                }
                Some(ty)
            };
            only = ty;
            let same = |other: Option<Ty>| match (ty, other) {
                (None, None) => true,
                (Some(a), Some(b)) => crate::types::identical(a, b),
                _ => false,
            };
            if let Some(&(_, at)) = seen.iter().find(|(other, _)| same(*other)) {
                let shown = ty.map_or("nil".to_owned(), |t| self.ts(t));
                let mut fault = Fault::new(Code::DuplicateCase);
                fault.add(e.start(), format!("duplicate case {shown} in type switch"));
                fault.add(at, "previous case");
                self.report(fault);
                continue;
            }
            seen.push((ty, e.start()));
            if let (Some(x), Some(ty)) = (x, ty) {
                self.check_assertion(e, x, ty, true);
            }
        }
        // spec: "In clauses with a case listing exactly one type, the variable has that type; otherwise, the variable has
        // the type of the expression in the TypeSwitchGuard."
        match (clause.exprs.len(), only) {
            (1, Some(ty)) => ty,
            _ => x.map_or(Ty::INVALID, |x| x.ty),
        }
    }

    pub(super) fn select_stmt(&mut self, inner: Context, s: &'a SelectStmt) {
        self.check_defaults(s.clauses.iter().filter(|c| c.comm.is_none()).map(|c| c.pos));
        for clause in &s.clauses {
            let received = match clause.comm.as_ref().map(|c| &c.kind) {
                None | Some(StmtKind::Send(..)) => None,
                Some(StmtKind::Assign(assign)) if assign.rhs.len() == 1 => Some(&assign.rhs[0]),
                Some(StmtKind::Expr(e)) => Some(e),
                Some(_) => {
                    self.bad_select_case(clause.comm.as_ref().map_or(clause.pos, stmt_start));
                    continue;
                }
            };
            if let Some(e) = received
                && !matches!(e.unparen().kind, ExprKind::Unary(UnaryOp::Recv, _))
            {
                self.bad_select_case(clause.comm.as_ref().map_or(clause.pos, stmt_start));
                continue;
            }
            self.open_scope();
            if let Some(comm) = &clause.comm {
                self.stmt(inner, comm);
            }
            self.stmt_list(inner, &clause.body);
            self.close_scope();
        }
    }

    fn bad_select_case(&mut self, at: Pos) {
        let text = "select case must be send or receive (possibly with assignment)";
        self.error(at, Code::InvalidSelectCase, text);
    }
}

/// The first byte of a statement.
pub(super) fn stmt_start(s: &crate::syntax::ast::Stmt) -> Pos {
    match &s.kind {
        StmtKind::Assign(assign) => assign.lhs.first().map_or(s.pos, |e| e.start()),
        StmtKind::Expr(e) | StmtKind::IncDec(e, _) | StmtKind::Send(e, _) => e.start(),
        _ => s.pos,
    }
}
