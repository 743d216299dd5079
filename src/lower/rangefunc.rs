//! `for range` over a function: the loop's body becomes a function literal that the iterator calls.
//!
//! What leaves the body is told to the loop by a number, `next`, and by the literal's result: `true` asks for the next
//! element, `false` ends the iteration. After the iterator has returned, the loop looks at `next` and goes where it says:
//!
//! | `next` | meaning |
//! |---|---|
//! | 0 | `break` or the end of the sequence: go on after the loop |
//! | −1 | return: the results have been set already |
//! | n > 0 | the n-th [`Exit`] of the real function, to be done here or by an enclosing loop |
//!
//! A second variable, `state`, catches iterators that call the body when they must not (`internal/abi.RF_State`).
//!
//! # What holds
//! - A *real* function is one of the source; its range bodies share its results, its deferred calls and its `next`.
//! - `state`, `next` and results that a body sets are captured by reference.

use std::cell::RefCell;
use std::rc::Rc;

use super::func::{Fx, Head, Local, ResultVar};
use super::layout;
use super::val::Val;
use super::vars::{FuncKey, Key, body_key};
use crate::ir::{self, IntCc};
use crate::syntax::ast;
use crate::types::{ExprId, Kind, ObjRef, Ty};

/// `internal/abi.RF_State`.
const DONE: i64 = 0;
const READY: i64 = 1;
const PANIC: i64 = 2;
const EXHAUSTED: i64 = 3;
const MISSING_PANIC: i64 = 4;
/// `next` for a return.
const RETURN: i64 = -1;

/// A way out of a range body other than its own break and continue, and return.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Exit {
    Return,
    Break(u32),
    Continue(u32),
    Goto(ast::Name),
}

/// What a real function and its range bodies share.
#[derive(Clone, Default)]
pub struct Exits(Rc<RefCell<Shared>>);

#[derive(Default)]
struct Shared {
    n_targets: u32,
    exits: Vec<Exit>,
}

impl Exits {
    /// A number for a statement that can be left by name, unique in the real function.
    pub fn next_target(&self) -> u32 {
        let mut shared = self.0.borrow_mut();
        shared.n_targets += 1;
        shared.n_targets
    }

    /// The number of an exit.
    fn code(&self, exit: Exit) -> i64 {
        if exit == Exit::Return {
            return RETURN;
        }
        let mut shared = self.0.borrow_mut();
        let at = shared.exits.iter().position(|e| *e == exit).unwrap_or_else(|| {
            shared.exits.push(exit);
            shared.exits.len() - 1
        });
        at as i64 + 1
    }

    fn all(&self) -> Vec<(i64, Exit)> {
        self.0.borrow().exits.iter().enumerate().map(|(i, e)| (i as i64 + 1, e.clone())).collect()
    }
}

/// What the function of a range body knows of the functions around it.
#[derive(Clone)]
pub struct RangeBody {
    pub real: FuncKey,
    /// The results of the real function.
    pub results: Vec<ResultVar>,
    /// The loop itself, by the id its `break` and `continue` have for inner bodies.
    own: u32,
    own_label: Option<ast::Name>,
    state: Key,
    /// Enclosing statements of the real function and of bodies between, innermost last: id, label, is a loop.
    outer: Vec<(u32, Option<ast::Name>, bool)>,
}

impl<'a> Fx<'_, 'a> {
    fn real(&self) -> FuncKey {
        self.range.as_ref().map_or(self.key, |r| r.real)
    }

    /// The types of results, for captures.
    pub fn results_of(&self, key: Key) -> Ty {
        let list = self.range.as_ref().map_or(&self.results, |r| &r.results);
        let found = list.iter().chain(&self.results).chain(&self.enclosing_results).find(|r| r.key == key);
        found.unwrap_or_else(|| panic!("{}: no result {key:?}", self.name)).ty
    }

    /// `for … range f { … }`.
    pub fn range_func(&mut self, r: &'a ast::RangeStmt, label: Option<ast::Name>, xt: Ty) {
        let real = self.real();
        let Kind::Signature(iter_sig) = xt.under() else { panic!("{}: range over {xt:?}", self.name) };
        let yield_ty = iter_sig.params[0].typ();
        let Kind::Signature(yield_sig) = yield_ty.under() else {
            panic!("{}: yield is {yield_ty:?}", self.name)
        };
        let params: Vec<Ty> = yield_sig.params.iter().map(|p| p.typ()).collect();
        let f = self.scalar(&r.x);

        let next = Key::Next(real);
        if self.range.is_none() {
            // Anew for each loop: the one before may be in a branch that was not taken.
            self.declare(next, Ty::INT, None);
            let defers = Key::Defers(real);
            if self.facts.func(real).range_defer {
                let token = self.rt("deferrangefunc", &[], &[ir::Ty::Ptr, ir::Ty::Ptr]);
                self.declare(defers, Ty::EMPTY_INTERFACE, Some(&Val::S(token)));
            }
        }
        let state = Key::State(body_key(r));
        let ready = Val::one(self.b.i64(READY));
        self.declare(state, Ty::INT, Some(&ready));

        let own = self.exits.next_target();
        let body = self.range_body(r, label, own, &params);
        self.at(r.range_pos);
        self.call_funcval(f, &[yield_ty], &[], &[Val::one(body)]);

        let now = self.get_int(state);
        let (bad, good) = (self.b.cold_block(), self.b.block());
        let is_bad = self.b.icmp_imm(IntCc::Eq, now, PANIC);
        self.b.brif(is_bad, bad, good);
        self.b.start(bad);
        self.panic_state(MISSING_PANIC);
        self.b.start(good);
        self.set_int(state, EXHAUSTED);
        self.after_range(own);
    }

    fn get_int(&mut self, key: Key) -> ir::Value {
        self.read_local(key, Ty::INT).single()
    }

    fn set_int(&mut self, key: Key, n: i64) {
        let val = Val::one(self.b.i64(n));
        self.write_local(key, Ty::INT, &val);
    }

    fn panic_state(&mut self, state: i64) {
        let n = self.b.i64(state);
        self.rt("panicrangestate", &[n], &[]);
        self.b.unreachable();
    }

    /// Lowers the body as a function and gives its func value.
    fn range_body(
        &mut self,
        r: &'a ast::RangeStmt,
        label: Option<ast::Name>,
        own: u32,
        params: &[Ty],
    ) -> ir::Value {
        self.n_ranges += 1;
        let name: std::sync::Arc<str> = format!("{}-range{}", self.name, self.n_ranges).into();
        let captures = self.captures_of(body_key(r));
        let mut outer = match &self.range {
            Some(range) => {
                let mut outer = range.outer.clone();
                outer.push((range.own, range.own_label.clone(), true));
                outer
            }
            None => Vec::new(),
        };
        outer.extend(self.targets.iter().map(|t| (t.id, t.label.clone(), t.cont.is_some())));
        let results = self.range.as_ref().map_or(&self.results, |r| &r.results).clone();
        let body = RangeBody {
            real: self.real(),
            results,
            own,
            own_label: label,
            state: Key::State(body_key(r)),
            outer,
        };

        let objs: Vec<ObjRef> = params
            .iter()
            .map(|&ty| ObjRef::var(crate::types::VarKind::Param, crate::base::Pos::NONE, None, "p", Some(ty)))
            .collect();
        let head = Head {
            name: name.clone(),
            key: Some(body_key(r)),
            params: objs.iter().zip(params).map(|(&o, &ty)| (Some(o), ty)).collect(),
            results: vec![(None, Ty::BOOL)],
            start: r.range_pos,
            is_lit: true,
        };
        let (src, args, facts, exits) = (self.src, self.args.clone(), self.facts.clone(), self.exits.clone());
        let enclosing: Vec<ResultVar> = self.enclosing_results.iter().chain(&self.results).cloned().collect();
        let labels = self.range_labels(r);
        let mut fx = Fx::open_range(self.cx, src, args, facts, head, exits, &captures, body, enclosing);
        fx.own_labels = labels;
        fx.enter_body(r, &objs);
        fx.close();
        let fields = self.capture_fields(&captures);
        self.make_closure(&name, &fields, super::closure::Home::Any)
    }

    /// The labels declared inside a range body: gotos to them stay inside.
    fn range_labels(&self, r: &ast::RangeStmt) -> Vec<ast::Name> {
        let mut out = Vec::new();
        collect_labels(&r.body.stmts, &mut out);
        out
    }

    pub fn declares_label(&self, name: &ast::Name) -> bool {
        self.own_labels.contains(name)
    }

    fn enter_body(&mut self, r: &'a ast::RangeStmt, params: &[ObjRef]) {
        let state = self.range.as_ref().expect("this is a range body").state;
        let now = self.get_int(state);
        let (bad, good) = (self.b.cold_block(), self.b.block());
        let is_ready = self.b.icmp_imm(IntCc::Eq, now, READY);
        self.b.brif(is_ready, good, bad);
        self.b.start(bad);
        self.set_int(state, PANIC);
        self.rt("panicrangestate", &[now], &[]);
        self.b.unreachable();
        self.b.start(good);
        self.set_int(state, PANIC);
        let vals: Vec<(Val, Ty)> =
            params.iter().map(|&p| (self.read_local(Key::Obj(p), p.typ()), p.typ())).collect();
        self.set_range_vars(r, &vals);
        self.stmts(&r.body.stmts);
        if self.b.reachable() {
            self.yield_back(true);
        }
    }

    /// Ends the body's function: `go_on` asks for the next element.
    fn yield_back(&mut self, go_on: bool) {
        let state = self.range.as_ref().expect("this is a range body").state;
        self.set_int(state, if go_on { READY } else { DONE });
        let out = Val::one(self.b.bool(go_on));
        self.return_values(&[out]);
    }

    /// `break` or `continue` of something outside this function.
    pub fn branch_out(&mut self, is_break: bool, label: Option<&ast::Name>) {
        let Some(range) = self.range.clone() else {
            panic!("{}: break or continue without a target", self.name);
        };
        if label.is_none() || range.own_label.as_ref() == label {
            return self.yield_back(!is_break);
        }
        let found = range.outer.iter().rev().find(|(_, l, _)| l.as_ref() == label);
        let Some((id, ..)) = found else { panic!("{}: no statement is called {label:?}", self.name) };
        self.leave_range(if is_break { Exit::Break(*id) } else { Exit::Continue(*id) });
    }

    /// Leaves the body for a place outside the loop.
    pub fn leave_range(&mut self, exit: Exit) {
        let code = self.exits.code(exit);
        let real = self.real();
        self.set_int(Key::Next(real), code);
        self.yield_back(false);
    }

    /// `return` inside a range body: the results are set, the loops are left.
    pub fn return_from_range(&mut self, values: &'a [ast::Expr]) {
        let results = self.range.as_ref().expect("this is a range body").results.clone();
        if !values.is_empty() {
            let tys: Vec<Ty> = results.iter().map(|r| r.ty).collect();
            let vals = self.return_vals(values, &tys);
            let owned: Vec<Val> = vals.into_iter().zip(&tys).map(|(v, &ty)| self.own(v, ty)).collect();
            for (r, val) in results.iter().zip(&owned) {
                self.write_local(r.key, r.ty, val);
            }
        }
        self.leave_range(Exit::Return);
    }

    /// After the iterator has returned: goes where the body wanted to go.
    fn after_range(&mut self, own: u32) {
        let next = Key::Next(self.real());
        let code = self.get_int(next);
        let (done, leave) = (self.b.block(), self.b.block());
        let stays = self.b.icmp_imm(IntCc::Eq, code, 0);
        self.b.brif(stays, done, leave);
        self.b.start(leave);
        for (n, exit) in self.exits.all() {
            if !self.reaches(&exit, own) {
                continue;
            }
            let (here, other) = (self.b.block(), self.b.block());
            let is_it = self.b.icmp_imm(IntCc::Eq, code, n);
            self.b.brif(is_it, here, other);
            self.b.start(here);
            self.set_int(next, 0);
            self.take_exit(&exit, own, done);
            self.b.start(other);
        }
        // What is left is a return, or for an enclosing loop.
        match self.range {
            Some(_) => self.yield_back(false),
            None => self.leave(),
        }
        self.b.start(done);
    }

    /// Whether the code right after the loop `own` can do an exit itself.
    fn reaches(&self, exit: &Exit, own: u32) -> bool {
        match exit {
            Exit::Return => false,
            Exit::Break(id) | Exit::Continue(id) => {
                // `continue` of the loop just left was done inside its body.
                *id == own && matches!(exit, Exit::Break(_))
                    || self.targets.iter().any(|t| t.id == *id)
                    || self.range.as_ref().is_some_and(|r| r.own == *id)
            }
            Exit::Goto(name) => self.range.is_none() || self.declares_label(name),
        }
    }

    fn take_exit(&mut self, exit: &Exit, own: u32, done: ir::Block) {
        match exit {
            Exit::Return => panic!("{}: a return is not taken here", self.name),
            Exit::Goto(name) => {
                let block = self.label_block(name);
                self.b.jump(block);
            }
            Exit::Break(id) if *id == own => self.b.jump(done),
            Exit::Break(id) | Exit::Continue(id) => {
                let is_break = matches!(exit, Exit::Break(_));
                if let Some(target) = self.targets.iter().find(|t| t.id == *id) {
                    let to =
                        if is_break { target.brk } else { target.cont.expect("only loops are continued") };
                    return self.b.jump(to);
                }
                self.yield_back(!is_break);
            }
        }
    }

    fn captures_of(&self, id: ExprId) -> Vec<super::closure::Capture> {
        self.captures(id)
    }

    /// A copy of a boxed variable in a new box: the next iteration's.
    pub fn declare_again(&mut self, key: Key, ty: Ty, val: &Val) {
        match self.local(key) {
            Local::Boxed(var) => {
                let ptr = self.alloc(ty);
                let size = layout::size(ty);
                if size > 0 {
                    self.store(super::val::Addr::fresh(ptr), ty, val);
                }
                self.b.set(var, ptr);
            }
            // In the frame: nobody keeps its address beyond the iteration.
            _ => self.write_local(key, ty, val),
        }
    }
}

fn collect_labels(stmts: &[ast::Stmt], out: &mut Vec<ast::Name>) {
    use ast::StmtKind::*;
    for s in stmts {
        let mut at = s;
        while let Labeled(name, inner) = &at.kind {
            out.push(name.name.clone());
            at = inner;
        }
        match &at.kind {
            Block(b) => collect_labels(&b.stmts, out),
            If(i) => {
                let mut next = Some(&**i);
                while let Some(i) = next {
                    collect_labels(&i.then.stmts, out);
                    next = None;
                    match i.els.as_ref().map(|e| &e.kind) {
                        Some(If(inner)) => next = Some(&**inner),
                        Some(Block(b)) => collect_labels(&b.stmts, out),
                        _ => {}
                    }
                }
            }
            For(f) => collect_labels(&f.body.stmts, out),
            Range(r) => collect_labels(&r.body.stmts, out),
            Switch(s) => s.clauses.iter().for_each(|c| collect_labels(&c.body, out)),
            TypeSwitch(s) => s.clauses.iter().for_each(|c| collect_labels(&c.body, out)),
            Select(s) => s.clauses.iter().for_each(|c| collect_labels(&c.body, out)),
            _ => {}
        }
    }
}
