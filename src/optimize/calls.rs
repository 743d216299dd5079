//! Calls that mean something to escape analysis itself: those that take a buffer for a result that stays inside, and those
//! that hide a pointer from it.

use crate::ir::{self, Block, Call, Callee, Func, Inst, Op, ValueDef};

/// Functions of the runtime whose result may lie in a buffer that the caller hands in as first argument, with the buffer's
/// size and alignment. `lower` hands in nil.
const BUFFERED: &[(&str, u32, u32)] = &[
    ("runtime.concatstring2", 32, 1),
    ("runtime.concatstrings", 32, 1),
    ("runtime.intstring", 4, 1),
    ("runtime.slicebytetostring", 32, 1),
    ("runtime.slicerunetostring", 32, 1),
    ("runtime.stringtoslicebyte", 32, 1),
    ("runtime.stringtoslicerune", 128, 4),
];

/// Whether calls of the function mean something here, and so must not be inlined before.
pub(super) fn must_see(name: &str) -> bool {
    HIDES.contains(&name) || BUFFERED.iter().any(|&(have, ..)| have == name)
}

/// The buffer an instruction could use, and does not.
pub(super) fn wants_buffer(func: &Func, inst: Inst) -> Option<(u32, u32)> {
    let Op::Call(Call { callee: Callee::Sym(sym), args, .. }) = &func.insts[inst].op else { return None };
    let &(_, size, align) = BUFFERED.iter().find(|(name, ..)| **name == *func.syms[*sym])?;
    (func.as_const(*args.first()?) == Some(0)).then_some((size, align))
}

/// Makes the address of a new slot the call's first argument.
pub(super) fn hand_in_buffer(func: &mut Func, block: Block, inst: Inst, size: u32, align: u32) {
    let slot = func.add_slot(size, align);
    let address = func.add_inst(Op::SlotAddr { slot, offset: 0 }, func.insts[inst].loc);
    let insts = &mut func.blocks[block].insts;
    let at = insts.iter().position(|&i| i == inst).expect("the call is in its block");
    insts.insert(at, address);
    let buffer = func.first_result(address);
    let Op::Call(call) = &mut func.insts[inst].op else { unreachable!("only calls want buffers") };
    call.args[0] = buffer;
}

/// Functions that return the pointer they are given and mean: do not follow it from here.
const HIDES: &[&str] = &["internal/abi.NoEscape", "runtime.noescape"];

/// Puts the operands of [`HIDES`] in the place of their results. Whether there were any.
pub(super) fn reveal(func: &mut Func) -> bool {
    let mut found = false;
    for block in func.layout.clone() {
        let insts = std::mem::take(&mut func.blocks[block].insts);
        let (hiding, kept): (Vec<Inst>, Vec<Inst>) = insts.into_iter().partition(|&inst| {
            matches!(&func.insts[inst].op, Op::Call(Call { callee: Callee::Sym(sym), .. })
                if HIDES.contains(&&*func.syms[*sym]))
        });
        func.blocks[block].insts = kept;
        for inst in hiding {
            let Op::Call(call) = &func.insts[inst].op else { unreachable!("only calls hide") };
            let (operand, result) = (call.args[0], func.first_result(inst));
            func.values[result].def = ValueDef::Alias(operand);
            found = true;
        }
    }
    if found {
        ir::resolve_aliases(func);
    }
    found
}
