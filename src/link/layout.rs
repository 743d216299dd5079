//! Gives every symbol its section and address, and fills the sections with content.

use std::collections::HashMap;

use super::elf::{self, Access, Content, Section as Out};
use super::gcprog::Mask;
use super::load::{Symbol, Symbols, Text, compare};
use super::text::{PADDING, TRAP, Tables};
use super::{Job, buildinfo, synth};
use crate::base::Interner;
use crate::object::{NumberedData, Section};

/// The sections of the executable, in order of address. Indexes into [`Layout::sections`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Home {
    GoBuildId,
    GnuBuildId,
    Text,
    RoData,
    Pclntab,
    Types,
    BuildInfo,
    Fips,
    Module,
    NoPtrData,
    Data,
    Bss,
    NoPtrBss,
}

const HOMES: &[(Home, &str, Access, Content)] = &[
    (Home::GoBuildId, ".note.go.buildid", Access::Execute, Content::Note),
    (Home::GnuBuildId, ".note.gnu.build-id", Access::Execute, Content::Note),
    (Home::Text, ".text", Access::Execute, Content::Bytes),
    (Home::RoData, ".rodata", Access::Read, Content::Bytes),
    (Home::Pclntab, ".gopclntab", Access::Read, Content::Bytes),
    (Home::Types, ".go.type", Access::Read, Content::Bytes),
    (Home::BuildInfo, ".go.buildinfo", Access::Write, Content::Bytes),
    (Home::Fips, ".go.fipsinfo", Access::Write, Content::Bytes),
    (Home::Module, ".go.module", Access::Write, Content::Bytes),
    (Home::NoPtrData, ".noptrdata", Access::Write, Content::Bytes),
    (Home::Data, ".data", Access::Write, Content::Bytes),
    (Home::Bss, ".bss", Access::Write, Content::Zero),
    (Home::NoPtrBss, ".noptrbss", Access::Write, Content::Zero),
];

/// Where everything is.
pub(super) struct Layout {
    /// Address and size by [`Home`].
    pub sections: Vec<(u64, u64)>,
    /// Of functions, by index.
    pub funcs: Vec<u64>,
    /// Of data, by index.
    pub datas: Vec<u64>,
    homes: Vec<Home>,
    /// Sections' content that is no symbol's.
    notes: [Vec<u8>; 2],
    pub blobs: Blobs,
    /// From the start of the types.
    pub typelinks_end: u64,
    pub itabs: (u64, u64),
}

/// Offsets inside sections of what only moduledata names.
pub(super) struct Blobs {
    gcdata_bytes: Vec<u8>,
    gcbss_bytes: Vec<u8>,
    pub gcdata: u64,
    pub gcbss: u64,
    pub findfunctab: u64,
    pub gofunc: u64,
}

impl Layout {
    pub fn start(&self, home: Home) -> u64 {
        self.sections[home as usize].0
    }

    pub fn end(&self, home: Home) -> u64 {
        let (address, size) = self.sections[home as usize];
        address + size
    }

    pub fn address(&self, symbol: Symbol) -> u64 {
        match symbol {
            Symbol::Func(i) => self.funcs[i],
            Symbol::Data(i) => self.datas[i],
        }
    }

    pub fn home(&self, data: usize) -> Home {
        self.homes[data]
    }
}

fn home_of(names: &Interner, data: &NumberedData) -> Home {
    match names.get(data.name) {
        synth::MODULEDATA => Home::Module,
        synth::BUILDINFO => Home::BuildInfo,
        synth::FIPSINFO => Home::Fips,
        _ => match data.section {
            Section::RoData => Home::RoData,
            Section::TypeLink | Section::TypeOther | Section::TypeName | Section::Itab => Home::Types,
            Section::Data => Home::Data,
            Section::NoPtrData => Home::NoPtrData,
            Section::Bss => Home::Bss,
            Section::NoPtrBss => Home::NoPtrBss,
        },
    }
}

/// The order of symbols in a section: types by what the runtime walks, variables by size; then by name.
fn rank(data: &NumberedData) -> u64 {
    match data.section {
        Section::TypeLink => 0,
        Section::TypeOther => 1,
        Section::TypeName => 2,
        Section::Itab => 3,
        Section::RoData => 0,
        _ => data.size,
    }
}

/// Variables of 16 bytes and more lie at multiples of 16 or 32, as gc's linker places them: assembly and the runtime's
/// hash keys rely on it.
fn alignment(data: &NumberedData) -> u64 {
    let own = u64::from(data.align.max(1));
    match data.section {
        Section::Data | Section::NoPtrData | Section::Bss | Section::NoPtrBss if data.size >= 32 => {
            own.max(32)
        }
        Section::Data | Section::NoPtrData | Section::Bss | Section::NoPtrBss if data.size >= 16 => {
            own.max(16)
        }
        _ => own,
    }
}

pub(super) fn place(job: &Job<'_>, symbols: &Symbols<'_>, tables: &Tables) -> Layout {
    let mut order: Vec<usize> = (0..symbols.datas.len()).collect();
    order.sort_by(|&a, &b| {
        let (a, b) = (&symbols.datas[a], &symbols.datas[b]);
        let by = |x: u32, y: u32| compare(&symbols.names, x, y);
        rank(a).cmp(&rank(b)).then_with(|| by(a.sort_key, b.sort_key)).then_with(|| by(a.name, b.name))
    });
    let homes: Vec<Home> = symbols.datas.iter().map(|data| home_of(&symbols.names, data)).collect();

    let mut sizes = vec![0u64; HOMES.len()];
    // The runtime passes over the first word of the types.
    sizes[Home::Types as usize] = 8;
    let mut offsets = vec![0u64; symbols.datas.len()];
    let (mut typelinks_end, mut itabs_start) = (8, None);
    for &i in &order {
        let data = &symbols.datas[i];
        let size = &mut sizes[homes[i] as usize];
        *size = size.next_multiple_of(alignment(data));
        offsets[i] = *size;
        if data.section == Section::Itab {
            itabs_start.get_or_insert(*size);
        }
        *size += data.size;
        if data.section == Section::TypeLink {
            typelinks_end = *size;
        }
    }
    let types_size = sizes[Home::Types as usize];
    let itabs_start = itabs_start.unwrap_or(types_size);

    let blobs = add_blobs(symbols, tables, &homes, &offsets, &mut sizes);
    let notes =
        [buildinfo::go_build_id_note(job.build_id), buildinfo::gnu_build_id_note(&fold(job.build_id))];
    sizes[Home::GoBuildId as usize] = notes[0].len() as u64;
    sizes[Home::GnuBuildId as usize] = notes[1].len() as u64;
    sizes[Home::Text as usize] = u64::from(tables.text_size);

    let sections = assign(&sizes);
    let address = |home: Home| sections[home as usize].0;
    let zerobase = symbols.get("runtime.zerobase").and_then(|s| match s {
        Symbol::Data(i) => Some(address(homes[i]) + offsets[i]),
        Symbol::Func(_) => None,
    });
    let datas = (0..symbols.datas.len())
        .map(|i| match zerobase {
            // A variable without size must not share its address with one that has a size.
            Some(zero) if symbols.datas[i].size == 0 && symbols.datas[i].section.is_zero() => zero,
            _ => address(homes[i]) + offsets[i],
        })
        .collect();
    let funcs = tables.offsets.iter().map(|&at| elf::TEXT + u64::from(at)).collect();
    Layout {
        sections,
        funcs,
        datas,
        homes,
        notes,
        blobs,
        typelinks_end,
        itabs: (itabs_start, types_size - itabs_start),
    }
}

fn add_blobs(
    symbols: &Symbols<'_>,
    tables: &Tables,
    homes: &[Home],
    offsets: &[u64],
    sizes: &mut [u64],
) -> Blobs {
    let program = |home: Home, size: u64| {
        let mut mask = Mask::new((size / 8) as usize);
        for (i, data) in symbols.datas.iter().enumerate().filter(|(i, _)| homes[*i] == home) {
            mask.or((offsets[i] / 8) as usize, &data.ptrmask, (data.size / 8) as usize);
        }
        mask.program()
    };
    for home in [Home::Data, Home::Bss] {
        let size = &mut sizes[home as usize];
        *size = size.next_multiple_of(8);
    }
    let gcdata_bytes = program(Home::Data, sizes[Home::Data as usize]);
    let gcbss_bytes = program(Home::Bss, sizes[Home::Bss as usize]);
    let mut append = |home: Home, len: usize| {
        let size = &mut sizes[home as usize];
        let at = size.next_multiple_of(16);
        *size = at + len as u64;
        at
    };
    let gcdata = append(Home::RoData, gcdata_bytes.len());
    let gcbss = append(Home::RoData, gcbss_bytes.len());
    append(Home::Pclntab, tables.pcln.bytes.len());
    let findfunctab = append(Home::Pclntab, tables.pcln.findfunctab.len());
    let gofunc = append(Home::Pclntab, tables.pcln.gofunc.len());
    Blobs { gcdata_bytes, gcbss_bytes, gcdata, gcbss, findfunctab, gofunc }
}

/// Addresses from sizes: the notes end right below the text, each kind of access starts a page.
fn assign(sizes: &[u64]) -> Vec<(u64, u64)> {
    let mut out = Vec::with_capacity(HOMES.len());
    let notes = sizes[0] + sizes[1];
    let mut at = elf::TEXT - notes;
    assert!(at >= elf::BASE + elf::headers_size(), "the notes do not fit below the text");
    let mut access = Access::Execute;
    for (&(home, _, wants, _), &size) in HOMES.iter().zip(sizes) {
        if wants != access {
            at = at.next_multiple_of(elf::PAGE);
            access = wants;
        }
        at = at.next_multiple_of(align_of(home));
        out.push((at, size));
        at += size;
    }
    out
}

fn align_of(home: Home) -> u64 {
    match home {
        Home::GoBuildId | Home::GnuBuildId => 4,
        Home::Text => 64,
        _ => 64,
    }
}

/// Twenty bytes out of a build id of any length.
fn fold(id: &str) -> [u8; 20] {
    let hash = blake3::hash(id.as_bytes());
    hash.as_bytes()[..20].try_into().expect("a hash has 32 bytes")
}

/// The sections while they are being written.
pub(super) struct Sections {
    pub list: Vec<Out>,
}

impl Sections {
    /// The bytes at an address.
    pub fn at(&mut self, home: Home, address: u64, len: usize) -> &mut [u8] {
        let section = &mut self.list[home as usize];
        let at = (address - section.address) as usize;
        &mut section.bytes[at..at + len]
    }
}

/// Content before relocation.
pub(super) fn fill(symbols: &Symbols<'_>, layout: &Layout, tables: &Tables) -> Sections {
    let list = HOMES
        .iter()
        .zip(&layout.sections)
        .map(|(&(home, name, access, content), &(address, size))| {
            let bytes = match content {
                Content::Zero => Vec::new(),
                _ => vec![if home == Home::Text { PADDING } else { 0 }; size as usize],
            };
            Out { name, access, content, address, align: align_of(home), bytes, size }
        })
        .collect();
    let mut sections = Sections { list };
    for (i, text) in symbols.funcs.iter().enumerate() {
        let bytes = match text {
            Text::Compiled(func) => &func.code.bytes,
            Text::Trap(_) => &TRAP[..],
        };
        sections.at(Home::Text, layout.funcs[i], bytes.len()).copy_from_slice(bytes);
    }
    for (i, data) in symbols.datas.iter().enumerate().filter(|(_, data)| !data.bytes.is_empty()) {
        sections.at(layout.home(i), layout.datas[i], data.bytes.len()).copy_from_slice(&data.bytes);
    }
    let blobs = &layout.blobs;
    for (home, offset, bytes) in [
        (Home::GoBuildId, 0, &layout.notes[0]),
        (Home::GnuBuildId, 0, &layout.notes[1]),
        (Home::RoData, blobs.gcdata, &blobs.gcdata_bytes),
        (Home::RoData, blobs.gcbss, &blobs.gcbss_bytes),
        (Home::Pclntab, 0, &tables.pcln.bytes),
        (Home::Pclntab, blobs.findfunctab, &tables.pcln.findfunctab),
        (Home::Pclntab, blobs.gofunc, &tables.pcln.gofunc),
    ] {
        sections.at(home, layout.start(home) + offset, bytes.len()).copy_from_slice(bytes);
    }
    sections
}

/// Names that stand for places, not for symbols of the program.
pub(super) fn marks(layout: &Layout) -> HashMap<&'static str, (Home, u64)> {
    let start = |home: Home| (home, layout.start(home));
    let end = |home: Home| (home, layout.end(home));
    HashMap::from([
        ("runtime.text", start(Home::Text)),
        ("runtime.etext", end(Home::Text)),
        ("runtime.rodata", start(Home::RoData)),
        ("runtime.erodata", end(Home::RoData)),
        ("runtime.types", start(Home::Types)),
        ("runtime.etypes", end(Home::Types)),
        ("runtime.pclntab", start(Home::Pclntab)),
        ("runtime.epclntab", end(Home::Pclntab)),
        ("runtime.noptrdata", start(Home::NoPtrData)),
        ("runtime.enoptrdata", end(Home::NoPtrData)),
        ("runtime.data", start(Home::Data)),
        ("runtime.edata", end(Home::Data)),
        ("runtime.bss", start(Home::Bss)),
        ("runtime.ebss", end(Home::Bss)),
        ("runtime.noptrbss", start(Home::NoPtrBss)),
        ("runtime.enoptrbss", end(Home::NoPtrBss)),
        ("runtime.end", end(Home::NoPtrBss)),
    ])
}

/// Entry point and symbol table.
pub(super) fn extras<'a>(
    job: &Job<'_>,
    symbols: &'a Symbols<'_>,
    layout: &Layout,
    tables: &Tables,
) -> elf::Extras<'a> {
    let entry = symbols.get(job.entry).map(|s| layout.address(s)).expect("resolve() made sure of the entry");
    let table = (!job.strip_symbols).then(|| {
        let mut list: Vec<elf::Symbol<'_>> = Vec::new();
        let marks: std::collections::BTreeMap<_, _> = marks(layout).into_iter().collect();
        list.extend(marks.into_iter().map(|(name, (home, address))| elf::Symbol {
            name,
            kind: if home == Home::Text { elf::SymbolKind::Func } else { elf::SymbolKind::Object },
            global: false,
            section: home as usize,
            address,
            size: 0,
        }));
        list.extend(symbols.funcs.iter().enumerate().map(|(i, text)| elf::Symbol {
            name: symbols.names.get(text.name()),
            kind: elf::SymbolKind::Func,
            global: true,
            section: Home::Text as usize,
            address: layout.funcs[i],
            size: u64::from(tables.sizes[i]),
        }));
        let shown = |data: &NumberedData| {
            !data.section.is_types() && !symbols.names.get(data.name).starts_with("go:string.")
        };
        list.extend(symbols.datas.iter().enumerate().filter(|(_, data)| shown(data)).map(|(i, data)| {
            elf::Symbol {
                name: symbols.names.get(data.name),
                kind: elf::SymbolKind::Object,
                global: true,
                section: layout.home(i) as usize,
                address: layout.datas[i],
                size: data.size,
            }
        }));
        list
    });
    elf::Extras { entry, debug: tables.debug.clone(), symbols: table }
}
