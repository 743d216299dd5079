//! The assembler natives are written with: iced's, with symbols and stack depths beside it.

use std::sync::Arc;

use iced_x86::code_asm::{AsmRegister64, CodeAssembler, CodeLabel};
use iced_x86::{BlockEncoderOptions, IcedError, Register};

use super::layout::NativeLayout;
use crate::object;

/// What assembling one native may answer: an instruction iced cannot encode is our mistake.
pub(super) type Result<T = ()> = std::result::Result<T, IcedError>;

/// One native under construction.
pub(super) struct Asm<'a> {
    pub a: CodeAssembler,
    layout: &'a NativeLayout,
    syms: Vec<Arc<str>>,
    /// (the label of the instruction, where in it the four bytes are, symbol, addend)
    relocs: Vec<(CodeLabel, u32, u32, i64)>,
    /// (label, stack depth from there on)
    depths: Vec<(CodeLabel, i32)>,
    pub flags: object::CodeFlags,
}

impl<'a> Asm<'a> {
    pub fn new(layout: &'a NativeLayout) -> Self {
        Asm {
            a: CodeAssembler::new(64).expect("64 is a bitness"),
            layout,
            syms: Vec::new(),
            relocs: Vec::new(),
            depths: Vec::new(),
            flags: object::CodeFlags { nosplit: true, asm: true, ..Default::default() },
        }
    }

    /// The offset of a runtime struct's field, for an address expression.
    pub fn field(&self, ty: &str, field: &str) -> i32 {
        self.layout.offset(ty, field)
    }

    /// `g.sched.<field>`.
    pub fn sched(&self, field: &str) -> i32 {
        self.field("g", "sched") + self.field("gobuf", field)
    }

    /// Says that from here on the return address is `depth` bytes above the stack pointer.
    pub fn depth(&mut self, depth: i32) -> Result {
        let label = self.here()?;
        self.depths.push((label, depth));
        Ok(())
    }

    /// A label for the current place that does not take the one label an instruction can have.
    pub fn here(&mut self) -> Result<CodeLabel> {
        // An instruction can have one label: no code takes a pending one, then ours.
        self.a.zero_bytes()?;
        let mut label = self.a.create_label();
        self.a.set_label(&mut label)?;
        self.a.zero_bytes()?;
        Ok(label)
    }

    fn with_symbol(&mut self, opcode: &[u8], symbol: &str, addend: i64) -> Result {
        let label = self.here()?;
        let mut bytes = opcode.to_vec();
        bytes.extend([0; 4]);
        self.a.db(&bytes)?;
        let target = match self.syms.iter().position(|s| &**s == symbol) {
            Some(i) => i,
            None => {
                self.syms.push(symbol.into());
                self.syms.len() - 1
            }
        };
        // Relative to the end of the instruction, which the four bytes are.
        self.relocs.push((label, opcode.len() as u32, target as u32, addend - 4));
        Ok(())
    }

    pub fn call_sym(&mut self, symbol: &str) -> Result {
        self.with_symbol(&[0xe8], symbol, 0)
    }

    pub fn jmp_sym(&mut self, symbol: &str) -> Result {
        self.with_symbol(&[0xe9], symbol, 0)
    }

    /// `reg = &symbol + addend`
    pub fn lea_sym(&mut self, reg: AsmRegister64, symbol: &str, addend: i64) -> Result {
        let (rex, modrm) = rip_operand(reg);
        self.with_symbol(&[rex, 0x8d, modrm], symbol, addend)
    }

    /// `reg = *symbol`
    pub fn load_sym(&mut self, reg: AsmRegister64, symbol: &str) -> Result {
        let (rex, modrm) = rip_operand(reg);
        self.with_symbol(&[rex, 0x8b, modrm], symbol, 0)
    }

    /// Keeps g, which is in r15, where a signal handler finds it: at -8(FS).
    pub fn g_to_tls(&mut self) -> Result {
        self.a.db(&[0x64, 0x4c, 0x89, 0x3c, 0x25, 0xf8, 0xff, 0xff, 0xff])
    }

    pub fn g_from_tls(&mut self) -> Result {
        self.a.db(&[0x64, 0x4c, 0x8b, 0x3c, 0x25, 0xf8, 0xff, 0xff, 0xff])
    }

    /// The finished function.
    pub fn finish(mut self, name: &str) -> Result<object::Code> {
        // The last label may stand behind the last instruction.
        self.a.zero_bytes()?;
        let done = self.a.assemble_options(0, BlockEncoderOptions::RETURN_NEW_INSTRUCTION_OFFSETS)?;
        let at = |label: &CodeLabel| Ok::<u32, IcedError>(done.label_ip(label)? as u32);
        let mut relocs = Vec::new();
        for (label, skip, target, addend) in &self.relocs {
            relocs.push(object::CodeReloc {
                offset: at(label)? + skip,
                kind: object::CodeRelocKind::PcRel32,
                target: *target,
                addend: *addend,
            });
        }
        let mut pcsp = vec![(0, 0)];
        for (label, depth) in &self.depths {
            let offset = at(label)?;
            pcsp.retain(|&(o, _)| o != offset);
            pcsp.push((offset, *depth));
        }
        Ok(object::Code {
            name: name.into(),
            bytes: done.inner.code_buffer,
            align: 16,
            syms: self.syms,
            relocs,
            pcsp,
            flags: self.flags,
            ..Default::default()
        })
    }
}

/// REX prefix and ModRM byte of `reg, [rip + …]`.
fn rip_operand(reg: AsmRegister64) -> (u8, u8) {
    let number = Register::from(reg).number() as u8;
    (0x48 | (number >> 3) << 2, (number & 7) << 3 | 5)
}
