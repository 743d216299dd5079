//! The write barrier, instructions without a name in Go, and functions that must never be reached.

use iced_x86::code_asm::*;

use super::asm::{Asm, Result};
use super::{Native, context};

pub(super) const NATIVES: &[Native] = &[
    ("crypto/internal/boring/sig.BoringCrypto", nothing),
    ("crypto/internal/boring/sig.FIPSOnly", nothing),
    ("crypto/internal/boring/sig.StandardCrypto", nothing),
    ("internal/cpu.cpuid", cpuid),
    ("internal/cpu.getGOAMD64level", |s| {
        s.a.mov(eax, 1)?;
        s.a.ret()
    }),
    ("internal/cpu.xgetbv", xgetbv),
    ("runtime.abort", abort),
    ("runtime.asminit", nothing),
    ("runtime.breakpoint", |s| {
        s.a.int3()?;
        s.a.ret()
    }),
    ("runtime.cputicks", cputicks),
    ("runtime.getfp", |s| {
        s.a.mov(rax, rbp)?;
        s.a.ret()
    }),
    ("runtime.mapinitnoop", nothing),
    ("runtime.procyieldAsm", procyield),
    ("runtime.publicationBarrier", nothing),
    ("runtime.thermosWbBufFlush", |s| context::call_preserving_all(s, "runtime.wbBufFlush")),
    ("runtime.thermosWriteBarrier", write_barrier),
    ("vendor/golang.org/x/sys/cpu.cpuid", cpuid),
    ("vendor/golang.org/x/sys/cpu.xgetbv", xgetbv),
];

/// Declared without a body, and never called in our programs: entries that only gc's code, C code or a debugger
/// uses. Being called is an illegal instruction, whose traceback names the function.
pub(super) const TRAPS: &[&str] = &[
    "runtime.addmoduledata",
    "runtime.asmcgocall",
    "runtime.asmcgocall_landingpad",
    "runtime.asmcgocall_no_g",
    "runtime.asyncPreempt",
    "runtime.callCgoMmap",
    "runtime.callCgoMunmap",
    "runtime.callCgoSigaction",
    "runtime.cgoSigtramp",
    "runtime.cgocallback",
    "runtime.debugCallPanicked",
    "runtime.debugCallV2",
    "runtime.duffcopy",
    "runtime.duffzero",
    "runtime.panicBounds",
    "runtime.panicExtend",
    "runtime.rt0_lib_go",
    "runtime.secretEraseRegisters",
    "runtime.spillArgs",
    "runtime.stackcheck",
    "runtime.testSPWrite",
    "runtime.unspillArgs",
];

/// Families of [`TRAPS`] by the start of their names: `call16` and so on, `gcWriteBarrier1`, `retpolineAX`.
pub(super) const TRAP_FAMILIES: &[(&str, fn(&str) -> bool)] = &[
    ("runtime.call", |rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit())),
    ("runtime.gcWriteBarrier", |rest| rest.len() <= 2),
    ("runtime.retpoline", |rest| rest.len() <= 3),
];

fn nothing(s: &mut Asm<'_>) -> Result {
    s.a.ret()
}

pub(super) fn trap(s: &mut Asm<'_>) -> Result {
    s.a.ud2()?;
    s.a.ud2()
}

fn abort(s: &mut Asm<'_>) -> Result {
    let mut again = s.a.create_label();
    s.a.set_label(&mut again)?;
    s.a.int3()?;
    s.a.jmp(again)
}

/// (slot rdi, new pointer rsi), every register preserved: remembers the new and the old pointer for the
/// collector. The caller stores.
fn write_barrier(s: &mut Asm<'_>) -> Result {
    let (mut again, mut full) = (s.a.create_label(), s.a.create_label());
    let buf = s.field("p", "wbBuf");
    let (next, end) = (buf + s.field("wbBuf", "next"), buf + s.field("wbBuf", "end"));
    s.a.push(rax)?;
    s.a.push(rcx)?;
    s.a.push(rdx)?;
    s.depth(24)?;
    s.a.set_label(&mut again)?;
    s.a.mov(rax, ptr(r15 + s.field("g", "m")))?;
    s.a.mov(rax, ptr(rax + s.field("m", "p")))?;
    s.a.mov(rcx, ptr(rax + next))?;
    s.a.lea(rdx, ptr(rcx + 16))?;
    s.a.cmp(rdx, ptr(rax + end))?;
    s.a.ja(full)?;
    s.a.mov(ptr(rax + next), rdx)?;
    s.a.mov(ptr(rcx), rsi)?;
    s.a.mov(rdx, ptr(rdi))?;
    s.a.mov(ptr(rcx + 8), rdx)?;
    s.a.pop(rdx)?;
    s.a.pop(rcx)?;
    s.a.pop(rax)?;
    s.depth(0)?;
    s.a.ret()?;
    s.a.set_label(&mut full)?;
    s.a.zero_bytes()?;
    s.depth(24)?;
    s.call_sym("runtime.thermosWbBufFlush")?;
    s.a.jmp(again)
}

/// (eax, ecx uint32) (eax, ebx, ecx, edx uint32)
fn cpuid(s: &mut Asm<'_>) -> Result {
    s.a.push(rbx)?;
    s.depth(8)?;
    s.a.mov(eax, edi)?;
    s.a.mov(ecx, esi)?;
    s.a.cpuid()?;
    s.a.mov(esi, edx)?;
    s.a.mov(edx, ecx)?;
    s.a.mov(ecx, ebx)?;
    s.a.pop(rbx)?;
    s.depth(0)?;
    s.a.ret()
}

/// () (eax, edx uint32)
fn xgetbv(s: &mut Asm<'_>) -> Result {
    s.a.xor(ecx, ecx)?;
    s.a.xgetbv()?;
    s.a.mov(ecx, edx)?;
    s.a.ret()
}

fn cputicks(s: &mut Asm<'_>) -> Result {
    s.a.lfence()?; // not before what precedes
    s.a.rdtsc()?;
    s.a.shl(rdx, 32)?;
    s.a.or(rax, rdx)?;
    s.a.ret()
}

/// (cycles uint32)
fn procyield(s: &mut Asm<'_>) -> Result {
    let (mut again, mut done) = (s.a.create_label(), s.a.create_label());
    s.a.test(edi, edi)?;
    s.a.je(done)?;
    s.a.set_label(&mut again)?;
    s.a.pause()?;
    s.a.dec(edi)?;
    s.a.jne(again)?;
    s.a.set_label(&mut done)?;
    s.a.ret()
}
