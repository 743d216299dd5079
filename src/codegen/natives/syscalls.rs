//! System calls: one table of plain ones, and the few with a shape of their own.
//!
//! Arguments arrive in rdi rsi rdx rcx r8 r9; the kernel wants the fourth in r10 and returns -4095..-1 for
//! errors. The upper half of a 32-bit argument's register is undefined.

use iced_x86::code_asm::*;

use super::Native;
use super::asm::{Asm, Result};

/// What a plain system call does with its answer.
#[derive(Clone, Copy, PartialEq)]
enum Answer {
    /// Returns it, errors as small negative numbers.
    Raw,
    /// Returns -1 for every error.
    MinusOne,
    /// Must not fail.
    Sure,
}
use Answer::{MinusOne, Raw, Sure};

/// A function that is one system call. `args` has a letter for each argument: `q` 64 bits, `l` 32 bits.
pub(super) struct Plain {
    pub symbol: &'static str,
    number: i32,
    args: &'static str,
    answer: Answer,
}

const fn plain(symbol: &'static str, number: i32, args: &'static str, answer: Answer) -> Plain {
    Plain { symbol, number, args, answer }
}

pub(super) const PLAIN: &[Plain] = &[
    plain("runtime.closefd", 3, "l", MinusOne),
    plain("runtime.connect", 42, "lql", Raw),
    plain("runtime.exit", 231, "l", Raw),
    plain("runtime.futex", 202, "qllqql", Raw),
    plain("runtime.getpid", 39, "", Raw),
    plain("runtime.gettid", 186, "", Raw),
    plain("runtime.madvise", 28, "qql", Raw),
    plain("runtime.mincore", 27, "qqq", Raw),
    plain("runtime.osyield", 24, "", Raw),
    plain("runtime.read", 0, "lql", Raw),
    plain("runtime.rt_sigaction", 13, "qqqq", Raw),
    plain("runtime.rtsigprocmask", 14, "lqql", Sure),
    plain("runtime.sched_getaffinity", 204, "qqq", Raw),
    plain("runtime.setitimer", 38, "lqq", Raw),
    plain("runtime.sigaltstack", 131, "qq", Sure),
    plain("runtime.socket", 41, "lll", Raw),
    plain("runtime.sysMunmap", 11, "qq", Sure),
    plain("runtime.tgkill", 234, "qqq", Raw),
    plain("runtime.timer_create", 222, "lqq", Raw),
    plain("runtime.timer_delete", 226, "l", Raw),
    plain("runtime.timer_settime", 223, "llqq", Raw),
    plain("runtime.write1", 1, "qql", Raw),
];

pub(super) const NATIVES: &[Native] = &[
    ("internal/runtime/syscall/linux.Syscall6", syscall6),
    ("runtime.access", access),
    ("runtime.exitThread", exit_thread),
    ("runtime.nanotime1", nanotime1),
    ("runtime.open", open),
    ("runtime.pipe2", pipe2),
    ("runtime.raise", raise),
    ("runtime.raiseproc", raiseproc),
    ("runtime.sbrk0", sbrk0),
    ("runtime.sysMmap", sys_mmap),
    ("runtime.usleep", usleep),
    ("runtime.vgetrandom1", vgetrandom1),
    ("syscall.gettimeofday", gettimeofday),
    ("syscall.rawSyscallNoError", raw_syscall_no_error),
    ("syscall.rawVforkSyscall", raw_vfork_syscall),
    ("time.now", time_now),
];

pub(super) fn assemble_plain(s: &mut Asm<'_>, call: &Plain) -> Result {
    let narrow = [edi, esi, edx, ecx, r8d, r9d];
    for (i, kind) in call.args.chars().enumerate() {
        if kind == 'l' {
            s.a.mov(narrow[i], narrow[i])?;
        }
    }
    if call.args.len() > 3 {
        s.a.mov(r10, rcx)?;
    }
    s.a.mov(eax, call.number)?;
    s.a.syscall()?;
    if call.answer != Raw {
        minus_one_or_trap(s, call.answer)?;
    }
    s.a.ret()
}

fn minus_one_or_trap(s: &mut Asm<'_>, answer: Answer) -> Result {
    let mut ok = s.a.create_label();
    s.a.cmp(rax, -4095)?;
    s.a.jb(ok)?;
    if answer == Sure {
        s.a.ud2()?;
    } else {
        s.a.mov(rax, -1i64)?;
    }
    s.a.set_label(&mut ok)?;
    s.a.zero_bytes()
}

/// (number, a1 … a5 in registers, a6 in the overflow area) (r1, r2, errno)
fn syscall6(s: &mut Asm<'_>) -> Result {
    let mut failed = s.a.create_label();
    s.a.mov(r11, ptr(r15 + s.field("g", "thermosOverflow")))?;
    s.a.mov(rax, rdi)?;
    s.a.mov(rdi, rsi)?;
    s.a.mov(rsi, rdx)?;
    s.a.mov(rdx, rcx)?;
    s.a.mov(r10, r8)?;
    s.a.mov(r8, r9)?;
    s.a.mov(r9, ptr(r11))?;
    s.a.syscall()?;
    s.a.cmp(rax, -4095)?;
    s.a.jae(failed)?;
    s.a.mov(rcx, rdx)?;
    s.a.xor(edx, edx)?;
    s.a.ret()?;
    s.a.set_label(&mut failed)?;
    s.a.neg(rax)?;
    s.a.mov(rdx, rax)?;
    s.a.mov(rax, -1i64)?;
    s.a.xor(ecx, ecx)?;
    s.a.ret()
}

/// (trap, a1, a2, a3) (r1, r2)
fn raw_syscall_no_error(s: &mut Asm<'_>) -> Result {
    three_arguments(s)?;
    s.a.syscall()?;
    s.a.mov(rcx, rdx)?;
    s.a.ret()
}

/// (trap, a1, a2, a3) (r1, errno): the child uses this very stack, so the return address stays in a register.
fn raw_vfork_syscall(s: &mut Asm<'_>) -> Result {
    let mut ok = s.a.create_label();
    three_arguments(s)?;
    s.a.xor(r10d, r10d)?;
    s.a.xor(r8d, r8d)?;
    s.a.pop(r9)?;
    s.depth(-8)?;
    s.a.syscall()?;
    s.a.push(r9)?;
    s.depth(0)?;
    s.a.xor(ecx, ecx)?;
    s.a.cmp(rax, -4095)?;
    s.a.jb(ok)?;
    s.a.neg(rax)?;
    s.a.mov(rcx, rax)?;
    s.a.mov(rax, -1i64)?;
    s.a.set_label(&mut ok)?;
    s.a.ret()
}

/// (trap, a1, a2, a3) to the registers of the kernel.
fn three_arguments(s: &mut Asm<'_>) -> Result {
    s.a.mov(rax, rdi)?;
    s.a.mov(rdi, rsi)?;
    s.a.mov(rsi, rdx)?;
    s.a.mov(rdx, rcx)
}

const AT_FDCWD: i32 = -100;

/// (name, mode, perm) int32
fn open(s: &mut Asm<'_>) -> Result {
    s.a.mov(r10d, edx)?;
    s.a.mov(edx, esi)?;
    s.a.mov(rsi, rdi)?;
    s.a.mov(edi, AT_FDCWD)?;
    s.a.mov(eax, 257)?;
    s.a.syscall()?;
    minus_one_or_trap(s, MinusOne)?;
    s.a.ret()
}

/// (name, mode) int32
fn access(s: &mut Asm<'_>) -> Result {
    s.a.mov(edx, esi)?;
    s.a.mov(rsi, rdi)?;
    s.a.mov(edi, AT_FDCWD)?;
    s.a.xor(r10d, r10d)?;
    s.a.mov(eax, 269)?;
    s.a.syscall()?;
    s.a.ret()
}

/// (flags) (r, w, errno int32)
fn pipe2(s: &mut Asm<'_>) -> Result {
    s.a.mov(esi, edi)?;
    s.a.sub(rsp, 8)?;
    s.depth(8)?;
    s.a.mov(rdi, rsp)?;
    s.a.mov(eax, 293)?;
    s.a.syscall()?;
    s.a.mov(edx, eax)?;
    s.a.mov(eax, dword_ptr(rsp))?;
    s.a.mov(ecx, dword_ptr(rsp + 4))?;
    s.a.add(rsp, 8)?;
    s.depth(0)?;
    s.a.ret()
}

/// (usec uint32)
fn usleep(s: &mut Asm<'_>) -> Result {
    s.a.mov(eax, edi)?;
    s.a.xor(edx, edx)?;
    s.a.mov(ecx, 1_000_000)?;
    s.a.div(ecx)?;
    s.a.imul_3(edx, edx, 1000)?;
    s.a.sub(rsp, 24)?;
    s.depth(24)?;
    s.a.mov(ptr(rsp), rax)?;
    s.a.mov(ptr(rsp + 8), rdx)?;
    s.a.mov(rdi, rsp)?;
    s.a.xor(esi, esi)?;
    s.a.mov(eax, 35)?; // nanosleep
    s.a.syscall()?;
    s.a.add(rsp, 24)?;
    s.depth(0)?;
    s.a.ret()
}

/// (sig): to this thread.
fn raise(s: &mut Asm<'_>) -> Result {
    s.a.mov(edx, edi)?;
    s.a.mov(eax, 39)?;
    s.a.syscall()?;
    s.a.mov(edi, eax)?;
    s.a.mov(eax, 186)?;
    s.a.syscall()?;
    s.a.mov(esi, eax)?;
    s.a.mov(eax, 234)?;
    s.a.syscall()?;
    s.a.ret()
}

/// (sig): to the process.
fn raiseproc(s: &mut Asm<'_>) -> Result {
    s.a.mov(esi, edi)?;
    s.a.mov(eax, 39)?;
    s.a.syscall()?;
    s.a.mov(edi, eax)?;
    s.a.mov(eax, 62)?;
    s.a.syscall()?;
    s.a.ret()
}

fn sbrk0(s: &mut Asm<'_>) -> Result {
    s.a.xor(edi, edi)?;
    s.a.mov(eax, 12)?;
    s.a.syscall()?;
    s.a.ret()
}

/// (addr, n, prot, flags, fd int32, off uint32) (p, err)
fn sys_mmap(s: &mut Asm<'_>) -> Result {
    let mut ok = s.a.create_label();
    s.a.mov(edx, edx)?;
    s.a.mov(r10d, ecx)?;
    s.a.movsxd(r8, r8d)?;
    s.a.mov(r9d, r9d)?;
    s.a.mov(eax, 9)?;
    s.a.syscall()?;
    s.a.xor(ecx, ecx)?;
    s.a.cmp(rax, -4095)?;
    s.a.jb(ok)?;
    s.a.neg(rax)?;
    s.a.mov(rcx, rax)?;
    s.a.xor(eax, eax)?;
    s.a.set_label(&mut ok)?;
    s.a.ret()
}

/// (wait *uint32): says that the stack is free, then ends the thread without one.
fn exit_thread(s: &mut Asm<'_>) -> Result {
    s.a.mov(dword_ptr(rdi), 0)?;
    s.a.xor(edi, edi)?;
    s.a.mov(eax, 60)?;
    s.a.syscall()?;
    s.a.ud2()
}

/// Reads a clock into [rsp] and [rsp+8], through the vDSO where there is one. The stack pointer must be
/// aligned; C code keeps rbx, rbp and r12 to r15.
fn clock_gettime(s: &mut Asm<'_>, clock: i32) -> Result {
    let (mut by_kernel, mut done) = (s.a.create_label(), s.a.create_label());
    s.a.mov(edi, clock)?;
    s.a.mov(rsi, rsp)?;
    s.load_sym(rax, "runtime.vdsoClockgettimeSym")?;
    s.a.test(rax, rax)?;
    s.a.je(by_kernel)?;
    s.a.call(rax)?;
    s.a.jmp(done)?;
    s.a.set_label(&mut by_kernel)?;
    s.a.mov(eax, 228)?;
    s.a.syscall()?;
    s.a.set_label(&mut done)?;
    s.a.zero_bytes()
}

const CLOCK_REALTIME: i32 = 0;
const CLOCK_MONOTONIC: i32 = 1;

fn nanotime1(s: &mut Asm<'_>) -> Result {
    s.a.sub(rsp, 24)?;
    s.depth(24)?;
    clock_gettime(s, CLOCK_MONOTONIC)?;
    s.a.imul_3(rax, qword_ptr(rsp), 1_000_000_000)?;
    s.a.add(rax, qword_ptr(rsp + 8))?;
    s.a.add(rsp, 24)?;
    s.depth(0)?;
    s.a.ret()
}

/// () (sec int64, nsec int32, mono int64)
fn time_now(s: &mut Asm<'_>) -> Result {
    s.a.sub(rsp, 40)?;
    s.depth(40)?;
    clock_gettime(s, CLOCK_REALTIME)?;
    s.a.mov(rax, ptr(rsp))?;
    s.a.mov(ptr(rsp + 16), rax)?;
    s.a.mov(rax, ptr(rsp + 8))?;
    s.a.mov(ptr(rsp + 24), rax)?;
    clock_gettime(s, CLOCK_MONOTONIC)?;
    s.a.imul_3(rdx, qword_ptr(rsp), 1_000_000_000)?;
    s.a.add(rdx, qword_ptr(rsp + 8))?;
    s.a.mov(rax, ptr(rsp + 16))?;
    s.a.mov(rcx, ptr(rsp + 24))?;
    s.a.add(rsp, 40)?;
    s.depth(0)?;
    s.a.ret()
}

/// (tv *Timeval) (errno)
fn gettimeofday(s: &mut Asm<'_>) -> Result {
    let mut ok = s.a.create_label();
    s.a.xor(esi, esi)?;
    s.a.mov(eax, 96)?;
    s.a.syscall()?;
    s.a.xor(ecx, ecx)?;
    s.a.cmp(rax, -4095)?;
    s.a.jb(ok)?;
    s.a.neg(rax)?;
    s.a.mov(rcx, rax)?;
    s.a.set_label(&mut ok)?;
    s.a.mov(rax, rcx)?;
    s.a.ret()
}

/// (buf, length, flags uint32, state, stateSize) int: the vDSO's function takes the same arguments.
fn vgetrandom1(s: &mut Asm<'_>) -> Result {
    s.a.sub(rsp, 8)?;
    s.depth(8)?;
    s.load_sym(rax, "runtime.vdsoGetrandomSym")?;
    s.a.call(rax)?;
    s.a.add(rsp, 8)?;
    s.depth(0)?;
    s.a.ret()
}
