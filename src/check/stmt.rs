//! Statements and function bodies.

use std::rc::Rc;

use super::codes::Code;
use super::message::Fault;
use super::operand::Operand;
use super::resolve::eid;
use super::scopes::ScopeId;
use super::{Checker, Env};
use crate::syntax::ast::{
    AssignOp, AssignStmt, Block, BranchKind, Expr, ExprKind, ForStmt, IfStmt, RangeStmt, Stmt, StmtKind,
};
use crate::types::universe::CallKind;
use crate::types::{Const, Mode, ObjRef, Signature, Ty, VarKind};

/// Which branch statements are allowed, and what to say about those that are not.
#[derive(Clone, Copy, Default)]
pub(super) struct Context {
    pub break_ok: bool,
    pub continue_ok: bool,
    pub fallthrough_ok: bool,
    pub final_case: bool,
    pub in_type_switch: bool,
}

impl Context {
    /// For statements in an inner block.
    fn inner(self) -> Context {
        Context { fallthrough_ok: false, final_case: false, in_type_switch: false, ..self }
    }
}

impl<'a> Checker<'a> {
    pub(super) fn func_body(
        &mut self,
        decl: Option<u32>,
        sig: &'static Signature,
        scope: ScopeId,
        body: &'a Block,
        iota: Option<Const>,
    ) {
        let env = Env {
            decl,
            scope: Some(scope),
            version: self.env.version,
            iota,
            sig: Some(sig),
            ..Env::default()
        };
        let outer = std::mem::replace(&mut self.env, env);
        self.stmt_list(Context::default(), &body.stmts);
        if self.env.has_label {
            self.check_labels(body);
        }
        if !sig.results.is_empty() && !self.is_terminating_list(&body.stmts, "") {
            self.error(body.rbrace, Code::MissingReturn, "missing return");
        }
        self.report_unused_variables(scope);
        self.env = outer;
    }

    pub(super) fn stmt_list(&mut self, context: Context, list: &'a [Stmt]) {
        // Empty statements at the end do not part a fallthrough from the end of its clause.
        let n = list.iter().rposition(|s| !matches!(s.kind, StmtKind::Empty)).map_or(0, |i| i + 1);
        for (i, s) in list[..n].iter().enumerate() {
            let fallthrough_ok = context.fallthrough_ok && i + 1 == n;
            self.stmt(Context { fallthrough_ok, ..context }, s);
        }
    }

    pub(super) fn block(&mut self, context: Context, block: &'a Block) {
        self.open_scope();
        self.stmt_list(context.inner(), &block.stmts);
        self.close_scope();
    }

    /// Checks a statement, and the function literals in it before the next one.
    pub(super) fn stmt(&mut self, context: Context, s: &'a Stmt) {
        let top = self.delayed.len();
        let inner = context.inner();
        match &s.kind {
            StmtKind::Empty | StmtKind::Bad => (),
            StmtKind::Decl(decls) => self.decl_stmt(decls),
            StmtKind::Labeled(_, inner) => {
                self.env.has_label = true;
                self.stmt(context, inner);
            }
            StmtKind::Expr(e) => self.expr_stmt(e),
            StmtKind::Send(ch, value) => self.send_stmt(ch, value),
            StmtKind::IncDec(e, is_inc) => self.inc_dec(e, *is_inc),
            StmtKind::Assign(assign) => self.assign_stmt(s, assign),
            StmtKind::Go(call) => self.suspended_call("go", Code::InvalidGo, call),
            StmtKind::Defer(call) => self.suspended_call("defer", Code::InvalidDefer, call),
            StmtKind::Return(results) => self.return_stmt(s, results),
            StmtKind::Branch(kind, label) => match label {
                Some(_) => self.env.has_label = true,
                None => self.branch_stmt(context, s, *kind),
            },
            StmtKind::Block(block) => self.block(inner, block),
            StmtKind::If(stmt) => self.if_stmt(inner, stmt),
            StmtKind::Switch(switch) => {
                self.open_scope();
                self.simple_stmt(switch.init.as_ref());
                self.switch_stmt(Context { break_ok: true, ..inner }, switch);
                self.run_delayed(top);
                self.close_scope();
            }
            StmtKind::TypeSwitch(switch) => {
                self.open_scope();
                self.simple_stmt(switch.init.as_ref());
                self.type_switch(Context { break_ok: true, ..inner }, switch);
                self.run_delayed(top);
                self.close_scope();
            }
            StmtKind::Select(select) => self.select_stmt(Context { break_ok: true, ..inner }, select),
            StmtKind::For(stmt) => {
                self.for_stmt(Context { break_ok: true, continue_ok: true, ..inner }, stmt);
            }
            StmtKind::Range(range) => {
                let inner = Context { break_ok: true, continue_ok: true, ..inner };
                self.range_stmt(inner, s, range);
            }
        }
        self.run_delayed(top);
    }

    pub(super) fn simple_stmt(&mut self, s: Option<&'a Stmt>) {
        if let Some(s) = s {
            self.stmt(Context::default(), s);
        }
    }

    fn expr_stmt(&mut self, e: &'a Expr) {
        // spec: "With the exception of specific built-in functions, function and method calls and receive operations
        // can appear in statement context. Such statements may be parenthesized."
        let (x, kind) = self.raw_expr(None, e, None, false);
        let (code, what) = match x.mode {
            Mode::Builtin(_) => (Code::UncalledBuiltin, "must be called"),
            Mode::TypeExpr => (Code::NotAnExpr, "is not an expression"),
            _ if kind == CallKind::Statement => return,
            _ => (Code::UnusedExpr, "is not used"),
        };
        let text = format!("{} {what}", self.show(&x));
        self.error(x.at(), code, text);
    }

    fn send_stmt(&mut self, ch: &'a Expr, value: &'a Expr) {
        let ch_op = self.expr(None, ch);
        let mut val = self.generic_expr(value, None);
        if !ch_op.is_valid() || !val.is_valid() {
            return;
        }
        if let Some(elem) = self.chan_elem(ch.start(), &ch_op, false) {
            self.assignment(&mut val, Some(elem), "send");
        }
    }

    fn inc_dec(&mut self, e: &'a Expr, is_inc: bool) {
        let mut x = self.expr(None, e);
        if !x.is_valid() {
            return;
        }
        if !self.all_numeric(x.ty) {
            let op = if is_inc { "++" } else { "--" };
            let text = format!("invalid operation: {}{op} (non-numeric type {})", self.es(e), self.ts(x.ty));
            self.error(e.start(), Code::NonNumericIncDec, text);
            return;
        }
        self.assign_operand(e, &mut x, "assignment");
    }

    fn assign_stmt(&mut self, s: &'a Stmt, assign: &'a AssignStmt) {
        match assign.op {
            AssignOp::Plain => self.assign_vars(&assign.lhs, &assign.rhs),
            AssignOp::Define => self.short_var_decl(s.pos, &assign.lhs, &assign.rhs),
            AssignOp::Op(op) => {
                let ([lhs], [rhs]) = (&assign.lhs[..], &assign.rhs[..]) else {
                    let at = assign.lhs.first().map_or(s.pos, |e| e.start());
                    let text =
                        format!("assignment operation {}= requires single-valued expressions", op.text());
                    self.error(at, Code::MultiValAssignOp, text);
                    return;
                };
                let mut x = self.binary(None, lhs, rhs, op);
                self.assign_operand(lhs, &mut x, "assignment");
            }
        }
    }

    fn suspended_call(&mut self, keyword: &str, code: Code, call: &'a Expr) {
        if !matches!(call.kind, ExprKind::Call(_)) {
            let text = format!("expression in {keyword} must be function call");
            self.error(call.start(), code, text);
            self.use_expr(call);
            return;
        }
        let (x, kind) = self.raw_expr(None, call, None, false);
        let (code, what) = match kind {
            CallKind::Conversion => (code, "requires function call, not conversion"),
            CallKind::Expression => (Code::UnusedResults, "discards result of"),
            CallKind::Statement => return,
        };
        let text = format!("{keyword} {what} {}", self.show(&x));
        self.error(x.at(), code, text);
    }

    fn return_stmt(&mut self, s: &'a Stmt, results: &'a [Expr]) {
        let sig = self.env.sig.expect("return statements stand in functions");
        let named = sig.results.first().is_some_and(|r| !r.name.is_empty());
        if !results.is_empty() || !named {
            if results.is_empty() && sig.results.is_empty() {
                return;
            }
            if sig.results.is_empty() {
                self.init_result_of_none(s, results);
                return;
            }
            self.init_vars(&sig.results, results, Some(s.pos));
            return;
        }
        // spec: "Implementation restriction: A compiler may disallow an empty expression list in a "return" statement
        // if a different entity (constant, type, or variable) with the same name as a result parameter is in scope at
        // the place of the return."
        for result in &sig.results {
            if let Some(other) = self.lookup(result.name)
                && other != *result
            {
                let mut fault = Fault::new(Code::OutOfScopeResult);
                fault.add(s.pos, format!("result parameter {} not in scope at return", result.name));
                let shown = format!("var {} {}", result.name, self.ts(result.typ()));
                fault.add(other.pos, format!("inner declaration of {shown}"));
                self.report(fault);
            }
        }
    }

    fn init_result_of_none(&mut self, s: &'a Stmt, results: &'a [Expr]) {
        self.init_vars(&[], results, Some(s.pos));
    }

    fn branch_stmt(&mut self, context: Context, s: &Stmt, kind: BranchKind) {
        let (code, text) = match kind {
            BranchKind::Break if !context.break_ok => {
                (Code::MisplacedBreak, "break is not in a loop, switch, or select")
            }
            BranchKind::Continue if !context.continue_ok => {
                (Code::MisplacedContinue, "continue is not in a loop")
            }
            BranchKind::Fallthrough if !context.fallthrough_ok => {
                let text = if context.final_case {
                    "cannot fallthrough final case in switch"
                } else if context.in_type_switch {
                    "cannot fallthrough in type switch"
                } else {
                    "fallthrough statement out of place"
                };
                (Code::MisplacedFallthrough, text)
            }
            _ => return,
        };
        let text = match (self.options.raw_diagnostics, code) {
            (true, Code::MisplacedBreak) => "break not in for, switch, or select statement",
            (true, Code::MisplacedContinue) => "continue not in for statement",
            _ => text,
        };
        self.error(s.pos, code, text);
    }

    fn if_stmt(&mut self, inner: Context, stmt: &'a IfStmt) {
        let top = self.delayed.len();
        self.open_scope();
        self.simple_stmt(stmt.init.as_ref());
        let x = self.expr(None, &stmt.cond);
        if x.is_valid() && !self.all_boolean(x.ty) {
            let text = "non-boolean condition in if statement";
            self.error(stmt.cond.start(), Code::InvalidCond, text);
        }
        self.block(inner, &stmt.then);
        if let Some(els) = &stmt.els {
            self.stmt(inner, els);
        }
        self.run_delayed(top);
        self.close_scope();
    }

    fn for_stmt(&mut self, inner: Context, stmt: &'a ForStmt) {
        let top = self.delayed.len();
        self.open_scope();
        self.simple_stmt(stmt.init.as_ref());
        if let Some(cond) = &stmt.cond {
            let x = self.expr(None, cond);
            if x.is_valid() && !self.all_boolean(x.ty) {
                let text = "non-boolean condition in for statement";
                self.error(cond.start(), Code::InvalidCond, text);
            }
        }
        self.simple_stmt(stmt.post.as_ref());
        if let Some(StmtKind::Assign(post)) = stmt.post.as_ref().map(|s| &s.kind)
            && post.op == AssignOp::Define
        {
            // The parser has complained; nobody need complain that it is not used.
            self.use_all(&post.lhs);
        }
        self.block(inner, &stmt.body);
        self.run_delayed(top);
        self.close_scope();
    }

    fn range_stmt(&mut self, inner: Context, s: &'a Stmt, range: &'a RangeStmt) {
        let top = self.delayed.len();
        self.env.has_call_or_recv = false;
        let mut x = self.expr(None, &range.x);
        if x.is_valid() && range.value.is_none() && !self.env.has_call_or_recv {
            // spec: "The range expression x is evaluated before beginning the loop, with one exception: if at most one
            // iteration variable is present and x or len(x) is constant, the range expression is not evaluated."
            let under = super::builtins::array_pointer_deref(x.ty.underlying());
            if let Some(array) = under.as_array() {
                let inner = range.x.unparen();
                self.record_type(inner, Mode::Constant, Ty::INT, Some(Const::Int(array.len())));
            }
        }
        let mut types = [None, None];
        if x.is_valid() {
            types = self.range_types(&x, range);
        }
        self.open_scope();
        let is_int = self.is_integer(x.ty);
        let lhs = [range.key.as_ref(), range.value.as_ref()];
        if range.define {
            let mut vars = Vec::new();
            for (e, ty) in lhs.into_iter().zip(types) {
                let Some(e) = e else { continue };
                vars.extend(self.range_var(e, ty, &mut x, is_int));
            }
            if vars.is_empty() {
                self.error(s.pos, Code::NoNewVar, "no new variables on left side of :=");
            }
            let scope = self.scope();
            for var in vars {
                self.declare(Some(scope), None, var);
            }
        } else if range.key.is_some() {
            for (e, ty) in lhs.into_iter().zip(types) {
                let (Some(e), Some(ty)) = (e, ty) else { continue };
                if !ty.is_valid() {
                    continue;
                }
                if is_int {
                    self.assign_operand(e, &mut x, "range clause");
                    if x.is_valid() && !self.is_integer(x.ty) {
                        let text = format!("cannot use iteration variable of type {}", self.ts(x.ty));
                        self.soft_error(e.start(), Code::InvalidRangeExpr, text);
                    }
                } else {
                    let mut y = Operand::new(Mode::Value, ty, e);
                    self.assign_operand(e, &mut y, "assignment");
                }
            }
        } else if is_int {
            // An untyped count must fit its default type.
            self.assignment(&mut x, None, "range clause");
        }
        self.block(inner, &range.body);
        self.run_delayed(top);
        self.close_scope();
    }

    /// Declares an iteration variable; none for `_`.
    fn range_var(
        &mut self,
        e: &'a Expr,
        ty: Option<Ty>,
        x: &mut Operand<'a>,
        is_int: bool,
    ) -> Option<ObjRef> {
        let (var, counts) = match &e.kind {
            ExprKind::Name(name) => {
                let var = ObjRef::var(VarKind::Local, e.pos, Some(self.pkg), name, None);
                self.record_def(eid(e.id), Some(var));
                (var, &**name != "_")
            }
            _ => {
                let text = format!("cannot declare {}", self.es(e));
                self.error(e.start(), Code::InvalidSyntaxTree, text);
                (ObjRef::var(VarKind::Local, e.pos, Some(self.pkg), "_", None), false)
            }
        };
        match ty.filter(|&t| t != Ty::INVALID) {
            None => {
                var.set_ty(Ty::INVALID);
                var.set_used(true);
            }
            Some(_) if is_int => self.init_var(var, x, "range clause"),
            Some(ty) => {
                let mut y = Operand::new(Mode::Value, ty, e);
                self.init_var(var, &mut y, "assignment");
            }
        }
        counts.then_some(var)
    }

    /// The types of key and value in a range over `x`.
    fn range_types(&mut self, x: &Operand<'a>, range: &'a RangeStmt) -> [Option<Ty>; 2] {
        let code = Code::InvalidIterVar;
        let (key, value) = match self.range_key_value(x.ty) {
            Ok(types) => types,
            Err(cause) => {
                let mut text = format!("cannot range over {}", self.show(x));
                if !cause.is_empty() {
                    text.push_str(": ");
                    text.push_str(&cause);
                }
                self.soft_error(x.at(), Code::InvalidRangeExpr, text);
                return [Some(Ty::INVALID), Some(Ty::INVALID)];
            }
        };
        if let (None, Some(e)) = (key, &range.key) {
            let text = format!("range over {} permits no iteration variables", self.show(x));
            self.soft_error(e.start(), code, text);
        } else if let (None, Some(e)) = (value, &range.value) {
            let text = format!("range over {} permits only one iteration variable", self.show(x));
            self.soft_error(e.start(), code, text);
        } else if let Some(e) = &range.extra {
            self.soft_error(e.start(), code, "range clause permits at most two iteration variables");
        }
        [key, value]
    }

    /// What a range over a type yields, or why there can be none.
    fn range_key_value(&mut self, ty: Ty) -> Result<(Option<Ty>, Option<Ty>), String> {
        let under = self.common_under_where(ty, |cx, t, under| match under.and_then(Ty::as_chan) {
            Some(chan) if chan.dir == crate::types::ChanDir::Send => {
                Some(format!("receive from send-only channel {}", cx.ts(t.unwrap_or(Ty::INVALID))))
            }
            _ => None,
        })?;
        use crate::types::Kind;
        match super::builtins::array_pointer_deref(under).kind() {
            Kind::Basic(b) if b.kind.is_string() => Ok((Some(Ty::INT), Some(Ty::RUNE))),
            Kind::Basic(b) if b.kind.is_integer() => {
                if !self.allows(22) {
                    return Err("requires go1.22 or later".to_owned());
                }
                Ok((Some(ty), None))
            }
            Kind::Array(a) => Ok((Some(Ty::INT), Some(a.elem))),
            Kind::Slice(elem) => Ok((Some(Ty::INT), Some(*elem))),
            Kind::Map(m) => Ok((Some(m.key), Some(m.elem))),
            Kind::Chan(c) => Ok((Some(c.elem), None)),
            Kind::Signature(sig) => {
                if !self.allows(23) {
                    return Err("requires go1.23 or later".to_owned());
                }
                self.yielded_types(sig)
            }
            _ => Err(String::new()),
        }
    }

    fn yielded_types(&mut self, sig: &Signature) -> Result<(Option<Ty>, Option<Ty>), String> {
        let bad = |what: &str| Err(format!("func must be func(yield func(...) bool): {what}"));
        let [param] = sig.params[..] else { return bad("wrong argument count") };
        if !sig.results.is_empty() {
            return bad("unexpected results");
        }
        let under = match self.common_under_where(param.typ(), |_, _, _| None) {
            Ok(under) => under,
            Err(cause) => return bad(&format!("in yield type, {cause}")),
        };
        let Some(callback) = under.as_signature() else { return bad("argument is not func") };
        if callback.params.len() > 2 {
            return bad("yield func has too many parameters");
        }
        match callback.results[..] {
            [one] if self.identical(one.typ(), Ty::BOOL) => (),
            [one] if self.is_boolean(one.typ()) => {
                return bad("yield func returns user-defined boolean, not bool");
            }
            _ => return bad("yield func does not return bool"),
        }
        if callback.variadic {
            return Err(format!("yield func of type {} cannot be variadic", self.ts(under)));
        }
        let ty = |i: usize| callback.params.get(i).map(|p| p.typ());
        Ok((ty(0), ty(1)))
    }

    /// The calls of panic in the body at hand.
    pub(super) fn panics(&mut self) -> &mut rustc_hash::FxHashSet<crate::types::ExprId> {
        Rc::make_mut(&mut self.env.panics)
    }
}
