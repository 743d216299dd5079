//! One value for equal computations, where the first is on every way to the second.
//!
//! Cranelift does this again for its own sake; here it lets checks see that two operands are one.

use std::collections::HashMap;

use cranelift_entity::SecondaryMap;

use super::Env;
use crate::ir::{self, Block, Dominators, Func, Op, Ty, Value, ValueDef};

pub(super) fn run(func: &mut Func, _env: &Env<'_>) -> bool {
    let dom = Dominators::new(func);
    let (roots, children) = dominator_tree(&dom);
    let mut known: HashMap<(Op, Ty), Value> = HashMap::new();
    let mut changed = false;
    for root in roots {
        let mut stack: Vec<(Block, Option<Vec<(Op, Ty)>>)> = vec![(root, None)];
        while let Some((block, leave)) = stack.pop() {
            if let Some(learnt) = leave {
                learnt.iter().for_each(|key| {
                    known.remove(key);
                });
                continue;
            }
            let mut learnt = Vec::new();
            let insts = std::mem::take(&mut func.blocks[block].insts);
            let mut kept = Vec::with_capacity(insts.len());
            for inst in insts {
                let mut op = std::mem::replace(&mut func.insts[inst].op, Op::Fence);
                op.visit_mut(|v| *v = func.resolve(*v));
                if is_computation(&op) {
                    let result = func.first_result(inst);
                    let key = (op.clone(), func.ty(result));
                    if let Some(&same) = known.get(&key) {
                        func.values[result].def = ValueDef::Alias(same);
                        changed = true;
                        continue;
                    }
                    known.insert(key.clone(), result);
                    learnt.push(key);
                }
                func.insts[inst].op = op;
                kept.push(inst);
            }
            func.blocks[block].insts = kept;
            stack.push((block, Some(learnt)));
            stack.extend(children[block].iter().rev().map(|&child| (child, None)));
        }
    }
    if changed {
        ir::resolve_aliases(func);
    }
    changed
}

/// Depends on its operands alone.
fn is_computation(op: &Op) -> bool {
    matches!(
        op,
        Op::Iconst { .. }
            | Op::F32const { .. }
            | Op::F64const { .. }
            | Op::SymAddr { .. }
            | Op::SlotAddr { .. }
            | Op::Binary { .. }
            | Op::Unary { .. }
            | Op::Convert { .. }
            | Op::Icmp { .. }
            | Op::Fcmp { .. }
            | Op::Select { .. }
    )
}

/// The roots and everybody's children, in the order of the reverse postorder.
pub(super) fn dominator_tree(dom: &Dominators) -> (Vec<Block>, SecondaryMap<Block, Vec<Block>>) {
    let mut children: SecondaryMap<Block, Vec<Block>> = SecondaryMap::new();
    let mut roots = Vec::new();
    for &block in &dom.rpo {
        match dom.parent(block) {
            Some(parent) => children[parent].push(block),
            None => roots.push(block),
        }
    }
    (roots, children)
}
