//! Function literals, method values, and the small functions made for `go` and `defer`.
//!
//! A func value points to `{ code, captured… }`. What a literal captures by value is copied in, what it captures by
//! reference is a pointer to the variable.

use std::rc::Rc;
use std::sync::Arc;

use super::call::{Prepared, Target};
use super::cx::Cx;
use super::expr::Sel;
use super::func::{Fx, Head, Local, ResultVar, TypeArgs};
use super::layout;
use super::names;
use super::rangefunc::Exits;
use super::val::{Addr, Val};
use super::vars::{self, Facts, FuncFacts, Key};
use crate::base::Pos;
use crate::ir::{self, Op, Value};
use crate::syntax::ast::{self, ExprKind};
use crate::types::{ExprId, ObjRef, Ty};

/// A variable a closure holds.
#[derive(Clone, Debug)]
pub struct Capture {
    pub key: Key,
    pub ty: Ty,
    pub by_ref: bool,
}

/// The type of a closure object: the code pointer, then these fields.
pub fn closure_type(fields: &[Ty]) -> Ty {
    let field = |name: String, ty: Ty| ObjRef::field(Pos::NONE, None, &name, Some(ty), false);
    let mut all = vec![field("F".to_owned(), Ty::UINTPTR)];
    all.extend(fields.iter().enumerate().map(|(i, &ty)| field(format!("X{i}"), ty)));
    Ty::structure(all, Vec::new())
}

/// Where a closure object goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Home {
    /// It may outlive the function: the heap, but the frame in the runtime.
    Any,
    /// It certainly outlives it.
    Heap,
    /// It certainly does not.
    Frame,
}

impl<'a> Fx<'_, 'a> {
    /// The type of a captured or other special variable.
    pub fn key_ty(&self, key: Key) -> Ty {
        match key {
            Key::Obj(obj) => self.obj_ty(obj),
            Key::Result(..) => self.results_of(key),
            Key::State(_) | Key::Next(_) => Ty::INT,
            Key::Defers(_) => Ty::EMPTY_INTERFACE,
        }
    }

    /// Makes a closure object and gives its address, the func value.
    pub fn make_closure(&mut self, code: &str, fields: &[(Val, Ty)], home: Home) -> Value {
        if fields.is_empty() {
            return self.static_funcval(code);
        }
        let tys: Vec<Ty> = fields.iter().map(|f| f.1).collect();
        let ty = closure_type(&tys);
        let on_frame = match home {
            Home::Frame => true,
            Home::Heap => false,
            Home::Any => self.cx.runtime,
        };
        let at = if on_frame { self.temp(ty) } else { Addr::fresh(self.alloc(ty)) };
        let code = self.b.sym_addr(code, 0);
        self.store_plain(at, 0, code);
        let offsets = layout::of(ty).fields.clone();
        for (i, (val, ty)) in fields.iter().enumerate() {
            self.store(at.plus(offsets[i + 1]), *ty, val);
        }
        self.addr_value(at)
    }

    pub(super) fn captures(&self, key: ExprId) -> Vec<Capture> {
        let list = self.facts.func(Some(key)).captures.clone();
        let capture = |key: Key| {
            let ty = self.key_ty(key);
            Capture { key, ty, by_ref: self.facts.by_ref(key, ty) }
        };
        list.into_iter().map(capture).collect()
    }

    /// The fields of a closure object for these captures.
    pub fn capture_fields(&mut self, captures: &[Capture]) -> Vec<(Val, Ty)> {
        let mut out = Vec::new();
        for c in captures {
            if c.by_ref {
                let local = self.local(c.key);
                let a = self.local_addr(&local);
                let p = self.addr_value(a);
                out.push((Val::one(p), Ty::pointer(c.ty)));
            } else {
                out.push((self.read_local(c.key, c.ty), c.ty));
            }
        }
        out
    }

    /// Declares the captured variables at the entry of the closure's code.
    pub fn bind_captures(&mut self, captures: &[Capture]) {
        if captures.is_empty() {
            return;
        }
        self.b.func.attrs.needs_ctx = true;
        let ctx = self.b.special(Op::ClosurePtr);
        let tys: Vec<Ty> = captures.iter().map(|c| if c.by_ref { Ty::pointer(c.ty) } else { c.ty }).collect();
        let offsets = layout::of(closure_type(&tys)).fields.clone();
        for (i, c) in captures.iter().enumerate() {
            let at = Addr::safe(ctx).plus(offsets[i + 1]);
            let local = if c.by_ref {
                let p = self.load_scalar(ir::Ty::Ptr, at, 0);
                Local::Boxed(self.keep(p))
            } else if layout::of(c.ty).is_ssa() {
                let parts = self.load(at, c.ty).parts().to_vec();
                Local::Ssa(parts.into_iter().map(|p| self.keep(p)).collect())
            } else {
                let p = self.addr_value(at);
                Local::Boxed(self.keep(p))
            };
            self.vars.insert(c.key, local);
        }
    }

    /// The name of the next function literal, as gc counts them.
    fn lit_name(&mut self) -> Arc<str> {
        self.n_lits += 1;
        let sep = if self.is_lit { "." } else { ".func" };
        format!("{}{sep}{}", self.name, self.n_lits).into()
    }

    /// The name of the next function made for `go` or `defer`.
    fn thunk_name(&mut self, what: &str) -> Arc<str> {
        self.n_thunks += 1;
        format!("{}.{what}{}", self.name, self.n_thunks).into()
    }

    /// A function literal: lowers its code and makes the func value.
    pub fn func_lit(&mut self, e: &'a ast::Expr) -> Value {
        let home = self.lit_home;
        self.func_lit_at(e, home)
    }

    pub fn func_lit_at(&mut self, e: &'a ast::Expr, home: Home) -> Value {
        let name = self.lit_name();
        let captures = self.captures(e.id);
        self.lower_lit(e, name.clone(), &captures);
        let fields = self.capture_fields(&captures);
        self.make_closure(&name, &fields, home)
    }

    fn lower_lit(&mut self, e: &'a ast::Expr, name: Arc<str>, captures: &[Capture]) {
        let ExprKind::FuncLit(lit) = &e.kind else { panic!("{}: {e:?} is no function literal", self.name) };
        let head = self.lit_head(e, lit, name);
        let (src, args, facts) = (self.src, self.args.clone(), self.facts.clone());
        let enclosing: Vec<ResultVar> = self.enclosing_results.iter().chain(&self.results).cloned().collect();
        let mut fx = Fx::open(self.cx, src, args, facts, head, Exits::default(), captures);
        fx.enclosing_results = enclosing;
        fx.body(&lit.body);
        fx.at(lit.body.rbrace);
        fx.close();
    }

    fn lit_head(&self, e: &ast::Expr, lit: &ast::FuncLit, name: Arc<str>) -> Head {
        let (params, results) = self.declared(&lit.sig, None);
        Head { name, key: Some(e.id), params, results, start: e.pos, is_lit: true }
    }

    // ── Method values ──

    /// `x.m` as a value: a closure over the receiver.
    pub fn method_value(&mut self, x: &'a ast::Expr, s: Sel) -> Val {
        let (at, ty) = self.receiver_operand(x, &s);
        let (params, results) = self.method_types(s.obj);
        self.note_reflection(s.obj, None);
        if self.is_interface_method(&s) {
            let iface = self.operand_val(at, ty);
            // A nil interface panics now, not when the value is called.
            self.b.nil_check(iface.parts()[0]);
            let symbol: Arc<str> = format!("{}.{}-fm", names::link_string(ty), s.obj.name).into();
            let method = s.obj;
            self.thunk(symbol.clone(), &[ty], params, results, true, |fx, held, args| {
                fx.call_method_of(&held[0], ty, method, args)
            });
            return Val::one(self.make_closure(&symbol, &[(iface, ty)], self.lit_home));
        }
        let (recv, recv_ty, code) = self.bind_receiver(at, ty, s.obj, Vec::new());
        let symbol: Arc<str> = format!("{code}-fm").into();
        let tys = params.clone();
        self.thunk(symbol.clone(), &[recv_ty], params, results.clone(), true, move |fx, held, args| {
            let mut all = vec![held[0].clone()];
            all.extend_from_slice(args);
            let mut list = vec![recv_ty];
            list.extend(&tys);
            fx.call_symbol(&code, &list, &results, &all)
        });
        Val::one(self.make_closure(&symbol, &[(recv, recv_ty)], self.lit_home))
    }

    /// `T.m`: a function that takes the receiver first.
    pub fn method_expr(&mut self, s: Sel) -> Val {
        let (params, results) = self.method_types(s.obj);
        let recv = s.recv;
        self.note_reflection(s.obj, None);
        let symbol: Arc<str> = format!("{}.{}-expr", names::link_string(recv), s.obj.name).into();
        let mut all = vec![recv];
        all.extend(params);
        self.thunk(symbol.clone(), &[], all.clone(), results, true, move |fx, _, args| {
            let base = super::expr::Operand::V(args[0].clone());
            let (at, ty) = fx.walk(base, recv, &s.index[..s.index.len() - 1]);
            if fx.is_interface_method(&s) {
                let iface = fx.operand_val(at, ty);
                return fx.call_method_of(&iface, ty, s.obj, &args[1..]);
            }
            let (bound, bound_ty, code) = fx.bind_receiver(at, ty, s.obj, Vec::new());
            let mut vals = vec![bound];
            vals.extend_from_slice(&args[1..]);
            let mut tys = vec![bound_ty];
            tys.extend(&all[1..]);
            let (_, results) = fx.method_types(s.obj);
            fx.call_symbol(&code, &tys, &results, &vals)
        });
        Val::one(self.static_funcval(&symbol))
    }

    // ── Thunks ──

    /// Lowers a function without source: it takes `params`, finds `held` in its context, and returns what `body` gives.
    /// A wrapper, unless `params` is empty and it stands for a go statement.
    pub fn thunk(
        &mut self,
        name: Arc<str>,
        held: &[Ty],
        params: Vec<Ty>,
        results: Vec<Ty>,
        dup_ok: bool,
        body: impl FnOnce(&mut Fx<'_, 'a>, &[Val], &[Val]) -> Vec<Val>,
    ) {
        if dup_ok && !self.cx.claim(&name) {
            return;
        }
        let mut facts = Facts::default();
        facts.funcs.insert(None, FuncFacts::default());
        let vars: Vec<ObjRef> = params
            .iter()
            .map(|&ty| ObjRef::var(crate::types::VarKind::Param, Pos::NONE, None, "p", Some(ty)))
            .collect();
        let head = Head {
            name,
            key: None,
            params: vars.iter().map(|&v| (Some(v), v.typ())).collect(),
            results: results.iter().map(|&ty| (None, ty)).collect(),
            start: Pos::NONE,
            is_lit: false,
        };
        let src = self.src;
        let mut fx =
            Fx::open(self.cx, src, Rc::new(TypeArgs::default()), Rc::new(facts), head, Exits::default(), &[]);
        fx.is_wrapper = true;
        fx.b.func.attrs.dup_ok = dup_ok;
        let mut values = Vec::new();
        if !held.is_empty() {
            fx.b.func.attrs.needs_ctx = true;
            let ctx = fx.b.special(Op::ClosurePtr);
            let offsets = layout::of(closure_type(held)).fields.clone();
            for (i, &ty) in held.iter().enumerate() {
                let val = fx.load(Addr::safe(ctx).plus(offsets[i + 1]), ty);
                values.push(val);
            }
        }
        let args: Vec<Val> = vars.iter().map(|&v| fx.read_local(Key::Obj(v), v.typ())).collect();
        let out = body(&mut fx, &values, &args);
        if fx.b.reachable() {
            fx.return_values(&out);
        }
        fx.close();
    }

    /// A func() that makes a prepared call: what `go` and `defer` hand to the runtime. What `hidden` points to lives until
    /// the call is over.
    pub fn later(&mut self, p: Prepared, hidden: Vec<Value>, what: &str, home: Home) -> Value {
        let Prepared { target, args, params, results } = p;
        if let (Target::FuncValue(f), true, true) = (&target, params.is_empty(), results.is_empty()) {
            return *f;
        }
        if let (Target::Symbol { symbol, recv: None }, true, true) =
            (&target, params.is_empty(), results.is_empty())
            && !super::intrinsics::is_intrinsic(symbol)
        {
            let symbol = symbol.clone();
            return self.static_funcval(&symbol);
        }
        let mut held: Vec<(Val, Ty)> = Vec::new();
        match &target {
            Target::Symbol { recv: Some((val, ty)), .. } => held.push((val.clone(), *ty)),
            Target::Symbol { .. } => {}
            Target::Interface { iface, ty, .. } => {
                self.b.nil_check(iface.parts()[0]);
                held.push((iface.clone(), *ty));
            }
            Target::FuncValue(f) => held.push((Val::one(*f), Ty::UNSAFE_POINTER)),
        }
        held.extend(args.into_iter().zip(params.iter().copied()));
        let n_used = held.len();
        held.extend(hidden.into_iter().map(|p| (Val::one(p), Ty::UNSAFE_POINTER)));
        let tys: Vec<Ty> = held.iter().map(|h| h.1).collect();
        let name = self.thunk_name(what);
        self.thunk(name.clone(), &tys, Vec::new(), Vec::new(), false, move |fx, all, _| {
            let (values, hidden) = all.split_at(n_used);
            let (target, args) = match target {
                Target::Symbol { symbol, recv: Some((_, ty)) } => {
                    (Target::Symbol { symbol, recv: Some((values[0].clone(), ty)) }, &values[1..])
                }
                Target::Symbol { symbol, recv: None } => (Target::Symbol { symbol, recv: None }, values),
                Target::Interface { ty, method, .. } => {
                    (Target::Interface { iface: values[0].clone(), ty, method }, &values[1..])
                }
                Target::FuncValue(_) => (Target::FuncValue(values[0].single()), &values[1..]),
            };
            fx.make(Prepared { target, args: args.to_vec(), params, results });
            for pointer in hidden {
                fx.b.add(ir::Op::KeepAlive { val: pointer.single() });
            }
            Vec::new()
        });
        self.make_closure(&name, &held, home)
    }

    /// A func() over some values that runs `body` on them: for deferred and started built-ins.
    pub fn later_with(
        &mut self,
        held: Vec<(Val, Ty)>,
        what: &str,
        home: Home,
        body: impl FnOnce(&mut Fx<'_, 'a>, &[Val]),
    ) -> Value {
        let tys: Vec<Ty> = held.iter().map(|h| h.1).collect();
        let name = self.thunk_name(what);
        self.thunk(name.clone(), &tys, Vec::new(), Vec::new(), false, |fx, values, _| {
            body(fx, values);
            Vec::new()
        });
        self.make_closure(&name, &held, home)
    }
}

/// A function literal outside any function: lowers it and gives the symbol of its code.
pub fn glob_lit<'a>(cx: &mut Cx<'a>, e: &'a ast::Expr) -> Arc<str> {
    let e = e.unparen();
    let ExprKind::FuncLit(lit) = &e.kind else { panic!("{e:?} is no function literal") };
    cx.n_glob_funcs += 1;
    let prefix = names::pkg_prefix(cx.checked.package);
    let name: Arc<str> = format!("{prefix}.init.func{}", cx.n_glob_funcs).into();
    let args = Rc::new(TypeArgs::default());
    let src = cx.source;
    let facts = Rc::new(super::func::facts_of(src, vars::Root::Lit(e), &args));
    let (params, results) = super::func::declared(src, &args, &lit.sig, None);
    let head = Head { name: name.clone(), key: Some(e.id), params, results, start: e.pos, is_lit: true };
    let mut fx = Fx::open(cx, src, args, facts, head, Exits::default(), &[]);
    fx.body(&lit.body);
    fx.at(lit.body.rbrace);
    fx.close();
    name
}
