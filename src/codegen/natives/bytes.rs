//! Searching, counting and comparing bytes, sixteen at a time.

use iced_x86::code_asm::*;

use super::Native;
use super::asm::{Asm, Result};

pub(super) const NATIVES: &[Native] = &[
    ("internal/bytealg.Compare", compare),
    ("internal/bytealg.Count", count),
    ("internal/bytealg.CountString", count_string),
    ("internal/bytealg.IndexByte", index_byte),
    ("internal/bytealg.IndexByteString", index_byte_string),
    ("runtime.cmpstring", cmpstring),
];

/// ([]byte, c): the capacity is not looked at.
fn index_byte(s: &mut Asm<'_>) -> Result {
    s.a.mov(edx, ecx)?;
    index_byte_string(s)
}

/// All sixteen bytes of xmm0 become the low byte of edx.
fn broadcast(s: &mut Asm<'_>) -> Result {
    s.a.movd(xmm0, edx)?;
    s.a.punpcklbw(xmm0, xmm0)?;
    s.a.pshuflw(xmm0, xmm0, 0)?;
    s.a.pshufd(xmm0, xmm0, 0)
}

/// (string, c)
fn index_byte_string(s: &mut Asm<'_>) -> Result {
    let a = &mut s.a;
    let (mut short, mut again, mut found, mut none, mut page_end) =
        (a.create_label(), a.create_label(), a.create_label(), a.create_label(), a.create_label());
    broadcast(s)?;
    let a = &mut s.a;
    a.cmp(rsi, 16)?;
    a.jb(short)?;
    a.mov(r8, rdi)?;
    a.lea(r9, ptr(rdi + rsi - 16))?;
    a.set_label(&mut again)?;
    a.movups(xmm1, ptr(rdi))?;
    a.pcmpeqb(xmm1, xmm0)?;
    a.pmovmskb(eax, xmm1)?;
    a.test(eax, eax)?;
    a.jne(found)?;
    a.add(rdi, 16)?;
    a.cmp(rdi, r9)?;
    a.jb(again)?;
    a.mov(rdi, r9)?; // the last sixteen, some of them for the second time
    a.movups(xmm1, ptr(rdi))?;
    a.pcmpeqb(xmm1, xmm0)?;
    a.pmovmskb(eax, xmm1)?;
    a.test(eax, eax)?;
    a.je(none)?;
    a.set_label(&mut found)?;
    a.bsf(eax, eax)?;
    a.sub(rdi, r8)?;
    a.add(rax, rdi)?;
    a.ret()?;

    // Fewer than sixteen: what is read beyond them lies on the same page, hence exists.
    a.set_label(&mut short)?;
    a.test(rsi, rsi)?;
    a.je(none)?;
    a.mov(eax, edi)?;
    a.and(eax, 0xfff)?;
    a.cmp(eax, 0xff0)?;
    a.ja(page_end)?;
    a.movups(xmm1, ptr(rdi))?;
    a.pcmpeqb(xmm1, xmm0)?;
    a.pmovmskb(eax, xmm1)?;
    a.bsf(eax, eax)?;
    a.je(none)?;
    a.cmp(eax, esi)?;
    a.jae(none)?;
    a.ret()?;
    a.set_label(&mut page_end)?;
    a.movups(xmm1, ptr(rdi + rsi - 16))?;
    a.pcmpeqb(xmm1, xmm0)?;
    a.pmovmskb(eax, xmm1)?;
    a.mov(ecx, 16)?;
    a.sub(ecx, esi)?;
    a.shr(eax, cl)?;
    a.bsf(eax, eax)?;
    a.je(none)?;
    a.ret()?;
    a.set_label(&mut none)?;
    a.mov(rax, -1i64)?;
    a.ret()
}

fn count(s: &mut Asm<'_>) -> Result {
    s.a.mov(edx, ecx)?;
    count_string(s)
}

/// (string, c)
fn count_string(s: &mut Asm<'_>) -> Result {
    broadcast(s)?;
    let a = &mut s.a;
    let (mut sixteen, mut rest, mut byte, mut next, mut done) =
        (a.create_label(), a.create_label(), a.create_label(), a.create_label(), a.create_label());
    a.pxor(xmm2, xmm2)?; // two sums
    a.pxor(xmm3, xmm3)?;
    a.mov(rcx, rsi)?;
    a.shr(rcx, 4)?;
    a.je(rest)?;
    a.set_label(&mut sixteen)?;
    a.movups(xmm1, ptr(rdi))?;
    a.pcmpeqb(xmm1, xmm0)?; // -1 for each
    a.pxor(xmm4, xmm4)?;
    a.psubb(xmm4, xmm1)?;
    a.psadbw(xmm4, xmm3)?;
    a.paddq(xmm2, xmm4)?;
    a.add(rdi, 16)?;
    a.dec(rcx)?;
    a.jne(sixteen)?;
    a.set_label(&mut rest)?;
    a.movq(rax, xmm2)?;
    a.psrldq(xmm2, 8)?;
    a.movq(rcx, xmm2)?;
    a.add(rax, rcx)?;
    a.and(esi, 15)?;
    a.je(done)?;
    a.set_label(&mut byte)?;
    a.cmp(byte_ptr(rdi + rsi - 1), dl)?;
    a.jne(next)?;
    a.inc(rax)?;
    a.set_label(&mut next)?;
    a.dec(esi)?;
    a.jne(byte)?;
    a.set_label(&mut done)?;
    a.ret()
}

/// (a, b []byte)
fn compare(s: &mut Asm<'_>) -> Result {
    s.a.mov(rdx, rcx)?;
    s.a.mov(rcx, r8)?;
    cmpstring(s)
}

/// (a, b string): -1, 0 or 1.
fn cmpstring(s: &mut Asm<'_>) -> Result {
    let a = &mut s.a;
    let (mut lengths, mut lt16, mut lt8, mut again, mut last, mut differ, mut words, mut byte, mut answer) = (
        a.create_label(),
        a.create_label(),
        a.create_label(),
        a.create_label(),
        a.create_label(),
        a.create_label(),
        a.create_label(),
        a.create_label(),
        a.create_label(),
    );
    a.cmp(rdi, rdx)?;
    a.je(lengths)?;
    a.mov(r8, rsi)?;
    a.cmp(rsi, rcx)?;
    a.cmova(r8, rcx)?; // the shorter length
    a.cmp(r8, 16)?;
    a.jb(lt16)?;
    a.lea(r9, ptr(r8 - 16))?; // offset of the last sixteen
    a.xor(r10d, r10d)?;
    a.set_label(&mut again)?;
    a.cmp(r10, r9)?;
    a.jae(last)?;
    a.movups(xmm0, ptr(rdi + r10))?;
    a.movups(xmm1, ptr(rdx + r10))?;
    a.pcmpeqb(xmm0, xmm1)?;
    a.pmovmskb(eax, xmm0)?;
    a.xor(eax, 0xffff)?;
    a.jne(differ)?;
    a.add(r10, 16)?;
    a.jmp(again)?;
    a.set_label(&mut last)?;
    a.mov(r10, r9)?;
    a.movups(xmm0, ptr(rdi + r10))?;
    a.movups(xmm1, ptr(rdx + r10))?;
    a.pcmpeqb(xmm0, xmm1)?;
    a.pmovmskb(eax, xmm0)?;
    a.xor(eax, 0xffff)?;
    a.je(lengths)?;
    a.set_label(&mut differ)?;
    a.bsf(eax, eax)?;
    a.add(r10, rax)?;
    a.movzx(eax, byte_ptr(rdi + r10))?;
    a.movzx(r8d, byte_ptr(rdx + r10))?;
    a.cmp(eax, r8d)?;
    a.jmp(answer)?;

    // Big-endian words compare as their bytes do.
    a.set_label(&mut lt16)?;
    a.cmp(r8, 8)?;
    a.jb(lt8)?;
    a.mov(rax, ptr(rdi))?;
    a.mov(r9, ptr(rdx))?;
    a.cmp(rax, r9)?;
    a.jne(words)?;
    a.mov(rax, ptr(rdi + r8 - 8))?;
    a.mov(r9, ptr(rdx + r8 - 8))?;
    a.cmp(rax, r9)?;
    a.je(lengths)?;
    a.set_label(&mut words)?;
    a.bswap(rax)?;
    a.bswap(r9)?;
    a.cmp(rax, r9)?;
    a.jmp(answer)?;

    a.set_label(&mut lt8)?;
    a.xor(r10d, r10d)?;
    a.set_label(&mut byte)?;
    a.cmp(r10, r8)?;
    a.jae(lengths)?;
    a.movzx(eax, byte_ptr(rdi + r10))?;
    a.movzx(r9d, byte_ptr(rdx + r10))?;
    a.inc(r10)?;
    a.cmp(eax, r9d)?;
    a.je(byte)?;
    a.jmp(answer)?;

    a.set_label(&mut lengths)?;
    a.cmp(rsi, rcx)?;
    a.set_label(&mut answer)?;
    a.seta(al)?;
    a.setb(cl)?;
    a.sub(al, cl)?;
    a.movsx(rax, al)?;
    a.ret()
}
