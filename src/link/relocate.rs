//! Writes addresses into code and data.

use std::collections::BTreeSet;

use super::LinkFault;
use super::layout::{Home, Layout, Sections};
use super::load::{Symbols, Text};
use crate::object::{CodeRelocKind, DataRelocKind};

/// Applies every relocation.
pub(super) fn all(
    symbols: &Symbols<'_>,
    layout: &Layout,
    sections: &mut Sections,
) -> Result<(), Vec<LinkFault>> {
    let mut faults = BTreeSet::new();
    code(symbols, layout, sections, &mut faults);
    data(symbols, layout, sections, &mut faults);
    if faults.is_empty() { Ok(()) } else { Err(faults.into_iter().collect()) }
}

fn code(symbols: &Symbols<'_>, layout: &Layout, sections: &mut Sections, faults: &mut BTreeSet<LinkFault>) {
    for (i, text) in symbols.funcs.iter().enumerate() {
        let Text::Compiled(func) = text else { continue };
        for reloc in &func.code.relocs {
            let name = func.code.syms[reloc.target as usize];
            let target = symbols.by_number(name).expect("resolve() saw every target of code");
            let target = layout.address(target).wrapping_add_signed(reloc.addend);
            let place = layout.funcs[i] + u64::from(reloc.offset);
            let done = match reloc.kind {
                CodeRelocKind::PcRel32 => {
                    write_32(sections, Home::Text, place, target.wrapping_sub(place) as i64)
                }
                CodeRelocKind::Abs64 => {
                    sections.at(Home::Text, place, 8).copy_from_slice(&target.to_le_bytes());
                    true
                }
            };
            if !done {
                faults.insert(too_far(symbols, name, func.code.name));
            }
        }
    }
}

fn data(symbols: &Symbols<'_>, layout: &Layout, sections: &mut Sections, faults: &mut BTreeSet<LinkFault>) {
    let types = layout.start(Home::Types);
    let text = layout.start(Home::Text);
    let unreachable = symbols.get("runtime.unreachableMethod").map_or(0, |s| layout.address(s));
    for (i, data) in symbols.datas.iter().enumerate() {
        let home = layout.home(i);
        for reloc in &data.relocs {
            let target =
                symbols.by_number(reloc.target).map(|s| layout.address(s).wrapping_add_signed(reloc.addend));
            let must = || target.expect("resolve() saw every target that must exist");
            let place = layout.datas[i] + u64::from(reloc.offset);
            let from = |base: u64, address: u64| address.wrapping_sub(base) as i64;
            let done = match reloc.kind {
                DataRelocKind::Needs => true,
                DataRelocKind::Abs64 => write_64(sections, home, place, must()),
                DataRelocKind::WeakAbs64 => write_64(sections, home, place, target.unwrap_or(unreachable)),
                DataRelocKind::PcRel32 => write_32(sections, home, place, from(place, must())),
                DataRelocKind::TypeOff32 => write_32(sections, home, place, from(types, must())),
                DataRelocKind::WeakTypeOff32 => {
                    write_32(sections, home, place, target.map_or(0, |address| from(types, address)))
                }
                DataRelocKind::TextOff32 => write_32(sections, home, place, from(text, must())),
                DataRelocKind::Method(_) => {
                    let base =
                        if symbols.names.get(reloc.target).starts_with("type:") { types } else { text };
                    write_32(sections, home, place, target.map_or(-1, |address| from(base, address)))
                }
            };
            if !done {
                faults.insert(too_far(symbols, reloc.target, data.name));
            }
        }
    }
}

fn too_far(symbols: &Symbols<'_>, symbol: u32, user: u32) -> LinkFault {
    let name = |n: u32| symbols.names.get(n).to_owned();
    LinkFault::TooFar { symbol: name(symbol), user: name(user) }
}

fn write_64(sections: &mut Sections, home: Home, place: u64, value: u64) -> bool {
    sections.at(home, place, 8).copy_from_slice(&value.to_le_bytes());
    true
}

fn write_32(sections: &mut Sections, home: Home, place: u64, value: i64) -> bool {
    let Ok(value) = i32::try_from(value) else { return false };
    sections.at(home, place, 4).copy_from_slice(&value.to_le_bytes());
    true
}
