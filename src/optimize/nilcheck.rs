//! Nil checks of pointers that are known not to be nil.
//!
//! Walks the dominator tree with the set of values known to be addresses: what is an address by nature, what was checked or
//! accessed on the way, what a branch compared with nil.

use std::collections::HashSet;

use cranelift_entity::SecondaryMap;

use super::Env;
use super::fold::is_address;
use crate::ir::{BinOp, Block, Dominators, Func, Inst, IntCc, Op, Value};

pub(super) fn run(func: &mut Func, _env: &Env<'_>) -> bool {
    let dom = Dominators::new(func);
    let mut children: SecondaryMap<Block, Vec<Block>> = SecondaryMap::new();
    let mut roots = Vec::new();
    for &block in &dom.rpo {
        match dom.parent(block) {
            Some(parent) => children[parent].push(block),
            None => roots.push(block),
        }
    }
    let mut n_preds: SecondaryMap<Block, u32> = SecondaryMap::new();
    for &block in &dom.rpo {
        for to in func.terminator(block).targets() {
            n_preds[to.block] += 1;
        }
    }
    let mut known: HashSet<Value> = HashSet::new();
    let mut changed = false;
    for root in roots {
        // (block, what to forget when leaving it)
        let mut stack: Vec<(Block, Option<Vec<Value>>)> = vec![(root, None)];
        while let Some((block, leave)) = stack.pop() {
            if let Some(learnt) = leave {
                learnt.iter().for_each(|v| {
                    known.remove(v);
                });
                continue;
            }
            let mut learnt = Vec::new();
            if n_preds[block] == 1
                && let Some(v) = dom.parent(block).and_then(|parent| taught_by_branch(func, parent, block))
            {
                learn(&mut known, &mut learnt, v);
            }
            changed |= visit(func, block, &mut known, &mut learnt);
            stack.push((block, Some(learnt)));
            stack.extend(children[block].iter().rev().map(|&child| (child, None)));
        }
    }
    changed
}

fn learn(known: &mut HashSet<Value>, learnt: &mut Vec<Value>, v: Value) {
    if known.insert(v) {
        learnt.push(v);
    }
}

/// The value that is not nil when `from` leads to `to`.
fn taught_by_branch(func: &Func, from: Block, to: Block) -> Option<Value> {
    let Op::Brif { cond, then, els } = func.terminator(from) else { return None };
    let Some(Op::Icmp { cc, a, b }) = func.def(*cond) else { return None };
    if func.as_const(*b) != Some(0) {
        return None;
    }
    match cc {
        IntCc::Ne if then.block == to => Some(*a),
        IntCc::Eq if els.block == to => Some(*a),
        _ => None,
    }
}

fn is_known(func: &Func, known: &HashSet<Value>, v: Value) -> bool {
    known.contains(&v) || is_address(func, v) || is_field(func, known, v)
}

/// A constant step from an address stays in the object.
fn is_field(func: &Func, known: &HashSet<Value>, v: Value) -> bool {
    match func.def(v) {
        Some(Op::Binary { op: BinOp::PtrAdd, a, b }) => {
            let (a, b) = (*a, *b);
            func.as_const(b).is_some_and(|c| c >= 0) && (known.contains(&a) || is_address(func, a))
        }
        _ => false,
    }
}

fn visit(func: &mut Func, block: Block, known: &mut HashSet<Value>, learnt: &mut Vec<Value>) -> bool {
    let mut changed = false;
    let insts = std::mem::take(&mut func.blocks[block].insts);
    let mut kept = Vec::with_capacity(insts.len());
    for (i, &inst) in insts.iter().enumerate() {
        let checked = match func.insts[inst].op {
            Op::NilCheck { ptr } => {
                if is_known(func, known, ptr)
                    || (func.handler.is_none() && next_access_checks(func, &insts[i + 1..], ptr))
                {
                    changed = true;
                    continue;
                }
                Some(ptr)
            }
            Op::Load { addr, flags, .. }
            | Op::Store { addr, flags, .. }
            | Op::StoreWb { addr, flags, .. }
                if flags.may_fault =>
            {
                Some(addr)
            }
            _ => None,
        };
        if let Some(ptr) = checked {
            if is_known(func, known, ptr) {
                if let Op::Load { flags, .. } | Op::Store { flags, .. } | Op::StoreWb { flags, .. } =
                    &mut func.insts[inst].op
                {
                    flags.may_fault = false;
                    changed = true;
                }
            } else {
                learn(known, learnt, ptr);
            }
        }
        kept.push(inst);
    }
    func.blocks[block].insts = kept;
    changed
}

/// Makes the next access of `ptr` the check, if nothing that could tell the difference comes before it.
fn next_access_checks(func: &mut Func, after: &[Inst], ptr: Value) -> bool {
    for &inst in after {
        match &mut func.insts[inst].op {
            Op::Load { addr, offset, flags, .. } | Op::Store { addr, offset, flags, .. }
                if *addr == ptr && (0..4096).contains(offset) =>
            {
                flags.may_fault = true;
                return true;
            }
            Op::NilCheck { ptr: same } if *same == ptr => {}
            op if op.is_pure() => {}
            _ => return false,
        }
    }
    false
}
