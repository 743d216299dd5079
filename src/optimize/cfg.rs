//! Control flow made simpler: branches that are decided, blocks that only jump, chains of blocks, dead instructions.

use cranelift_entity::SecondaryMap;

use super::Env;
use crate::ir::{self, Block, BlockCall, Func, Op, Value, ValueDef};

pub(super) fn run(func: &mut Func, _env: &Env<'_>) -> bool {
    let mut any = false;
    loop {
        let mut changed = decide_branches(func);
        if changed {
            ir::drop_unreachable(func);
        }
        changed |= skip_empty(func);
        changed |= merge_chains(func);
        if !changed {
            break;
        }
        ir::drop_unreachable(func);
        ir::drop_copies(func);
        ir::resolve_aliases(func);
        any = true;
    }
    any |= drop_dead(func);
    any
}

/// Branches on constants, and branches whose ways are one.
fn decide_branches(func: &mut Func) -> bool {
    let mut changed = false;
    for b in 0..func.layout.len() {
        let block = func.layout[b];
        let last = *func.blocks[block].insts.last().expect("a finished block has a terminator");
        let decided = match &func.insts[last].op {
            Op::Brif { then, els, .. } if then == els => Some(then.clone()),
            Op::Brif { cond, then, els } => {
                func.as_const(*cond).map(|c| if c & 0xff != 0 { then.clone() } else { els.clone() })
            }
            Op::Switch { val, cases, default } => func
                .as_const(*val)
                .map(|c| cases.iter().find(|(case, _)| *case == c).map_or(default, |(_, to)| to).clone()),
            _ => None,
        };
        if let Some(to) = decided {
            func.insts[last].op = Op::Jump(to);
            changed = true;
        }
    }
    changed
}

/// Leads edges to blocks that only jump on straight to where these go.
fn skip_empty(func: &mut Func) -> bool {
    let mut onward: SecondaryMap<Block, Option<BlockCall>> = SecondaryMap::new();
    let mut any = false;
    for &block in &func.layout {
        let data = &func.blocks[block];
        if block == func.entry()
            || Some(block) == func.handler
            || !data.params.is_empty()
            || data.insts.len() != 1
        {
            continue;
        }
        if let Op::Jump(to) = &func.insts[data.insts[0]].op
            && to.block != block
            // A loop of empty blocks leads nowhere else.
            && onward[to.block].is_none()
        {
            onward[block] = Some(to.clone());
            any = true;
        }
    }
    if !any {
        return false;
    }
    let mut changed = false;
    let Func { layout, blocks, insts, .. } = func;
    for &block in layout.iter() {
        let last = *blocks[block].insts.last().expect("a finished block has a terminator");
        for to in insts[last].op.targets_mut() {
            if let Some(next) = &onward[to.block]
                && next.block != block
            {
                *to = next.clone();
                changed = true;
            }
        }
    }
    changed
}

/// Appends a block to its only predecessor when that leads nowhere else.
fn merge_chains(func: &mut Func) -> bool {
    let mut n_preds: SecondaryMap<Block, u32> = SecondaryMap::new();
    for &block in &func.layout {
        for to in func.terminator(block).targets() {
            n_preds[to.block] += 1;
        }
    }
    let mut gone: SecondaryMap<Block, bool> = SecondaryMap::new();
    let mut changed = false;
    for b in 0..func.layout.len() {
        let block = func.layout[b];
        if gone[block] {
            continue;
        }
        loop {
            let last = *func.blocks[block].insts.last().expect("a finished block has a terminator");
            let Op::Jump(to) = &func.insts[last].op else { break };
            let next = to.block;
            if n_preds[next] != 1 || next == block || next == func.entry() || Some(next) == func.handler {
                break;
            }
            let args = to.args.clone();
            let params = std::mem::take(&mut func.blocks[next].params);
            for (param, arg) in params.into_iter().zip(args) {
                func.values[param].def = ValueDef::Alias(arg);
            }
            func.blocks[block].insts.pop();
            let rest = std::mem::take(&mut func.blocks[next].insts);
            func.blocks[block].insts.extend(rest);
            gone[next] = true;
            changed = true;
        }
    }
    if changed {
        func.layout.retain(|&block| !gone[block]);
        ir::resolve_aliases(func);
    }
    changed
}

/// Removes instructions and block parameters nobody reads.
pub(super) fn drop_dead(func: &mut Func) -> bool {
    let mut live: SecondaryMap<Value, bool> = SecondaryMap::new();
    let mut work: Vec<Value> = Vec::new();
    let mut see = |v: Value, work: &mut Vec<Value>| {
        if !std::mem::replace(&mut live[v], true) {
            work.push(v);
        }
    };
    // What an edge passes to a parameter: counted only when the parameter is live.
    let mut incoming: SecondaryMap<Value, Vec<Value>> = SecondaryMap::new();
    for &block in &func.layout {
        for &inst in &func.blocks[block].insts {
            let op = &func.insts[inst].op;
            match op {
                Op::Jump(_) | Op::Brif { .. } | Op::Switch { .. } => {
                    match op {
                        Op::Brif { cond, .. } => see(*cond, &mut work),
                        Op::Switch { val, .. } => see(*val, &mut work),
                        _ => {}
                    }
                    for to in op.targets() {
                        for (&param, &arg) in func.blocks[to.block].params.iter().zip(&to.args) {
                            incoming[param].push(arg);
                        }
                    }
                }
                _ if op.is_pure() => {}
                _ => op.visit(|v| see(v, &mut work)),
            }
        }
    }
    while let Some(v) = work.pop() {
        match func.values[v].def {
            ValueDef::Result(inst, _) => func.insts[inst].op.visit(|v| see(v, &mut work)),
            ValueDef::Param(..) => incoming[v].iter().for_each(|&v| see(v, &mut work)),
            ValueDef::Alias(to) => see(to, &mut work),
        }
    }
    let mut changed = false;
    let entry = func.entry();
    for b in 0..func.layout.len() {
        let block = func.layout[b];
        let Func { blocks, insts, .. } = func;
        blocks[block].insts.retain(|&inst| {
            let data = &insts[inst];
            let keep = !data.op.is_pure() || data.results.iter().any(|&r| live[r]);
            changed |= !keep;
            keep
        });
    }
    let dead_params: Vec<Block> = func
        .layout
        .iter()
        .copied()
        .filter(|&block| block != entry && func.blocks[block].params.iter().any(|&p| !live[p]))
        .collect();
    if dead_params.is_empty() {
        return changed;
    }
    let mut keep: SecondaryMap<Block, Option<Vec<bool>>> = SecondaryMap::new();
    for &block in &dead_params {
        keep[block] = Some(func.blocks[block].params.iter().map(|&p| live[p]).collect());
    }
    for b in 0..func.layout.len() {
        let block = func.layout[b];
        let last = *func.blocks[block].insts.last().expect("a finished block has a terminator");
        for to in func.insts[last].op.targets_mut() {
            if let Some(keep) = &keep[to.block] {
                let mut it = keep.iter();
                to.args.retain(|_| *it.next().expect("one argument per parameter"));
            }
        }
        if let Some(keep) = &keep[block] {
            let mut it = keep.iter();
            func.blocks[block].params.retain(|_| *it.next().expect("as long as the list"));
            for (i, &param) in func.blocks[block].params.iter().enumerate() {
                func.values[param].def = ValueDef::Param(block, i as u32);
            }
        }
    }
    true
}
