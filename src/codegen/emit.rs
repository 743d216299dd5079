//! From Cranelift's result to [`object::Code`].

use std::sync::Arc;

use cranelift_codegen::binemit::Reloc;
use cranelift_codegen::ir as clif;
use cranelift_codegen::{CompiledCode, FinalizedMachExceptionHandler, FinalizedRelocTarget};
use cranelift_entity::EntityRef;
use iced_x86::{Code as Opcode, Decoder, DecoderOptions, Instruction, Register};

use super::Backend;
use crate::ir;
use crate::object;

/// The size of a cache line's half: loops and calls like it, and Cranelift asks for 1 mostly.
const FUNC_ALIGN: u32 = 16;

pub(super) fn emit(
    func: &ir::Func,
    _backend: &Backend,
    clif: &clif::Function,
    compiled: &CompiledCode,
    syms: Vec<Arc<str>>,
) -> object::Code {
    let bytes = compiled.code_buffer().to_vec();
    let pcsp = frame_rows(&bytes);
    object::Code {
        name: func.name.clone(),
        align: compiled.buffer.alignment.max(FUNC_ALIGN),
        relocs: relocs(func, clif, compiled),
        lines: lines(compiled),
        locs: locs(func),
        sites: sites(func),
        handlers: handlers(compiled),
        flags: object::CodeFlags {
            wrapper: func.attrs.wrapper,
            top_frame: func.attrs.top_frame,
            sp_write: false,
            nosplit: func.attrs.nosplit,
            asm: false,
        },
        syms,
        pcsp,
        bytes,
    }
}

fn relocs(func: &ir::Func, clif: &clif::Function, compiled: &CompiledCode) -> Vec<object::CodeReloc> {
    let names = clif.params.user_named_funcs();
    let mut out: Vec<object::CodeReloc> = compiled
        .buffer
        .relocs()
        .iter()
        .map(|reloc| {
            let FinalizedRelocTarget::ExternalName(clif::ExternalName::User(name)) = &reloc.target else {
                panic!("{}: code refers to {:?}", func.name, reloc.target);
            };
            let kind = match reloc.kind {
                Reloc::X86PCRel4 | Reloc::X86CallPCRel4 | Reloc::X86CallPLTRel4 => {
                    object::CodeRelocKind::PcRel32
                }
                Reloc::Abs8 => object::CodeRelocKind::Abs64,
                other => panic!("{}: relocation {other:?}", func.name),
            };
            object::CodeReloc { offset: reloc.offset, kind, target: names[*name].index, addend: reloc.addend }
        })
        .collect();
    out.sort();
    out
}

/// Neighbours with one location are one row.
fn lines(compiled: &CompiledCode) -> Vec<(u32, u32)> {
    let mut out: Vec<(u32, u32)> = Vec::new();
    for row in compiled.buffer.get_srclocs_sorted() {
        let loc = if row.loc.is_default() { 0 } else { row.loc.bits() };
        if out.last().is_none_or(|&(_, last)| last != loc) {
            out.push((row.start, loc));
        }
    }
    out
}

fn locs(func: &ir::Func) -> Vec<object::CodeLoc> {
    let site = |site: ir::Site| site.index() as u32;
    func.locs
        .values()
        .map(|l| object::CodeLoc { file: l.file, line: l.line, site: l.site.map(site) })
        .collect()
}

fn sites(func: &ir::Func) -> Vec<object::CodeSite> {
    let one =
        |s: &ir::SiteData| object::CodeSite { callee: s.callee.index() as u32, at: s.at.index() as u32 };
    func.sites.values().map(one).collect()
}

fn handlers(compiled: &CompiledCode) -> Vec<(u32, u32)> {
    let mut out = Vec::new();
    for site in compiled.buffer.call_sites() {
        for handler in site.exception_handlers {
            if let FinalizedMachExceptionHandler::Default(offset) = handler {
                out.push((site.ret_addr, *offset));
            }
        }
    }
    out.sort_unstable();
    out
}

/// How far the stack pointer is below the return address, read from the prologue: `push rbp; mov rbp, rsp; sub rsp, n`.
/// The epilogue's few instructions are not told apart: nothing unwinds from there.
fn frame_rows(bytes: &[u8]) -> Vec<(u32, i32)> {
    let mut rows = vec![(0, 0)];
    let mut decoder = Decoder::new(64, bytes, DecoderOptions::NONE);
    let mut inst = Instruction::default();
    for step in 0..3 {
        if !decoder.can_decode() {
            break;
        }
        decoder.decode_out(&mut inst);
        let after = decoder.position() as u32;
        match (step, inst.code()) {
            (0, Opcode::Push_r64) if inst.op0_register() == Register::RBP => rows.push((after, 8)),
            (1, Opcode::Mov_r64_rm64 | Opcode::Mov_rm64_r64) if inst.op0_register() == Register::RBP => {}
            (2, Opcode::Sub_rm64_imm8 | Opcode::Sub_rm64_imm32) if inst.op0_register() == Register::RSP => {
                rows.push((after, inst.immediate(1) as i32 + 8));
            }
            _ => break,
        }
    }
    rows
}
