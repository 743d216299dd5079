//! Lays the functions end to end and says about each place of them what tracebacks and the unwinder ask.
//!
//! An inlined call needs, for the runtime's tables, an instruction whose line is that of the call. Where the code has none
//! left, a byte of the padding after the function plays that part: it is never executed, and has a row of its own.

use std::collections::{BTreeSet, HashMap};

use rustc_hash::FxHashMap;

use super::load::{Symbols, Text};
use super::pclntab::{self, Files, Inlined, Pclntab, Row};
use super::{Func, Job, Source, dwarf, elf};
use crate::base::Interner;
use crate::object::NumberedCode;

/// Functions start at multiples of this.
const ALIGN: u32 = 16;
/// `abi.FuncFlagTopFrame`, `FuncFlagSPWrite`, `FuncFlagAsm`.
const TOP_FRAME: u8 = 1;
const SP_WRITE: u8 = 2;
const ASM: u8 = 4;
/// `ud2`.
pub(super) const TRAP: [u8; 2] = [0x0f, 0x0b];
/// Between functions: `int3`.
pub(super) const PADDING: u8 = 0xcc;

/// Where each function is, and the tables about them.
pub(super) struct Tables {
    /// From the start of the text, by index in `Symbols::funcs`.
    pub offsets: Vec<u32>,
    /// Without padding.
    pub sizes: Vec<u32>,
    pub text_size: u32,
    pub pcln: Pclntab,
    /// DWARF, by section name.
    pub debug: Vec<(&'static str, Vec<u8>)>,
}

pub(super) fn tables(job: &Job<'_>, symbols: &Symbols<'_>) -> Tables {
    let mut sources: FxHashMap<u32, Callee<'_>> =
        job.inlined.iter().map(|(name, source)| (*name, Callee { source, wrapper: false })).collect();
    for func in &job.funcs {
        if let Some(source) = &func.source {
            sources.insert(func.code.name, Callee { source, wrapper: func.code.flags.wrapper });
        }
    }
    let mut files = Files::default();
    let (mut rows, mut offsets, mut sizes) = (Vec::new(), Vec::new(), Vec::new());
    let mut at = 0u32;
    for text in &symbols.funcs {
        let (align, size) = match text {
            Text::Compiled(func) => (func.code.align.max(ALIGN), func.code.bytes.len() as u32),
            Text::Trap(_) => (ALIGN, TRAP.len() as u32),
        };
        at = at.next_multiple_of(align);
        offsets.push(at);
        sizes.push(size);
        let mut row = match text {
            Text::Compiled(func) => row(func, &symbols.names, &sources, &mut files),
            Text::Trap(name) => bare_row(symbols.names.get(*name)),
        };
        row.entry = at;
        // One byte more, so that the return address of a call that ends a function is still inside.
        at += (size + 1).max(row.size);
        rows.push(row);
    }
    let text_size = at.next_multiple_of(ALIGN);
    for i in 0..rows.len() {
        let end = offsets.get(i + 1).copied().unwrap_or(text_size);
        rows[i].size = end - offsets[i];
    }
    let pcln = pclntab::build(&rows, &files, text_size);
    let debug = match job.strip_symbols || job.strip_debug {
        true => Vec::new(),
        false => dwarf::sections(&rows, &files, elf::TEXT, text_size),
    };
    Tables { offsets, sizes, text_size, pcln, debug }
}

/// What inline trees say about a function.
#[derive(Clone, Copy)]
struct Callee<'a> {
    source: &'a Source,
    wrapper: bool,
}

fn bare_row(name: &str) -> Row<'_> {
    Row {
        name,
        entry: 0,
        size: 0,
        start_line: 0,
        func_id: pclntab::func_id(name, false),
        flags: ASM,
        deferreturn: 0,
        pcsp: vec![(0, 0)],
        pcfile: Vec::new(),
        pcln: Vec::new(),
        handlers: Vec::new(),
        inline_index: Vec::new(),
        inline_tree: Vec::new(),
    }
}

/// The row of a function; its `size` here is the code with the bytes of padding it needs.
fn row<'a>(
    func: &'a Func<'a>,
    names: &'a Interner,
    sources: &FxHashMap<u32, Callee<'a>>,
    files: &mut Files,
) -> Row<'a> {
    let code = func.code;
    let mut row = bare_row(names.get(code.name));
    row.func_id = pclntab::func_id(row.name, code.flags.wrapper);
    row.flags = if code.flags.asm { ASM } else { 0 }
        | if code.flags.top_frame { TOP_FRAME } else { 0 }
        | if code.flags.sp_write { SP_WRITE } else { 0 };
    row.size = code.bytes.len() as u32;
    if !code.pcsp.is_empty() {
        row.pcsp = code.pcsp.clone();
    }
    row.deferreturn = code.handlers.first().map_or(0, |h| h.1);
    if code.handlers.iter().any(|h| h.1 != row.deferreturn) {
        // Each row ends with the return address it is for.
        let starts = std::iter::once(0).chain(code.handlers.iter().map(|h| h.0 + 1));
        row.handlers = starts.zip(&code.handlers).map(|(start, h)| (start, h.1 as i32)).collect();
    }
    if let Some(source) = &func.source {
        Lines { code, source, names, sources, files }.fill(&mut row);
    }
    row
}

struct Lines<'a, 'b> {
    code: &'a NumberedCode,
    source: &'a Source,
    names: &'a Interner,
    sources: &'b FxHashMap<u32, Callee<'a>>,
    files: &'b mut Files,
}

impl<'a> Lines<'a, '_> {
    fn fill(mut self, row: &mut Row<'a>) {
        row.start_line = self.source.start_line;
        // (offset, location); no location is the function's first line.
        let mut places: Vec<(u32, Option<u32>)> =
            self.code.lines.iter().map(|&(at, loc)| (at, Some(loc))).collect();
        if places.first().is_none_or(|first| first.0 > 0) {
            places.insert(0, (0, None));
        }
        if !self.code.sites.is_empty() {
            self.inline_tree(&mut places, row);
        }
        for &(at, loc) in &places {
            let (file, line) = self.place(loc);
            row.pcfile.push((at, file));
            row.pcln.push((at, line));
        }
    }

    fn site(&self, loc: Option<u32>) -> Option<u32> {
        self.code.locs[loc? as usize].site
    }

    /// The function that was inlined there.
    fn callee(&self, site: u32) -> u32 {
        self.code.syms[self.code.sites[site as usize].callee as usize]
    }

    fn place(&mut self, loc: Option<u32>) -> (i32, i32) {
        let owner = match self.site(loc) {
            Some(site) => self.sources.get(&self.callee(site)).map_or(self.source, |callee| callee.source),
            None => self.source,
        };
        let (file, line) = loc.map_or((0, 0), |loc| {
            let loc = &self.code.locs[loc as usize];
            (loc.file as usize, loc.line)
        });
        let file = owner.files.get(file).map_or("<autogenerated>", |&name| self.names.get(name));
        (self.files.number(file), owner.start_line as i32 + line)
    }

    /// Numbers the sites that have code, and those around them.
    fn inline_tree(&mut self, places: &mut Vec<(u32, Option<u32>)>, row: &mut Row<'a>) {
        let sites = &self.code.sites;
        let mut used = BTreeSet::new();
        for &(_, loc) in places.iter() {
            let mut site = self.site(loc);
            while let Some(s) = site {
                if !used.insert(s) {
                    break;
                }
                site = self.site(Some(sites[s as usize].at));
            }
        }
        let numbers: HashMap<u32, i32> = used.iter().enumerate().map(|(i, &s)| (s, i as i32)).collect();
        for &site in &used {
            let call = sites[site as usize].at;
            let parent_pc = match places.iter().find(|(_, loc)| *loc == Some(call)) {
                Some(&(at, _)) => at,
                None => {
                    // In the padding, where nothing else is.
                    let at = row.size.max(self.code.bytes.len() as u32 + 1);
                    row.size = at + 1;
                    places.push((at, Some(call)));
                    at
                }
            };
            let callee = self.callee(site);
            let name = self.names.get(callee);
            let callee = self.sources.get(&callee);
            row.inline_tree.push(Inlined {
                name,
                func_id: pclntab::func_id(name, callee.is_some_and(|c| c.wrapper)),
                parent_pc,
                start_line: callee.map_or(0, |c| c.source.start_line),
            });
        }
        row.inline_index =
            places.iter().map(|&(at, loc)| (at, self.site(loc).map_or(-1, |s| numbers[&s]))).collect();
    }
}
