//! Builds a function block by block, and puts its variables into SSA form on the way.
//!
//! The algorithm is that of Braun et al. ("Simple and Efficient Construction of Static Single Assignment Form"): a read
//! looks for the definition in its own block, then in the predecessors; a block whose predecessors are not all known yet
//! ([`Builder::seal`]) gets a parameter that is filled in later. Parameters that turn out to be copies become aliases in
//! [`Builder::finish`].
//!
//! # What holds
//! - After a terminator no block is open; instructions may only be added to an open block.
//! - A variable never written on some path reads as zero there.

use std::sync::Arc;

use cranelift_entity::{EntityRef, PrimaryMap, SecondaryMap};
use rustc_hash::FxHashMap;

use super::entities::{Block, Inst, Loc, SigRef, Slot, Sym, Ty, Value, Var};
use super::func::{Func, LocData, Signature, ValueDef};
use super::op::{
    Alloc, BinOp, BlockCall, BoundsKind, Call, Callee, Conv, FloatCc, IntCc, MemFlags, Op, RmwOp, UnOp,
};

#[derive(Clone, Default)]
struct Preds {
    sealed: bool,
    laid_out: bool,
    /// Terminators that lead here, once per edge.
    preds: Vec<Inst>,
    /// The blocks of these.
    from: Vec<Block>,
    /// Parameters waiting for the block to be sealed.
    waiting: Vec<(Var, Value)>,
    filled: bool,
}

/// A function under construction.
pub struct Builder {
    pub func: Func,
    open: Option<Block>,
    loc: Loc,
    vars: PrimaryMap<Var, Ty>,
    defs: FxHashMap<(Var, Block), Value>,
    state: SecondaryMap<Block, Preds>,
    syms: FxHashMap<Arc<str>, Sym>,
    sigs: FxHashMap<Signature, SigRef>,
    locs: FxHashMap<(u32, i32), Loc>,
}

impl Builder {
    /// Starts a function: its entry block has the signature's parameters and is open.
    pub fn new(name: impl Into<Arc<str>>, sig: Signature) -> Builder {
        let func = Func::new(name, sig);
        let mut b = Builder {
            func,
            open: None,
            loc: Loc::new(0),
            vars: PrimaryMap::new(),
            defs: FxHashMap::default(),
            state: SecondaryMap::new(),
            syms: FxHashMap::default(),
            sigs: FxHashMap::default(),
            locs: FxHashMap::default(),
        };
        let entry = b.block();
        for ty in b.func.sig.params.clone() {
            b.func.add_param(entry, ty);
        }
        b.seal(entry);
        b.switch_to(entry);
        b
    }

    /// The function's parameters.
    pub fn params(&self) -> &[Value] {
        &self.func.blocks[Block::new(0)].params
    }

    // ── Blocks ──

    pub fn block(&mut self) -> Block {
        self.func.add_block()
    }

    pub fn cold_block(&mut self) -> Block {
        let block = self.func.add_block();
        self.func.blocks[block].cold = true;
        block
    }

    /// Opens `block`: what is added from now on goes there. The one before must have been ended.
    pub fn switch_to(&mut self, block: Block) {
        assert!(self.open.is_none(), "{}: {:?} has no terminator yet", self.func.name, self.open);
        assert!(!self.state[block].filled, "{}: {block} was filled before", self.func.name);
        if !self.state[block].laid_out {
            self.state[block].laid_out = true;
            self.func.layout.push(block);
        }
        self.open = Some(block);
    }

    /// Seals and opens.
    pub fn start(&mut self, block: Block) {
        self.seal(block);
        self.switch_to(block);
    }

    /// The open block, if control can get here.
    pub fn current(&self) -> Option<Block> {
        self.open
    }

    /// Whether control can get here.
    pub fn reachable(&self) -> bool {
        self.open.is_some()
    }

    /// After a terminator: opens a fresh block nobody leads to, so that dead code can be lowered all the same.
    pub fn dead_block(&mut self) {
        let block = self.block();
        self.start(block);
    }

    /// Says that every edge into `block` exists now.
    pub fn seal(&mut self, block: Block) {
        if std::mem::replace(&mut self.state[block].sealed, true) {
            return;
        }
        for (var, param) in std::mem::take(&mut self.state[block].waiting) {
            self.fill_param(var, block, param);
        }
    }

    /// How many edges lead to `block` so far.
    pub fn n_preds(&self, block: Block) -> usize {
        self.state[block].preds.len()
    }

    // ── Instructions ──

    pub fn set_loc(&mut self, file: u32, line: i32) {
        let func = &mut self.func;
        self.loc = *self
            .locs
            .entry((file, line))
            .or_insert_with(|| func.locs.push(LocData { file, line, site: None }));
    }

    pub fn loc(&self) -> Loc {
        self.loc
    }

    pub fn restore_loc(&mut self, loc: Loc) {
        self.loc = loc;
    }

    pub fn add(&mut self, op: Op) -> Inst {
        let block = self.open.unwrap_or_else(|| panic!("{}: no open block for {op:?}", self.func.name));
        let ends = op.is_terminator();
        let targets: Vec<Block> =
            if ends { op.targets().iter().map(|to| to.block).collect() } else { Vec::new() };
        let inst = self.func.add_inst(op, self.loc);
        self.func.blocks[block].insts.push(inst);
        if ends {
            self.open = None;
            self.state[block].filled = true;
            for to in targets {
                assert!(!self.state[to].sealed, "{}: a new edge to the sealed {to}", self.func.name);
                self.state[to].preds.push(inst);
                self.state[to].from.push(block);
            }
        }
        inst
    }

    fn add1(&mut self, op: Op) -> Value {
        let inst = self.add(op);
        self.func.insts[inst].results[0]
    }

    pub fn sym(&mut self, name: &str) -> Sym {
        if let Some(&sym) = self.syms.get(name) {
            return sym;
        }
        let name: Arc<str> = name.into();
        let sym = self.func.syms.push(name.clone());
        self.syms.insert(name, sym);
        sym
    }

    pub fn sig(&mut self, sig: Signature) -> SigRef {
        if let Some(&known) = self.sigs.get(&sig) {
            return known;
        }
        let known = self.func.sigs.push(sig.clone());
        self.sigs.insert(sig, known);
        known
    }

    pub fn iconst(&mut self, ty: Ty, imm: i64) -> Value {
        debug_assert!(ty.is_int(), "iconst of {ty}");
        let imm = match ty {
            Ty::I8 => imm as i8 as i64,
            Ty::I16 => imm as i16 as i64,
            Ty::I32 => imm as i32 as i64,
            _ => imm,
        };
        self.add1(Op::Iconst { ty, imm })
    }

    pub fn i64(&mut self, imm: i64) -> Value {
        self.iconst(Ty::I64, imm)
    }

    pub fn bool(&mut self, imm: bool) -> Value {
        self.iconst(Ty::I8, imm as i64)
    }

    pub fn nil(&mut self) -> Value {
        self.iconst(Ty::Ptr, 0)
    }

    pub fn f32const(&mut self, x: f32) -> Value {
        self.add1(Op::F32const { bits: x.to_bits() })
    }

    pub fn f64const(&mut self, x: f64) -> Value {
        self.add1(Op::F64const { bits: x.to_bits() })
    }

    /// The zero of a type.
    pub fn zero(&mut self, ty: Ty) -> Value {
        match ty {
            Ty::F32 => self.f32const(0.0),
            Ty::F64 => self.f64const(0.0),
            int => self.iconst(int, 0),
        }
    }

    pub fn sym_addr(&mut self, name: &str, offset: i64) -> Value {
        let sym = self.sym(name);
        self.add1(Op::SymAddr { sym, offset })
    }

    pub fn slot(&mut self, size: u32, align: u32) -> Slot {
        self.func.add_slot(size, align)
    }

    pub fn slot_addr(&mut self, slot: Slot, offset: u32) -> Value {
        self.add1(Op::SlotAddr { slot, offset })
    }

    pub fn binary(&mut self, op: BinOp, a: Value, b: Value) -> Value {
        self.add1(Op::Binary { op, a, b })
    }

    /// `a op imm`, the constant being of `a`'s type.
    pub fn binary_imm(&mut self, op: BinOp, a: Value, imm: i64) -> Value {
        let ty = if op == BinOp::PtrAdd { Ty::I64 } else { self.func.ty(a) };
        let b = self.iconst(ty, imm);
        self.binary(op, a, b)
    }

    pub fn iadd(&mut self, a: Value, b: Value) -> Value {
        self.binary(BinOp::Iadd, a, b)
    }

    pub fn isub(&mut self, a: Value, b: Value) -> Value {
        self.binary(BinOp::Isub, a, b)
    }

    pub fn ptr_add(&mut self, ptr: Value, off: Value) -> Value {
        self.binary(BinOp::PtrAdd, ptr, off)
    }

    /// `ptr + imm`; nothing is emitted for 0.
    pub fn ptr_add_imm(&mut self, ptr: Value, imm: i64) -> Value {
        if imm == 0 { ptr } else { self.binary_imm(BinOp::PtrAdd, ptr, imm) }
    }

    pub fn unary(&mut self, op: UnOp, a: Value) -> Value {
        self.add1(Op::Unary { op, a })
    }

    pub fn convert(&mut self, op: Conv, to: Ty, a: Value) -> Value {
        self.add1(Op::Convert { op, to, a })
    }

    pub fn icmp(&mut self, cc: IntCc, a: Value, b: Value) -> Value {
        self.add1(Op::Icmp { cc, a, b })
    }

    pub fn icmp_imm(&mut self, cc: IntCc, a: Value, imm: i64) -> Value {
        let ty = self.func.ty(a);
        let b = self.iconst(ty, imm);
        self.icmp(cc, a, b)
    }

    pub fn fcmp(&mut self, cc: FloatCc, a: Value, b: Value) -> Value {
        self.add1(Op::Fcmp { cc, a, b })
    }

    pub fn select(&mut self, cond: Value, a: Value, b: Value) -> Value {
        self.add1(Op::Select { cond, a, b })
    }

    pub fn fma(&mut self, a: Value, b: Value, c: Value) -> Value {
        self.add1(Op::Fma { a, b, c })
    }

    pub fn load(&mut self, ty: Ty, addr: Value, offset: i32, flags: MemFlags) -> Value {
        self.add1(Op::Load { ty, addr, offset, flags })
    }

    pub fn store(&mut self, addr: Value, val: Value, offset: i32, flags: MemFlags) {
        self.add(Op::Store { addr, val, offset, flags });
    }

    pub fn store_wb(&mut self, addr: Value, val: Value, offset: i32, flags: MemFlags) {
        self.add(Op::StoreWb { addr, val, offset, flags });
    }

    pub fn mem_copy(&mut self, dst: Value, src: Value, size: u64, align: u32) {
        self.add(Op::MemCopy { dst, src, size, align });
    }

    pub fn mem_zero(&mut self, dst: Value, size: u64, align: u32) {
        self.add(Op::MemZero { dst, size, align });
    }

    pub fn alloc(&mut self, ty: &str, size: u64, align: u32, noscan: bool) -> Value {
        let ty = self.sym(ty);
        self.add1(Op::Alloc(Alloc { ty, size, align, noscan }))
    }

    pub fn nil_check(&mut self, ptr: Value) {
        self.add(Op::NilCheck { ptr });
    }

    pub fn bounds_check(&mut self, kind: BoundsKind, idx: Value, len: Value, unsigned: bool) {
        self.add(Op::BoundsCheck { kind, idx, len, unsigned });
    }

    pub fn atomic_rmw(&mut self, op: RmwOp, addr: Value, val: Value) -> Value {
        self.add1(Op::AtomicRmw { op, addr, val })
    }

    /// An instruction with no operands and one result: `GetG`, `CallerPc` …
    pub fn special(&mut self, op: Op) -> Value {
        self.add1(op)
    }

    pub fn call(&mut self, call: Call) -> Vec<Value> {
        let inst = self.add(Op::Call(call));
        self.func.insts[inst].results.clone()
    }

    /// A plain call of a symbol.
    pub fn call_sym(&mut self, name: &str, sig: Signature, args: Vec<Value>) -> Vec<Value> {
        let callee = Callee::Sym(self.sym(name));
        let sig = self.sig(sig);
        self.call(Call { callee, sig, args, ctx: None, overflow: None })
    }

    pub fn jump(&mut self, to: Block) {
        self.add(Op::Jump(BlockCall::new(to)));
    }

    pub fn jump_with(&mut self, to: Block, args: Vec<Value>) {
        self.add(Op::Jump(BlockCall { block: to, args }));
    }

    pub fn brif(&mut self, cond: Value, then: Block, els: Block) {
        self.add(Op::Brif { cond, then: BlockCall::new(then), els: BlockCall::new(els) });
    }

    pub fn ret(&mut self, vals: Vec<Value>) {
        self.add(Op::Return { vals });
    }

    pub fn unreachable(&mut self) {
        self.add(Op::Unreachable);
    }

    // ── Variables ──

    pub fn var(&mut self, ty: Ty) -> Var {
        self.vars.push(ty)
    }

    pub fn var_ty(&self, var: Var) -> Ty {
        self.vars[var]
    }

    pub fn set(&mut self, var: Var, val: Value) {
        let block = self.open.unwrap_or_else(|| panic!("{}: no open block to set {var}", self.func.name));
        assert_eq!(
            self.func.ty(val),
            self.vars[var],
            "{}: {var} set to {val} of another type",
            self.func.name
        );
        self.defs.insert((var, block), val);
    }

    pub fn get(&mut self, var: Var) -> Value {
        let block = self.open.unwrap_or_else(|| panic!("{}: no open block to get {var}", self.func.name));
        self.lookup(var, block)
    }

    fn lookup(&mut self, var: Var, block: Block) -> Value {
        // A chain of single predecessors is walked in a loop, so that long straight code needs no deep stack.
        let mut at = block;
        let mut passed = Vec::new();
        let found = loop {
            if let Some(&v) = self.defs.get(&(var, at)) {
                break v;
            }
            let state = &self.state[at];
            if !state.sealed {
                let param = self.func.add_param(at, self.vars[var]);
                self.state[at].waiting.push((var, param));
                self.defs.insert((var, at), param);
                break param;
            }
            match state.from.len() {
                0 => {
                    let zero = self.zero_in(at, self.vars[var]);
                    self.defs.insert((var, at), zero);
                    break zero;
                }
                1 => {
                    passed.push(at);
                    at = state.from[0];
                }
                _ => {
                    let param = self.func.add_param(at, self.vars[var]);
                    self.defs.insert((var, at), param);
                    self.fill_param(var, at, param);
                    break param;
                }
            }
        };
        for block in passed {
            self.defs.insert((var, block), found);
        }
        found
    }

    fn fill_param(&mut self, var: Var, block: Block, param: Value) {
        debug_assert_eq!(self.func.values[param].ty, self.vars[var]);
        for i in 0..self.state[block].preds.len() {
            let (from, inst) = (self.state[block].from[i], self.state[block].preds[i]);
            let v = self.lookup(var, from);
            // One predecessor may lead here by several edges: each is listed once, in the order of `targets`.
            let nth = self.state[block].preds[..i].iter().filter(|&&p| p == inst).count();
            let mut op = std::mem::replace(&mut self.func.insts[inst].op, Op::Unreachable);
            op.targets_mut()
                .into_iter()
                .filter(|to| to.block == block)
                .nth(nth)
                .expect("an edge per predecessor")
                .args
                .push(v);
            self.func.insts[inst].op = op;
        }
    }

    /// A zero at the start of a block, for a variable nothing has set.
    fn zero_in(&mut self, block: Block, ty: Ty) -> Value {
        let op = match ty {
            Ty::F32 => Op::F32const { bits: 0 },
            Ty::F64 => Op::F64const { bits: 0 },
            ty => Op::Iconst { ty, imm: 0 },
        };
        let inst = self.func.add_inst(op, Loc::new(0));
        self.func.blocks[block].insts.insert(0, inst);
        self.func.insts[inst].results[0]
    }

    /// Ends the construction: blocks nobody leads to are dropped, parameters that only copy one value become it.
    pub fn finish(mut self) -> Func {
        assert!(self.open.is_none(), "{}: the last block has no terminator", self.func.name);
        for block in self.func.blocks.keys() {
            let state = &self.state[block];
            assert!(state.sealed || !state.laid_out, "{}: {block} was never sealed", self.func.name);
            assert!(
                state.filled || !state.laid_out && state.preds.is_empty(),
                "{}: {block} is led to but was never filled",
                self.func.name
            );
        }
        drop_unreachable(&mut self.func);
        drop_copies(&mut self.func);
        resolve_aliases(&mut self.func);
        self.func
    }
}

/// Takes blocks control cannot reach out of the layout.
pub fn drop_unreachable(func: &mut Func) {
    let mut seen: SecondaryMap<Block, bool> = SecondaryMap::new();
    let mut work = vec![func.entry()];
    work.extend(func.handler);
    while let Some(block) = work.pop() {
        if std::mem::replace(&mut seen[block], true) {
            continue;
        }
        work.extend(func.terminator(block).targets().iter().map(|to| to.block));
    }
    let (kept, dropped): (Vec<Block>, Vec<Block>) = func.layout.iter().partition(|&&block| seen[block]);
    func.layout = kept;
    for block in dropped {
        func.blocks[block].insts.clear();
        func.blocks[block].params.clear();
    }
}

/// Replaces block parameters that always receive one and the same value.
pub fn drop_copies(func: &mut Func) {
    // All arguments each parameter receives, by block: (block, position) in rows.
    let mut edges: SecondaryMap<Block, Vec<Inst>> = SecondaryMap::new();
    for &block in &func.layout {
        let last = *func.blocks[block].insts.last().expect("a finished block has a terminator");
        for to in func.insts[last].op.targets() {
            if edges[to.block].last() != Some(&last) {
                edges[to.block].push(last);
            }
        }
    }
    let entry = func.entry();
    let mut dead: SecondaryMap<Block, Vec<usize>> = SecondaryMap::new();
    loop {
        let mut changed = false;
        for b in 0..func.layout.len() {
            let block = func.layout[b];
            if block == entry {
                continue;
            }
            for i in 0..func.blocks[block].params.len() {
                let param = func.blocks[block].params[i];
                if matches!(func.values[param].def, ValueDef::Alias(_)) {
                    continue;
                }
                let mut only = None;
                let mut several = false;
                for &inst in &edges[block] {
                    for to in func.insts[inst].op.targets() {
                        if to.block != block {
                            continue;
                        }
                        let v = func.resolve(to.args[i]);
                        if v == param || Some(v) == only {
                            continue;
                        }
                        several |= only.is_some();
                        only = Some(v);
                    }
                }
                if let (Some(v), false) = (only, several) {
                    func.values[param].def = ValueDef::Alias(v);
                    dead[block].push(i);
                    changed = true;
                }
            }
        }
        if !changed {
            break;
        }
    }
    for b in 0..func.layout.len() {
        let block = func.layout[b];
        if dead[block].is_empty() {
            continue;
        }
        let mut keep = vec![true; func.blocks[block].params.len()];
        for &i in &dead[block] {
            keep[i] = false;
        }
        let mut it = keep.iter();
        func.blocks[block].params.retain(|_| *it.next().unwrap());
        for i in 0..func.blocks[block].params.len() {
            let param = func.blocks[block].params[i];
            func.values[param].def = ValueDef::Param(block, i as u32);
        }
        for &inst in &edges[block] {
            for to in func.insts[inst].op.targets_mut() {
                if to.block == block {
                    let mut it = keep.iter();
                    to.args.retain(|_| *it.next().unwrap());
                }
            }
        }
    }
}

/// Writes the values behind aliases into every operand.
pub fn resolve_aliases(func: &mut Func) {
    let Func { layout, blocks, insts, values, .. } = func;
    for &block in layout.iter() {
        for &inst in &blocks[block].insts {
            insts[inst].op.visit_mut(|v| {
                while let ValueDef::Alias(to) = values[*v].def {
                    *v = to;
                }
            });
        }
    }
}
