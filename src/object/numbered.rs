//! Code and data that name symbols by number: what is kept in bulk, and what the linker works on.
//!
//! Whoever makes them says whose numbers they are: a table of strings, or a program's own numbering.

use serde::{Deserialize, Serialize};

use super::{Code, CodeFlags, CodeLoc, CodeReloc, CodeSite, Data, DataRelocKind, Section};
use crate::base::strings;

/// [`Code`] with numbers for names.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct NumberedCode {
    pub name: u32,
    #[serde(with = "strings::bytes")]
    pub bytes: Vec<u8>,
    pub align: u32,
    pub syms: Vec<u32>,
    pub relocs: Vec<CodeReloc>,
    pub lines: Vec<(u32, u32)>,
    pub locs: Vec<CodeLoc>,
    pub sites: Vec<CodeSite>,
    pub pcsp: Vec<(u32, i32)>,
    pub handlers: Vec<(u32, u32)>,
    pub flags: CodeFlags,
}

impl NumberedCode {
    pub fn new(code: &Code, number: &mut dyn FnMut(&str) -> u32) -> NumberedCode {
        let Code { name, bytes, align, syms, relocs, lines, locs, sites, pcsp, handlers, flags } = code;
        NumberedCode {
            name: number(name),
            bytes: bytes.clone(),
            align: *align,
            syms: syms.iter().map(|name| number(name)).collect(),
            relocs: relocs.clone(),
            lines: lines.clone(),
            locs: locs.clone(),
            sites: sites.clone(),
            pcsp: pcsp.clone(),
            handlers: handlers.clone(),
            flags: *flags,
        }
    }

    /// Every name's number becomes what `map` says.
    pub fn renumber(&mut self, map: &mut dyn FnMut(u32) -> u32) {
        self.name = map(self.name);
        self.syms.iter_mut().for_each(|sym| *sym = map(*sym));
    }
}

/// [`super::DataReloc`] with a number for the target.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct NumberedReloc {
    pub offset: u32,
    pub kind: DataRelocKind,
    pub target: u32,
    pub addend: i64,
}

/// [`Data`] with numbers for names, without the method table that only reachability reads.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct NumberedData {
    pub name: u32,
    pub section: Section,
    pub align: u32,
    pub size: u64,
    #[serde(with = "strings::bytes")]
    pub bytes: Vec<u8>,
    pub relocs: Vec<NumberedReloc>,
    #[serde(with = "strings::bytes")]
    pub ptrmask: Vec<u8>,
    pub dup_ok: bool,
    pub sort_key: u32,
}

impl NumberedData {
    pub fn new(data: &Data, number: &mut dyn FnMut(&str) -> u32) -> NumberedData {
        let Data { name, section, align, size, bytes, relocs, ptrmask, dup_ok, sort_key, methods: _ } = data;
        NumberedData {
            name: number(name),
            section: *section,
            align: *align,
            size: *size,
            bytes: bytes.clone(),
            relocs: relocs
                .iter()
                .map(|r| NumberedReloc {
                    offset: r.offset,
                    kind: r.kind,
                    target: number(&r.target),
                    addend: r.addend,
                })
                .collect(),
            ptrmask: ptrmask.clone(),
            dup_ok: *dup_ok,
            sort_key: number(sort_key),
        }
    }

    /// Every name's number becomes what `map` says.
    pub fn renumber(&mut self, map: &mut dyn FnMut(u32) -> u32) {
        self.name = map(self.name);
        self.sort_key = map(self.sort_key);
        self.relocs.iter_mut().for_each(|reloc| reloc.target = map(reloc.target));
    }
}
