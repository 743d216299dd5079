//! Slots become values: a piece of the frame that is only loaded and stored, always by the same parts, needs no memory.
//!
//! The parts of a slot are its *cells*. A slot is given up if its address goes anywhere but into loads, stores and clears
//! at known offsets, if two accesses overlap without being equal, or if the function's handler may read it.
//! Values are then found as `ir::Builder` finds variables (Braun et al.), on a finished graph.

use std::collections::{BTreeMap, HashMap};

use cranelift_entity::SecondaryMap;

use super::Env;
use crate::ir::{self, BinOp, Block, Conv, Dominators, Func, Inst, Loc, Op, Slot, Ty, Value, ValueDef};

pub(super) fn run(func: &mut Func, _env: &Env<'_>) -> bool {
    if func.slots.is_empty() {
        return false;
    }
    ir::drop_unreachable(func);
    let Some(plan) = Plan::new(func) else { return false };
    Rewrite::new(func, plan).run();
    ir::drop_copies(func);
    ir::resolve_aliases(func);
    super::cfg::drop_dead(func);
    true
}

/// One promotable part of a slot.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct Cell {
    slot: Slot,
    offset: u32,
}

struct Plan {
    /// Where a value that is an address in a slot points.
    places: SecondaryMap<Value, Option<Cell>>,
    /// Every cell of a promotable slot with its type.
    cells: BTreeMap<Cell, Ty>,
    promoted: SecondaryMap<Slot, bool>,
}

impl Plan {
    fn new(func: &Func) -> Option<Plan> {
        let dom = Dominators::new(func);
        let mut places: SecondaryMap<Value, Option<Cell>> = SecondaryMap::new();
        let mut refused: SecondaryMap<Slot, bool> = SecondaryMap::new();
        let mut cells: BTreeMap<Cell, Ty> = BTreeMap::new();
        let mut clears: Vec<(Cell, u64)> = Vec::new();
        let after_panic = reachable_from(func, func.handler);
        for &block in &dom.rpo {
            for &inst in &func.blocks[block].insts {
                let data = &func.insts[inst];
                match &data.op {
                    Op::SlotAddr { slot, offset } => {
                        places[data.results[0]] = Some(Cell { slot: *slot, offset: *offset });
                    }
                    Op::Binary { op: BinOp::PtrAdd, a, b } => {
                        if let (Some(base), Some(by)) = (places[*a], func.as_const(*b)) {
                            match u32::try_from(i64::from(base.offset) + by) {
                                Ok(offset) => places[data.results[0]] = Some(Cell { offset, ..base }),
                                Err(_) => refused[base.slot] = true,
                            }
                        } else {
                            data.op.visit(|v| refuse(&places, &mut refused, v));
                        }
                    }
                    Op::Load { ty, addr, offset, .. } => {
                        note_access(&places, &mut refused, &mut cells, *addr, *offset, *ty);
                    }
                    Op::Store { addr, val, offset, .. } | Op::StoreWb { addr, val, offset, .. } => {
                        note_access(&places, &mut refused, &mut cells, *addr, *offset, func.ty(*val));
                        refuse(&places, &mut refused, *val);
                    }
                    Op::MemZero { dst, size, .. } => {
                        if let Some(place) = places[*dst] {
                            clears.push((place, *size));
                        }
                    }
                    Op::NilCheck { .. } => {}
                    op => op.visit(|v| refuse(&places, &mut refused, v)),
                }
                if after_panic[block] {
                    data.op.visit(|v| refuse(&places, &mut refused, v));
                }
            }
        }
        refuse_overlaps(func, &cells, &clears, &mut refused);
        let mut promoted: SecondaryMap<Slot, bool> = SecondaryMap::new();
        cells.retain(|cell, _| !refused[cell.slot]);
        for slot in func.slots.keys() {
            promoted[slot] = !refused[slot];
        }
        let any = func.slots.keys().any(|slot| promoted[slot]);
        any.then_some(Plan { places, cells, promoted })
    }

    /// The cell an access means, if its slot is promoted.
    fn cell(&self, addr: Value, offset: i32) -> Option<Cell> {
        let base = self.places[addr].filter(|base| self.promoted[base.slot])?;
        Some(Cell { offset: base.offset.wrapping_add_signed(offset), ..base })
    }
}

fn refuse(places: &SecondaryMap<Value, Option<Cell>>, refused: &mut SecondaryMap<Slot, bool>, v: Value) {
    if let Some(cell) = places[v] {
        refused[cell.slot] = true;
    }
}

fn note_access(
    places: &SecondaryMap<Value, Option<Cell>>,
    refused: &mut SecondaryMap<Slot, bool>,
    cells: &mut BTreeMap<Cell, Ty>,
    addr: Value,
    offset: i32,
    ty: Ty,
) {
    let Some(base) = places[addr] else { return };
    let Ok(offset) = u32::try_from(i64::from(base.offset) + i64::from(offset)) else {
        refused[base.slot] = true;
        return;
    };
    let known = *cells.entry(Cell { offset, ..base }).or_insert(ty);
    if known != ty && conversion(known, ty).is_none() {
        refused[base.slot] = true;
    }
}

/// How bits of one type are read as another of the same size.
fn conversion(from: Ty, to: Ty) -> Option<Conv> {
    match (from, to) {
        (Ty::I64, Ty::Ptr) => Some(Conv::IntToPtr),
        (Ty::Ptr, Ty::I64) => Some(Conv::PtrToInt),
        (Ty::I64, Ty::F64) | (Ty::F64, Ty::I64) | (Ty::I32, Ty::F32) | (Ty::F32, Ty::I32) => {
            Some(Conv::Bitcast)
        }
        _ => None,
    }
}

/// Cells of one slot must be apart, inside the slot, and cleared wholly or not at all.
fn refuse_overlaps(
    func: &Func,
    cells: &BTreeMap<Cell, Ty>,
    clears: &[(Cell, u64)],
    refused: &mut SecondaryMap<Slot, bool>,
) {
    let mut last: Option<(Slot, u64)> = None;
    for (cell, ty) in cells {
        let (start, end) = (u64::from(cell.offset), u64::from(cell.offset) + u64::from(ty.bytes()));
        if last.is_some_and(|(slot, at)| slot == cell.slot && at > start)
            || end > u64::from(func.slots[cell.slot].size)
        {
            refused[cell.slot] = true;
        }
        last = Some((cell.slot, end));
    }
    for &(place, size) in clears {
        let (from, to) = (u64::from(place.offset), u64::from(place.offset) + size);
        let all = Cell { slot: place.slot, offset: 0 }..=Cell { slot: place.slot, offset: u32::MAX };
        for (cell, ty) in cells.range(all) {
            let (start, end) = (u64::from(cell.offset), u64::from(cell.offset) + u64::from(ty.bytes()));
            let inside = from <= start && end <= to;
            if !inside && from < end && start < to {
                refused[place.slot] = true;
            }
        }
    }
}

fn reachable_from(func: &Func, root: Option<Block>) -> SecondaryMap<Block, bool> {
    let mut seen: SecondaryMap<Block, bool> = SecondaryMap::new();
    let mut work: Vec<Block> = root.into_iter().collect();
    while let Some(block) = work.pop() {
        if !std::mem::replace(&mut seen[block], true) {
            work.extend(func.terminator(block).targets().iter().map(|to| to.block));
        }
    }
    seen
}

struct Rewrite<'a> {
    func: &'a mut Func,
    plan: Plan,
    preds: SecondaryMap<Block, Vec<Block>>,
    /// The value of a cell when a block begins, and when it ends if the block sets it.
    entry: HashMap<(Cell, Block), Value>,
    exit: HashMap<(Cell, Block), Value>,
    /// Parameters whose arguments are still to be given.
    waiting: Vec<(Cell, Block)>,
    /// Zeros for what is read before it is written: they open the function.
    zeros: Vec<Inst>,
}

impl<'a> Rewrite<'a> {
    fn new(func: &'a mut Func, plan: Plan) -> Rewrite<'a> {
        let mut preds: SecondaryMap<Block, Vec<Block>> = SecondaryMap::new();
        for &block in &func.layout {
            for to in func.terminator(block).targets() {
                if !preds[to.block].contains(&block) {
                    preds[to.block].push(block);
                }
            }
        }
        let (entry, exit, waiting, zeros) = (HashMap::new(), HashMap::new(), Vec::new(), Vec::new());
        Rewrite { func, plan, preds, entry, exit, waiting, zeros }
    }

    fn run(mut self) {
        // A block with one predecessor comes after it in this order.
        for block in Dominators::new(self.func).rpo {
            self.rewrite(block);
        }
        // In the order the parameters were made, which is the order of the arguments.
        let mut next = 0;
        while let Some(&(cell, block)) = self.waiting.get(next) {
            next += 1;
            for pred in self.preds[block].clone() {
                let v = self.at_exit(cell, pred);
                let last = *self.func.blocks[pred].insts.last().expect("a finished block has a terminator");
                for to in self.func.insts[last].op.targets_mut() {
                    if to.block == block {
                        to.args.push(v);
                    }
                }
            }
        }
        let entry = self.func.entry();
        self.func.blocks[entry].insts.splice(0..0, self.zeros);
    }

    fn rewrite(&mut self, block: Block) {
        let mut kept = Vec::new();
        for inst in std::mem::take(&mut self.func.blocks[block].insts) {
            let loc = self.func.insts[inst].loc;
            match self.func.insts[inst].op {
                Op::Load { ty, addr, offset, .. } => {
                    if let Some(cell) = self.plan.cell(addr, offset) {
                        let v = match self.exit.get(&(cell, block)) {
                            Some(&v) => v,
                            None => self.at_entry(cell, block),
                        };
                        let v = self.convert(v, self.plan.cells[&cell], ty, loc, &mut kept);
                        let result = self.func.first_result(inst);
                        self.func.values[result].def = ValueDef::Alias(v);
                        continue;
                    }
                }
                Op::Store { addr, val, offset, .. } | Op::StoreWb { addr, val, offset, .. } => {
                    if let Some(cell) = self.plan.cell(addr, offset) {
                        let v = self.convert(val, self.func.ty(val), self.plan.cells[&cell], loc, &mut kept);
                        self.exit.insert((cell, block), v);
                        continue;
                    }
                }
                Op::MemZero { dst, size, .. } if self.plan.cell(dst, 0).is_some() => {
                    for cell in self.cleared(dst, size) {
                        let zero = self.zero(self.plan.cells[&cell], loc);
                        kept.push(zero);
                        self.exit.insert((cell, block), self.func.first_result(zero));
                    }
                    continue;
                }
                Op::NilCheck { ptr } if self.plan.cell(ptr, 0).is_some() => continue,
                _ => {}
            }
            kept.push(inst);
        }
        self.func.blocks[block].insts = kept;
    }

    fn cleared(&self, dst: Value, size: u64) -> Vec<Cell> {
        let Some(first) = self.plan.cell(dst, 0) else { return Vec::new() };
        let end = Cell { offset: (u64::from(first.offset) + size) as u32, ..first };
        self.plan.cells.range(first..end).map(|(&cell, _)| cell).collect()
    }

    fn zero(&mut self, ty: Ty, loc: Loc) -> Inst {
        let op = match ty {
            Ty::F32 => Op::F32const { bits: 0 },
            Ty::F64 => Op::F64const { bits: 0 },
            ty => Op::Iconst { ty, imm: 0 },
        };
        self.func.add_inst(op, loc)
    }

    fn convert(&mut self, v: Value, from: Ty, to: Ty, loc: Loc, kept: &mut Vec<Inst>) -> Value {
        if from == to {
            return v;
        }
        let op = conversion(from, to).expect("the plan has only cells whose types convert");
        let inst = self.func.add_inst(Op::Convert { op, to, a: v }, loc);
        kept.push(inst);
        self.func.first_result(inst)
    }

    fn at_exit(&mut self, cell: Cell, block: Block) -> Value {
        match self.exit.get(&(cell, block)) {
            Some(&v) => v,
            None => self.at_entry(cell, block),
        }
    }

    /// Walks up chains of single predecessors in a loop, so that long straight code needs no deep stack.
    fn at_entry(&mut self, cell: Cell, block: Block) -> Value {
        let mut at = block;
        let mut passed = Vec::new();
        let v = loop {
            if let Some(&v) = self.entry.get(&(cell, at)) {
                break v;
            }
            passed.push(at);
            let preds = &self.preds[at];
            if at == self.func.entry() || preds.is_empty() {
                let zero = self.zero(self.plan.cells[&cell], Loc::from_u32(0));
                self.zeros.push(zero);
                break self.func.first_result(zero);
            }
            if preds.len() > 1 {
                let param = self.func.add_param(at, self.plan.cells[&cell]);
                self.waiting.push((cell, at));
                break param;
            }
            at = preds[0];
            if let Some(&v) = self.exit.get(&(cell, at)) {
                break v;
            }
        };
        for at in passed {
            self.entry.insert((cell, at), v);
        }
        v
    }
}
