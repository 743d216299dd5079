//! The symbols that code needs although its IR does not name them.

use std::collections::BTreeSet;

use crate::ir;
use crate::ir::{BoundsKind, Op};
use crate::target::abi::helper;

/// The native that reports a nil dereference found by an explicit check, with the address in g.
pub(super) const NIL_PANIC: &str = "runtime.thermosPanicNil";

/// The native that reports a failed bounds check, with the operands in g.
pub(super) fn bounds_panic(kind: BoundsKind, unsigned: bool) -> &'static str {
    match (kind, unsigned) {
        (BoundsKind::Index, false) => "runtime.thermosPanicIndex",
        (BoundsKind::Index, true) => "runtime.thermosPanicIndexU",
        (BoundsKind::SliceAlen, false) => "runtime.thermosPanicSliceAlen",
        (BoundsKind::SliceAlen, true) => "runtime.thermosPanicSliceAlenU",
        (BoundsKind::SliceAcap, false) => "runtime.thermosPanicSliceAcap",
        (BoundsKind::SliceAcap, true) => "runtime.thermosPanicSliceAcapU",
        (BoundsKind::SliceB, false) => "runtime.thermosPanicSliceB",
        (BoundsKind::SliceB, true) => "runtime.thermosPanicSliceBU",
        (BoundsKind::Slice3Alen, false) => "runtime.thermosPanicSlice3Alen",
        (BoundsKind::Slice3Alen, true) => "runtime.thermosPanicSlice3AlenU",
        (BoundsKind::Slice3Acap, false) => "runtime.thermosPanicSlice3Acap",
        (BoundsKind::Slice3Acap, true) => "runtime.thermosPanicSlice3AcapU",
        (BoundsKind::Slice3B, false) => "runtime.thermosPanicSlice3B",
        (BoundsKind::Slice3B, true) => "runtime.thermosPanicSlice3BU",
        (BoundsKind::Slice3C, false) => "runtime.thermosPanicSlice3C",
        (BoundsKind::Slice3C, true) => "runtime.thermosPanicSlice3CU",
        (BoundsKind::SliceConvert, _) => "runtime.thermosPanicSliceConvert",
    }
}

/// Every symbol the code of `func` may refer to beside those in its own table. Reachability must count them.
pub fn implicit_symbols(func: &ir::Func) -> BTreeSet<&'static str> {
    let mut out = BTreeSet::new();
    out.insert(helper::MORESTACK);
    for &block in &func.layout {
        for &inst in &func.blocks[block].insts {
            match &func.insts[inst].op {
                Op::StoreWb { .. } => {
                    out.insert(helper::WRITE_BARRIER);
                    out.insert(helper::WRITE_BARRIER_FLAG);
                }
                Op::MemCopy { .. } => {
                    out.insert("runtime.memmove");
                }
                Op::MemZero { .. } => {
                    out.insert("runtime.memclrNoHeapPointers");
                }
                Op::Alloc(_) => {
                    out.insert("runtime.newobject");
                }
                Op::Fma { .. } => {
                    out.insert("math.FMA");
                }
                Op::NilCheck { .. } => {
                    out.insert(NIL_PANIC);
                }
                Op::Load { flags, .. } | Op::Store { flags, .. } if flags.may_fault => {
                    out.insert(NIL_PANIC);
                }
                Op::BoundsCheck { kind, unsigned, .. } => {
                    out.insert(bounds_panic(*kind, *unsigned));
                }
                Op::DivCheck { .. } => {
                    out.insert("runtime.panicdivide");
                }
                Op::ShiftCheck { .. } => {
                    out.insert("runtime.panicshift");
                }
                _ => {}
            }
        }
    }
    out
}
