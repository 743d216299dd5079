//! Switch and type switch.

use super::consts;
use super::func::Fx;
use super::iface;
use super::val::{TyExt, Val};
use crate::ir::{self, Block, BlockCall, IntCc, Op, Value};
use crate::syntax::ast;
use crate::types::{self, Ty};

/// From this many integer constants on a switch is one instruction.
const MIN_TABLE: usize = 4;

impl<'a> Fx<'_, 'a> {
    pub fn switch_stmt(&mut self, s: &'a ast::SwitchStmt, label: Option<ast::Name>) {
        if let Some(init) = &s.init {
            self.stmt(init);
        }
        let tag = s.tag.as_ref().map(|tag| {
            self.order_expr(tag);
            let mut ty = self.ty(tag.id);
            if ty.basic_kind().is_some_and(|k| k.is_untyped()) {
                ty = super::place::default_of(ty);
            }
            let val = self.expr_as(tag, ty);
            (self.own(val, ty), ty, self.const_of(tag))
        });
        let done = self.b.block();
        let bodies: Vec<Block> = s.clauses.iter().map(|_| self.b.block()).collect();
        let default = s.clauses.iter().position(|c| c.is_default).map_or(done, |i| bodies[i]);
        match &tag {
            Some((val, ty, None)) if self.is_table(s, *ty) => {
                self.table_switch(s, val.single(), &bodies, default)
            }
            _ => {
                for (clause, &body) in s.clauses.iter().zip(&bodies) {
                    for e in &clause.exprs {
                        self.at(e.pos);
                        let next = self.b.block();
                        match &tag {
                            None if self.ty(e.id).is_interface() => {
                                let yes = Val::one(self.b.bool(true));
                                let eq = self.case_equal(e, &yes, Ty::BOOL);
                                self.b.brif(eq, body, next);
                            }
                            None => self.branch(e, body, next),
                            Some((val, ty, constant)) => self.test_case(e, val, *ty, constant, body, next),
                        }
                        self.b.start(next);
                    }
                }
                self.b.jump(default);
            }
        }
        self.clauses(&s.clauses, &bodies, label, done);
    }

    /// One case: to `body` if it is equal. Constants are compared here and now, so that dead cases stay unlowered.
    fn test_case(
        &mut self,
        e: &'a ast::Expr,
        val: &Val,
        ty: Ty,
        constant: &Option<types::Const>,
        body: Block,
        next: Block,
    ) {
        if let (Some(types::Const::Bool(a)), Some(types::Const::Bool(b))) = (constant, self.const_of(e)) {
            return self.b.jump(if *a == b { body } else { next });
        }
        if let (Some(types::Const::Int(a)), Some(types::Const::Int(b))) = (constant, self.const_of(e)) {
            return self.b.jump(if *a == b { body } else { next });
        }
        let eq = self.case_equal(e, val, ty);
        self.b.brif(eq, body, next);
    }

    fn case_equal(&mut self, e: &'a ast::Expr, tag: &Val, ty: Ty) -> Value {
        if self.is_nil(e) {
            return self.b.icmp_imm(IntCc::Eq, tag.parts()[0], 0);
        }
        let case_ty = self.ty(e.id);
        let untyped = case_ty.basic_kind().is_some_and(|k| k.is_untyped());
        let case_ty = if untyped && !ty.is_interface() { ty } else { super::place::default_of(case_ty) };
        match (ty.is_interface(), case_ty.is_interface()) {
            (false, true) => {
                let boxed = self.to_interface(tag, ty, case_ty);
                let case = self.expr(e);
                self.equal(&boxed, &case, case_ty)
            }
            _ => {
                let case = self.expr_as(e, ty);
                self.equal(tag, &case, ty)
            }
        }
    }

    /// Whether all cases are integer constants, and enough of them.
    fn is_table(&self, s: &ast::SwitchStmt, ty: Ty) -> bool {
        let integer = ty.basic_kind().is_some_and(|k| k.is_integer());
        let mut n = 0;
        integer
            && s.clauses.iter().flat_map(|c| &c.exprs).all(|e| {
                n += 1;
                self.const_of(e).is_some()
            })
            && n >= MIN_TABLE
    }

    fn table_switch(&mut self, s: &'a ast::SwitchStmt, val: Value, bodies: &[Block], default: Block) {
        let width = self.b.func.ty(val);
        let mut cases: Vec<(i64, BlockCall)> = Vec::new();
        for (clause, &body) in s.clauses.iter().zip(bodies) {
            for e in &clause.exprs {
                let c = self.const_of(e).expect("all cases are constants");
                let n = consts::to_bits(&c);
                let n = match width {
                    ir::Ty::I8 => n as i8 as i64,
                    ir::Ty::I16 => n as i16 as i64,
                    ir::Ty::I32 => n as i32 as i64,
                    _ => n,
                };
                if !cases.iter().any(|(have, _)| *have == n) {
                    cases.push((n, BlockCall::new(body)));
                }
            }
        }
        self.b.add(Op::Switch { val, cases, default: BlockCall::new(default) });
    }

    fn clauses(
        &mut self,
        clauses: &'a [ast::CaseClause],
        bodies: &[Block],
        label: Option<ast::Name>,
        done: Block,
    ) {
        let outer = self.fallthrough.take();
        self.push_target(label, done, None);
        for (i, (clause, &body)) in clauses.iter().zip(bodies).enumerate() {
            self.fallthrough = bodies.get(i + 1).copied();
            // Sealed already by the fallthrough before, or never led to at all.
            if self.b.n_preds(body) == 0 && !self.facts_have_goto() {
                self.b.seal(body);
                self.b.switch_to(body);
                // No case leads here: the body is dead, and what it names may not exist.
                self.b.unreachable();
                continue;
            }
            self.b.start(body);
            self.stmts(&clause.body);
            self.jump_if_reachable(done);
        }
        self.pop_target();
        self.fallthrough = outer;
        self.b.start(done);
    }

    fn facts_have_goto(&self) -> bool {
        self.facts.func(self.key).has_goto
    }

    pub fn type_switch(&mut self, s: &'a ast::TypeSwitchStmt, label: Option<ast::Name>) {
        if let Some(init) = &s.init {
            self.stmt(init);
        }
        let xt = self.ty(s.x.id);
        let val = self.expr(&s.x);
        let (tab, data) = (val.parts()[0], val.parts()[1]);
        self.at(s.guard_pos);
        let done = self.b.block();
        let bodies: Vec<Block> = s.clauses.iter().map(|_| self.b.block()).collect();
        let default = s.clauses.iter().position(|c| c.is_default).map_or(done, |i| bodies[i]);
        // What a single-type clause found: its interface's itab, if it is one.
        let found: Vec<ir::Var> = s.clauses.iter().map(|_| self.counter(ir::Ty::Ptr)).collect();
        for (i, (clause, &body)) in s.clauses.iter().zip(&bodies).enumerate() {
            for e in &clause.exprs {
                self.at(e.pos);
                let next = self.b.block();
                let ok = self.test_type(e, tab, xt, found[i]);
                self.b.brif(ok, body, next);
                self.b.start(next);
            }
        }
        self.b.jump(default);

        let outer = self.fallthrough.take();
        self.push_target(label, done, None);
        for (i, (clause, &body)) in s.clauses.iter().zip(&bodies).enumerate() {
            self.b.start(body);
            if let Some(&obj) = self.info().implicits.get(&clause.pos) {
                let ty = self.obj_ty(obj);
                let bound = match &clause.exprs[..] {
                    [one] if !self.is_nil(one) => {
                        let to = self.ty(one.id);
                        if to.is_interface() {
                            Val::S(vec![self.b.get(found[i]), data])
                        } else {
                            let val = self.iface_data(data, to);
                            self.own(val, to)
                        }
                    }
                    _ => val.clone(),
                };
                let key = self.facts.key(obj);
                self.declare(key, ty, Some(&bound));
            }
            self.stmts(&clause.body);
            self.jump_if_reachable(done);
        }
        self.pop_target();
        self.fallthrough = outer;
        self.b.start(done);
    }

    /// Whether the interface holds the type a case names.
    fn test_type(&mut self, e: &'a ast::Expr, tab: Value, xt: Ty, found: ir::Var) -> Value {
        if self.is_nil(e) {
            return self.b.icmp_imm(IntCc::Eq, tab, 0);
        }
        let to = self.ty(e.id);
        if !to.is_interface() {
            // Of two type arguments that turn out equal the first one wins, as written.
            let want = self.iface_tab(to, xt);
            return self.b.icmp(IntCc::Eq, tab, want);
        }
        let ty = self.type_word(tab, xt);
        if iface::is_empty_interface(to) {
            self.b.set(found, ty);
            return self.b.icmp_imm(IntCc::Ne, ty, 0);
        }
        let inter = self.type_addr(to);
        let itab = self.rt1("assertE2I2", &[inter, ty], ir::Ty::Ptr);
        self.b.set(found, itab);
        self.b.icmp_imm(IntCc::Ne, itab, 0)
    }
}
