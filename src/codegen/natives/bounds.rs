//! Where failing bounds checks go: they find their operands in g and pass them on to the function that panics.
//!
//! The check stores the operands and calls without arguments, so that it needs no register on the way that is always
//! taken. The jump leaves the return address alone: the panicking function sees the checked one as its caller.

use iced_x86::code_asm::*;

use super::Native;
use super::asm::{Asm, Result};

/// (native, function of package runtime), sorted.
pub(super) const BOUNDS: &[(&str, &str)] = &[
    ("runtime.thermosPanicIndex", "runtime.goPanicIndex"),
    ("runtime.thermosPanicIndexU", "runtime.goPanicIndexU"),
    ("runtime.thermosPanicSlice3Acap", "runtime.goPanicSlice3Acap"),
    ("runtime.thermosPanicSlice3AcapU", "runtime.goPanicSlice3AcapU"),
    ("runtime.thermosPanicSlice3Alen", "runtime.goPanicSlice3Alen"),
    ("runtime.thermosPanicSlice3AlenU", "runtime.goPanicSlice3AlenU"),
    ("runtime.thermosPanicSlice3B", "runtime.goPanicSlice3B"),
    ("runtime.thermosPanicSlice3BU", "runtime.goPanicSlice3BU"),
    ("runtime.thermosPanicSlice3C", "runtime.goPanicSlice3C"),
    ("runtime.thermosPanicSlice3CU", "runtime.goPanicSlice3CU"),
    ("runtime.thermosPanicSliceAcap", "runtime.goPanicSliceAcap"),
    ("runtime.thermosPanicSliceAcapU", "runtime.goPanicSliceAcapU"),
    ("runtime.thermosPanicSliceAlen", "runtime.goPanicSliceAlen"),
    ("runtime.thermosPanicSliceAlenU", "runtime.goPanicSliceAlenU"),
    ("runtime.thermosPanicSliceB", "runtime.goPanicSliceB"),
    ("runtime.thermosPanicSliceBU", "runtime.goPanicSliceBU"),
    ("runtime.thermosPanicSliceConvert", "runtime.goPanicSliceConvert"),
];

pub(super) const NATIVES: &[Native] = &[("runtime.thermosPanicNil", panic_nil)];

/// Called by a check that found nil, with the address that is not read in thermosCheckX: leaves in g what the handler of
/// the fault would have left, and panics as that does.
fn panic_nil(s: &mut Asm<'_>) -> Result {
    const SIGSEGV: i32 = 11;
    const SEGV_MAPERR: i32 = 1;
    s.a.mov(rax, qword_ptr(r15 + s.field("g", "thermosCheckX")))?;
    s.a.mov(qword_ptr(r15 + s.field("g", "sigcode1")), rax)?;
    s.a.mov(dword_ptr(r15 + s.field("g", "sig")), SIGSEGV)?;
    s.a.mov(qword_ptr(r15 + s.field("g", "sigcode0")), SEGV_MAPERR)?;
    s.a.mov(rax, ptr(rsp))?;
    s.a.dec(rax)?;
    s.a.mov(qword_ptr(r15 + s.field("g", "sigpc")), rax)?;
    s.jmp_sym("runtime.panicmem")
}

pub(super) fn assemble(s: &mut Asm<'_>, panic: &str) -> Result {
    let (x, y) = (s.field("g", "thermosCheckX"), s.field("g", "thermosCheckY"));
    s.a.mov(rdi, qword_ptr(r15 + x))?;
    s.a.mov(rsi, qword_ptr(r15 + y))?;
    s.jmp_sym(panic)
}
