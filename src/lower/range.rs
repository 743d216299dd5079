//! `for range` over everything but functions.

use super::consts;
use super::func::Fx;
use super::layout;
use super::val::{Addr, TyExt, Val};
use crate::ir::{self, BinOp, Block, IntCc, Value, Var};
use crate::syntax::ast;
use crate::types::{Kind, Ty};

/// Bytes of `internal/runtime/maps.Iter`; it begins with the key's and the element's address.
const MAP_ITER_SIZE: u64 = 96;

/// The blocks of a loop.
struct Loop {
    head: Block,
    cont: Block,
    done: Block,
}

impl<'a> Fx<'_, 'a> {
    pub fn range_stmt(&mut self, r: &'a ast::RangeStmt, label: Option<ast::Name>) {
        let xt = self.ty(r.x.id);
        match xt.under() {
            Kind::Basic(b) if b.kind.is_string() => self.range_string(r, label),
            Kind::Basic(_) => self.range_int(r, label, xt),
            Kind::Slice(elem) => {
                if let Some(s) = self.ranged_string(&r.x) {
                    return self.range_elems(r, label, Some(s.parts()[0]), s.parts()[1], *elem);
                }
                let s = self.expr(&r.x);
                let (ptr, len) = (s.parts()[0], s.parts()[1]);
                self.range_elems(r, label, Some(ptr), len, *elem);
            }
            Kind::Pointer(array) => {
                let Kind::Array(a) = array.under() else { panic!("{}: range over {xt:?}", self.name) };
                let p = self.scalar(&r.x);
                let len = self.b.i64(a.len());
                if r.value.as_ref().is_some_and(|v| !is_blank(v)) && a.len() > 0 {
                    self.b.nil_check(p);
                }
                self.range_elems(r, label, Some(p), len, a.elem);
            }
            Kind::Array(a) => {
                let len = self.b.i64(a.len());
                // The loop runs over a copy, which is needed only if values are looked at.
                let ptr = match r.value.as_ref().filter(|v| !is_blank(v)) {
                    Some(_) => {
                        let val = self.expr(&r.x);
                        let copy = self.own(val, xt);
                        Some(self.address_of_val(&copy, xt))
                    }
                    None => {
                        self.discard(&r.x);
                        None
                    }
                };
                self.range_elems(r, label, ptr, len, a.elem);
            }
            Kind::Map(m) => self.range_map(r, label, xt, m.key, m.elem),
            Kind::Chan(c) => self.range_chan(r, label, c.elem),
            Kind::Signature(_) => self.range_func(r, label, xt),
            other => panic!("{}: range over {other:?}", self.name),
        }
    }

    /// Sets the loop's variables for one iteration.
    pub fn set_range_vars(&mut self, r: &'a ast::RangeStmt, vals: &[(Val, Ty)]) {
        let targets = [r.key.as_ref(), r.value.as_ref()];
        if r.define {
            for (x, (val, from)) in targets.into_iter().zip(vals) {
                let Some(x) = x.filter(|x| !is_blank(x)) else { continue };
                let Some(Some(obj)) = self.info().defs.get(x.id).copied() else { continue };
                let ty = self.obj_ty(obj);
                let val = self.assignable(val.clone(), *from, ty);
                let key = self.facts.key(obj);
                self.declare(key, ty, Some(&val));
            }
            return;
        }
        let mut places = Vec::new();
        for (x, val) in targets.into_iter().zip(vals) {
            let Some(x) = x.filter(|x| !is_blank(x)) else { continue };
            places.push((self.place(x), self.ty(x.id), val));
        }
        for (place, ty, (val, from)) in places {
            let val = self.assignable(val.clone(), *from, ty);
            self.write(&place, ty, &val);
        }
    }

    fn open_loop(&mut self) -> Loop {
        let (head, cont, done) = (self.b.block(), self.b.block(), self.b.block());
        self.b.jump(head);
        self.b.switch_to(head);
        Loop { head, cont, done }
    }

    /// Runs the loop's body; afterwards the continue block is open.
    fn loop_body(&mut self, r: &'a ast::RangeStmt, label: Option<ast::Name>, l: &Loop) {
        self.push_target(label, l.done, Some(l.cont));
        self.stmts(&r.body.stmts);
        self.pop_target();
        self.jump_if_reachable(l.cont);
        self.b.start(l.cont);
        self.at(r.range_pos);
    }

    fn close_loop(&mut self, l: Loop) {
        self.b.jump(l.head);
        self.b.seal(l.head);
        self.b.start(l.done);
    }

    fn add_to(&mut self, var: Var, n: i64) {
        let at = self.b.get(var);
        let next = self.b.binary_imm(BinOp::Iadd, at, n);
        self.b.set(var, next);
    }

    fn range_int(&mut self, r: &'a ast::RangeStmt, label: Option<ast::Name>, xt: Ty) {
        // An untyped bound takes the type of the variable.
        let ty = match &r.key {
            Some(key) if !is_blank(key) => match self.info().defs.get(key.id) {
                Some(Some(obj)) => self.obj_ty(*obj),
                _ => self.ty(key.id),
            },
            _ if xt.basic_kind().is_some_and(|k| k.is_untyped()) => Ty::INT,
            _ => xt,
        };
        let n = match self.const_of(&r.x) {
            Some(c) => {
                let leaf = layout::of(ty).scalars()[0].ty;
                self.b.iconst(leaf, consts::to_bits(&c))
            }
            None => self.scalar(&r.x),
        };
        let leaf = self.b.func.ty(n);
        let i = self.counter(leaf);
        let l = self.open_loop();
        let at = self.b.get(i);
        let cc = if ty.is_unsigned() { IntCc::Ult } else { IntCc::Slt };
        let more = self.b.icmp(cc, at, n);
        let body = self.b.block();
        self.b.brif(more, body, l.done);
        self.b.start(body);
        self.set_range_vars(r, &[(Val::one(at), ty)]);
        self.loop_body(r, label, &l);
        self.add_to(i, 1);
        self.close_loop(l);
    }

    fn range_elems(
        &mut self,
        r: &'a ast::RangeStmt,
        label: Option<ast::Name>,
        ptr: Option<Value>,
        len: Value,
        elem: Ty,
    ) {
        let i = self.counter(ir::Ty::I64);
        let l = self.open_loop();
        let at = self.b.get(i);
        let more = self.b.icmp(IntCc::Slt, at, len);
        let body = self.b.block();
        self.b.brif(more, body, l.done);
        self.b.start(body);
        let mut vals = vec![(Val::one(at), Ty::INT)];
        if let (Some(ptr), Some(value)) = (ptr, &r.value)
            && !is_blank(value)
        {
            let a = self.elem_addr(Addr::safe(ptr), elem, at);
            let val = self.load(a, elem);
            vals.push((self.own(val, elem), elem));
        }
        self.set_range_vars(r, &vals);
        self.loop_body(r, label, &l);
        self.add_to(i, 1);
        self.close_loop(l);
    }

    fn range_string(&mut self, r: &'a ast::RangeStmt, label: Option<ast::Name>) {
        let s = match self.const_of(&r.x) {
            Some(c) => self.constant(&c, Ty::STRING),
            None => self.expr(&r.x),
        };
        let (ptr, len) = (s.parts()[0], s.parts()[1]);
        let (i, next, rune) =
            (self.counter(ir::Ty::I64), self.counter(ir::Ty::I64), self.counter(ir::Ty::I32));
        let l = self.open_loop();
        let at = self.b.get(i);
        let more = self.b.icmp(IntCc::Slt, at, len);
        let body = self.b.block();
        self.b.brif(more, body, l.done);
        self.b.start(body);
        let a = self.b.ptr_add(ptr, at);
        let byte = self.load_scalar(ir::Ty::I8, Addr::safe(a), 0);
        let wide = self.b.convert(ir::Conv::Zext, ir::Ty::I32, byte);
        self.b.set(rune, wide);
        let after = self.b.binary_imm(BinOp::Iadd, at, 1);
        self.b.set(next, after);
        let (multi, ready) = (self.b.block(), self.b.block());
        let ascii = self.b.icmp_imm(IntCc::Ult, wide, 0x80);
        self.b.brif(ascii, ready, multi);
        self.b.start(multi);
        let out = self.rt("decoderune", &[ptr, len, at], &[ir::Ty::I32, ir::Ty::I64]);
        self.b.set(rune, out[0]);
        self.b.set(next, out[1]);
        self.b.jump(ready);
        self.b.start(ready);
        let value = self.b.get(rune);
        self.set_range_vars(r, &[(Val::one(at), Ty::INT), (Val::one(value), Ty::RUNE)]);
        self.loop_body(r, label, &l);
        let after = self.b.get(next);
        self.b.set(i, after);
        self.close_loop(l);
    }

    fn range_map(&mut self, r: &'a ast::RangeStmt, label: Option<ast::Name>, xt: Ty, key: Ty, elem: Ty) {
        let map = self.scalar(&r.x);
        let iter = self.zero_bytes(MAP_ITER_SIZE, 8);
        let iter_ptr = self.addr_value(iter);
        let iter_var = self.keep(iter_ptr);
        let desc = self.type_addr(xt);
        self.rt("mapIterStart", &[desc, map, iter_ptr], &[]);
        let l = self.open_loop();
        let it = Addr::stack(self.b.get(iter_var));
        let key_ptr = self.load_scalar(ir::Ty::Ptr, it, 0);
        let more = self.b.icmp_imm(IntCc::Ne, key_ptr, 0);
        let body = self.b.block();
        self.b.brif(more, body, l.done);
        self.b.start(body);
        let mut vals = Vec::new();
        if r.key.is_some() {
            let val = self.load(Addr::safe(key_ptr), key);
            vals.push((self.own(val, key), key));
        }
        if r.value.as_ref().is_some_and(|v| !is_blank(v)) {
            let elem_ptr = self.load_scalar(ir::Ty::Ptr, it, 8);
            let val = self.load(Addr::safe(elem_ptr), elem);
            vals.push((self.own(val, elem), elem));
        }
        self.set_range_vars(r, &vals);
        self.loop_body(r, label, &l);
        let it = self.b.get(iter_var);
        self.rt("mapIterNext", &[it], &[]);
        self.close_loop(l);
    }

    fn range_chan(&mut self, r: &'a ast::RangeStmt, label: Option<ast::Name>, elem: Ty) {
        let chan = self.scalar(&r.x);
        let l = self.open_loop();
        let (val, ok) = self.receive_from(chan, elem, true);
        let body = self.b.block();
        self.b.brif(ok, body, l.done);
        self.b.start(body);
        self.set_range_vars(r, &[(val, elem)]);
        self.loop_body(r, label, &l);
        self.close_loop(l);
    }
}

pub fn is_blank(e: &ast::Expr) -> bool {
    matches!(&e.unparen().kind, ast::ExprKind::Name(n) if &**n == "_")
}
