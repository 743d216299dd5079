//! Fills `runtime.firstmoduledata`: where in the image the runtime finds everything.

use super::Job;
use super::layout::{Home, Layout, Sections};
use super::load::Symbols;
use super::synth::{MAIN_INITTASKS, MODULEDATA};
use super::text::Tables;

/// Writes the fields the running program's own layout names; a program without a runtime has no moduledata.
pub(super) fn write(
    job: &Job<'_>,
    symbols: &Symbols<'_>,
    layout: &Layout,
    tables: &Tables,
    sections: &mut Sections,
) {
    let Some(symbol) = symbols.get(MODULEDATA) else { return };
    let base = layout.address(symbol);
    for (field, words) in fields(symbols, layout, tables) {
        let Some((_, offset)) = job.moduledata.iter().find(|(name, _)| name == field) else {
            panic!("runtime.moduledata has no field {field}: is this another release's runtime?");
        };
        for (i, word) in words.iter().enumerate() {
            let at = base + offset + 8 * i as u64;
            sections.at(Home::Module, at, 8).copy_from_slice(&word.to_le_bytes());
        }
    }
    let (_, hasmain) =
        job.moduledata.iter().find(|(name, _)| name == "hasmain").expect("moduledata has hasmain");
    sections.at(Home::Module, base + hasmain, 1)[0] = 1;
}

/// Values by field name. A slice has three words.
fn fields(symbols: &Symbols<'_>, layout: &Layout, tables: &Tables) -> Vec<(&'static str, Vec<u64>)> {
    let pcln = &tables.pcln;
    let table = layout.start(Home::Pclntab);
    let slice = |offset: usize, len: usize| vec![table + offset as u64, len as u64, len as u64];
    let one = |value: u64| vec![value];
    let start = |home: Home| one(layout.start(home));
    let end = |home: Home| one(layout.end(home));
    let data_end = |name: &str| symbols.get(name).map_or(0, |s| layout.address(s));
    let inittasks = symbols.data(MAIN_INITTASKS).map_or(0, |data| data.size / 8);
    vec![
        ("pcHeader", one(table)),
        ("funcnametab", slice(pcln.funcnametab, pcln.cutab - pcln.funcnametab)),
        ("cutab", slice(pcln.cutab, pcln.n_files)),
        ("filetab", slice(pcln.filetab, pcln.pctab - pcln.filetab)),
        ("pctab", slice(pcln.pctab, pcln.functab - pcln.pctab)),
        ("pclntable", slice(pcln.functab, pcln.bytes.len() - pcln.functab)),
        ("ftab", slice(pcln.functab, pcln.n_funcs + 1)),
        ("findfunctab", one(table + layout.blobs.findfunctab)),
        ("minpc", start(Home::Text)),
        ("maxpc", end(Home::Text)),
        ("text", start(Home::Text)),
        ("etext", end(Home::Text)),
        ("noptrdata", start(Home::NoPtrData)),
        ("enoptrdata", end(Home::NoPtrData)),
        ("data", start(Home::Data)),
        ("edata", end(Home::Data)),
        ("bss", start(Home::Bss)),
        ("ebss", end(Home::Bss)),
        ("noptrbss", start(Home::NoPtrBss)),
        ("enoptrbss", end(Home::NoPtrBss)),
        ("covctrs", end(Home::NoPtrBss)),
        ("ecovctrs", end(Home::NoPtrBss)),
        ("end", end(Home::NoPtrBss)),
        ("gcdata", one(layout.start(Home::RoData) + layout.blobs.gcdata)),
        ("gcbss", one(layout.start(Home::RoData) + layout.blobs.gcbss)),
        ("types", start(Home::Types)),
        ("typedesclen", one(layout.typelinks_end)),
        ("etypes", end(Home::Types)),
        ("itaboffset", one(layout.itabs.0)),
        ("itabsize", one(layout.itabs.1)),
        ("rodata", start(Home::RoData)),
        ("gofunc", one(table + layout.blobs.gofunc)),
        ("epclntab", end(Home::Pclntab)),
        ("inittasks", vec![data_end(MAIN_INITTASKS), inittasks, inittasks]),
    ]
}
