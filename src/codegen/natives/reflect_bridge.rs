//! Calls whose signature is known at run time only: reflect's Call, MakeFunc and method values.
//!
//! `abi.RegArgs` mirrors the register part of our calling convention, and its frame is the overflow area, so
//! one stub per direction serves every signature.
//!
//! ```text
//! RegArgs:  Ints [6]uintptr │ Floats [8]uint64 │ Ptrs [6]unsafe.Pointer │ ReturnIsPtr, one byte
//!           0                 48                112                      160                    168
//! ```

use iced_x86::code_asm::*;

use super::Native;
use super::asm::{Asm, Result};
use crate::target::abi;

pub(super) const NATIVES: &[Native] = &[
    ("reflect.makeFuncStub", |s| make_func(s, "reflect.callReflect")),
    ("reflect.methodValueCall", |s| make_func(s, "reflect.callMethod")),
    ("runtime.reflectcall", reflectcall),
    ("runtime.thermosReflectcall256", |s| reflectcall_frame(s, 256)),
    ("runtime.thermosReflectcall4K", |s| reflectcall_frame(s, 4 << 10)),
    ("runtime.thermosReflectcall64K", |s| reflectcall_frame(s, 64 << 10)),
    ("runtime.thermosReflectcall1M", |s| reflectcall_frame(s, 1 << 20)),
    ("runtime.thermosReflectcall16M", |s| reflectcall_frame(s, 16 << 20)),
    ("runtime.thermosReflectcall128M", |s| reflectcall_frame(s, 128 << 20)),
];

const FLOATS: i32 = 8 * abi::INT_REGS as i32;
const RETURN_IS_PTR: i32 = FLOATS + 8 * abi::FLOAT_REGS as i32 + 8 * abi::INT_REGS as i32;

const INT_PARAMS: [AsmRegister64; abi::INT_REGS] = [rdi, rsi, rdx, rcx, r8, r9];
const INT_RESULTS: [AsmRegister64; abi::INT_REGS] = [rax, rcx, rdx, rsi, rdi, r8];
const FLOAT_REGS: [AsmRegisterXmm; abi::FLOAT_REGS] = [xmm0, xmm1, xmm2, xmm3, xmm4, xmm5, xmm6, xmm7];

fn store_regs(s: &mut Asm<'_>, base: AsmRegister64, ints: &[AsmRegister64]) -> Result {
    for (i, &reg) in ints.iter().enumerate() {
        s.a.mov(ptr(base + 8 * i as i32), reg)?;
    }
    for (i, &reg) in FLOAT_REGS.iter().enumerate() {
        s.a.movsd_2(qword_ptr(base + FLOATS + 8 * i as i32), reg)?;
    }
    Ok(())
}

fn load_regs(s: &mut Asm<'_>, base: AsmRegister64, ints: &[AsmRegister64]) -> Result {
    for (i, &reg) in ints.iter().enumerate() {
        s.a.mov(reg, ptr(base + 8 * i as i32))?;
    }
    for (i, &reg) in FLOAT_REGS.iter().enumerate() {
        s.a.movsd_2(reg, qword_ptr(base + FLOATS + 8 * i as i32))?;
    }
    Ok(())
}

/// (type, fn, stackArgs, stackArgsSize, stackRetOffset, frameSize; regArgs in the overflow area): picks the
/// stub whose frame is big enough, for the unwinder wants frames of a known size.
fn reflectcall(s: &mut Asm<'_>) -> Result {
    s.flags.wrapper = true;
    for (size, stub) in [
        (256, "runtime.thermosReflectcall256"),
        (4 << 10, "runtime.thermosReflectcall4K"),
        (64 << 10, "runtime.thermosReflectcall64K"),
        (1 << 20, "runtime.thermosReflectcall1M"),
        (16 << 20, "runtime.thermosReflectcall16M"),
        (128 << 20, "runtime.thermosReflectcall128M"),
    ] {
        let mut next = s.a.create_label();
        s.a.cmp(r9d, size)?;
        s.a.ja(next)?;
        s.jmp_sym(stub)?;
        s.a.set_label(&mut next)?;
        s.a.zero_bytes()?;
    }
    s.jmp_sym("runtime.badreflectcall")
}

/// As reflectcall, with room for `frame` bytes of overflow area.
fn reflectcall_frame(s: &mut Asm<'_>, frame: i32) -> Result {
    let mut enough = s.a.create_label();
    s.flags.wrapper = true;
    s.a.push(rbp)?;
    s.depth(8)?;
    s.a.mov(rbp, rsp)?;
    for reg in [rbx, r12, r13, r14] {
        s.a.push(reg)?;
    }
    s.depth(40)?;
    s.a.lea(rax, ptr(rsp - (frame + 32)))?;
    s.a.cmp(rax, ptr(r15 + s.field("g", "stackguard0")))?;
    s.a.ja(enough)?;
    s.call_sym(abi::helper::MORESTACK)?;
    s.a.set_label(&mut enough)?;
    s.a.sub(rsp, frame + 32)?;
    s.depth(40 + frame + 32)?;
    let (ty, args_size, ret_offset) = (rbp - 40, rbp - 48, rbp - 56);
    s.a.mov(ptr(ty), rdi)?;
    s.a.mov(ecx, ecx)?;
    s.a.mov(ptr(args_size), rcx)?;
    s.a.mov(r8d, r8d)?;
    s.a.mov(ptr(ret_offset), r8)?;
    s.a.mov(rbx, ptr(r15 + s.field("g", "thermosOverflow")))?;
    s.a.mov(rbx, ptr(rbx))?; // regArgs
    s.a.mov(r12, rdx)?; // stackArgs
    s.a.mov(r14, rsi)?; // fn
    s.a.mov(rsi, rdx)?;
    s.a.mov(rdi, rsp)?;
    s.a.rep().movsb()?;

    load_regs(s, rbx, &INT_PARAMS)?;
    s.a.mov(ptr(r15 + s.field("g", "thermosCtx")), r14)?;
    s.a.mov(ptr(r15 + s.field("g", "thermosOverflow")), rsp)?;
    s.a.call(qword_ptr(r14))?;
    store_regs(s, rbx, &INT_RESULTS)?;

    // reflectcallmove(type, stackArgs+ret, frame+ret, size-ret, regArgs): with the barriers a heap frame needs.
    s.a.mov(rax, ptr(ret_offset))?;
    s.a.mov(rdi, ptr(ty))?;
    s.a.lea(rsi, ptr(r12 + rax))?;
    s.a.lea(rdx, ptr(rsp + rax))?;
    s.a.mov(rcx, ptr(args_size))?;
    s.a.sub(rcx, rax)?;
    s.a.mov(r8, rbx)?;
    s.call_sym("runtime.reflectcallmove")?;
    s.a.lea(rsp, ptr(rbp - 32))?;
    s.depth(40)?;
    for reg in [r14, r13, r12, rbx, rbp] {
        s.a.pop(reg)?;
    }
    s.depth(0)?;
    s.a.ret()
}

/// The code of a func value that reflect made: calls `callee(ctx, frame, &retValid, &regArgs)`.
fn make_func(s: &mut Asm<'_>, callee: &str) -> Result {
    const RET_VALID: i32 = 168;
    const CTX: i32 = 176;
    const OVERFLOW: i32 = 184;
    s.flags.wrapper = true;
    s.a.push(rbp)?;
    s.depth(8)?;
    s.a.mov(rbp, rsp)?;
    s.a.sub(rsp, 192)?;
    s.depth(200)?;
    s.a.mov(rax, ptr(r15 + s.field("g", "thermosCtx")))?;
    s.a.mov(ptr(rsp + CTX), rax)?;
    s.a.mov(r10, ptr(r15 + s.field("g", "thermosOverflow")))?;
    s.a.mov(ptr(rsp + OVERFLOW), r10)?;
    store_regs(s, rsp, &INT_PARAMS)?;
    s.a.mov(qword_ptr(rsp + RETURN_IS_PTR), 0)?;
    s.a.mov(qword_ptr(rsp + RET_VALID), 0)?;

    s.a.mov(rdi, rax)?;
    s.a.mov(rsi, rsp)?;
    s.call_sym("reflect.moveMakeFuncArgPtrs")?;
    s.a.mov(rdi, ptr(rsp + CTX))?;
    s.a.mov(rsi, ptr(rsp + OVERFLOW))?;
    s.a.lea(rdx, ptr(rsp + RET_VALID))?;
    s.a.mov(rcx, rsp)?;
    s.call_sym(callee)?;
    load_regs(s, rsp, &INT_RESULTS)?;
    s.a.leave()?;
    s.depth(0)?;
    s.a.ret()
}
