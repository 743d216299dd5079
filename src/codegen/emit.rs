//! From Cranelift's result to [`object::Code`].

use std::sync::Arc;

use cranelift_codegen::binemit::Reloc;
use cranelift_codegen::ir as clif;
use cranelift_codegen::{CompiledCode, FinalizedMachExceptionHandler, FinalizedRelocTarget};
use cranelift_entity::EntityRef;
use iced_x86::code_asm::{CodeAssembler, ptr, qword_ptr, r11, r15, rsp};
use iced_x86::{BlockEncoderOptions, Code as Opcode, Decoder, DecoderOptions, Instruction, Register};

use super::Backend;
use crate::ir;
use crate::object;
use crate::overlay::STACK_GUARD;
use crate::target::abi::helper;

/// The size of a cache line's half: loops and calls like it, and Cranelift asks for 1 mostly.
const FUNC_ALIGN: u32 = 16;

const NOP: u8 = 0x90;

/// A function checks the stack when its frame is there already: up to this size, the guard holds frame and callees.
const MAX_UNCHECKED_FRAME: i32 = STACK_GUARD as i32 / 2;

pub(super) fn emit(
    func: &ir::Func,
    backend: &Backend,
    clif: &clif::Function,
    compiled: &CompiledCode,
    syms: Vec<Arc<str>>,
) -> object::Code {
    let bytes = compiled.code_buffer().to_vec();
    let pcsp = frame_rows(&bytes);
    let code = object::Code {
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
    };
    let frame = code.pcsp.iter().map(|&(_, depth)| depth).max().unwrap_or(0);
    if frame > MAX_UNCHECKED_FRAME && !func.attrs.nosplit {
        return check_first(code, frame, backend.layout.stackguard0);
    }
    code
}

/// Puts a check of the stack before a function whose own, inside its frame, would come too late.
fn check_first(mut code: object::Code, frame: i32, stackguard0: i32) -> object::Code {
    const IMPOSSIBLE: &str = "these instructions can be encoded";
    let mut a = CodeAssembler::new(64).expect(IMPOSSIBLE);
    let mut enough = a.create_label();
    a.lea(r11, ptr(rsp - frame)).expect(IMPOSSIBLE);
    a.cmp(r11, qword_ptr(r15 + stackguard0)).expect(IMPOSSIBLE);
    a.ja(enough).expect(IMPOSSIBLE);
    a.sub(rsp, frame).expect(IMPOSSIBLE);
    let mut call = a.create_label();
    a.set_label(&mut call).expect(IMPOSSIBLE);
    a.db(&[0xe8, 0, 0, 0, 0]).expect(IMPOSSIBLE);
    let mut back = a.create_label();
    a.set_label(&mut back).expect(IMPOSSIBLE);
    a.add(rsp, frame).expect(IMPOSSIBLE);
    a.set_label(&mut enough).expect(IMPOSSIBLE);
    a.zero_bytes().expect(IMPOSSIBLE);
    let done = a.assemble_options(0, BlockEncoderOptions::RETURN_NEW_INSTRUCTION_OFFSETS).expect(IMPOSSIBLE);
    let call = done.label_ip(&call).expect(IMPOSSIBLE) as u32;
    let back = done.label_ip(&back).expect(IMPOSSIBLE) as u32 + 7;
    let mut bytes = done.inner.code_buffer;
    // Constants behind the code stay aligned.
    bytes.resize(bytes.len().next_multiple_of(code.align as usize), NOP);
    let shift = bytes.len() as u32;

    bytes.append(&mut code.bytes);
    code.relocs.iter_mut().for_each(|r| r.offset += shift);
    code.lines.iter_mut().for_each(|(at, _)| *at += shift);
    code.handlers.iter_mut().for_each(|(ret, to)| {
        *ret += shift;
        *to += shift;
    });
    code.pcsp.iter_mut().for_each(|(at, _)| *at += shift);
    let target = code.syms.len() as u32;
    code.syms.push(helper::MORESTACK.into());
    let kind = object::CodeRelocKind::PcRel32;
    code.relocs.insert(0, object::CodeReloc { offset: call + 1, kind, target, addend: -4 });
    code.pcsp.splice(0..0, [(0, 0), (call, frame), (back, 0)]);
    object::Code { bytes, ..code }
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
/// And from each epilogue, `mov rsp, rbp; pop rbp; ret`, where a profiler's signal may arrive.
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
    const EPILOGUE: [u8; 5] = [0x48, 0x89, 0xec, 0x5d, 0xc3];
    let (start, inside) = *rows.last().expect("there is the first row");
    if inside > 0 {
        for at in memchr::memmem::find_iter(bytes, &EPILOGUE).map(|at| at as u32).filter(|&at| at >= start) {
            let end = at + EPILOGUE.len() as u32;
            rows.extend([(at + 3, 8), (at + 4, 0)]);
            if end < bytes.len() as u32 {
                rows.push((end, inside));
            }
        }
    }
    rows
}
