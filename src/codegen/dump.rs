//! What the back end makes of a function, as text: `-emit=clif` and `-emit=asm`.

use cranelift_codegen::ir as clif;
use iced_x86::{Decoder, DecoderOptions, Formatter, GasFormatter};

use super::Backend;
use crate::{ir, object};

/// The function in Cranelift's own text form, before its optimisations; names are `u0:` and the index in the symbol table.
pub fn clif(func: &ir::Func, backend: &Backend) -> String {
    let mut out = clif::Function::new();
    let syms = super::func::translate(func, backend, &mut out);
    let mut text = format!("; {}\n", func.name);
    for (i, sym) in syms.iter().enumerate() {
        text.push_str(&format!("; u0:{i} = {sym}\n"));
    }
    text.push_str(&out.display().to_string());
    text
}

/// The machine code, with lines and the symbols it refers to.
pub fn asm(code: &object::Code) -> String {
    let mut text = format!("{}:\n", code.name);
    let mut decoder = Decoder::new(64, &code.bytes, DecoderOptions::NONE);
    let mut formatter = GasFormatter::new();
    formatter.options_mut().set_branch_leading_zeros(false);
    let mut last_loc = None;
    while decoder.can_decode() {
        let start = decoder.position() as u32;
        let inst = decoder.decode();
        let end = decoder.position() as u32;
        let mut line = String::new();
        formatter.format(&inst, &mut line);
        for reloc in code.relocs.iter().filter(|r| (start..end).contains(&r.offset)) {
            line = format!("{line:<40} ; {}", code.syms[reloc.target as usize]);
        }
        if let Some((_, handler)) = code.handlers.iter().find(|&&(ret, _)| ret == end) {
            line = format!("{line:<40} ; or {handler:#x}");
        }
        let row = code.lines.iter().rev().find(|&&(at, _)| at <= start);
        let loc = row.map(|&(_, loc)| code.locs[loc as usize].line);
        let shown = loc.filter(|_| loc != last_loc).map(|l| format!("+{l}")).unwrap_or_default();
        last_loc = loc;
        text.push_str(&format!("  {shown:>5} {start:5x}  {line}\n"));
    }
    text
}
