//! Write barriers that the collector does not need.
//!
//! It scans stacks whole and knows nothing of stores into them; and a pointer to static data, stored into an object that
//! nothing has happened to since it was made, neither hides an object nor loses one.

use super::Env;
use crate::ir::{BinOp, Func, Inst, Op, Value};

pub(super) fn run(func: &mut Func, _env: &Env<'_>) -> bool {
    let mut changed = false;
    for b in 0..func.layout.len() {
        let block = func.layout[b];
        // The object made last, while nothing but stores has come after it.
        let mut fresh: Option<Value> = None;
        for i in 0..func.blocks[block].insts.len() {
            let inst = func.blocks[block].insts[i];
            if let Op::StoreWb { addr, val, offset, flags } = func.insts[inst].op {
                let base = base(func, addr);
                let into_frame = matches!(func.def(base), Some(Op::SlotAddr { .. }));
                let into_fresh = fresh == Some(base) && is_static(func, val);
                if into_frame || into_fresh {
                    func.insts[inst].op = Op::Store { addr, val, offset, flags };
                    changed = true;
                }
            }
            fresh = next_fresh(func, inst, fresh);
        }
    }
    changed
}

/// The object an address lies in, followed through constant and variable steps alike: a step never leaves the object.
fn base(func: &Func, addr: Value) -> Value {
    let mut at = addr;
    while let Some(Op::Binary { op: BinOp::PtrAdd, a, .. }) = func.def(at) {
        at = *a;
    }
    at
}

fn is_static(func: &Func, val: Value) -> bool {
    matches!(func.def(val), Some(Op::SymAddr { .. } | Op::Iconst { .. }))
}

fn next_fresh(func: &Func, inst: Inst, fresh: Option<Value>) -> Option<Value> {
    match &func.insts[inst].op {
        Op::Alloc(_) => Some(func.first_result(inst)),
        Op::Call(_) | Op::MemCopy { .. } => None,
        _ => fresh,
    }
}
