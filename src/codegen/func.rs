//! Walks a function and writes CLIF.
//!
//! Blocks are translated in reverse postorder, so that every value is known before its uses, and laid out in the IR's
//! order, cold ones last. An IR block becomes several CLIF blocks where a check, a write barrier or a `try_call` splits it.

use std::collections::HashMap;
use std::sync::Arc;

use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::ir as clif;
use cranelift_codegen::ir::InstBuilder;
use cranelift_codegen::ir::types::{F32, F64, I8, I16, I32, I64};
use cranelift_codegen::isa::CallConv;
use cranelift_entity::{EntityRef, SecondaryMap};

use super::{Backend, RuntimeLayout};
use crate::ir;
use crate::ir::{Op, Ty};

/// Translation of one function: the state every part of it shares.
pub(super) struct Translator<'a> {
    pub func: &'a ir::Func,
    pub layout: RuntimeLayout,
    pub cur: FuncCursor<'a>,
    /// Every symbol named, the function's own table first.
    pub syms: Vec<Arc<str>>,
    pub extra_syms: HashMap<&'static str, u32>,
    pub values: SecondaryMap<ir::Value, Option<clif::Value>>,
    pub blocks: SecondaryMap<ir::Block, Option<clif::Block>>,
    pub slots: SecondaryMap<ir::Slot, Option<clif::StackSlot>>,
    pub sigs: SecondaryMap<ir::SigRef, Option<clif::SigRef>>,
    pub funcs: HashMap<(u32, clif::SigRef), clif::FuncRef>,
    pub globals: HashMap<(u32, i64), clif::GlobalValue>,
    /// Where `keep_alive` stores to.
    pub keep_slot: Option<clif::StackSlot>,
}

/// Fills `out`; returns the table the names in it index.
pub(super) fn translate(func: &ir::Func, backend: &Backend, out: &mut clif::Function) -> Vec<Arc<str>> {
    out.signature = signature(&func.sig);
    let mut tr = Translator {
        func,
        layout: backend.layout,
        cur: FuncCursor::new(out),
        syms: func.syms.values().cloned().collect(),
        extra_syms: HashMap::new(),
        values: SecondaryMap::new(),
        blocks: SecondaryMap::new(),
        slots: SecondaryMap::new(),
        sigs: SecondaryMap::new(),
        funcs: HashMap::new(),
        globals: HashMap::new(),
        keep_slot: None,
    };
    let dom = ir::Dominators::new(func);
    tr.lay_out(&dom);
    let polls = super::control::back_edges_to_poll(func, &dom);
    for &block in &dom.rpo {
        tr.block(block, polls.contains(&block));
    }
    tr.syms
}

/// The CLIF type of an IR type.
pub(super) fn ty(ty: Ty) -> clif::Type {
    match ty {
        Ty::I8 => I8,
        Ty::I16 => I16,
        Ty::I32 => I32,
        Ty::I64 | Ty::Ptr => I64,
        Ty::F32 => F32,
        Ty::F64 => F64,
    }
}

pub(super) fn signature(sig: &ir::Signature) -> clif::Signature {
    let conv = match sig.conv {
        ir::CallConv::Go => CallConv::Tail,
        ir::CallConv::Winch => CallConv::Winch,
    };
    let mut out = clif::Signature::new(conv);
    out.params.extend(sig.params.iter().map(|&t| clif::AbiParam::new(ty(t))));
    out.returns.extend(sig.results.iter().map(|&t| clif::AbiParam::new(ty(t))));
    out
}

impl Translator<'_> {
    /// Creates every reachable block with its parameters.
    fn lay_out(&mut self, dom: &ir::Dominators) {
        let func = self.func;
        for &block in func.layout.iter().filter(|&&b| dom.reachable(b)) {
            let new = self.cur.func.dfg.make_block();
            self.cur.func.layout.append_block(new);
            if func.blocks[block].cold {
                self.cur.func.layout.set_cold(new);
            }
            for &param in &func.blocks[block].params {
                let v = self.cur.func.dfg.append_block_param(new, ty(func.ty(param)));
                self.values[param] = Some(v);
            }
            self.blocks[block] = Some(new);
        }
    }

    /// Slots that nothing names take no room.
    fn slot(&mut self, slot: ir::Slot) -> clif::StackSlot {
        if let Some(known) = self.slots[slot] {
            return known;
        }
        let data = self.func.slots[slot];
        let kind = clif::StackSlotKind::ExplicitSlot;
        // Cranelift aligns the frame to 16; more is not asked for.
        let align = data.align.clamp(1, 16).trailing_zeros() as u8;
        let new = self.cur.func.create_sized_stack_slot(clif::StackSlotData::new(kind, data.size, align));
        self.slots[slot] = Some(new);
        new
    }

    fn block(&mut self, block: ir::Block, poll: bool) {
        let func = self.func;
        let at = self.target(block);
        self.cur.goto_bottom(at);
        let insts = &func.blocks[block].insts;
        if block == func.entry() {
            self.prologue(insts);
        }
        for &inst in insts {
            let data = &func.insts[inst];
            self.cur.set_srcloc(clif::SourceLoc::new(data.loc.index() as u32));
            if poll && data.op.is_terminator() {
                self.poll();
            }
            self.inst(&data.op, &data.results);
        }
    }

    /// What must be read before anything can call comes first, then the stack check.
    fn prologue(&mut self, insts: &[ir::Inst]) {
        let func = self.func;
        self.cur.set_srcloc(clif::SourceLoc::new(0));
        for &inst in insts {
            let data = &func.insts[inst];
            let offset = match data.op {
                Op::ClosurePtr => self.layout.ctx,
                Op::OverflowPtr => self.layout.overflow,
                _ => continue,
            };
            let v = self.load_g(I64, offset);
            self.values[data.results[0]] = Some(v);
        }
        if !func.attrs.nosplit {
            self.poll();
        }
    }

    pub fn target(&self, block: ir::Block) -> clif::Block {
        self.blocks[block].unwrap_or_else(|| panic!("{}: {block} is not laid out", self.func.name))
    }

    pub fn val(&self, v: ir::Value) -> clif::Value {
        self.values[v].unwrap_or_else(|| panic!("{}: {v} is used before it is defined", self.func.name))
    }

    pub fn vals(&self, vs: &[ir::Value]) -> Vec<clif::Value> {
        vs.iter().map(|&v| self.val(v)).collect()
    }

    /// A fresh block right after the current one, and one at the end for what is rarely done.
    pub fn new_block(&mut self) -> clif::Block {
        let new = self.cur.func.dfg.make_block();
        let here = self.cur.current_block().expect("a block is open");
        self.cur.func.layout.insert_block_after(new, here);
        new
    }

    pub fn new_cold_block(&mut self) -> clif::Block {
        let new = self.cur.func.dfg.make_block();
        self.cur.func.layout.append_block(new);
        self.cur.func.layout.set_cold(new);
        new
    }

    pub fn symbol(&mut self, name: &'static str) -> u32 {
        let syms = &mut self.syms;
        *self.extra_syms.entry(name).or_insert_with(|| {
            syms.push(name.into());
            syms.len() as u32 - 1
        })
    }

    pub fn user_name(&mut self, sym: u32) -> clif::ExternalName {
        let name = clif::UserExternalName { namespace: 0, index: sym };
        clif::ExternalName::user(self.cur.func.declare_imported_user_function(name))
    }

    pub fn sym_addr(&mut self, sym: u32, offset: i64) -> clif::Value {
        let global = match self.globals.get(&(sym, offset)) {
            Some(&known) => known,
            None => {
                let name = self.user_name(sym);
                let data = clif::GlobalValueData::Symbol {
                    name,
                    offset: offset.into(),
                    colocated: true,
                    tls: false,
                };
                let new = self.cur.func.create_global_value(data);
                self.globals.insert((sym, offset), new);
                new
            }
        };
        self.cur.ins().symbol_value(I64, global)
    }

    pub fn load_g(&mut self, ty: clif::Type, offset: i32) -> clif::Value {
        let g = self.cur.ins().get_pinned_reg(I64);
        self.cur.ins().load(ty, clif::MemFlagsData::trusted(), g, offset)
    }

    pub fn store_g(&mut self, val: clif::Value, offset: i32) {
        let g = self.cur.ins().get_pinned_reg(I64);
        self.cur.ins().store(clif::MemFlagsData::trusted(), val, g, offset);
    }

    fn inst(&mut self, op: &Op, results: &[ir::Value]) {
        let one = match op {
            Op::Iconst { ty: t, imm } => {
                let t = ty(*t);
                let bits = t.bits();
                let imm = if bits == 64 { *imm } else { *imm & ((1 << bits) - 1) };
                self.cur.ins().iconst(t, imm)
            }
            Op::F32const { bits } => self.cur.ins().f32const(clif::immediates::Ieee32::with_bits(*bits)),
            Op::F64const { bits } => self.cur.ins().f64const(clif::immediates::Ieee64::with_bits(*bits)),
            Op::SymAddr { sym, offset } => self.sym_addr(sym.index() as u32, *offset),
            Op::SlotAddr { slot, offset } => {
                let slot = self.slot(*slot);
                self.cur.ins().stack_addr(I64, slot, *offset as i32)
            }
            Op::Binary { op, a, b } => self.binary(*op, *a, *b),
            Op::Unary { op, a } => self.unary(*op, *a),
            Op::Convert { op, to, a } => self.convert(*op, *to, *a),
            Op::Icmp { cc, a, b } => {
                let (a, b) = (self.val(*a), self.val(*b));
                self.cur.ins().icmp(super::arith::int_cc(*cc), a, b)
            }
            Op::Fcmp { cc, a, b } => {
                let (a, b) = (self.val(*a), self.val(*b));
                self.cur.ins().fcmp(super::arith::float_cc(*cc), a, b)
            }
            Op::Select { cond, a, b } => {
                let (cond, a, b) = (self.val(*cond), self.val(*a), self.val(*b));
                self.cur.ins().select(cond, a, b)
            }
            Op::Fma { a, b, c } => self.fma(*a, *b, *c),
            Op::AddCarry { a, b, carry } => return self.add_carry(*a, *b, *carry, results),
            Op::SubBorrow { a, b, borrow } => return self.sub_borrow(*a, *b, *borrow, results),
            Op::Load { ty: t, addr, offset, flags } => self.load(*t, *addr, *offset, *flags),
            Op::Store { addr, val, offset, flags } => return self.store(*addr, *val, *offset, *flags),
            Op::StoreWb { addr, val, offset, flags } => return self.store_wb(*addr, *val, *offset, *flags),
            Op::MemCopy { dst, src, size, .. } => return self.mem_copy(*dst, *src, *size),
            Op::MemZero { dst, size, .. } => return self.mem_zero(*dst, *size),
            Op::Alloc(alloc) => self.alloc(alloc),
            Op::NilCheck { ptr } => return self.nil_check(*ptr),
            Op::BoundsCheck { kind, idx, len, unsigned } => {
                return self.bounds_check(*kind, *idx, *len, *unsigned);
            }
            Op::DivCheck { val } => return self.div_check(*val),
            Op::ShiftCheck { val } => return self.shift_check(*val),
            Op::Call(call) => return self.call(call, results),
            Op::AtomicLoad { ty: t, addr } => {
                let addr = self.val(*addr);
                self.cur.ins().atomic_load(ty(*t), clif::MemFlagsData::new(), addr)
            }
            Op::AtomicStore { addr, val } => {
                let (addr, val) = (self.val(*addr), self.val(*val));
                self.cur.ins().atomic_store(clif::MemFlagsData::new(), val, addr);
                return;
            }
            Op::AtomicRmw { op, addr, val } => self.atomic_rmw(*op, *addr, *val),
            Op::AtomicCas { addr, old, new } => {
                let (addr, old, new) = (self.val(*addr), self.val(*old), self.val(*new));
                let found = self.cur.ins().atomic_cas(clif::MemFlagsData::new(), addr, old, new);
                self.cur.ins().icmp(clif::condcodes::IntCC::Equal, found, old)
            }
            Op::Fence => {
                self.cur.ins().fence();
                return;
            }
            Op::GetG => self.cur.ins().get_pinned_reg(I64),
            Op::CallerPc => self.cur.ins().get_return_address(I64),
            Op::CallerSp => {
                // The saved frame pointer and the return address lie between.
                let fp = self.cur.ins().get_frame_pointer(I64);
                self.cur.ins().iadd_imm_s(fp, 16)
            }
            Op::FramePtr => self.cur.ins().get_frame_pointer(I64),
            Op::ClosurePtr | Op::OverflowPtr => return,
            Op::KeepAlive { val } => return self.keep_alive(*val),
            Op::Jump(to) => {
                let (block, args) = self.branch(to);
                self.cur.ins().jump(block, &args);
                return;
            }
            Op::Brif { cond, then, els } => {
                let cond = self.val(*cond);
                let (then, then_args) = self.branch(then);
                let (els, els_args) = self.branch(els);
                self.cur.ins().brif(cond, then, &then_args, els, &els_args);
                return;
            }
            Op::Switch { val, cases, default } => return self.switch(*val, cases, default),
            Op::Return { vals } => {
                let vals = self.vals(vals);
                self.cur.ins().return_(&vals);
                return;
            }
            Op::TailCall(call) => return self.tail_call(call),
            Op::Unreachable => {
                self.cur.ins().trap(super::check::UNREACHABLE);
                return;
            }
        };
        self.values[results[0]] = Some(one);
    }

    pub fn branch(&self, to: &ir::BlockCall) -> (clif::Block, Vec<clif::BlockArg>) {
        (self.target(to.block), to.args.iter().map(|&v| self.val(v).into()).collect())
    }
}
