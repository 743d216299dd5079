//! Statements: blocks, branches, loops, labels, return, go and defer.

use super::call::Prepared;
use super::closure::Home;
use super::func::{Fx, Target};
use super::rangefunc::Exit;
use super::val::{Addr, TyExt, Val};
use super::vars::Key;
use crate::base::Pos;
use crate::ir;
use crate::syntax::ast::{self, BranchKind, ExprKind, StmtKind};
use crate::types::{self, BuiltinId, Kind, Mode, Ty};

/// Of `runtime._defer`: its size and where `fn` lies.
const DEFER_SIZE: u64 = 48;
const DEFER_FN: u64 = 24;

impl<'a> Fx<'_, 'a> {
    /// A function's body.
    pub fn body(&mut self, body: &'a ast::Block) {
        self.stmts(&body.stmts);
    }

    pub fn stmts(&mut self, list: &'a [ast::Stmt]) {
        for s in list {
            self.stmt(s);
        }
    }

    fn opt(&mut self, s: &'a Option<ast::Stmt>) {
        if let Some(s) = s {
            self.stmt(s);
        }
    }

    pub fn stmt(&mut self, s: &'a ast::Stmt) {
        if !self.b.reachable() {
            self.b.dead_block();
        }
        self.at(s.pos);
        let label = self.pending_label.take();
        debug_assert!(self.ahead.is_empty(), "{}: a call lowered ahead was not used", self.name);
        self.order_stmt(s);
        match &s.kind {
            StmtKind::Empty => {}
            StmtKind::Bad => panic!("{}: a statement in error", self.name),
            StmtKind::Labeled(name, inner) => self.labeled(name, inner),
            StmtKind::Expr(e) => self.discard(e),
            StmtKind::Send(c, v) => self.send(c, v),
            StmtKind::IncDec(x, inc) => self.inc_dec(s.pos, x, *inc),
            StmtKind::Assign(a) => self.assign_stmt(s.pos, a),
            StmtKind::Go(e) => self.go_stmt(s.pos, e),
            StmtKind::Defer(e) => self.defer_stmt(e),
            StmtKind::Return(values) => self.return_stmt(values),
            StmtKind::Branch(kind, label) => self.branch_stmt(*kind, label.as_ref()),
            StmtKind::Block(b) => self.stmts(&b.stmts),
            StmtKind::If(i) => self.if_stmt(i),
            StmtKind::Switch(x) => self.switch_stmt(x, label),
            StmtKind::TypeSwitch(x) => self.type_switch(x, label),
            StmtKind::Select(x) => self.select_stmt(x, label),
            StmtKind::For(x) => self.for_stmt(x, label),
            StmtKind::Range(x) => self.range_stmt(x, label),
            StmtKind::Decl(decls) => {
                for d in decls {
                    if let ast::Decl::Var(v) = d {
                        self.var_decl(v);
                    }
                }
            }
        }
    }

    // ── Labels and branches ──

    fn labeled(&mut self, name: &'a ast::Ident, inner: &'a ast::Stmt) {
        if self.facts.func(self.key).has_goto {
            let block = self.label_block(&name.name);
            self.b.jump(block);
            self.b.switch_to(block);
        }
        self.pending_label = Some(name.name.clone());
        self.stmt(inner);
        self.pending_label = None;
    }

    pub fn label_block(&mut self, name: &ast::Name) -> ir::Block {
        if let Some(&block) = self.labels.get(name) {
            return block;
        }
        let block = self.b.block();
        self.labels.insert(name.clone(), block);
        block
    }

    /// Opens a statement that `break` (and, with `cont`, `continue`) can name.
    pub fn push_target(&mut self, label: Option<ast::Name>, brk: ir::Block, cont: Option<ir::Block>) {
        let id = self.exits.next_target();
        self.targets.push(Target { id, label, brk, cont });
        self.loop_depth += cont.is_some() as u32;
    }

    pub fn pop_target(&mut self) {
        let target = self.targets.pop().expect("a statement was opened");
        self.loop_depth -= target.cont.is_some() as u32;
    }

    fn branch_stmt(&mut self, kind: BranchKind, label: Option<&'a ast::Ident>) {
        let name = label.map(|l| &l.name);
        match kind {
            BranchKind::Fallthrough => {
                let next =
                    self.fallthrough.unwrap_or_else(|| panic!("{}: fallthrough out of place", self.name));
                self.b.jump(next);
            }
            BranchKind::Goto => {
                let name = name.unwrap_or_else(|| panic!("{}: goto nowhere", self.name));
                if self.range.is_some() && !self.declares_label(name) {
                    return self.leave_range(Exit::Goto(name.clone()));
                }
                let block = self.label_block(name);
                self.b.jump(block);
            }
            BranchKind::Break | BranchKind::Continue => {
                let is_break = kind == BranchKind::Break;
                let found = self.targets.iter().rev().find(|t| match name {
                    Some(name) => t.label.as_ref() == Some(name),
                    None => is_break || t.cont.is_some(),
                });
                if let Some(target) = found {
                    let to =
                        if is_break { target.brk } else { target.cont.expect("only loops are continued") };
                    return self.b.jump(to);
                }
                self.branch_out(is_break, name);
            }
        }
    }

    // ── if, for ──

    fn if_stmt(&mut self, i: &'a ast::IfStmt) {
        self.opt(&i.init);
        if !self.b.reachable() {
            self.b.dead_block();
        }
        // A branch that a constant closes is not lowered at all: what it names may not exist.
        if let Some(types::Const::Bool(cond)) = self.const_of(&i.cond) {
            let has_label = self.facts.func(self.key).has_goto;
            if !has_label {
                match cond {
                    true => self.stmts(&i.then.stmts),
                    false => {
                        if let Some(els) = &i.els {
                            self.stmt(els);
                        }
                    }
                }
                return;
            }
        }
        let (then, done) = (self.b.block(), self.b.block());
        let els = if i.els.is_some() { self.b.block() } else { done };
        self.branch(&i.cond, then, els);
        self.b.start(then);
        self.stmts(&i.then.stmts);
        self.jump_if_reachable(done);
        if let Some(s) = &i.els {
            self.b.start(els);
            self.stmt(s);
            self.jump_if_reachable(done);
        }
        self.b.start(done);
    }

    pub fn jump_if_reachable(&mut self, to: ir::Block) {
        if self.b.reachable() {
            self.b.jump(to);
        }
    }

    fn for_stmt(&mut self, f: &'a ast::ForStmt, label: Option<ast::Name>) {
        self.opt(&f.init);
        if !self.b.reachable() {
            self.b.dead_block();
        }
        let fresh = self.per_iteration_vars(f);
        let (head, body, cont, done) = (self.b.block(), self.b.block(), self.b.block(), self.b.block());
        self.b.jump(head);
        self.b.switch_to(head);
        match &f.cond {
            Some(cond) => {
                self.at(cond.pos);
                self.branch(cond, body, done);
            }
            None => self.b.jump(body),
        }
        self.b.start(body);
        self.push_target(label, done, Some(cont));
        self.stmts(&f.body.stmts);
        self.pop_target();
        self.jump_if_reachable(cont);
        self.b.start(cont);
        for (key, ty) in fresh {
            // Go 1.22: each iteration has its own variable; the next one starts with this one's value.
            let val = self.read_local(key, ty);
            self.declare_again(key, ty, &val);
        }
        self.opt(&f.post);
        self.jump_if_reachable(head);
        self.b.seal(head);
        self.b.start(done);
    }

    /// The loop variables whose address is kept, if each iteration has its own.
    fn per_iteration_vars(&self, f: &'a ast::ForStmt) -> Vec<(Key, Ty)> {
        let Some(init) = &f.init else { return Vec::new() };
        let StmtKind::Assign(a) = &init.kind else { return Vec::new() };
        if a.op != ast::AssignOp::Define || !self.fresh_loop_vars() {
            return Vec::new();
        }
        let objs = a.lhs.iter().filter_map(|x| self.info().defs.get(x.id).copied().flatten());
        let vars = objs.map(|obj| (self.facts.key(obj), self.obj_ty(obj)));
        vars.filter(|(key, ty)| self.facts.needs_address(*key, *ty)).collect()
    }

    // ── return ──

    fn return_stmt(&mut self, values: &'a [ast::Expr]) {
        if self.range.is_some() {
            return self.return_from_range(values);
        }
        if values.is_empty() {
            return self.leave();
        }
        let results = self.results.clone();
        let vals = self.return_vals(values, &results.iter().map(|r| r.ty).collect::<Vec<_>>());
        if !self.has_handler() {
            return self.return_values(&vals);
        }
        let owned: Vec<Val> = vals.into_iter().zip(&results).map(|(v, r)| self.own(v, r.ty)).collect();
        for (r, val) in results.iter().zip(&owned) {
            self.write_local(r.key, r.ty, val);
        }
        self.leave();
    }

    /// The values of a return statement as the results' types.
    pub fn return_vals(&mut self, values: &'a [ast::Expr], tys: &[Ty]) -> Vec<Val> {
        if let ([call], true) = (values, tys.len() > 1) {
            let vals = self.multi(call);
            return vals.into_iter().zip(tys).map(|((v, from), &to)| self.assignable(v, from, to)).collect();
        }
        let last = values.len().saturating_sub(1);
        let mut out = Vec::new();
        for (i, (e, &ty)) in values.iter().zip(tys).enumerate() {
            let val = self.expr_as(e, ty);
            out.push(if i < last { self.own(val, ty) } else { val });
        }
        out
    }

    // ── go and defer ──

    fn go_stmt(&mut self, pos: Pos, e: &'a ast::Expr) {
        let before = std::mem::replace(&mut self.lit_home, Home::Heap);
        let f = self.func_for_later(e, "gowrap", Home::Heap);
        self.lit_home = before;
        // Tracebacks say "created by" with the line of the statement, not of a literal's end.
        self.at(pos);
        self.rt("newproc", &[f], &[]);
    }

    fn defer_stmt(&mut self, e: &'a ast::Expr) {
        if let Some(range) = &self.range {
            let token = Key::Defers(range.real);
            let before = std::mem::replace(&mut self.lit_home, Home::Heap);
            let f = self.func_for_later(e, "deferwrap", Home::Heap);
            self.lit_home = before;
            let token = self.read_local(token, Ty::EMPTY_INTERFACE);
            self.rt("deferprocat", &[f, token.parts()[0], token.parts()[1]], &[]);
            return;
        }
        let once = self.loop_depth == 0 && !self.facts.func(self.key).has_goto;
        let home = if once { Home::Frame } else { Home::Heap };
        let f = self.func_for_later(e, "deferwrap", home);
        self.at(e.pos);
        if once {
            let record = self.temp_bytes(DEFER_SIZE, 8);
            let p = self.addr_value(record);
            self.store_plain(record, DEFER_FN, f);
            self.rt("deferprocStack", &[p], &[]);
        } else {
            self.rt("deferproc", &[f], &[]);
        }
    }

    /// A func() that makes the call later, with the arguments of now.
    fn func_for_later(&mut self, e: &'a ast::Expr, what: &str, home: Home) -> ir::Value {
        let e = e.unparen();
        let ExprKind::Call(call) = &e.kind else { panic!("{}: {what} of {e:?}", self.name) };
        let id = match self.info().types.get(call.fun.unparen().id).map(|tv| tv.mode) {
            Some(Mode::Builtin(id)) => Some(id),
            _ => match self.callee_object(&call.fun) {
                Some(obj) => match obj.kind {
                    types::ObjKind::Builtin(id) => Some(id),
                    _ => None,
                },
                None => None,
            },
        };
        if let Some(id) = id {
            return self.builtin_for_later(e, call, id, what, home);
        }
        if self.is_type(&call.fun) {
            // A conversion is evaluated now and forgotten.
            self.discard(e);
            return self.later_with(Vec::new(), what, home, |_, _| {});
        }
        let outer = self.hidden_pointers.replace(Vec::new());
        let prepared: Prepared = self.prepare_with(call, Some(home));
        let hidden = std::mem::replace(&mut self.hidden_pointers, outer).unwrap_or_default();
        self.at(e.pos);
        self.later(prepared, hidden, what, home)
    }

    fn builtin_for_later(
        &mut self,
        e: &'a ast::Expr,
        call: &'a ast::CallExpr,
        id: BuiltinId,
        what: &str,
        home: Home,
    ) -> ir::Value {
        let args = &call.args[..];
        if let Some(held) = self.spread(args) {
            let result = self.info().types.get(e.id).map(|tv| self.subst(tv.ty));
            let tys: Vec<Ty> = held.iter().map(|h| h.1).collect();
            return self.later_with(held, what, home, |fx, values| {
                let vals = values.iter().cloned().zip(tys).collect();
                fx.builtin_of_results(id, vals, result);
            });
        }
        match id {
            BuiltinId::Print | BuiltinId::Println => {
                let held = self.print_args(args);
                let tys: Vec<Ty> = held.iter().map(|h| h.1).collect();
                self.later_with(held, what, home, |fx, values| {
                    let vals: Vec<(Val, Ty)> = values.iter().cloned().zip(tys).collect();
                    fx.print(&vals, id == BuiltinId::Println);
                })
            }
            BuiltinId::Close => {
                let c = self.scalar(&args[0]);
                self.later_with(vec![(Val::one(c), Ty::UNSAFE_POINTER)], what, home, |fx, values| {
                    fx.rt("closechan", &[values[0].single()], &[]);
                })
            }
            BuiltinId::Panic => {
                let val = self.expr_as(&args[0], Ty::EMPTY_INTERFACE);
                self.later_with(vec![(val, Ty::EMPTY_INTERFACE)], what, home, |fx, values| {
                    fx.rt("gopanic", values[0].parts(), &[]);
                    fx.b.unreachable();
                })
            }
            BuiltinId::Recover => self.later_with(Vec::new(), what, home, |fx, _| {
                fx.rt("gorecover", &[], &[ir::Ty::Ptr, ir::Ty::Ptr]);
            }),
            BuiltinId::Delete => {
                let ty = self.ty(args[0].id);
                let Kind::Map(m) = ty.under() else { panic!("{}: delete from {ty:?}", self.name) };
                let map = self.scalar(&args[0]);
                let key = self.expr_as(&args[1], m.key);
                let held = vec![(Val::one(map), Ty::UNSAFE_POINTER), (key, m.key)];
                self.later_with(held, what, home, |fx, values| {
                    fx.map_delete(ty, values[0].single(), &values[1]);
                })
            }
            BuiltinId::Copy => {
                let (dt, st) = (self.ty(args[0].id), self.ty(args[1].id));
                let d = self.expr(&args[0]);
                let s = self.expr_as(&args[1], st);
                self.later_with(vec![(d, dt), (s, st)], what, home, |fx, values| {
                    fx.copy_vals(dt.elem(), &values[0], &values[1]);
                })
            }
            BuiltinId::Clear => {
                let ty = self.ty(args[0].id);
                let val = self.expr(&args[0]);
                self.later_with(vec![(val, ty)], what, home, |fx, values| fx.clear_val(ty, &values[0]))
            }
            _ => panic!("{}: {what} of the built-in {id:?} at {:?}", self.name, e.pos),
        }
    }

    /// The address of a piece of the frame that holds zeros.
    pub fn zero_bytes(&mut self, size: u64, align: u64) -> Addr {
        let a = self.temp_bytes(size, align);
        let p = self.addr_value(a);
        self.b.mem_zero(p, size, align as u32);
        a
    }
}
