//! Where the kernel enters and leaves signal handlers.

use iced_x86::code_asm::*;

use super::Native;
use super::asm::{Asm, Result};

pub(super) const NATIVES: &[Native] = &[
    ("runtime.sigfwd", sigfwd),
    ("runtime.sigpanic0", sigpanic0),
    ("runtime.sigreturn__sigaction", sigreturn),
    ("runtime.sigtramp", sigtramp),
];

/// (sig, info, ctx) from the kernel, on the signal stack: whatever ran may have stopped between storing the
/// context of a call in g and the callee's reading it, so those two fields are kept.
fn sigtramp(s: &mut Asm<'_>) -> Result {
    let (mut no_g, mut called) = (s.a.create_label(), s.a.create_label());
    s.flags.top_frame = true;
    s.a.push(rbp)?;
    s.a.mov(rbp, rsp)?;
    for reg in [rbx, r12, r13, r14, r15] {
        s.a.push(reg)?;
    }
    s.a.sub(rsp, 8)?;
    s.depth(56)?;
    s.g_from_tls()?;
    s.a.test(r15, r15)?;
    s.a.je(no_g)?;
    let (ctx, overflow) = (s.field("g", "thermosCtx"), s.field("g", "thermosOverflow"));
    s.a.mov(rbx, r15)?;
    s.a.mov(r12, ptr(r15 + ctx))?;
    s.a.mov(r13, ptr(r15 + overflow))?;
    s.call_sym("runtime.sigtrampgo")?;
    s.a.mov(ptr(rbx + ctx), r12)?;
    s.a.mov(ptr(rbx + overflow), r13)?;
    s.a.jmp(called)?;
    s.a.set_label(&mut no_g)?;
    s.call_sym("runtime.sigtrampgo")?;
    s.a.set_label(&mut called)?;
    s.a.add(rsp, 8)?;
    for reg in [r15, r14, r13, r12, rbx, rbp] {
        s.a.pop(reg)?;
    }
    s.depth(0)?;
    s.a.ret()
}

fn sigreturn(s: &mut Asm<'_>) -> Result {
    s.flags.top_frame = true;
    s.a.mov(eax, 15)?;
    s.a.syscall()?;
    s.a.ud2()
}

/// The handler of a fault returns here, as if the faulting instruction had called it.
fn sigpanic0(s: &mut Asm<'_>) -> Result {
    s.g_from_tls()?;
    s.jmp_sym("runtime.sigpanic")
}

/// (fn, sig, info, ctx): calls a handler written in C.
fn sigfwd(s: &mut Asm<'_>) -> Result {
    s.a.push(rbp)?;
    s.depth(8)?;
    s.a.mov(rbp, rsp)?;
    s.a.and(rsp, -16)?;
    s.a.mov(rax, rdi)?;
    s.a.mov(edi, esi)?;
    s.a.mov(rsi, rdx)?;
    s.a.mov(rdx, rcx)?;
    s.a.call(rax)?;
    s.a.leave()?;
    s.depth(0)?;
    s.a.ret()
}
