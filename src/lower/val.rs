//! Values while a function is lowered: a few scalars, or a place in memory that holds them; and moving them about.
//!
//! # What holds
//! - A value of a type that [`Layout::is_ssa`](super::layout::Layout::is_ssa) is [`Val::S`] with one IR value per scalar;
//!   of any other type it is [`Val::M`].
//! - `Val::M` may alias a variable: who keeps it over a store must copy it first ([`Fx::own`]).
//! - A pointer that may be nil is checked when its memory is first touched: by the access itself, or explicitly.

use super::func::Fx;
use super::layout::{self, Layout};
use crate::ir::{self, MemFlags, Op, Value};
use crate::types::Ty;

/// What is known of the memory an address points into.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mem {
    /// This function's frame, or the caller's overflow area: never a write barrier.
    Stack,
    /// A heap object made here that nothing was stored to yet.
    Fresh,
    /// Anything else.
    Other,
}

/// A place in memory.
#[derive(Clone, Copy, Debug)]
pub struct Addr {
    pub base: Value,
    pub off: i64,
    pub mem: Mem,
    /// `base` may be nil and was not checked yet.
    pub may_fault: bool,
}

impl Addr {
    pub fn stack(base: Value) -> Addr {
        Addr { base, off: 0, mem: Mem::Stack, may_fault: false }
    }

    pub fn fresh(base: Value) -> Addr {
        Addr { base, off: 0, mem: Mem::Fresh, may_fault: false }
    }

    pub fn safe(base: Value) -> Addr {
        Addr { base, off: 0, mem: Mem::Other, may_fault: false }
    }

    /// What a pointer of the program points to.
    pub fn deref(base: Value) -> Addr {
        Addr { base, off: 0, mem: Mem::Other, may_fault: true }
    }

    pub fn plus(self, off: u64) -> Addr {
        Addr { off: self.off + off as i64, ..self }
    }
}

/// A value of some type, which goes beside it.
#[derive(Clone, Debug)]
pub enum Val {
    S(Vec<Value>),
    M(Addr),
}

impl Val {
    pub fn one(v: Value) -> Val {
        Val::S(vec![v])
    }

    /// The scalars.
    pub fn parts(&self) -> &[Value] {
        match self {
            Val::S(parts) => parts,
            Val::M(_) => panic!("the value is in memory"),
        }
    }

    /// The only scalar.
    pub fn single(&self) -> Value {
        match self.parts() {
            [one] => *one,
            parts => panic!("one scalar expected, there are {}", parts.len()),
        }
    }
}

impl Fx<'_, '_> {
    /// A piece of the frame for a value of this type; not initialised.
    pub fn temp(&mut self, ty: Ty) -> Addr {
        let layout = layout::of(ty);
        self.temp_bytes(layout.size, layout.align)
    }

    pub fn temp_bytes(&mut self, size: u64, align: u64) -> Addr {
        let size = u32::try_from(size)
            .unwrap_or_else(|_| panic!("{}: a temporary of {size} bytes", self.b.func.name));
        let slot = self.b.slot(size.max(1), align as u32);
        Addr::stack(self.b.slot_addr(slot, 0))
    }

    /// The address as one value; the nil check is done.
    pub fn addr_value(&mut self, a: Addr) -> Value {
        if a.may_fault {
            self.b.nil_check(a.base);
        }
        self.b.ptr_add_imm(a.base, a.off)
    }

    /// The same place, known to be there.
    pub fn checked(&mut self, a: Addr) -> Addr {
        if a.may_fault {
            self.b.nil_check(a.base);
        }
        Addr { may_fault: false, ..a }
    }

    /// Prepares an access at `a + offset`: the base, the offset and the flags.
    fn access(&mut self, a: Addr, offset: u64) -> (Value, i32, MemFlags) {
        let off = a.off + offset as i64;
        let mut flags = MemFlags::SAFE;
        if a.may_fault {
            // With a handler a fault could not tell it which call it happened at: the check is a branch of its own.
            if (0..4096).contains(&off) && !self.has_handler() {
                flags = MemFlags::MAY_FAULT;
            } else {
                self.b.nil_check(a.base);
            }
        }
        match i32::try_from(off) {
            Ok(off) => (a.base, off, flags),
            Err(_) => {
                let base = self.b.ptr_add_imm(a.base, off);
                (base, 0, flags)
            }
        }
    }

    pub fn load_scalar(&mut self, ty: ir::Ty, a: Addr, offset: u64) -> Value {
        let (base, off, flags) = self.access(a, offset);
        self.b.load(ty, base, off, flags)
    }

    /// A store without write barrier.
    pub fn store_plain(&mut self, a: Addr, offset: u64, val: Value) {
        let (base, off, flags) = self.access(a, offset);
        self.b.store(base, val, off, flags);
    }

    pub fn store_scalar(&mut self, a: Addr, offset: u64, val: Value, barrier: bool) {
        let constant = || matches!(self.b.func.def(val), Some(Op::Iconst { .. } | Op::SymAddr { .. }));
        let needs = match a.mem {
            Mem::Stack => false,
            // The memory is zero: only the new value counts, and constants and globals are no heap objects.
            Mem::Fresh => barrier && !constant(),
            Mem::Other => barrier,
        };
        let (base, off, flags) = self.access(a, offset);
        if needs {
            self.b.store_wb(base, val, off, flags);
        } else {
            self.b.store(base, val, off, flags);
        }
    }

    /// The value at `a`: loaded, or for what is no SSA type the place itself.
    pub fn load(&mut self, a: Addr, ty: Ty) -> Val {
        let layout = layout::of(ty);
        if !layout.is_ssa() {
            return Val::M(self.checked(a));
        }
        if layout.scalars().is_empty() {
            self.checked(a);
        }
        Val::S(self.load_leaves(a, &layout))
    }

    /// Every scalar of a type that has a list of them.
    pub fn load_leaves(&mut self, mut a: Addr, layout: &Layout) -> Vec<Value> {
        let mut out = Vec::new();
        for leaf in layout.scalars() {
            out.push(self.load_scalar(leaf.ty, a, leaf.offset));
            a.may_fault = false;
        }
        out
    }

    pub fn store_leaves(&mut self, mut a: Addr, layout: &Layout, parts: &[Value]) {
        assert_eq!(parts.len(), layout.scalars().len(), "{}: scalars to store", self.b.func.name);
        for (leaf, &part) in layout.scalars().iter().zip(parts) {
            self.store_scalar(a, leaf.offset, part, leaf.barrier);
            a.may_fault = false;
        }
    }

    /// Stores a value, with the write barriers it needs.
    pub fn store(&mut self, a: Addr, ty: Ty, val: &Val) {
        let layout = layout::of(ty);
        match val {
            Val::S(_) if layout.size == 0 => {
                self.checked(a);
            }
            Val::S(parts) => self.store_leaves(a, &layout, parts),
            Val::M(src) => self.copy(a, *src, ty),
        }
    }

    /// Copies a value from memory to memory.
    pub fn copy(&mut self, dst: Addr, src: Addr, ty: Ty) {
        let layout = layout::of(ty);
        if layout.size == 0 {
            return;
        }
        if layout.is_ssa() {
            let parts = self.load_leaves(src, &layout);
            return self.store_leaves(dst, &layout, &parts);
        }
        let (to, from) = (self.addr_value(dst), self.addr_value(src));
        if layout.pointers && dst.mem != Mem::Stack {
            let desc = self.type_addr(ty);
            self.when_barrier(|fx| {
                fx.rt("wbMove", &[desc, to, from], &[]);
            });
        }
        self.b.mem_copy(to, from, layout.size, layout.align as u32);
    }

    /// Sets memory to the zero value.
    pub fn zero(&mut self, a: Addr, ty: Ty) {
        let layout = layout::of(ty);
        if layout.size == 0 || a.mem == Mem::Fresh {
            return;
        }
        if layout.is_ssa() {
            let parts: Vec<Value> = layout.scalars().iter().map(|l| self.b.zero(l.ty)).collect();
            return self.store_leaves(a, &layout, &parts);
        }
        let to = self.addr_value(a);
        if layout.pointers && a.mem != Mem::Stack {
            let desc = self.type_addr(ty);
            self.when_barrier(|fx| {
                fx.rt("wbZero", &[desc, to], &[]);
            });
        }
        self.b.mem_zero(to, layout.size, layout.align as u32);
    }

    /// Runs `f` while the collector wants to hear of pointer stores.
    fn when_barrier(&mut self, f: impl FnOnce(&mut Self)) {
        let flag = self.b.sym_addr("runtime.writeBarrier", 0);
        let on = self.b.load(ir::Ty::I32, flag, 0, MemFlags::SAFE);
        let on = self.b.icmp_imm(ir::IntCc::Ne, on, 0);
        let (then, done) = (self.b.cold_block(), self.b.block());
        self.b.brif(on, then, done);
        self.b.start(then);
        f(self);
        self.b.jump(done);
        self.b.start(done);
    }

    /// The zero value of a type.
    pub fn zero_val(&mut self, ty: Ty) -> Val {
        let layout = layout::of(ty);
        if layout.is_ssa() {
            return Val::S(layout.scalars().iter().map(|l| self.b.zero(l.ty)).collect());
        }
        let a = self.temp(ty);
        self.zero(a, ty);
        Val::M(a)
    }

    /// A copy nobody else can change.
    pub fn own(&mut self, val: Val, ty: Ty) -> Val {
        match val {
            Val::S(_) => val,
            Val::M(src) => {
                let a = self.temp(ty);
                self.copy(a, src, ty);
                Val::M(a)
            }
        }
    }

    /// The value in memory: where it is already, or in a temporary.
    pub fn in_memory(&mut self, val: &Val, ty: Ty) -> Addr {
        match val {
            Val::M(a) => *a,
            Val::S(_) => {
                let a = self.temp(ty);
                self.store(a, ty, val);
                a
            }
        }
    }

    /// The address of the value in memory, as one value.
    pub fn address_of_val(&mut self, val: &Val, ty: Ty) -> Value {
        let a = self.in_memory(val, ty);
        self.addr_value(a)
    }

    /// The scalars that make up field `i` of a struct kept in SSA form: where they begin and how many they are.
    pub fn field_range(&self, ty: Ty, i: usize) -> (usize, usize) {
        let fields = &ty.under_struct().fields;
        let count = |f: &crate::types::ObjRef| layout::of(f.typ()).scalars().len();
        let start = fields[..i].iter().map(count).sum();
        (start, count(&fields[i]))
    }

    /// Field `i` of a struct value.
    pub fn field(&mut self, val: &Val, ty: Ty, i: usize) -> Val {
        match val {
            Val::S(parts) => {
                let (start, n) = self.field_range(ty, i);
                Val::S(parts[start..start + n].to_vec())
            }
            Val::M(a) => {
                let at = a.plus(layout::of(ty).fields[i]);
                self.load(at, ty.under_struct().fields[i].typ())
            }
        }
    }

    /// A value put together from its parts in memory or registers: all scalars of an SSA value, or a temporary that holds
    /// the scalars of a larger one.
    pub fn assemble(&mut self, ty: Ty, parts: Vec<Value>) -> Val {
        let layout = layout::of(ty);
        if layout.is_ssa() {
            return Val::S(parts);
        }
        let a = self.temp(ty);
        self.store_leaves(a, &layout, &parts);
        Val::M(a)
    }

    /// All scalars of a value whose type has a list of them.
    pub fn disassemble(&mut self, val: &Val, ty: Ty) -> Vec<Value> {
        match val {
            Val::S(parts) => parts.clone(),
            Val::M(a) => {
                let layout = layout::of(ty);
                self.load_leaves(*a, &layout)
            }
        }
    }
}

/// Shapes of types asked for so often that they have short names here.
pub trait TyExt {
    fn under_struct(self) -> &'static crate::types::Struct;
    fn is_interface(self) -> bool;
    fn is_unsigned(self) -> bool;
    fn elem(self) -> Ty;
}

impl TyExt for Ty {
    fn under_struct(self) -> &'static crate::types::Struct {
        self.underlying().as_struct().unwrap_or_else(|| panic!("{self:?} is no struct"))
    }

    fn is_interface(self) -> bool {
        self.as_type_param().is_none() && self.underlying().as_interface().is_some()
    }

    fn is_unsigned(self) -> bool {
        self.basic_kind().is_some_and(|k| k.is_unsigned())
    }

    /// Of a pointer, slice, array, channel or map.
    fn elem(self) -> Ty {
        use crate::types::Kind;
        match self.under() {
            Kind::Pointer(e) | Kind::Slice(e) => *e,
            Kind::Array(a) => a.elem,
            Kind::Chan(c) => c.elem,
            Kind::Map(m) => m.elem,
            other => panic!("{other:?} has no elements"),
        }
    }
}
