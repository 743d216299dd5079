//! Moving, clearing and comparing memory.
//!
//! A pointer is never torn: every aligned word is read and written by one instruction, as the collector may
//! look at any time.

use iced_x86::code_asm::*;

use super::Native;
use super::asm::{Asm, Result};

pub(super) const NATIVES: &[Native] = &[
    ("runtime.memclrNoHeapPointers", memclr),
    ("runtime.memequal", memequal),
    ("runtime.memequal_varlen", memequal_varlen),
    ("runtime.memmove", memmove),
];

/// From here on the microcoded string instructions win over a loop of 16-byte stores.
const BIG: i32 = 2048;

/// (to, from, n): ranges may overlap, so small sizes load everything before they store anything.
fn memmove(s: &mut Asm<'_>) -> Result {
    let a = &mut s.a;
    let (mut le16, mut le8, mut le4, mut one, mut done) =
        (a.create_label(), a.create_label(), a.create_label(), a.create_label(), a.create_label());
    let (mut le32, mut le64, mut backward, mut forward, mut forward_loop, mut backward_loop, mut last) = (
        a.create_label(),
        a.create_label(),
        a.create_label(),
        a.create_label(),
        a.create_label(),
        a.create_label(),
        a.create_label(),
    );
    a.cmp(rdx, 16)?;
    a.jbe(le16)?;
    a.cmp(rdx, 32)?;
    a.jbe(le32)?;
    a.cmp(rdx, 64)?;
    a.jbe(le64)?;
    a.mov(rax, rdi)?;
    a.sub(rax, rsi)?;
    a.je(done)?;
    a.cmp(rax, rdx)?;
    a.jb(backward)?; // from < to < from+n

    // Forward: the last 16 bytes are read first, since the loop may overwrite them.
    a.movups(xmm5, ptr(rsi + rdx - 16))?;
    a.lea(r8, ptr(rdi + rdx - 16))?;
    a.cmp(rdx, BIG)?;
    a.jb(forward)?;
    a.lea(rcx, ptr(rdx - 1))?;
    a.shr(rcx, 3)?;
    a.rep().movsq()?;
    a.movups(ptr(r8), xmm5)?;
    a.ret()?;
    a.set_label(&mut forward)?;
    a.lea(rcx, ptr(rdx - 1))?;
    a.shr(rcx, 4)?; // whole pieces of 16, at least one byte left for the last
    a.set_label(&mut forward_loop)?;
    a.movups(xmm0, ptr(rsi))?;
    a.movups(ptr(rdi), xmm0)?;
    a.add(rsi, 16)?;
    a.add(rdi, 16)?;
    a.dec(rcx)?;
    a.jne(forward_loop)?;
    a.movups(ptr(r8), xmm5)?;
    a.ret()?;

    a.set_label(&mut backward)?;
    a.movups(xmm5, ptr(rsi))?;
    a.mov(r8, rdi)?;
    a.lea(rcx, ptr(rdx - 1))?;
    a.shr(rcx, 4)?;
    a.add(rsi, rdx)?;
    a.add(rdi, rdx)?;
    a.set_label(&mut backward_loop)?;
    a.sub(rsi, 16)?;
    a.sub(rdi, 16)?;
    a.movups(xmm0, ptr(rsi))?;
    a.movups(ptr(rdi), xmm0)?;
    a.dec(rcx)?;
    a.jne(backward_loop)?;
    a.set_label(&mut last)?;
    a.movups(ptr(r8), xmm5)?;
    a.ret()?;

    a.set_label(&mut le64)?;
    a.movups(xmm0, ptr(rsi))?;
    a.movups(xmm1, ptr(rsi + 16))?;
    a.movups(xmm2, ptr(rsi + rdx - 32))?;
    a.movups(xmm3, ptr(rsi + rdx - 16))?;
    a.movups(ptr(rdi), xmm0)?;
    a.movups(ptr(rdi + 16), xmm1)?;
    a.movups(ptr(rdi + rdx - 32), xmm2)?;
    a.movups(ptr(rdi + rdx - 16), xmm3)?;
    a.ret()?;

    a.set_label(&mut le32)?;
    a.movups(xmm0, ptr(rsi))?;
    a.movups(xmm1, ptr(rsi + rdx - 16))?;
    a.movups(ptr(rdi), xmm0)?;
    a.movups(ptr(rdi + rdx - 16), xmm1)?;
    a.ret()?;

    a.set_label(&mut le16)?;
    a.cmp(rdx, 8)?;
    a.jb(le8)?;
    a.mov(rax, ptr(rsi))?;
    a.mov(rcx, ptr(rsi + rdx - 8))?;
    a.mov(ptr(rdi), rax)?;
    a.mov(ptr(rdi + rdx - 8), rcx)?;
    a.ret()?;

    a.set_label(&mut le8)?;
    a.cmp(rdx, 4)?;
    a.jb(le4)?;
    a.mov(eax, dword_ptr(rsi))?;
    a.mov(ecx, dword_ptr(rsi + rdx - 4))?;
    a.mov(dword_ptr(rdi), eax)?;
    a.mov(dword_ptr(rdi + rdx - 4), ecx)?;
    a.ret()?;

    a.set_label(&mut le4)?;
    a.cmp(rdx, 1)?;
    a.jb(done)?;
    a.je(one)?;
    a.movzx(eax, word_ptr(rsi))?;
    a.movzx(ecx, byte_ptr(rsi + rdx - 1))?;
    a.mov(word_ptr(rdi), ax)?;
    a.mov(byte_ptr(rdi + rdx - 1), cl)?;
    a.ret()?;
    a.set_label(&mut one)?;
    a.mov(al, byte_ptr(rsi))?;
    a.mov(byte_ptr(rdi), al)?;
    a.set_label(&mut done)?;
    a.ret()
}

/// (ptr, n)
fn memclr(s: &mut Asm<'_>) -> Result {
    let a = &mut s.a;
    let (mut lt16, mut lt8, mut lt4, mut big, mut again, mut done) = (
        a.create_label(),
        a.create_label(),
        a.create_label(),
        a.create_label(),
        a.create_label(),
        a.create_label(),
    );
    a.xor(eax, eax)?;
    a.cmp(rsi, 16)?;
    a.jb(lt16)?;
    a.xorps(xmm0, xmm0)?;
    a.lea(r8, ptr(rdi + rsi - 16))?;
    a.lea(rcx, ptr(rsi - 1))?;
    a.cmp(rsi, BIG)?;
    a.jae(big)?;
    a.shr(rcx, 4)?;
    a.movups(ptr(r8), xmm0)?;
    a.je(done)?; // exactly 16
    a.set_label(&mut again)?;
    a.movups(ptr(rdi), xmm0)?;
    a.add(rdi, 16)?;
    a.dec(rcx)?;
    a.jne(again)?;
    a.ret()?;
    a.set_label(&mut big)?;
    a.shr(rcx, 3)?;
    a.rep().stosq()?;
    a.movups(ptr(r8), xmm0)?;
    a.ret()?;
    a.set_label(&mut lt16)?;
    a.cmp(rsi, 8)?;
    a.jb(lt8)?;
    a.mov(ptr(rdi), rax)?;
    a.mov(ptr(rdi + rsi - 8), rax)?;
    a.ret()?;
    a.set_label(&mut lt8)?;
    a.cmp(rsi, 4)?;
    a.jb(lt4)?;
    a.mov(dword_ptr(rdi), eax)?;
    a.mov(dword_ptr(rdi + rsi - 4), eax)?;
    a.ret()?;
    a.set_label(&mut lt4)?;
    a.test(rsi, rsi)?;
    a.je(done)?;
    a.mov(byte_ptr(rdi), al)?;
    a.mov(byte_ptr(rdi + rsi - 1), al)?;
    a.shr(rsi, 1)?;
    a.mov(byte_ptr(rdi + rsi), al)?;
    a.set_label(&mut done)?;
    a.ret()
}

/// (p, q, size) bool
fn memequal(s: &mut Asm<'_>) -> Result {
    let a = &mut s.a;
    let (mut lt16, mut lt8, mut lt4, mut again, mut equal, mut differ, mut bytes) = (
        a.create_label(),
        a.create_label(),
        a.create_label(),
        a.create_label(),
        a.create_label(),
        a.create_label(),
        a.create_label(),
    );
    a.cmp(rdi, rsi)?;
    a.je(equal)?;
    a.cmp(rdx, 16)?;
    a.jb(lt16)?;
    a.movups(xmm2, ptr(rdi + rdx - 16))?;
    a.movups(xmm3, ptr(rsi + rdx - 16))?;
    a.pcmpeqb(xmm2, xmm3)?;
    a.pmovmskb(eax, xmm2)?;
    a.cmp(eax, 0xffff)?;
    a.jne(differ)?;
    a.shr(rdx, 4)?;
    a.set_label(&mut again)?;
    a.movups(xmm0, ptr(rdi))?;
    a.movups(xmm1, ptr(rsi))?;
    a.pcmpeqb(xmm0, xmm1)?;
    a.pmovmskb(eax, xmm0)?;
    a.cmp(eax, 0xffff)?;
    a.jne(differ)?;
    a.add(rdi, 16)?;
    a.add(rsi, 16)?;
    a.dec(rdx)?;
    a.jne(again)?;
    a.set_label(&mut equal)?;
    a.mov(eax, 1)?;
    a.ret()?;

    a.set_label(&mut lt16)?;
    a.cmp(rdx, 8)?;
    a.jb(lt8)?;
    a.mov(rax, ptr(rdi))?;
    a.xor(rax, qword_ptr(rsi))?;
    a.mov(rcx, ptr(rdi + rdx - 8))?;
    a.xor(rcx, qword_ptr(rsi + rdx - 8))?;
    a.or(rax, rcx)?;
    a.sete(al)?;
    a.ret()?;
    a.set_label(&mut lt8)?;
    a.cmp(rdx, 4)?;
    a.jb(lt4)?;
    a.mov(eax, dword_ptr(rdi))?;
    a.xor(eax, dword_ptr(rsi))?;
    a.mov(ecx, dword_ptr(rdi + rdx - 4))?;
    a.xor(ecx, dword_ptr(rsi + rdx - 4))?;
    a.or(eax, ecx)?;
    a.sete(al)?;
    a.ret()?;
    a.set_label(&mut lt4)?;
    a.test(rdx, rdx)?;
    a.je(equal)?;
    a.set_label(&mut bytes)?;
    a.mov(al, byte_ptr(rdi + rdx - 1))?;
    a.cmp(al, byte_ptr(rsi + rdx - 1))?;
    a.jne(differ)?;
    a.dec(rdx)?;
    a.jne(bytes)?;
    a.jmp(equal)?;
    a.set_label(&mut differ)?;
    a.xor(eax, eax)?;
    a.ret()
}

/// (p, q) bool: the size is in the closure, after the code pointer.
fn memequal_varlen(s: &mut Asm<'_>) -> Result {
    s.a.mov(rdx, ptr(r15 + s.field("g", "thermosCtx")))?;
    s.a.mov(rdx, ptr(rdx + 8))?;
    s.jmp_sym("runtime.memequal")
}
