//! Writes a static ELF64 executable from sections that already have addresses.
//!
//! ```text
//! ELF header · program headers · notes ─┐ first page, in the text segment
//! text                                 ─┘ R E
//! read-only sections                      R
//! writable sections, then zero ones       RW
//! debug sections · .symtab · .strtab · .shstrtab · section headers     (not loaded)
//! ```
//!
//! # What holds
//! An allocated section's file offset is its address minus [`BASE`]: a page is the same page in file and memory.

/// Where the file's first byte is mapped, as in gc's executables.
pub(super) const BASE: u64 = 0x40_0000;
pub(super) const PAGE: u64 = 0x1000;
/// The text begins one page in; headers and notes have the page before it.
pub(super) const TEXT: u64 = BASE + PAGE;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Access {
    Execute,
    Read,
    Write,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Content {
    Bytes,
    /// Zeros that take no room in the file.
    Zero,
    Note,
}

/// One section of the executable. Allocated ones come sorted by address.
pub(super) struct Section {
    pub name: &'static str,
    pub access: Access,
    pub content: Content,
    pub address: u64,
    pub align: u64,
    pub bytes: Vec<u8>,
    /// In memory; equal to `bytes.len()` unless the content is `Zero`.
    pub size: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum SymbolKind {
    Func,
    Object,
}

/// One line of the symbol table.
pub(super) struct Symbol<'a> {
    pub name: &'a str,
    pub kind: SymbolKind,
    pub global: bool,
    /// Index in the list of sections.
    pub section: usize,
    pub address: u64,
    pub size: u64,
}

/// What is written beside the loaded sections.
pub(super) struct Extras<'a> {
    pub entry: u64,
    /// Sections that are not loaded: DWARF.
    pub debug: Vec<(&'static str, Vec<u8>)>,
    /// None: stripped.
    pub symbols: Option<Vec<Symbol<'a>>>,
}

const HEADER: usize = 64;
const PROGRAM_HEADER: usize = 56;
const SECTION_HEADER: usize = 64;

/// How many bytes the headers take before the first note.
pub(super) fn headers_size() -> u64 {
    (HEADER + N_PROGRAM_HEADERS * PROGRAM_HEADER) as u64
}

/// PHDR, NOTE, three LOADs, GNU_STACK.
const N_PROGRAM_HEADERS: usize = 6;

/// The bytes of the executable.
pub(super) fn write(sections: &[Section], extras: Extras<'_>) -> Vec<u8> {
    let mut out = vec![0; headers_size() as usize];
    for section in sections.iter().filter(|s| s.content != Content::Zero) {
        let at = (section.address - BASE) as usize;
        assert!(at >= out.len(), "section {} overlaps the one before it", section.name);
        out.resize(at, 0);
        out.extend_from_slice(&section.bytes);
    }

    let mut headers = SectionHeaders::new();
    for section in sections {
        headers.add_allocated(section);
    }
    for (name, bytes) in &extras.debug {
        let at = append(&mut out, bytes, 1);
        headers.add(name, SHT_PROGBITS, 0, at, bytes.len(), [0, 0, 1, 0]);
    }
    if let Some(symbols) = &extras.symbols {
        let (table, strings, n_local) = symbol_table(symbols);
        let at = append(&mut out, &table, 8);
        let strtab_index = headers.count() + 1;
        headers.add(".symtab", SHT_SYMTAB, 0, at, table.len(), [strtab_index, n_local, 8, 24]);
        let at = append(&mut out, &strings, 1);
        headers.add(".strtab", SHT_STRTAB, 0, at, strings.len(), [0, 0, 1, 0]);
    }
    let names_index = headers.count();
    let names_at = out.len();
    headers.add(".shstrtab", SHT_STRTAB, 0, names_at, 0, [0, 0, 1, 0]);
    headers.close_names();
    out.extend_from_slice(&headers.names);
    let headers_at = append(&mut out, &headers.rows, 8);

    write_file_header(&mut out, extras.entry, headers_at, headers.count(), names_index);
    write_program_headers(&mut out, sections);
    out
}

fn append(out: &mut Vec<u8>, bytes: &[u8], align: usize) -> usize {
    let at = out.len().next_multiple_of(align);
    out.resize(at, 0);
    out.extend_from_slice(bytes);
    at
}

fn write_file_header(out: &mut [u8], entry: u64, sections_at: usize, n_sections: usize, names_index: usize) {
    let mut h = Vec::with_capacity(HEADER);
    // 64 bits, little-endian, ELF version 1.
    h.extend(b"\x7fELF\x02\x01\x01");
    h.resize(16, 0);
    h.extend(2u16.to_le_bytes()); // ET_EXEC
    h.extend(62u16.to_le_bytes()); // EM_X86_64
    h.extend(1u32.to_le_bytes());
    h.extend(entry.to_le_bytes());
    h.extend((HEADER as u64).to_le_bytes());
    h.extend((sections_at as u64).to_le_bytes());
    h.extend(0u32.to_le_bytes());
    for half in [HEADER, PROGRAM_HEADER, N_PROGRAM_HEADERS, SECTION_HEADER, n_sections, names_index] {
        h.extend((half as u16).to_le_bytes());
    }
    out[..HEADER].copy_from_slice(&h);
}

fn write_program_headers(out: &mut [u8], sections: &[Section]) {
    let (pt_load, pt_note, pt_phdr, pt_gnu_stack) = (1u32, 4u32, 6u32, 0x6474_e551u32);
    let mut rows = Vec::new();
    let table = (N_PROGRAM_HEADERS * PROGRAM_HEADER) as u64;
    rows.push((pt_phdr, 4, BASE + HEADER as u64, table, table, PAGE));
    let note =
        sections.iter().find(|s| s.content == Content::Note).expect("an executable has a build id note");
    rows.push((pt_note, 4, note.address, note.size, note.size, 4));
    for (access, flags) in [(Access::Execute, 5), (Access::Read, 4), (Access::Write, 6)] {
        let of = || sections.iter().filter(|s| s.access == access);
        let start = if access == Access::Execute { BASE } else { of().next().map_or(BASE, |s| s.address) };
        let in_file =
            of().filter(|s| s.content != Content::Zero).map(|s| s.address + s.size).max().unwrap_or(start);
        let in_memory = of().map(|s| s.address + s.size).max().unwrap_or(start);
        rows.push((pt_load, flags, start, in_file - start, in_memory - start, PAGE));
    }
    rows.push((pt_gnu_stack, 6, BASE, 0, 0, 8));
    assert_eq!(rows.len(), N_PROGRAM_HEADERS);
    for (i, (kind, flags, address, in_file, in_memory, align)) in rows.into_iter().enumerate() {
        let mut h = Vec::with_capacity(PROGRAM_HEADER);
        let (offset, address) = if kind == pt_gnu_stack { (0, 0) } else { (address - BASE, address) };
        h.extend(kind.to_le_bytes());
        h.extend(u32::to_le_bytes(flags));
        for word in [offset, address, address, in_file, in_memory, align] {
            h.extend(word.to_le_bytes());
        }
        out[HEADER + i * PROGRAM_HEADER..][..PROGRAM_HEADER].copy_from_slice(&h);
    }
}

const SHT_PROGBITS: u32 = 1;
const SHT_SYMTAB: u32 = 2;
const SHT_STRTAB: u32 = 3;
const SHT_NOTE: u32 = 7;
const SHT_NOBITS: u32 = 8;

struct SectionHeaders {
    rows: Vec<u8>,
    names: Vec<u8>,
}

impl SectionHeaders {
    fn new() -> SectionHeaders {
        SectionHeaders { rows: vec![0; SECTION_HEADER], names: vec![0] }
    }

    fn count(&self) -> usize {
        self.rows.len() / SECTION_HEADER
    }

    fn add_allocated(&mut self, section: &Section) {
        let (write, alloc, execute) = (1u64, 2u64, 4u64);
        let kind = match section.content {
            Content::Bytes => SHT_PROGBITS,
            Content::Zero => SHT_NOBITS,
            Content::Note => SHT_NOTE,
        };
        let flags = match section.access {
            _ if section.content == Content::Note => alloc,
            Access::Execute => alloc | execute,
            Access::Read => alloc,
            Access::Write => alloc | write,
        };
        let offset = (section.address - BASE) as usize;
        self.row(
            section.name,
            kind,
            flags,
            section.address,
            offset,
            section.size as usize,
            [0, 0, section.align as usize, 0],
        );
    }

    /// `rest`: link, info, alignment, entry size.
    fn add(&mut self, name: &str, kind: u32, flags: u64, offset: usize, size: usize, rest: [usize; 4]) {
        self.row(name, kind, flags, 0, offset, size, rest);
    }

    fn row(
        &mut self,
        name: &str,
        kind: u32,
        flags: u64,
        address: u64,
        offset: usize,
        size: usize,
        rest: [usize; 4],
    ) {
        let [link, info, align, entry_size] = rest;
        self.rows.extend((self.names.len() as u32).to_le_bytes());
        self.rows.extend(kind.to_le_bytes());
        for word in [flags, address, offset as u64, size as u64] {
            self.rows.extend(word.to_le_bytes());
        }
        self.rows.extend((link as u32).to_le_bytes());
        self.rows.extend((info as u32).to_le_bytes());
        self.rows.extend((align as u64).to_le_bytes());
        self.rows.extend((entry_size as u64).to_le_bytes());
        self.names.extend_from_slice(name.as_bytes());
        self.names.push(0);
    }

    /// The last section holds the names: only now is its size known.
    fn close_names(&mut self) {
        let at = self.rows.len() - SECTION_HEADER + 32;
        self.rows[at..at + 8].copy_from_slice(&(self.names.len() as u64).to_le_bytes());
    }
}

/// The table, its strings, and the index of the first global symbol: ELF wants the local ones first.
fn symbol_table(symbols: &[Symbol<'_>]) -> (Vec<u8>, Vec<u8>, usize) {
    let (mut table, mut strings) = (vec![0; 24], vec![0]);
    let n_local = 1 + symbols.iter().filter(|s| !s.global).count();
    for symbol in symbols.iter().filter(|s| !s.global).chain(symbols.iter().filter(|s| s.global)) {
        table.extend((strings.len() as u32).to_le_bytes());
        let kind = match symbol.kind {
            SymbolKind::Object => 1,
            SymbolKind::Func => 2,
        };
        table.extend([(u8::from(symbol.global) << 4) | kind, 0]);
        // Section 0 is the null section.
        table.extend((symbol.section as u16 + 1).to_le_bytes());
        table.extend(symbol.address.to_le_bytes());
        table.extend(symbol.size.to_le_bytes());
        strings.extend_from_slice(symbol.name.as_bytes());
        strings.push(0);
    }
    (table, strings, n_local)
}
