//! Maps and channels: all work is the runtime's, here are its calls.

use super::func::Fx;
use super::layout;
use super::val::{Addr, TyExt, Val};
use crate::ir::{self, IntCc, Value};
use crate::syntax::ast;
use crate::types::{BasicKind, Kind, Ty};

/// Elements larger than `runtime.zeroVal` need a zero of their own.
const ZERO_VAL_SIZE: u64 = 1024;
/// Keys and elements larger than this lie outside the map's groups, where the fast forms do not look
/// (internal/abi: MapMaxKeyBytes, MapMaxElemBytes).
const MAX_INLINE: u64 = 128;

/// Which specialised functions of the runtime serve a map type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fast {
    Slow,
    I32,
    I64,
    Pointer,
    Str,
}

fn fast(map: Ty) -> Fast {
    let Kind::Map(m) = map.under() else { panic!("{map:?} is no map") };
    if layout::size(m.elem) > MAX_INLINE {
        return Fast::Slow;
    }
    match m.key.under() {
        Kind::Basic(b) => match b.kind {
            BasicKind::Int32 | BasicKind::Uint32 => Fast::I32,
            BasicKind::Int | BasicKind::Uint | BasicKind::Int64 | BasicKind::Uint64 | BasicKind::Uintptr => {
                Fast::I64
            }
            BasicKind::UnsafePointer => Fast::Pointer,
            kind if kind.is_string() => Fast::Str,
            _ => Fast::Slow,
        },
        Kind::Pointer(elem) if !layout::not_in_heap(*elem) => Fast::Pointer,
        Kind::Chan(_) => Fast::Pointer,
        _ => Fast::Slow,
    }
}

impl<'a> Fx<'_, 'a> {
    pub fn make_map(&mut self, ty: Ty, hint: Value) -> Value {
        if matches!(self.b.func.as_const(hint), Some(n) if n <= 8) {
            return self.rt1("makemap_small", &[], ir::Ty::Ptr);
        }
        let desc = self.type_addr(ty);
        let nil = self.b.nil();
        self.rt1("makemap", &[desc, hint, nil], ir::Ty::Ptr)
    }

    /// `map[key]`: where the element is, or a zero; with `comma_ok` whether it was there.
    pub fn map_access(&mut self, ty: Ty, map: Value, key: &Val, comma_ok: bool) -> (Addr, Option<Value>) {
        let Kind::Map(m) = ty.under() else { panic!("{}: access to {ty:?}", self.name) };
        let desc = self.type_addr(ty);
        let which = if comma_ok { "mapaccess2" } else { "mapaccess1" };
        let results: &[ir::Ty] = if comma_ok { &[ir::Ty::Ptr, ir::Ty::I8] } else { &[ir::Ty::Ptr] };
        let out = if layout::size(m.elem) > ZERO_VAL_SIZE {
            let key = self.address_of_val(key, m.key);
            let zero = self.temp(m.elem);
            self.zero(zero, m.elem);
            let zero = self.addr_value(zero);
            self.rt(&format!("{which}_fat"), &[desc, map, key, zero], results)
        } else {
            let (suffix, args) = self.key_args(ty, key, false);
            let mut all = vec![desc, map];
            all.extend(args);
            self.rt(&format!("{which}{suffix}"), &all, results)
        };
        (Addr::safe(out[0]), out.get(1).copied())
    }

    /// Where to put the element of `key`.
    pub fn map_assign(&mut self, ty: Ty, map: Value, key: &Val) -> Addr {
        let desc = self.type_addr(ty);
        let (suffix, args) = self.key_args(ty, key, true);
        let mut all = vec![desc, map];
        all.extend(args);
        Addr::safe(self.rt1(&format!("mapassign{suffix}"), &all, ir::Ty::Ptr))
    }

    pub fn map_delete(&mut self, ty: Ty, map: Value, key: &Val) {
        let desc = self.type_addr(ty);
        let (suffix, args) = self.key_args(ty, key, false);
        let mut all = vec![desc, map];
        all.extend(args);
        self.rt(&format!("mapdelete{suffix}"), &all, &[]);
    }

    /// The suffix of the runtime's function and the key as it takes it.
    fn key_args(&mut self, ty: Ty, key: &Val, assign: bool) -> (&'static str, Vec<Value>) {
        let Kind::Map(m) = ty.under() else { panic!("{}: key of {ty:?}", self.name) };
        match fast(ty) {
            Fast::Slow => ("", vec![self.address_of_val(key, m.key)]),
            Fast::I32 => ("_fast32", vec![key.single()]),
            Fast::I64 => ("_fast64", vec![key.single()]),
            Fast::Str => ("_faststr", key.parts().to_vec()),
            Fast::Pointer if assign => ("_fast64ptr", vec![key.single()]),
            Fast::Pointer => {
                let word = self.b.convert(ir::Conv::PtrToInt, ir::Ty::I64, key.single());
                ("_fast64", vec![word])
            }
        }
    }

    // ── Channels ──

    /// `<-c`: the value, and with `comma_ok` whether one was sent.
    pub fn receive(&mut self, c: &'a ast::Expr, comma_ok: bool) -> (Val, Value) {
        let ty = self.ty(c.id);
        let chan = self.scalar(c);
        self.at(c.pos);
        self.receive_from(chan, ty.elem(), comma_ok)
    }

    pub fn receive_from(&mut self, chan: Value, elem: Ty, comma_ok: bool) -> (Val, Value) {
        let at = self.temp(elem);
        self.zero(at, elem);
        let ptr = self.addr_value(at);
        let ok = if comma_ok {
            self.rt1("chanrecv2", &[chan, ptr], ir::Ty::I8)
        } else {
            self.rt("chanrecv1", &[chan, ptr], &[]);
            self.b.bool(true)
        };
        (self.load(at, elem), ok)
    }

    pub fn send(&mut self, c: &'a ast::Expr, v: &'a ast::Expr) {
        let ty = self.ty(c.id);
        let chan = self.scalar(c);
        let val = self.expr_as(v, ty.elem());
        let at = self.address_of_val(&val, ty.elem());
        self.rt("chansend1", &[chan, at], &[]);
    }

    /// len of a map or channel: a word in its header, 0 for nil.
    pub fn header_len(&mut self, p: Value, name: &str) -> Value {
        if name != "map" {
            return self.rt1(name, &[p], ir::Ty::I64);
        }
        let out = self.b.var(ir::Ty::I64);
        let zero = self.b.i64(0);
        self.b.set(out, zero);
        let (then, done) = (self.b.block(), self.b.block());
        let some = self.b.icmp_imm(IntCc::Ne, p, 0);
        self.b.brif(some, then, done);
        self.b.start(then);
        // internal/runtime/maps.Map begins with its number of entries.
        let used = self.load_scalar(ir::Ty::I64, Addr::safe(p), 0);
        self.b.set(out, used);
        self.b.jump(done);
        self.b.start(done);
        self.b.get(out)
    }
}
