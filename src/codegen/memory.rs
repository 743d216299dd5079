//! Loads, stores, copies, allocation and the write barrier.

use cranelift_codegen::cursor::Cursor;
use cranelift_codegen::ir as clif;
use cranelift_codegen::ir::InstBuilder;
use cranelift_codegen::ir::types::{I8, I8X16, I16, I32, I64};
use cranelift_codegen::isa::CallConv;
use cranelift_entity::EntityRef;

use super::func::{Translator, ty};
use crate::ir;
use crate::ir::{MemFlags, Ty};
use crate::target::abi::helper;

/// Copies and clears up to this size are written out: eight 16-byte moves are about as long as a call with its arguments.
const INLINE_COPY: u64 = 128;

impl Translator<'_> {
    /// The flags of an access, after an explicit check where the access itself cannot be one.
    fn access(&mut self, addr: ir::Value, offset: i32, flags: MemFlags) -> clif::MemFlagsData {
        if flags.may_fault && self.func.handler.is_some() {
            let addr = self.val(addr);
            self.explicit_nil_check(addr, offset);
        } else if flags.may_fault {
            return clif::MemFlagsData::new();
        }
        let data = clif::MemFlagsData::trusted();
        if flags.readonly { data.with_readonly() } else { data }
    }

    pub fn load(&mut self, t: Ty, addr: ir::Value, offset: i32, flags: MemFlags) -> clif::Value {
        let flags = self.access(addr, offset, flags);
        let addr = self.val(addr);
        self.cur.ins().load(ty(t), flags, addr, offset)
    }

    pub fn store(&mut self, addr: ir::Value, val: ir::Value, offset: i32, flags: MemFlags) {
        let flags = self.access(addr, offset, flags);
        let (addr, val) = (self.val(addr), self.val(val));
        self.cur.ins().store(flags, val, addr, offset);
    }

    /// `if runtime.writeBarrier.enabled { tell the collector }; store`.
    pub fn store_wb(&mut self, addr: ir::Value, val: ir::Value, offset: i32, flags: MemFlags) {
        let flags = self.access(addr, offset, flags);
        let (addr, val) = (self.val(addr), self.val(val));
        let plain = self.new_block();
        let barrier = self.new_cold_block();
        let flag = self.symbol(helper::WRITE_BARRIER_FLAG);
        let flag = self.sym_addr(flag, 0);
        let on = self.cur.ins().load(I32, clif::MemFlagsData::trusted(), flag, 0);
        self.cur.ins().brif(on, barrier, &[], plain, &[]);

        self.cur.goto_bottom(barrier);
        let place = if offset == 0 { addr } else { self.cur.ins().iadd_imm_s(addr, i64::from(offset)) };
        if !flags.notrap() {
            // The barrier reads the old value; a fault belongs to this function, not to the helper.
            self.cur.ins().load(I64, flags, addr, offset);
        }
        self.call_helper(helper::WRITE_BARRIER, &[place, val]);
        self.cur.ins().jump(plain, &[]);

        self.cur.goto_bottom(plain);
        self.cur.ins().store(flags, val, addr, offset);
    }

    pub fn mem_copy(&mut self, dst: ir::Value, src: ir::Value, size: u64) {
        let (dst, src) = (self.val(dst), self.val(src));
        if size > INLINE_COPY {
            let size = self.cur.ins().iconst(I64, size as i64);
            self.call_runtime("runtime.memmove", &[dst, src, size], &[]);
            return;
        }
        let flags = clif::MemFlagsData::trusted();
        // All loads come first: a slice converted to an array pointer may overlap another one.
        let loaded: Vec<(clif::Value, i32)> =
            pieces(size).map(|(t, offset)| (self.cur.ins().load(t, flags, src, offset), offset)).collect();
        for (v, offset) in loaded {
            self.cur.ins().store(flags, v, dst, offset);
        }
    }

    pub fn mem_zero(&mut self, dst: ir::Value, size: u64) {
        let dst = self.val(dst);
        if size > INLINE_COPY {
            let size = self.cur.ins().iconst(I64, size as i64);
            self.call_runtime("runtime.memclrNoHeapPointers", &[dst, size], &[]);
            return;
        }
        let flags = clif::MemFlagsData::trusted();
        for (t, offset) in pieces(size) {
            let zero = if t == I8X16 {
                let bits = self.cur.func.dfg.constants.insert(vec![0; 16].into());
                self.cur.ins().vconst(I8X16, bits)
            } else {
                self.cur.ins().iconst(t, 0)
            };
            self.cur.ins().store(flags, zero, dst, offset);
        }
    }

    pub fn alloc(&mut self, alloc: &ir::Alloc) -> clif::Value {
        let ty = self.sym_addr(alloc.ty.index() as u32, 0);
        self.call_runtime("runtime.newobject", &[ty], &[I64])[0]
    }

    /// A store nobody reads: the value, and what it points at, live until here. One byte of it is enough, and the
    /// collector does not take it for a pointer.
    pub fn keep_alive(&mut self, val: ir::Value) {
        let val = self.val(val);
        let slot = match self.keep_slot {
            Some(slot) => slot,
            None => {
                let data = clif::StackSlotData::new(clif::StackSlotKind::ExplicitSlot, 8, 3);
                let slot = self.cur.func.create_sized_stack_slot(data);
                self.keep_slot = Some(slot);
                slot
            }
        };
        let place = self.cur.ins().stack_addr(I64, slot, 0);
        let t = self.type_of(val);
        match t.is_int() && t != I8 {
            true => self.cur.ins().istore8(clif::MemFlagsData::trusted(), val, place, 0),
            false => self.cur.ins().store(clif::MemFlagsData::trusted(), val, place, 0),
        };
    }

    /// A call of a native that changes no register.
    pub fn call_helper(&mut self, name: &'static str, args: &[clif::Value]) {
        let mut sig = clif::Signature::new(CallConv::PreserveAll);
        sig.params.extend(args.iter().map(|_| clif::AbiParam::new(I64)));
        let sig = self.helper_sig(sig);
        let sym = self.symbol(name);
        let callee = self.func_ref(sym, sig);
        self.cur.ins().call(callee, args);
    }
}

/// The accesses that cover `size` bytes: as large as possible, the last ones smaller.
fn pieces(size: u64) -> impl Iterator<Item = (clif::Type, i32)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let left = size - at;
        let (t, bytes) = match left {
            0 => return None,
            1 => (I8, 1),
            2..4 => (I16, 2),
            4..8 => (I32, 4),
            8..16 => (I64, 8),
            _ => (I8X16, 16),
        };
        let offset = at as i32;
        at += bytes;
        Some((t, offset))
    })
}
