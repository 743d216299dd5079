//! The symbols that code needs although its IR does not name them.

use std::collections::BTreeSet;

use crate::ir;
use crate::ir::{BoundsKind, Op};
use crate::target::abi::helper;

/// The runtime function that reports a failed bounds check.
pub(super) fn bounds_panic(kind: BoundsKind, unsigned: bool) -> &'static str {
    match (kind, unsigned) {
        (BoundsKind::Index, false) => "runtime.goPanicIndex",
        (BoundsKind::Index, true) => "runtime.goPanicIndexU",
        (BoundsKind::SliceAlen, false) => "runtime.goPanicSliceAlen",
        (BoundsKind::SliceAlen, true) => "runtime.goPanicSliceAlenU",
        (BoundsKind::SliceAcap, false) => "runtime.goPanicSliceAcap",
        (BoundsKind::SliceAcap, true) => "runtime.goPanicSliceAcapU",
        (BoundsKind::SliceB, false) => "runtime.goPanicSliceB",
        (BoundsKind::SliceB, true) => "runtime.goPanicSliceBU",
        (BoundsKind::Slice3Alen, false) => "runtime.goPanicSlice3Alen",
        (BoundsKind::Slice3Alen, true) => "runtime.goPanicSlice3AlenU",
        (BoundsKind::Slice3Acap, false) => "runtime.goPanicSlice3Acap",
        (BoundsKind::Slice3Acap, true) => "runtime.goPanicSlice3AcapU",
        (BoundsKind::Slice3B, false) => "runtime.goPanicSlice3B",
        (BoundsKind::Slice3B, true) => "runtime.goPanicSlice3BU",
        (BoundsKind::Slice3C, false) => "runtime.goPanicSlice3C",
        (BoundsKind::Slice3C, true) => "runtime.goPanicSlice3CU",
        (BoundsKind::SliceConvert, _) => "runtime.goPanicSliceConvert",
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
                    out.insert("runtime.panicmem");
                }
                Op::Load { flags, .. } | Op::Store { flags, .. } if flags.may_fault => {
                    out.insert("runtime.panicmem");
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
