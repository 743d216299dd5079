//! Where the stack or g changes: program start, goroutine switches, growing the stack, new threads.
//!
//! Functions of `target::abi::WINCH` may destroy every register. g is in r15; its copy at -8(FS) is for
//! signal handlers. A goroutine that is not running has all its values on its own stack.

use iced_x86::code_asm::*;

use super::asm::{Asm, Result};
use super::{Native, STACK_GUARD};

pub(super) const NATIVES: &[Native] = &[
    ("_rt0_amd64_linux", rt0),
    ("runtime.clone", clone),
    ("runtime.goexit", goexit),
    ("runtime.gogo", gogo),
    ("runtime.mcall", mcall),
    ("runtime.morestack", morestack),
    ("runtime.morestack_noctxt", morestack),
    ("runtime.mstart", mstart),
    ("runtime.rt0_go", rt0_go),
    ("runtime.setg", setg),
    ("runtime.settls", settls),
    ("runtime.switchToCrashStack0", switch_to_crash_stack0),
    ("runtime.systemstack", systemstack),
    ("runtime.systemstack_switch", systemstack_switch),
    ("runtime.thermosMorestack", thermos_morestack),
];

/// What of the process's stack g0 of the first thread uses.
const G0_STACK: i32 = 256 << 10;

fn rt0(s: &mut Asm<'_>) -> Result {
    s.flags.top_frame = true;
    s.a.mov(rdi, ptr(rsp))?;
    s.a.lea(rsi, ptr(rsp + 8))?;
    s.jmp_sym("runtime.rt0_go")
}

/// (argc, argv)
fn rt0_go(s: &mut Asm<'_>) -> Result {
    s.flags.top_frame = true;
    s.a.and(rsp, -16)?;
    s.a.xor(ebp, ebp)?;
    s.a.mov(rbx, rdi)?;
    s.a.mov(r12, rsi)?;

    s.lea_sym(r15, "runtime.g0", 0)?;
    let stack = s.field("g", "stack");
    s.a.lea(rax, ptr(rsp - G0_STACK))?;
    s.a.mov(ptr(r15 + stack + s.field("stack", "lo")), rax)?;
    s.a.mov(ptr(r15 + stack + s.field("stack", "hi")), rsp)?;
    s.a.add(rax, STACK_GUARD as i32)?;
    s.a.mov(ptr(r15 + s.field("g", "stackguard0")), rax)?;
    s.a.mov(ptr(r15 + s.field("g", "stackguard1")), rax)?;

    s.lea_sym(r13, "runtime.m0", 0)?;
    s.a.lea(rdi, ptr(r13 + s.field("m", "tls")))?;
    s.call_sym("runtime.settls")?;
    s.g_to_tls()?;
    s.a.mov(ptr(r13 + s.field("m", "g0")), r15)?;
    s.a.mov(ptr(r15 + s.field("g", "m")), r13)?;

    s.call_sym("runtime.check")?;
    s.a.mov(rdi, rbx)?;
    s.a.mov(rsi, r12)?;
    s.call_sym("runtime.args")?;
    s.call_sym("runtime.osinit")?;
    s.call_sym("runtime.schedinit")?;
    s.lea_sym(rdi, "runtime.mainPC", 0)?;
    s.call_sym("runtime.newproc")?;
    s.call_sym("runtime.mstart")?;
    s.jmp_sym("runtime.abort")
}

/// A thread's first function; it returns only to end the thread.
fn mstart(s: &mut Asm<'_>) -> Result {
    s.flags.top_frame = true;
    s.a.push(rbp)?;
    s.depth(8)?;
    s.call_sym("runtime.mstart0")?;
    s.a.pop(rbp)?;
    s.depth(0)?;
    s.a.ret()
}

/// Where a goroutine's function returns to, one byte in.
fn goexit(s: &mut Asm<'_>) -> Result {
    s.flags.top_frame = true;
    s.a.nop()?;
    s.call_sym("runtime.goexit1")?;
    s.a.nop()
}

/// Whoever goes on after a switch expects nothing in the registers that callees save. What somebody else left there would be
/// saved in a frame by the next callee, and keep garbage alive.
fn forget_registers(s: &mut Asm<'_>) -> Result {
    for reg in [ebx, r12d, r13d, r14d] {
        s.a.xor(reg, reg)?;
    }
    Ok(())
}

/// (buf): goes on where buf says.
fn gogo(s: &mut Asm<'_>) -> Result {
    s.a.mov(r15, ptr(rdi + s.field("gobuf", "g")))?;
    s.a.mov(rax, ptr(r15))?; // g must not be nil
    s.g_to_tls()?;
    s.a.mov(rsp, ptr(rdi + s.field("gobuf", "sp")))?;
    s.a.mov(rbp, ptr(rdi + s.field("gobuf", "bp")))?;
    s.a.mov(rax, ptr(rdi + s.field("gobuf", "ctxt")))?;
    s.a.mov(ptr(r15 + s.field("g", "thermosCtx")), rax)?;
    s.a.xor(ecx, ecx)?;
    for field in ["sp", "bp", "ctxt"] {
        s.a.mov(ptr(rdi + s.field("gobuf", field)), rcx)?;
    }
    forget_registers(s)?;
    s.a.jmp(qword_ptr(rdi + s.field("gobuf", "pc")))
}

/// (fn func(*g)): leaves the goroutine, calls fn with it on g0; fn does not return.
fn mcall(s: &mut Asm<'_>) -> Result {
    s.flags.top_frame = true;
    let mut bad = s.a.create_label();
    s.a.mov(rax, ptr(rsp))?;
    s.a.mov(ptr(r15 + s.sched("pc")), rax)?;
    s.a.lea(rax, ptr(rsp + 8))?;
    s.a.mov(ptr(r15 + s.sched("sp")), rax)?;
    s.a.mov(ptr(r15 + s.sched("bp")), rbp)?;

    s.a.mov(rax, rdi)?;
    s.a.mov(rdi, r15)?;
    s.a.mov(rdx, ptr(r15 + s.field("g", "m")))?;
    s.a.mov(rdx, ptr(rdx + s.field("m", "g0")))?;
    s.a.cmp(r15, rdx)?;
    s.a.je(bad)?;
    s.a.mov(r15, rdx)?;
    s.g_to_tls()?;
    s.a.mov(ptr(r15 + s.field("g", "thermosCtx")), rax)?;
    s.a.mov(rsp, ptr(r15 + s.sched("sp")))?;
    s.a.and(rsp, -16)?;
    s.a.xor(ebp, ebp)?; // fn may go on with another goroutine: no chain from here
    s.a.call(qword_ptr(rax))?;
    s.call_sym("runtime.badmcall2")?;
    s.a.ud2()?;
    s.a.set_label(&mut bad)?;
    s.call_sym("runtime.badmcall")?;
    s.a.ud2()
}

/// (fn func()): calls fn on g0, or right here when already there.
fn systemstack(s: &mut Asm<'_>) -> Result {
    let (mut here, mut bad) = (s.a.create_label(), s.a.create_label());
    let ctx = s.field("g", "thermosCtx");
    s.a.mov(rax, ptr(r15 + s.field("g", "m")))?;
    s.a.cmp(r15, ptr(rax + s.field("m", "gsignal")))?;
    s.a.je(here)?;
    s.a.mov(rdx, ptr(rax + s.field("m", "g0")))?;
    s.a.cmp(r15, rdx)?;
    s.a.je(here)?;
    s.a.cmp(r15, ptr(rax + s.field("m", "curg")))?;
    s.a.jne(bad)?;

    // The unwinder takes this for a call of systemstack_switch, and follows from g0 to here: both see
    // the return address at sched.sp.
    s.lea_sym(rcx, "runtime.systemstack_switch", 1)?;
    s.a.mov(ptr(r15 + s.sched("pc")), rcx)?;
    s.a.mov(ptr(r15 + s.sched("sp")), rsp)?;
    s.a.mov(ptr(r15 + s.sched("bp")), rbp)?;
    s.a.mov(r15, rdx)?;
    s.g_to_tls()?;
    s.a.mov(rsp, ptr(r15 + s.sched("sp")))?;
    s.a.and(rsp, -16)?;
    s.a.mov(ptr(r15 + ctx), rdi)?;
    s.a.call(qword_ptr(rdi))?;

    s.a.mov(rax, ptr(r15 + s.field("g", "m")))?;
    s.a.mov(r15, ptr(rax + s.field("m", "curg")))?;
    s.g_to_tls()?;
    s.a.mov(rsp, ptr(r15 + s.sched("sp")))?;
    s.a.mov(rbp, ptr(r15 + s.sched("bp")))?;
    s.a.xor(eax, eax)?;
    s.a.mov(ptr(r15 + s.sched("sp")), rax)?;
    s.a.mov(ptr(r15 + s.sched("bp")), rax)?;
    forget_registers(s)?;
    s.a.ret()?;

    s.a.set_label(&mut here)?;
    s.a.mov(ptr(r15 + ctx), rdi)?;
    s.a.jmp(qword_ptr(rdi))?;
    s.a.set_label(&mut bad)?;
    s.call_sym("runtime.badsystemstack")?;
    s.a.ud2()
}

/// Only its address is used, as the pc of a goroutine inside systemstack.
fn systemstack_switch(s: &mut Asm<'_>) -> Result {
    s.a.ud2()?;
    s.a.ud2()
}

/// (fn func()): calls fn on the stack kept for crashes; it does not return.
fn switch_to_crash_stack0(s: &mut Asm<'_>) -> Result {
    s.a.mov(rax, ptr(r15 + s.field("g", "m")))?;
    s.lea_sym(r15, "runtime.gcrash", 0)?;
    s.a.mov(ptr(r15 + s.field("g", "m")), rax)?;
    s.a.mov(ptr(rax + s.field("m", "g0")), r15)?;
    s.g_to_tls()?;
    s.a.mov(rsp, ptr(r15 + s.field("g", "stack") + s.field("stack", "hi")))?;
    s.a.sub(rsp, 64)?;
    s.a.and(rsp, -16)?;
    s.a.xor(ebp, ebp)?;
    s.a.mov(ptr(r15 + s.field("g", "thermosCtx")), rdi)?;
    s.a.call(qword_ptr(rdi))?;
    s.call_sym("runtime.abort")?;
    s.a.ud2()
}

const SAVED: [AsmRegister64; 13] = [rax, rbx, rcx, rdx, rsi, rdi, r8, r9, r10, r11, r12, r13, r14];

/// Room for `SAVED`, a word of padding and all 16 vector registers.
const SAVE_AREA: i32 = 14 * 8 + 16 * 16;

fn save_all(s: &mut Asm<'_>) -> Result {
    s.a.push(rbp)?;
    s.depth(8)?;
    s.a.mov(rbp, rsp)?;
    s.a.sub(rsp, SAVE_AREA)?;
    s.depth(8 + SAVE_AREA)?;
    for (i, reg) in SAVED.into_iter().enumerate() {
        s.a.mov(ptr(rsp + 8 * i as i32), reg)?;
    }
    for (i, reg) in xmms().into_iter().enumerate() {
        s.a.movups(ptr(rsp + 112 + 16 * i as i32), reg)?;
    }
    Ok(())
}

/// Leaves no copies behind, for the collector to find in the frame that comes to lie here next.
fn restore_all_and_return(s: &mut Asm<'_>) -> Result {
    for (i, reg) in SAVED.into_iter().enumerate() {
        s.a.mov(reg, ptr(rsp + 8 * i as i32))?;
    }
    for (i, reg) in xmms().into_iter().enumerate() {
        s.a.movups(reg, ptr(rsp + 112 + 16 * i as i32))?;
    }
    for at in (0..SAVE_AREA).step_by(8) {
        s.a.mov(qword_ptr(rsp + at), 0)?;
    }
    s.a.leave()?;
    s.depth(0)?;
    s.a.ret()
}

fn xmms() -> [AsmRegisterXmm; 16] {
    [xmm0, xmm1, xmm2, xmm3, xmm4, xmm5, xmm6, xmm7, xmm8, xmm9, xmm10, xmm11, xmm12, xmm13, xmm14, xmm15]
}

/// Calls `symbol` with every register but flags preserved. For a helper whose own callees nothing
/// unwinds or preempts.
pub(super) fn call_preserving_all(s: &mut Asm<'_>, symbol: &str) -> Result {
    save_all(s)?;
    s.call_sym(symbol)?;
    restore_all_and_return(s)
}

/// Called with the stack pointer below stackguard0, every register to be preserved: newstack decides on g0
/// whether to preempt, to go on, or to die. The collector finds the registers on the stack.
fn thermos_morestack(s: &mut Asm<'_>) -> Result {
    let (mut on_g0, mut on_gsignal, mut resume) =
        (s.a.create_label(), s.a.create_label(), s.a.create_label());
    save_all(s)?;
    s.a.mov(rax, ptr(r15 + s.field("g", "m")))?;
    s.a.mov(rdx, ptr(rax + s.field("m", "g0")))?;
    s.a.cmp(r15, rdx)?;
    s.a.je(on_g0)?;
    s.a.cmp(r15, ptr(rax + s.field("m", "gsignal")))?;
    s.a.je(on_gsignal)?;
    s.a.lea(rcx, ptr(resume))?;
    s.a.mov(ptr(r15 + s.sched("pc")), rcx)?;
    s.a.mov(ptr(r15 + s.sched("sp")), rsp)?;
    s.a.mov(ptr(r15 + s.sched("bp")), rbp)?;
    s.a.mov(r15, rdx)?;
    s.g_to_tls()?;
    s.a.mov(rsp, ptr(r15 + s.sched("sp")))?;
    s.a.and(rsp, -16)?;
    s.a.xor(ebp, ebp)?;
    s.a.sub(rsp, 8)?; // as if called
    s.jmp_sym("runtime.morestack")?;
    s.a.set_label(&mut on_g0)?;
    s.call_sym("runtime.badmorestackg0")?;
    s.a.ud2()?;
    s.a.set_label(&mut on_gsignal)?;
    s.call_sym("runtime.badmorestackgsignal")?;
    s.a.ud2()?;
    s.a.set_label(&mut resume)?;
    s.a.nop()?; // the unwinder looks up the byte before
    restore_all_and_return(s)
}

/// The g0 half of thermosMorestack; its name tells the unwinder to follow to the goroutine.
fn morestack(s: &mut Asm<'_>) -> Result {
    s.flags.top_frame = true;
    s.a.sub(rsp, 8)?;
    s.depth(8)?;
    s.call_sym("runtime.newstack")?;
    s.a.ud2()
}

fn setg(s: &mut Asm<'_>) -> Result {
    s.a.mov(r15, rdi)?;
    s.g_to_tls()?;
    s.a.ret()
}

/// (&m.tls): makes -8(FS) the first word of it.
fn settls(s: &mut Asm<'_>) -> Result {
    let mut ok = s.a.create_label();
    s.a.lea(rsi, ptr(rdi + 8))?;
    s.a.mov(edi, 0x1002)?; // ARCH_SET_FS
    s.a.mov(eax, 158)?; // arch_prctl
    s.a.syscall()?;
    s.a.cmp(rax, -4095)?;
    s.a.jb(ok)?;
    s.a.ud2()?;
    s.a.set_label(&mut ok)?;
    s.a.ret()
}

/// (flags, stack, m, g, fn) int32: a new thread that calls fn.
fn clone(s: &mut Asm<'_>) -> Result {
    let (mut no_g, mut child, mut plain, mut exit) =
        (s.a.create_label(), s.a.create_label(), s.a.create_label(), s.a.create_label());
    // The child reads these after the system call, on its own stack.
    s.a.push(rbx)?;
    s.depth(8)?;
    s.a.push(r12)?;
    s.depth(16)?;
    s.a.push(r13)?;
    s.depth(24)?;
    s.a.mov(rbx, rdx)?;
    s.a.mov(r12, rcx)?;
    s.a.mov(r13, r8)?;
    s.a.xor(r8d, r8d)?;
    s.a.test(rbx, rbx)?;
    s.a.je(no_g)?;
    s.a.test(r12, r12)?;
    s.a.je(no_g)?;
    s.a.lea(r8, ptr(rbx + s.field("m", "tls") + 8))?;
    s.a.or(edi, 0x80000)?; // CLONE_SETTLS
    s.a.set_label(&mut no_g)?;
    s.a.mov(edi, edi)?;
    s.a.xor(edx, edx)?;
    s.a.xor(r10d, r10d)?;
    s.a.mov(eax, 56)?;
    s.a.syscall()?;
    s.a.test(rax, rax)?;
    s.a.je(child)?;
    s.a.pop(r13)?;
    s.depth(16)?;
    s.a.pop(r12)?;
    s.depth(8)?;
    s.a.pop(rbx)?;
    s.depth(0)?;
    s.a.ret()?;

    s.a.set_label(&mut child)?;
    s.a.xor(ebp, ebp)?;
    s.a.test(rbx, rbx)?;
    s.a.je(plain)?;
    s.a.test(r12, r12)?;
    s.a.je(plain)?;
    s.a.mov(eax, 186)?; // gettid
    s.a.syscall()?;
    s.a.mov(ptr(rbx + s.field("m", "procid")), rax)?;
    s.a.mov(ptr(r12 + s.field("g", "m")), rbx)?;
    s.a.mov(r15, r12)?;
    s.g_to_tls()?;
    s.a.set_label(&mut plain)?;
    s.a.call(r13)?;
    s.a.set_label(&mut exit)?;
    s.a.mov(edi, 111)?;
    s.a.mov(eax, 60)?;
    s.a.syscall()?;
    s.a.jmp(exit)
}
