//! The table from program counters to functions, frames, files and lines, in the form Go's runtime reads.
//!
//! ```text
//! pclntab      = header funcnametab cutab filetab pctab functab
//! header       = magic:u32 0:u8 0:u8 quantum:u8 ptrsize:u8 nfunc:u64 nfiles:u64 0:u64
//!                funcnameOff:u64 cuOff:u64 filetabOff:u64 pctabOff:u64 functabOff:u64
//! functab      = { entryOff:u32 funcOff:u32 }*nfunc endOff:u32  func*nfunc
//! func         = entryOff nameOff args deferreturn pcsp pcfile pcln npcdata cuOff startLine : u32
//!                funcID:u8 flag:u8 0:u8 nfuncdata:u8  pcdata:u32*  funcdata:u32*
//! pc table     = { zigzag(value - previous):uvarint  length:uvarint }* 0      previous starts at -1
//! findfunctab  = { first:u32 more:u8*16 } per 4096 bytes of text
//! inline tree  = { funcID:u8 0*3 nameOff:i32 parentPc:i32 startLine:i32 }*
//! ```
//!
//! # What holds
//! - Rows come sorted by address; the end of a function is the start of the next, so padding belongs to the function before it.
//! - Equal pc tables are stored once. Offset 0 of the name and pc tables means "none".
//! - The program is one compilation unit: a file number indexes the file table directly.

use std::collections::HashMap;

use rustc_hash::FxHashMap;

/// One function as the table shows it. Offsets in tables count from the function's entry.
pub(super) struct Row<'a> {
    pub name: &'a str,
    /// From the start of the text section.
    pub entry: u32,
    /// Up to the next function.
    pub size: u32,
    pub start_line: u32,
    pub func_id: u8,
    pub flags: u8,
    /// Where to resume after a recovered panic; 0 is nowhere.
    pub deferreturn: u32,
    pub pcsp: Vec<(u32, i32)>,
    /// File numbers come from [`Tables::file`].
    pub pcfile: Vec<(u32, i32)>,
    pub pcln: Vec<(u32, i32)>,
    /// Handler offset by pc, where a function has more than one.
    pub handlers: Vec<(u32, i32)>,
    pub inline_index: Vec<(u32, i32)>,
    pub inline_tree: Vec<Inlined<'a>>,
}

/// A call that was replaced by the callee's body.
pub(super) struct Inlined<'a> {
    pub name: &'a str,
    pub func_id: u8,
    /// Any offset whose line is that of the call.
    pub parent_pc: u32,
    pub start_line: u32,
}

/// `abi.PCDATA_InlTreeIndex`.
const PCDATA_INLINE: usize = 2;
/// The first free number after gc's own tables: our runtime overlay reads handler offsets here.
const PCDATA_HANDLER: usize = 5;
/// `abi.FUNCDATA_InlTree`.
const FUNCDATA_INLINE: usize = 3;
const FUNC_SIZE: usize = 44;
/// `abi.FuncTabBucketSize` and a sixteenth of it.
const BUCKET: u32 = 4096;
const SUB_BUCKET: u32 = 256;

/// The finished tables.
pub(super) struct Pclntab {
    pub bytes: Vec<u8>,
    /// Offsets in `bytes`, in order of the parts; the last one is the end.
    pub funcnametab: usize,
    pub cutab: usize,
    pub filetab: usize,
    pub pctab: usize,
    pub functab: usize,
    pub n_funcs: usize,
    pub n_files: usize,
    /// A separate blob: moduledata points at it.
    pub findfunctab: Vec<u8>,
    /// What `go:func.*` holds: inline trees.
    pub gofunc: Vec<u8>,
}

/// File names in order of first use.
#[derive(Default)]
pub(super) struct Files {
    numbers: HashMap<String, i32>,
    names: Vec<String>,
}

impl Files {
    pub fn number(&mut self, name: &str) -> i32 {
        if let Some(&n) = self.numbers.get(name) {
            return n;
        }
        let n = self.names.len() as i32;
        self.numbers.insert(name.to_owned(), n);
        self.names.push(name.to_owned());
        n
    }

    pub fn names(&self) -> &[String] {
        &self.names
    }
}

/// Builds everything from rows sorted by entry; `text_size` ends the last one.
pub(super) fn build(rows: &[Row<'_>], files: &Files, text_size: u32) -> Pclntab {
    let names = name_table(rows);
    let mut pcs = PcTables { bytes: vec![0], seen: FxHashMap::default() };
    let mut gofunc = Vec::new();

    let mut functab = vec![0u8; rows.len() * 8 + 4];
    for (i, row) in rows.iter().enumerate() {
        while !functab.len().is_multiple_of(8) {
            functab.push(0);
        }
        let at = functab.len() as u32;
        put(&mut functab, i * 8, row.entry);
        put(&mut functab, i * 8 + 4, at);
        write_func(&mut functab, row, &names, &mut pcs, &mut gofunc);
    }
    put(&mut functab, rows.len() * 8, text_size);

    let (cutab, filetab) = file_tables(files);
    let mut bytes = Vec::new();
    bytes.extend(0xfffffff1u32.to_le_bytes());
    bytes.extend([0, 0, 1, 8]);
    let header_size = 8 + 8 * 8;
    let funcnametab = header_size;
    let cutab_at = align(funcnametab + names.bytes.len(), 8);
    let filetab_at = align(cutab_at + cutab.len(), 8);
    let pctab_at = align(filetab_at + filetab.len(), 8);
    let functab_at = align(pctab_at + pcs.bytes.len(), 8);
    for word in [rows.len(), files.names.len(), 0, funcnametab, cutab_at, filetab_at, pctab_at, functab_at] {
        bytes.extend((word as u64).to_le_bytes());
    }
    for (at, part) in [
        (funcnametab, &names.bytes),
        (cutab_at, &cutab),
        (filetab_at, &filetab),
        (pctab_at, &pcs.bytes),
        (functab_at, &functab),
    ] {
        bytes.resize(at, 0);
        bytes.extend_from_slice(part);
    }
    Pclntab {
        bytes,
        funcnametab,
        cutab: cutab_at,
        filetab: filetab_at,
        pctab: pctab_at,
        functab: functab_at,
        n_funcs: rows.len(),
        n_files: files.names.len(),
        findfunctab: find_func_table(rows, text_size),
        gofunc,
    }
}

struct Names<'a> {
    bytes: Vec<u8>,
    offsets: FxHashMap<&'a str, u32>,
}

fn name_table<'a>(rows: &[Row<'a>]) -> Names<'a> {
    let mut names = Names { bytes: vec![0], offsets: FxHashMap::default() };
    let all =
        rows.iter().flat_map(|row| std::iter::once(row.name).chain(row.inline_tree.iter().map(|i| i.name)));
    for name in all {
        names.offsets.entry(name).or_insert_with(|| {
            let at = names.bytes.len() as u32;
            names.bytes.extend_from_slice(name.as_bytes());
            names.bytes.push(0);
            at
        });
    }
    names
}

fn file_tables(files: &Files) -> (Vec<u8>, Vec<u8>) {
    let (mut cutab, mut filetab) = (Vec::new(), Vec::new());
    for name in &files.names {
        cutab.extend((filetab.len() as u32).to_le_bytes());
        filetab.extend_from_slice(name.as_bytes());
        filetab.push(0);
    }
    (cutab, filetab)
}

fn write_func(out: &mut Vec<u8>, row: &Row<'_>, names: &Names<'_>, pcs: &mut PcTables, gofunc: &mut Vec<u8>) {
    let start = out.len();
    let mut pcdata = [0u32; PCDATA_HANDLER + 1];
    pcdata[PCDATA_INLINE] = pcs.add(&row.inline_index, row.size);
    pcdata[PCDATA_HANDLER] = pcs.add(&row.handlers, row.size);
    let n_pcdata = pcdata.iter().rposition(|&at| at != 0).map_or(0, |last| last + 1);
    let n_funcdata = if row.inline_tree.is_empty() { 0 } else { FUNCDATA_INLINE + 1 };
    for word in [
        row.entry,
        names.offsets[row.name],
        0,
        row.deferreturn,
        pcs.add(&row.pcsp, row.size),
        pcs.add(&row.pcfile, row.size),
        pcs.add(&row.pcln, row.size),
        n_pcdata as u32,
        0,
        row.start_line,
    ] {
        out.extend(word.to_le_bytes());
    }
    out.extend([row.func_id, row.flags, 0, n_funcdata as u8]);
    debug_assert_eq!(out.len() - start, FUNC_SIZE);
    for at in &pcdata[..n_pcdata] {
        out.extend(at.to_le_bytes());
    }
    if n_funcdata > 0 {
        for _ in 0..FUNCDATA_INLINE {
            out.extend(u32::MAX.to_le_bytes());
        }
        out.extend((gofunc.len() as u32).to_le_bytes());
        for call in &row.inline_tree {
            gofunc.extend([call.func_id, 0, 0, 0]);
            for word in [names.offsets[call.name], call.parent_pc, call.start_line] {
                gofunc.extend(word.to_le_bytes());
            }
        }
    }
}

/// All pc tables, end to end; equal ones are shared.
struct PcTables {
    bytes: Vec<u8>,
    seen: FxHashMap<Vec<u8>, u32>,
}

impl PcTables {
    /// `rows` are (start, value), sorted; each value holds up to the next row, the last one up to `size`.
    fn add(&mut self, rows: &[(u32, i32)], size: u32) -> u32 {
        if rows.is_empty() {
            return 0;
        }
        let table = encode(rows, size);
        if let Some(&at) = self.seen.get(&table) {
            return at;
        }
        let at = self.bytes.len() as u32;
        self.bytes.extend_from_slice(&table);
        self.seen.insert(table, at);
        at
    }
}

fn encode(rows: &[(u32, i32)], size: u32) -> Vec<u8> {
    let mut steps: Vec<(u32, i32)> = Vec::with_capacity(rows.len());
    for (i, &(start, value)) in rows.iter().enumerate() {
        // The first row covers everything before it as well.
        let start = if i == 0 { 0 } else { start };
        let end = rows.get(i + 1).map_or(size, |next| next.0.min(size));
        if end <= start {
            continue;
        }
        match steps.last_mut() {
            Some(last) if last.1 == value => last.0 = end,
            _ => steps.push((end, value)),
        }
    }
    let (mut pc, mut previous) = (0, -1i32);
    let mut out = Vec::new();
    for (end, value) in steps {
        let delta = value.wrapping_sub(previous);
        uvarint(&mut out, ((delta << 1) ^ (delta >> 31)) as u32);
        uvarint(&mut out, end - pc);
        (pc, previous) = (end, value);
    }
    out.push(0);
    out
}

fn uvarint(out: &mut Vec<u8>, mut v: u32) {
    while v >= 0x80 {
        out.push(v as u8 | 0x80);
        v >>= 7;
    }
    out.push(v as u8);
}

fn find_func_table(rows: &[Row<'_>], text_size: u32) -> Vec<u8> {
    // For each sub-bucket, the first function that reaches into it.
    let mut firsts = Vec::with_capacity((text_size / SUB_BUCKET) as usize + 1);
    let mut at = 0;
    let mut i = 0;
    while at < text_size {
        while i + 1 < rows.len() && rows[i + 1].entry <= at {
            i += 1;
        }
        firsts.push(i as u32);
        at += SUB_BUCKET;
    }
    let mut out = Vec::new();
    for bucket in firsts.chunks((BUCKET / SUB_BUCKET) as usize) {
        out.extend(bucket[0].to_le_bytes());
        for sub in 0..16 {
            let first = bucket.get(sub).copied().unwrap_or(bucket[0]);
            // A function takes at least 16 bytes, so a bucket of 4096 never holds more than 256.
            out.push(u8::try_from(first - bucket[0]).expect("functions are at least 16 bytes apart"));
        }
    }
    out
}

/// The number by which Go's runtime recognises functions it treats specially (`internal/abi.FuncID`).
pub(super) fn func_id(name: &str, wrapper: bool) -> u8 {
    const NAMES: &[(&str, u8)] = &[
        ("abort", 1),
        ("asmcgocall", 2),
        ("asyncPreempt", 3),
        ("cgocallback", 4),
        ("corostart", 5),
        ("debugCallV2", 6),
        ("gcBgMarkWorker", 7),
        ("goexit", 8),
        ("gogo", 9),
        ("gopanic", 10),
        ("handleAsyncEvent", 11),
        ("mcall", 12),
        ("morestack", 13),
        ("mstart", 14),
        ("panicwrap", 15),
        ("rt0_go", 16),
        ("main", 17),
        ("runFinalizers", 18),
        ("runCleanups", 19),
        ("sigpanic", 20),
        ("systemstack", 21),
        ("systemstack_switch", 22),
        ("deferreturn", WRAPPER),
    ];
    if wrapper {
        return WRAPPER;
    }
    let Some(short) = name.strip_prefix("runtime.") else { return 0 };
    NAMES.iter().find(|(n, _)| *n == short).map_or(0, |&(_, id)| id)
}

/// `abi.FuncIDWrapper`: left out of stack traces.
const WRAPPER: u8 = 23;

fn put(out: &mut [u8], at: usize, value: u32) {
    out[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

fn align(n: usize, to: usize) -> usize {
    n.next_multiple_of(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a pc table the way the runtime does.
    fn value_at(table: &[u8], pc: u32) -> Option<i32> {
        let (mut at, mut end, mut value) = (0, 0u32, -1i32);
        let mut next = || {
            let (mut v, mut shift) = (0u32, 0);
            loop {
                let b = table[at];
                at += 1;
                v |= u32::from(b & 0x7f) << shift;
                if b < 0x80 {
                    return v;
                }
                shift += 7;
            }
        };
        let mut first = true;
        loop {
            let delta = next();
            if delta == 0 && !first {
                return None;
            }
            first = false;
            value = value.wrapping_add((delta >> 1) as i32 ^ -((delta & 1) as i32));
            end += next();
            if pc < end {
                return Some(value);
            }
        }
    }

    #[test]
    fn pc_tables_read_back() {
        let table = encode(&[(0, 0), (1, 8), (4, 8), (11, 248), (300, -1)], 1000);
        for (pc, want) in [(0, 0), (1, 8), (5, 8), (10, 8), (11, 248), (299, 248), (300, -1), (999, -1)] {
            assert_eq!(value_at(&table, pc), Some(want), "pc {pc}");
        }
        assert_eq!(value_at(&table, 1000), None);
    }

    #[test]
    fn a_table_may_start_with_minus_one() {
        let table = encode(&[(0, -1), (7, 3)], 20);
        assert_eq!(value_at(&table, 3), Some(-1));
        assert_eq!(value_at(&table, 8), Some(3));
    }

    #[test]
    fn every_sub_bucket_leads_to_its_function() {
        let row = |entry: u32, size: u32| Row {
            name: "f",
            entry,
            size,
            start_line: 1,
            func_id: 0,
            flags: 0,
            deferreturn: 0,
            pcsp: vec![(0, 0)],
            pcfile: vec![],
            pcln: vec![],
            handlers: vec![],
            inline_index: vec![],
            inline_tree: vec![],
        };
        let mut rows = Vec::new();
        let mut at = 0;
        for i in 0..500 {
            let size = 16 + (i * 37 % 50) * 16 + if i == 77 { 20_000 } else { 0 };
            rows.push(row(at, size));
            at += size;
        }
        let table = find_func_table(&rows, at);
        for pc in (0..at).step_by(7) {
            let bucket = &table[(pc / BUCKET) as usize * 20..][..20];
            let mut i = u32::from_le_bytes(bucket[..4].try_into().unwrap())
                + u32::from(bucket[4 + (pc % BUCKET / SUB_BUCKET) as usize]);
            while rows.get(i as usize + 1).is_some_and(|r| r.entry <= pc) {
                i += 1;
            }
            let found = &rows[i as usize];
            assert!(found.entry <= pc && pc < found.entry + found.size);
        }
    }
}
