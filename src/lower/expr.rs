//! Expressions: what they are worth, where they lie.
//!
//! An expression is first an [`Operand`]: a value, or a place in memory that was not loaded yet, so that `a.b.c` loads only
//! what is asked for.

use super::func::{Fx, Local};
use super::layout;
use super::names;
use super::val::{Addr, TyExt, Val};
use crate::ir::{self, BoundsKind, IntCc, Value};
use crate::syntax::ast::{self, BinaryOp, ExprKind, UnaryOp};
use crate::types::{self, ExprId, Kind, Mode, ObjKind, ObjRef, SelectionKind, Ty, VarKind};

/// A value or a place that holds it.
#[derive(Clone, Debug)]
pub enum Operand {
    V(Val),
    P(Addr),
}

/// What a selector means once type arguments are put in.
#[derive(Clone, Debug)]
pub struct Sel {
    pub kind: SelectionKind,
    pub recv: Ty,
    pub obj: ObjRef,
    pub index: Vec<u32>,
}

impl<'a> Fx<'_, 'a> {
    /// The value of an expression, in its own type.
    pub fn expr(&mut self, e: &'a ast::Expr) -> Val {
        match self.operand(e) {
            Operand::V(val) => val,
            Operand::P(a) => {
                let ty = self.ty(e.id);
                self.load(a, ty)
            }
        }
    }

    /// The value converted to `to`, as assigning it to a variable of that type would.
    pub fn expr_as(&mut self, e: &'a ast::Expr, to: Ty) -> Val {
        if self.is_nil(e) {
            return self.zero_val(to);
        }
        let from = self.ty(e.id);
        if let Some(c) = self.const_of(e)
            && from.basic_kind().is_some_and(|k| k.is_untyped())
        {
            return self.constant(&c, to);
        }
        let val = self.expr(e);
        self.assignable(val, from, to)
    }

    /// A scalar expression.
    pub fn scalar(&mut self, e: &'a ast::Expr) -> Value {
        self.expr(e).single()
    }

    /// Implicit conversion of a value to the type it is assigned to.
    pub fn assignable(&mut self, val: Val, from: Ty, to: Ty) -> Val {
        if to.is_interface() && from.basic_kind() == Some(types::BasicKind::UntypedNil) {
            return self.zero_val(to);
        }
        if to.is_interface() && !types::identical(from, to) {
            return self.to_interface(&val, from, to);
        }
        val
    }

    pub fn const_of(&self, e: &ast::Expr) -> Option<types::Const> {
        self.info().types.get(e.id).and_then(|tv| tv.value.clone())
    }

    pub fn is_nil(&self, e: &ast::Expr) -> bool {
        self.info().types.get(e.id).is_some_and(|tv| tv.mode == Mode::NilValue)
            || matches!(&e.unparen().kind, ExprKind::Name(n) if &**n == "nil")
                && self.info().uses.get(e.unparen().id).is_some_and(|o| matches!(o.kind, ObjKind::Nil))
    }

    pub fn is_type(&self, e: &ast::Expr) -> bool {
        self.info().types.get(e.id).is_some_and(|tv| tv.mode == Mode::TypeExpr)
    }

    /// An expression without loading it.
    pub fn operand(&mut self, e: &'a ast::Expr) -> Operand {
        if let Some(vals) = self.lowered_ahead(e) {
            return Operand::V(vals.into_iter().next().unwrap_or(Val::S(Vec::new())));
        }
        if let Some(c) = self.const_of(e) {
            let ty = self.ty(e.id);
            return Operand::V(self.constant(&c, ty));
        }
        match &e.kind {
            ExprKind::Paren(x) => self.operand(x),
            ExprKind::Name(_) => self.name_operand(e),
            ExprKind::Selector(x, sel) => match self.selection(e) {
                Some(s) => self.selector(e, x, s),
                None => {
                    let obj = self.info().uses.get(sel.id).copied();
                    let obj = obj.unwrap_or_else(|| panic!("{}: {} means nothing", self.name, sel.name));
                    self.object(obj, sel.id)
                }
            },
            ExprKind::Star(x) => {
                let p = self.scalar(x);
                Operand::P(Addr::deref(p))
            }
            ExprKind::Index(x, index) => self.index(e, x, index),
            _ => {
                self.at(e.pos);
                Operand::V(self.value(e))
            }
        }
    }

    fn name_operand(&mut self, e: &'a ast::Expr) -> Operand {
        if self.is_nil(e) {
            let ty = self.ty(e.id);
            return Operand::V(self.zero_val(ty));
        }
        let obj = self.info().object_of(e.id);
        let obj = obj.unwrap_or_else(|| panic!("{}: the name {e:?} means nothing", self.name));
        self.object(obj, e.id)
    }

    /// What an identifier `id` that means `obj` is worth.
    fn object(&mut self, obj: ObjRef, id: ExprId) -> Operand {
        match &obj.kind {
            ObjKind::Var(info) if info.kind == VarKind::Package => Operand::P(self.global(obj)),
            ObjKind::Var(_) => {
                let key = self.facts.key(obj);
                match self.local(key) {
                    Local::Ssa(vars) => Operand::V(Val::S(vars.iter().map(|&v| self.b.get(v)).collect())),
                    other => Operand::P(self.local_addr(&other)),
                }
            }
            ObjKind::Func(_) => {
                let sym = self.func_sym(obj, id);
                Operand::V(Val::one(self.static_funcval(&sym)))
            }
            ObjKind::Nil => Operand::V(Val::one(self.b.nil())),
            _ => panic!("{}: {obj:?} is no value", self.name),
        }
    }

    /// A package variable.
    pub fn global(&mut self, obj: ObjRef) -> Addr {
        let sym = self.cx.obj_sym(obj);
        Addr::safe(self.b.sym_addr(&sym, 0))
    }

    /// The func value of a function without context.
    pub fn static_funcval(&mut self, code: &str) -> Value {
        let sym = self.cx.funcval_sym(code);
        self.b.sym_addr(&sym, 0)
    }

    /// The symbol of the function an identifier names, instantiated if it is generic.
    pub fn func_sym(&mut self, obj: ObjRef, id: ExprId) -> std::sync::Arc<str> {
        let Some(instance) = self.info().instances.get(id) else { return self.cx.obj_sym(obj) };
        let targs: Vec<Ty> = instance.targs.iter().map(|&t| self.subst(t)).collect();
        self.func_instance(obj, targs)
    }

    pub fn func_instance(&mut self, obj: ObjRef, targs: Vec<Ty>) -> std::sync::Arc<str> {
        let symbol = names::func_symbol(obj, &targs);
        let package = obj.pkg.expect("a generic function has a package").path;
        self.cx.instance_sym(super::cx::Instance {
            symbol: symbol.into(),
            package,
            key: obj.name.to_owned(),
            recv_targs: Vec::new(),
            targs,
        })
    }

    // ── Selectors ──

    /// The meaning of a selector, looked up anew where type arguments may change it.
    pub fn selection(&self, e: &ast::Expr) -> Option<Sel> {
        let s = self.info().selections.get(e.id)?;
        let recv = self.subst(s.recv);
        if self.args.tparams.is_empty() || recv == s.recv {
            return Some(Sel { kind: s.kind, recv, obj: s.obj, index: s.index.clone() });
        }
        Some(self.find_member(s.kind, recv, s.obj))
    }

    /// The member of `recv` that has the name of `obj`.
    pub fn find_member(&self, kind: SelectionKind, recv: Ty, obj: ObjRef) -> Sel {
        let found = types::lookup_field_or_method(recv, true, obj.pkg, obj.name, false);
        let Some(member) = found.obj else { panic!("{}: {recv:?} has no {}", self.name, obj.name) };
        Sel { kind, recv, obj: member, index: found.index.to_vec() }
    }

    fn selector(&mut self, e: &'a ast::Expr, x: &'a ast::Expr, s: Sel) -> Operand {
        match s.kind {
            SelectionKind::Field => {
                let base = self.operand(x);
                let ty = self.ty(x.id);
                self.walk(base, ty, &s.index).0
            }
            SelectionKind::Method => {
                self.at(e.pos);
                Operand::V(self.method_value(x, s))
            }
            SelectionKind::MethodExpr => Operand::V(self.method_expr(s)),
        }
    }

    /// Follows field indexes, through pointers where there are any.
    pub fn walk(&mut self, mut at: Operand, mut ty: Ty, path: &[u32]) -> (Operand, Ty) {
        for &i in path {
            if let Kind::Pointer(elem) = ty.under() {
                let p = self.operand_val(at, ty).single();
                at = Operand::P(Addr::deref(p));
                ty = *elem;
            }
            let field = ty.under_struct().fields[i as usize].typ();
            at = match at {
                Operand::P(a) | Operand::V(Val::M(a)) => {
                    Operand::P(a.plus(layout::of(ty).fields[i as usize]))
                }
                Operand::V(val) => Operand::V(self.field(&val, ty, i as usize)),
            };
            ty = field;
        }
        (at, ty)
    }

    pub fn operand_val(&mut self, at: Operand, ty: Ty) -> Val {
        match at {
            Operand::V(val) => val,
            Operand::P(a) => self.load(a, ty),
        }
    }

    // ── Indexing ──

    fn index(&mut self, e: &'a ast::Expr, x: &'a ast::Expr, index: &'a [ast::Expr]) -> Operand {
        // An instantiated function.
        if let Some(tv) = self.info().types.get(x.id)
            && (matches!(tv.ty.under(), Kind::Signature(_)) || tv.mode == Mode::TypeExpr)
        {
            return self.operand(x);
        }
        if let ExprKind::Name(_) | ExprKind::Selector(..) = &x.unparen().kind
            && let Some(obj) = self.callee_object(x)
            && obj.is_func()
        {
            return self.operand(x);
        }
        let xt = self.ty(x.id);
        match xt.under() {
            Kind::Map(m) => {
                let map = self.scalar(x);
                let key = if m.key.basic_kind().is_some_and(|k| k.is_string()) {
                    self.string_to_look_at(&index[0], m.key)
                } else {
                    self.expr_as(&index[0], m.key)
                };
                self.at(e.pos);
                Operand::P(self.map_access(xt, map, &key, false).0)
            }
            Kind::Basic(_) => {
                let s = self.expr(x);
                let i = self.index_value(&index[0]);
                self.at(e.pos);
                let unsigned = self.is_unsigned_index(&index[0]);
                self.b.bounds_check(BoundsKind::Index, i, s.parts()[1], unsigned);
                let at = self.b.ptr_add(s.parts()[0], i);
                Operand::V(Val::one(self.load_scalar(ir::Ty::I8, Addr::safe(at), 0)))
            }
            Kind::Array(array) => {
                let base = self.operand(x);
                let len = array.len();
                let i = self.index_value(&index[0]);
                self.at(e.pos);
                let a = match base {
                    Operand::P(a) | Operand::V(Val::M(a)) => a,
                    Operand::V(val) => {
                        // An array of at most one element, in SSA form.
                        let len = self.b.i64(len);
                        self.b.bounds_check(BoundsKind::Index, i, len, self.is_unsigned_index(&index[0]));
                        if array.len() == 0 {
                            return Operand::V(self.zero_val(array.elem));
                        }
                        return Operand::V(val);
                    }
                };
                Operand::P(self.array_elem(a, array.elem, len, i, &index[0]))
            }
            Kind::Pointer(elem) => {
                let Kind::Array(array) = elem.under() else { panic!("{}: index of {xt:?}", self.name) };
                let p = self.scalar(x);
                let i = self.index_value(&index[0]);
                self.at(e.pos);
                Operand::P(self.array_elem(Addr::deref(p), array.elem, array.len(), i, &index[0]))
            }
            Kind::Slice(elem) => {
                let s = self.expr(x);
                let i = self.index_value(&index[0]);
                self.at(e.pos);
                let unsigned = self.is_unsigned_index(&index[0]);
                self.b.bounds_check(BoundsKind::Index, i, s.parts()[1], unsigned);
                Operand::P(self.elem_addr(Addr::safe(s.parts()[0]), *elem, i))
            }
            other => panic!("{}: index of {other:?}", self.name),
        }
    }

    pub fn array_elem(&mut self, a: Addr, elem: Ty, len: i64, i: Value, index: &'a ast::Expr) -> Addr {
        let a = self.checked(a);
        match self.b.func.as_const(i) {
            Some(i) if (0..len).contains(&i) => {}
            _ => {
                let unsigned = self.is_unsigned_index(index);
                let len = self.b.i64(len);
                self.b.bounds_check(BoundsKind::Index, i, len, unsigned);
            }
        }
        self.elem_addr(a, elem, i)
    }

    /// The address of element `i`.
    pub fn elem_addr(&mut self, a: Addr, elem: Ty, i: Value) -> Addr {
        let size = layout::size(elem);
        if let Some(i) = self.b.func.as_const(i)
            && let Some(off) = (i as u64).checked_mul(size)
            && off < 1 << 30
        {
            return a.plus(off);
        }
        let a = self.checked(a);
        let off = if size == 1 { i } else { self.b.binary_imm(ir::BinOp::Imul, i, size as i64) };
        let base = self.b.ptr_add(a.base, off);
        Addr { base, ..a }
    }

    /// An index as a 64-bit number.
    pub fn index_value(&mut self, e: &'a ast::Expr) -> Value {
        if let Some(c) = self.const_of(e) {
            return self.b.i64(super::consts::to_bits(&c));
        }
        let ty = self.ty(e.id);
        let v = self.scalar(e);
        self.widen(v, ty)
    }

    pub fn is_unsigned_index(&self, e: &ast::Expr) -> bool {
        self.const_of(e).is_none() && self.ty(e.id).is_unsigned()
    }

    /// An integer as 64 bits, by its type's sign.
    pub fn widen(&mut self, v: Value, ty: Ty) -> Value {
        match self.b.func.ty(v) {
            ir::Ty::I64 => v,
            _ if ty.is_unsigned() => self.b.convert(ir::Conv::Zext, ir::Ty::I64, v),
            _ => self.b.convert(ir::Conv::Sext, ir::Ty::I64, v),
        }
    }

    // ── Everything that is no place ──

    fn value(&mut self, e: &'a ast::Expr) -> Val {
        match &e.kind {
            ExprKind::CompositeLit(_) => {
                let ty = self.ty(e.id);
                self.composite(e, ty)
            }
            ExprKind::FuncLit(_) => Val::one(self.func_lit(e)),
            ExprKind::Slice(s) => self.slice_expr(e, s),
            ExprKind::TypeAssert(x, _) => {
                let ty = self.ty(e.id);
                match ty.kind() {
                    // Both values were asked for, but only the first is used here.
                    Kind::Tuple(t) => {
                        let to = self.subst(t.vars[0].typ());
                        self.type_assert(x, to, true).0
                    }
                    _ => self.type_assert(x, ty, false).0,
                }
            }
            ExprKind::Call(_) => {
                let mut vals = self.call_expr(e);
                match vals.len() {
                    0 => Val::S(Vec::new()),
                    1 => vals.remove(0),
                    n => panic!("{}: {n} values where one is used", self.name),
                }
            }
            ExprKind::Unary(op, x) => self.unary(e, *op, x),
            ExprKind::Binary(op, x, y) => self.binary(e, *op, x, y),
            other => panic!("{}: expression {other:?}", self.name),
        }
    }

    fn unary(&mut self, e: &'a ast::Expr, op: UnaryOp, x: &'a ast::Expr) -> Val {
        match op {
            UnaryOp::Plus => self.expr(x),
            UnaryOp::Minus => {
                let ty = self.ty(e.id);
                let parts = self.expr(x).parts().to_vec();
                let negated = parts.into_iter().map(|v| {
                    let op = if self.b.func.ty(v).is_float() { ir::UnOp::Fneg } else { ir::UnOp::Ineg };
                    self.b.unary(op, v)
                });
                let out = Val::S(negated.collect());
                let _ = ty;
                out
            }
            UnaryOp::Xor => {
                let v = self.scalar(x);
                Val::one(self.b.unary(ir::UnOp::Inot, v))
            }
            UnaryOp::Not => {
                let v = self.scalar(x);
                Val::one(self.not(v))
            }
            UnaryOp::Addr => Val::one(self.address_of(x)),
            UnaryOp::Recv => self.receive(x, false).0,
            UnaryOp::Tilde => panic!("{}: ~ is no operator", self.name),
        }
    }

    pub fn not(&mut self, v: Value) -> Value {
        self.b.icmp_imm(IntCc::Eq, v, 0)
    }

    /// `&x`.
    fn address_of(&mut self, x: &'a ast::Expr) -> Value {
        let x = x.unparen();
        if let ExprKind::CompositeLit(_) = &x.kind {
            let ty = self.ty(x.id);
            return self.new_composite(x, ty);
        }
        let a = self.lvalue_addr(x);
        self.addr_value(a)
    }

    /// The address of an addressable expression.
    pub fn lvalue_addr(&mut self, x: &'a ast::Expr) -> Addr {
        match self.operand(x) {
            Operand::P(a) => a,
            Operand::V(Val::M(a)) => a,
            Operand::V(val) => {
                let ty = self.ty(x.id);
                if layout::size(ty) == 0 {
                    return Addr::safe(self.b.sym_addr("runtime.zerobase", 0));
                }
                panic!("{}: the address of {x:?}, which is {val:?}", self.name)
            }
        }
    }

    fn binary(&mut self, e: &'a ast::Expr, op: BinaryOp, x: &'a ast::Expr, y: &'a ast::Expr) -> Val {
        match op {
            BinaryOp::AndAnd | BinaryOp::OrOr => Val::one(self.short_circuit(op, x, y)),
            _ if op.is_comparison() => Val::one(self.comparison(op, x, y, e.pos)),
            _ if op.is_shift() => {
                let ty = self.ty(e.id);
                let a = self.expr_as(x, ty).single();
                let (count, count_ty) = self.shift_count(y);
                self.at(e.pos);
                Val::one(self.shift(op, a, ty, count, count_ty))
            }
            _ => {
                let ty = self.ty(e.id);
                if ty.basic_kind().is_some_and(|k| k.is_string()) {
                    return self.concat(e);
                }
                let a = self.expr_as(x, ty);
                let b = self.expr_as(y, ty);
                self.at(e.pos);
                self.arith(op, &a, &b, ty)
            }
        }
    }

    /// A shift's count and its type.
    pub fn shift_count(&mut self, y: &'a ast::Expr) -> (Value, Ty) {
        if let Some(c) = self.const_of(y) {
            return (self.b.i64(super::consts::to_bits(&c)), Ty::UINT64);
        }
        let ty = self.ty(y.id);
        (self.scalar(y), ty)
    }

    fn short_circuit(&mut self, op: BinaryOp, x: &'a ast::Expr, y: &'a ast::Expr) -> Value {
        let out = self.b.var(ir::Ty::I8);
        let a = self.scalar(x);
        self.b.set(out, a);
        let (more, done) = (self.b.block(), self.b.block());
        match op {
            BinaryOp::AndAnd => self.b.brif(a, more, done),
            _ => self.b.brif(a, done, more),
        }
        self.b.start(more);
        self.order_expr(y);
        let b = self.scalar(y);
        self.b.set(out, b);
        self.b.jump(done);
        self.b.start(done);
        self.b.get(out)
    }

    /// Branches on a condition.
    pub fn branch(&mut self, e: &'a ast::Expr, then: ir::Block, els: ir::Block) {
        if let Some(types::Const::Bool(b)) = self.const_of(e) {
            return self.b.jump(if b { then } else { els });
        }
        if !self.ahead.is_empty() && self.ahead.contains_key(&e.id) {
            let v = self.scalar(e);
            return self.b.brif(v, then, els);
        }
        match &e.kind {
            ExprKind::Paren(x) => self.branch(x, then, els),
            ExprKind::Unary(UnaryOp::Not, x) => self.branch(x, els, then),
            ExprKind::Binary(BinaryOp::AndAnd, x, y) => {
                let more = self.b.block();
                self.branch(x, more, els);
                self.b.start(more);
                self.branch(y, then, els);
            }
            ExprKind::Binary(BinaryOp::OrOr, x, y) => {
                let more = self.b.block();
                self.branch(x, then, more);
                self.b.start(more);
                self.branch(y, then, els);
            }
            _ => {
                self.order_expr(e);
                let v = self.scalar(e);
                self.b.brif(v, then, els);
            }
        }
    }

    /// The function an expression names, if it names one.
    pub fn callee_object(&self, e: &ast::Expr) -> Option<ObjRef> {
        match &e.unparen().kind {
            ExprKind::Name(_) => self.info().uses.get(e.unparen().id).copied(),
            ExprKind::Selector(_, sel) if !self.info().selections.contains(e.unparen().id) => {
                self.info().uses.get(sel.id).copied()
            }
            _ => None,
        }
    }
}
