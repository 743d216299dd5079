//! Interfaces: making them, asking what they hold, calling through them.
//!
//! An interface is two words: for `interface{}` the type's descriptor, for others the itab; and the data, which is the value
//! itself when it is one pointer, else a pointer to it.

use std::sync::Arc;

use super::expr::Sel;
use super::func::{self, Fx};
use super::layout;
use super::val::{Addr, TyExt, Val};
use crate::ir::{self, IntCc, MethodUse, Value};
use crate::object;
use crate::syntax::ast;
use crate::types::{BasicKind, ObjRef, Signature, Ty};

/// Offsets in `internal/abi.ITab`.
const ITAB_TYPE: u64 = 8;
const ITAB_FUN: u64 = 24;

pub fn is_empty_interface(ty: Ty) -> bool {
    ty.underlying().as_interface().is_some_and(|i| i.n_methods() == 0)
}

impl<'a> Fx<'_, 'a> {
    /// The first word of an interface of type `iface` that holds a `concrete`.
    pub fn iface_tab(&mut self, concrete: Ty, iface: Ty) -> Value {
        if is_empty_interface(iface) {
            return self.type_addr(concrete);
        }
        let sym = self.cx.itab_sym(concrete, iface);
        self.b.sym_addr(&sym, 0)
    }

    /// The value behind a data word.
    pub fn iface_data(&mut self, word: Value, ty: Ty) -> Val {
        if layout::is_direct_iface(ty) {
            return Val::one(word);
        }
        self.load(Addr::safe(word), ty)
    }

    /// The descriptor in an interface's first word; nil for a nil interface.
    pub fn type_word(&mut self, tab: Value, iface: Ty) -> Value {
        if is_empty_interface(iface) {
            return tab;
        }
        let out = self.b.var(ir::Ty::Ptr);
        self.b.set(out, tab);
        let (then, done) = (self.b.block(), self.b.block());
        let some = self.b.icmp_imm(IntCc::Ne, tab, 0);
        self.b.brif(some, then, done);
        self.b.start(then);
        let ty = self.load_scalar(ir::Ty::Ptr, Addr::safe(tab), ITAB_TYPE);
        self.b.set(out, ty);
        self.b.jump(done);
        self.b.start(done);
        self.b.get(out)
    }

    /// A value as an interface.
    pub fn to_interface(&mut self, val: &Val, from: Ty, to: Ty) -> Val {
        if from.basic_kind() == Some(BasicKind::UntypedNil) {
            return self.zero_val(to);
        }
        if from.is_interface() {
            return self.iface_to_iface(val, from, to);
        }
        let tab = self.iface_tab(from, to);
        let sym = self.cx.type_sym(from);
        if !self.b.func.iface_types.contains(&sym) {
            self.b.func.iface_types.push(sym);
        }
        let data = self.boxed(val, from);
        Val::S(vec![tab, data])
    }

    fn boxed(&mut self, val: &Val, ty: Ty) -> Value {
        if layout::is_direct_iface(ty) {
            return self.disassemble(val, ty)[0];
        }
        let layout = layout::of(ty);
        if layout.size == 0 {
            return self.b.sym_addr("runtime.zerobase", 0);
        }
        if let (Val::S(parts), 1) = (val, layout.size)
            && let [byte] = parts[..]
        {
            // The runtime's table of all small numbers serves every single byte.
            let table = self.b.sym_addr("runtime.staticuint64s", 0);
            let index = self.b.convert(ir::Conv::Zext, ir::Ty::I64, byte);
            let off = self.b.binary_imm(ir::BinOp::Imul, index, 8);
            return self.b.ptr_add(table, off);
        }
        if let Some(data) = self.constant_data(val, &layout) {
            return self.b.sym_addr(&data, 0);
        }
        let ptr = self.alloc(ty);
        self.store(Addr::fresh(ptr), ty, val);
        ptr
    }

    /// A constant value as read-only data, named by its content.
    fn constant_data(&mut self, val: &Val, layout: &layout::Layout) -> Option<Arc<str>> {
        let Val::S(parts) = val else { return None };
        let mut data = object::Data::new("", object::Section::RoData, layout.align as u32, layout.size);
        for (leaf, &part) in layout.scalars().iter().zip(parts) {
            match self.b.func.def(part)? {
                ir::Op::Iconst { imm, .. } => {
                    data.put(leaf.offset, &imm.to_le_bytes()[..leaf.ty.bytes() as usize]);
                }
                ir::Op::F32const { bits } => data.put(leaf.offset, &bits.to_le_bytes()),
                ir::Op::F64const { bits } => data.put(leaf.offset, &bits.to_le_bytes()),
                ir::Op::SymAddr { sym, offset } => {
                    let target = self.b.func.syms[*sym].clone();
                    // A variable's address may change nothing, but keep to what is surely constant: strings.
                    if !target.starts_with("go:string.") {
                        return None;
                    }
                    data.put(leaf.offset, &[0; 8]);
                    data.reloc(leaf.offset, object::DataRelocKind::Abs64, target, *offset);
                }
                _ => return None,
            }
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update(&layout.align.to_le_bytes());
        hasher.update(&data.bytes);
        for r in &data.relocs {
            hasher
                .update(&r.offset.to_le_bytes())
                .update(r.target.as_bytes())
                .update(&r.addend.to_le_bytes());
        }
        data.name = format!("go:const.{}", &hasher.finalize().to_hex()[..32]).into();
        data.dup_ok = true;
        let name = data.name.clone();
        if self.cx.claim(&name) {
            self.cx.add_data(data);
        }
        Some(name)
    }

    fn iface_to_iface(&mut self, val: &Val, from: Ty, to: Ty) -> Val {
        let (tab, data) = (val.parts()[0], val.parts()[1]);
        if is_empty_interface(to) {
            return Val::S(vec![self.type_word(tab, from), data]);
        }
        // Also between types with the same methods: of each interface type and value there is one itab, and `==` compares
        // them by address.
        let ty = self.type_word(tab, from);
        let out = self.b.var(ir::Ty::Ptr);
        let nil = self.b.nil();
        self.b.set(out, nil);
        let (then, done) = (self.b.block(), self.b.block());
        let some = self.b.icmp_imm(IntCc::Ne, ty, 0);
        self.b.brif(some, then, done);
        self.b.start(then);
        let inter = self.type_addr(to);
        let itab = self.rt1("assertE2I", &[inter, ty], ir::Ty::Ptr);
        self.b.set(out, itab);
        self.b.jump(done);
        self.b.start(done);
        Val::S(vec![self.b.get(out), data])
    }

    /// `x.(to)`: the value, and with `comma_ok` whether it was one.
    pub fn type_assert(&mut self, x: &'a ast::Expr, to: Ty, comma_ok: bool) -> (Val, Value) {
        let from = self.ty(x.id);
        let val = self.expr(x);
        self.at(x.pos);
        self.assert_val(&val, from, to, comma_ok)
    }

    pub fn assert_val(&mut self, val: &Val, from: Ty, to: Ty, comma_ok: bool) -> (Val, Value) {
        let (tab, data) = (val.parts()[0], val.parts()[1]);
        if to.is_interface() {
            return self.assert_iface(tab, data, from, to, comma_ok);
        }
        let want = self.iface_tab(to, from);
        let ok = self.b.icmp(IntCc::Eq, tab, want);
        if !comma_ok {
            let (good, bad) = (self.b.block(), self.b.cold_block());
            self.b.brif(ok, good, bad);
            self.b.start(bad);
            let (want, iface) = (self.type_addr(to), self.type_addr(from));
            let name = if is_empty_interface(from) { "panicdottypeE" } else { "panicdottypeI" };
            self.rt(name, &[tab, want, iface], &[]);
            self.b.unreachable();
            self.b.start(good);
            return (self.iface_data(data, to), ok);
        }
        let out = self.choose(ok, to, |fx| fx.iface_data(data, to));
        (out, ok)
    }

    /// `f()` if the condition holds, else zero.
    pub fn choose(&mut self, cond: Value, ty: Ty, f: impl FnOnce(&mut Self) -> Val) -> Val {
        let layout = layout::of(ty);
        let (then, done) = (self.b.block(), self.b.block());
        if !layout.is_ssa() {
            let out = self.temp(ty);
            self.zero(out, ty);
            self.b.brif(cond, then, done);
            self.b.start(then);
            let val = f(self);
            self.store(out, ty, &val);
            self.b.jump(done);
            self.b.start(done);
            return Val::M(out);
        }
        let zero = self.zero_val(ty);
        let vars: Vec<ir::Var> = zero.parts().iter().map(|&z| self.keep(z)).collect();
        self.b.brif(cond, then, done);
        self.b.start(then);
        let val = f(self);
        for (&var, &part) in vars.iter().zip(val.parts()) {
            self.b.set(var, part);
        }
        self.b.jump(done);
        self.b.start(done);
        Val::S(vars.iter().map(|&v| self.b.get(v)).collect())
    }

    fn assert_iface(&mut self, tab: Value, data: Value, from: Ty, to: Ty, comma_ok: bool) -> (Val, Value) {
        let ty = self.type_word(tab, from);
        if is_empty_interface(to) {
            let ok = self.b.icmp_imm(IntCc::Ne, ty, 0);
            if !comma_ok {
                let (good, bad) = (self.b.block(), self.b.cold_block());
                self.b.brif(ok, good, bad);
                self.b.start(bad);
                let inter = self.type_addr(to);
                self.rt("panicnildottype", &[inter], &[]);
                self.b.unreachable();
                self.b.start(good);
            }
            // A nil interface has no data either, so nothing must be cleared.
            return (Val::S(vec![ty, data]), ok);
        }
        let inter = self.type_addr(to);
        if !comma_ok {
            let itab = self.rt1("assertE2I", &[inter, ty], ir::Ty::Ptr);
            return (Val::S(vec![itab, data]), itab);
        }
        let itab = self.rt1("assertE2I2", &[inter, ty], ir::Ty::Ptr);
        let ok = self.b.icmp_imm(IntCc::Ne, itab, 0);
        let nil = self.b.nil();
        let data = self.b.select(ok, data, nil);
        (Val::S(vec![itab, data]), ok)
    }

    /// Calls method `s.obj` of an interface value.
    pub fn call_method_of(&mut self, iface: &Val, iface_ty: Ty, method: ObjRef, args: &[Val]) -> Vec<Val> {
        let index = self.use_method(iface_ty, method);
        let code = self.load_scalar(ir::Ty::Ptr, Addr::deref(iface.parts()[0]), ITAB_FUN + 8 * index);
        let (params, results) = self.method_types(method);
        let mut all = vec![Val::one(iface.parts()[1])];
        all.extend_from_slice(args);
        let mut tys = vec![Ty::UNSAFE_POINTER];
        tys.extend(params);
        self.call(ir::Callee::Code(code), None, &tys, &results, &all)
    }

    /// Notes that a method is called through an interface, and gives its place in the interface.
    pub fn use_method(&mut self, iface_ty: Ty, method: ObjRef) -> u64 {
        let methods = layout::iface_methods(iface_ty);
        let at =
            methods.iter().position(|m| m.name == method.name && m.same_id(method.pkg, method.name, false));
        let at = at.unwrap_or_else(|| panic!("{}: {iface_ty:?} has no method {}", self.name, method.name));
        let name = super::typedesc::method_key(method);
        let plain = self.func_type(method);
        let sig = format!("type:{}", super::names::link_string(plain)).into();
        let used = MethodUse::Interface { name, sig };
        if !self.b.func.method_uses.contains(&used) {
            self.b.func.method_uses.push(used);
        }
        at as u64
    }

    /// The type of a method without its receiver.
    pub fn func_type(&self, method: ObjRef) -> Ty {
        let ty = self.obj_ty(method);
        let sig = ty.unalias().as_signature().expect("a method has a signature");
        Ty::signature(Signature {
            params: sig.params.clone(),
            results: sig.results.clone(),
            variadic: sig.variadic,
            ..Signature::default()
        })
    }

    /// Parameter and result types of a method or function object.
    pub fn method_types(&self, method: ObjRef) -> (Vec<Ty>, Vec<Ty>) {
        let ty = self.obj_ty(method);
        func::sig_types(ty.unalias().as_signature().expect("a method has a signature"))
    }

    /// Whether a selection ends in a method of an interface, embedded or not.
    pub fn is_interface_method(&self, s: &Sel) -> bool {
        let sig = s.obj.typ();
        let recv = sig.unalias().as_signature().and_then(|sig| sig.recv);
        recv.is_some_and(|r| self.subst(r.typ()).is_interface())
    }
}
