//! What the rest of a program must know of a lowered package, without its bodies: names, edges, digests.
//!
//! ```text
//! ir::Unit ──split──▶ Outline   names, calls, types, method uses, per-function digests
//!                 ├─▶ bodies    an archive: the encoded functions, in the unit's order
//!                 └─▶ datas     an archive: the encoded data symbols, in the unit's order
//! Outline* ──join──▶ Outline    of many packages, its strings sorted: what never changes together
//! ```
//! A build that changed one package reads the others' outlines; a body is read when its function must be compiled.
//!
//! # What holds
//! - Equal units give equal bytes.
//! - In a joined outline equal names have one number, and numbers are in the order of names.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

use crate::base::{ContentId, Strings, archive, wire};
use crate::link::reach::{Facts, MethodLine, Use};
use crate::object::NumberedData;
use crate::{codegen, ir, optimize};

/// A run in one of an outline's lists.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Span {
    at: u32,
    len: u32,
}

impl Span {
    /// That part of `list`; nothing if a damaged object asks for what is not there.
    pub fn of<T>(self, list: &[T]) -> &[T] {
        list.get(self.at as usize..(self.at + self.len) as usize).unwrap_or(&[])
    }

    fn moved(self, by: usize) -> Span {
        Span { at: self.at + by as u32, len: self.len }
    }
}

/// Adds `items` to a list; where they are.
fn add<T>(list: &mut Vec<T>, items: impl IntoIterator<Item = T>) -> Span {
    let at = list.len();
    list.extend(items);
    Span { at: at as u32, len: (list.len() - at) as u32 }
}

/// One package of an outline.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Part {
    /// What its symbols begin with.
    pub package: u32,
    /// Names of functions, in the order they run.
    pub init_funcs: Span,
    /// Paths.
    pub init_deps: Span,
    /// An archive of its functions.
    pub bodies: ContentId,
    pub first_func: u32,
}

/// One function.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FuncLine {
    pub name: u32,
    pub part: u32,
    /// Of the encoded function.
    pub content: ContentId,
    /// Others may take its body in.
    pub inlinable: bool,
    /// Functions called by name.
    pub callees: Span,
    /// Every symbol in its table.
    pub named: Span,
    /// Symbols its code needs.
    pub needs: Span,
    /// Types that get into interfaces.
    pub iface_types: Span,
    pub uses: Span,
    /// Names of files, as the user knows them.
    pub files: Span,
    pub start_line: u32,
}

/// One data symbol.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DataLine {
    pub name: u32,
    pub part: u32,
    pub is_zero: bool,
    pub is_type: bool,
    pub needs: Span,
    pub iface_types: Span,
    pub methods: Span,
}

/// One package, or several.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Outline {
    pub strings: Strings,
    pub parts: Vec<Part>,
    pub funcs: Vec<FuncLine>,
    pub datas: Vec<DataLine>,
    pub ids: Vec<u32>,
    pub uses: Vec<Use>,
    pub methods: Vec<MethodLine>,
    /// An archive of the data symbols, in the order of `datas`, with this outline's numbers.
    pub data_archive: ContentId,
}

/// A unit in the form it is kept.
pub struct Split {
    pub outline: Outline,
    pub bodies: Vec<u8>,
    pub datas: Vec<u8>,
}

/// Numbers strings as they come.
#[derive(Default)]
struct Numbering {
    strings: Strings,
    numbers: rustc_hash::FxHashMap<Arc<str>, u32>,
}

impl Numbering {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(&n) = self.numbers.get(name) {
            return n;
        }
        let n = self.strings.push(name);
        self.numbers.insert(name.into(), n);
        n
    }
}

/// Takes a unit apart.
pub fn split(unit: &ir::Unit) -> Split {
    let mut out = Outline::default();
    let mut names = Numbering::default();
    let bodies: Vec<Vec<u8>> = unit.funcs.iter().map(|func| wire::encode(&*func.func)).collect();
    for (func, body) in unit.funcs.iter().zip(&bodies) {
        func_line(&mut out, &mut names, func, ContentId::of(body));
    }
    let mut datas = Vec::with_capacity(unit.datas.len());
    for data in &unit.datas {
        data_line(&mut out, &mut names, data);
        datas.push(wire::encode(&NumberedData::new(data, &mut |name| names.number(name))));
    }
    let (bodies, datas) = (archive::pack(&bodies), archive::pack(&datas));
    let init_funcs: Vec<u32> = unit.init_funcs.iter().map(|name| names.number(name)).collect();
    let init_deps: Vec<u32> = unit.init_deps.iter().map(|path| names.number(path)).collect();
    out.parts.push(Part {
        package: names.number(&unit.package),
        init_funcs: add(&mut out.ids, init_funcs),
        init_deps: add(&mut out.ids, init_deps),
        bodies: ContentId::of(&bodies),
        first_func: 0,
    });
    out.data_archive = ContentId::of(&datas);
    out.strings = names.strings;
    Split { outline: out, bodies, datas }
}

fn func_line(out: &mut Outline, names: &mut Numbering, func: &ir::UnitFunc, content: ContentId) {
    let ir::UnitFunc { func, meta } = func;
    let mut list = |ids: &mut Vec<u32>, items: &mut dyn Iterator<Item = &str>| {
        let items: Vec<u32> = items.map(|name| names.number(name)).collect();
        add(ids, items)
    };
    let facts = Facts::of_func(func);
    let implicit = codegen::implicit_symbols(func);
    let line = FuncLine {
        name: 0,
        part: 0,
        content,
        inlinable: optimize::may_inline(func),
        callees: list(&mut out.ids, &mut callees(func)),
        named: list(&mut out.ids, &mut func.syms.values().map(|name| &**name)),
        needs: list(&mut out.ids, &mut facts.names.iter().map(|name| &**name).chain(implicit)),
        iface_types: list(&mut out.ids, &mut facts.iface_types.iter().map(|name| &**name)),
        uses: Span::default(),
        files: list(&mut out.ids, &mut meta.files.iter().map(|name| &**name)),
        start_line: meta.start_line,
    };
    let uses: Vec<Use> = facts.uses.iter().map(|u| Use::new(u, &mut |name| names.number(name))).collect();
    out.funcs.push(FuncLine { name: names.number(&func.name), uses: add(&mut out.uses, uses), ..line });
}

fn data_line(out: &mut Outline, names: &mut Numbering, data: &crate::object::Data) {
    let facts = Facts::of_data(data);
    let mut list = |ids: &mut Vec<u32>, items: &[Arc<str>]| {
        let items: Vec<u32> = items.iter().map(|name| names.number(name)).collect();
        add(ids, items)
    };
    let needs = list(&mut out.ids, &facts.names);
    let iface_types = list(&mut out.ids, &facts.iface_types);
    let mut methods = Vec::with_capacity(facts.methods.len());
    for method in &facts.methods {
        let needs = list(&mut out.ids, &method.needs);
        methods.push((method, needs));
    }
    let methods: Vec<MethodLine> = methods
        .into_iter()
        .map(|(method, needs)| MethodLine {
            name: names.number(&method.name),
            sig: names.number(&method.sig),
            exported: method.exported,
            needs: (needs.at, needs.len),
        })
        .collect();
    out.datas.push(DataLine {
        name: names.number(&data.name),
        part: 0,
        is_zero: data.section.is_zero(),
        is_type: facts.is_type,
        needs,
        iface_types,
        methods: add(&mut out.methods, methods),
    });
}

fn callees(func: &ir::Func) -> impl Iterator<Item = &str> {
    let insts = func.layout.iter().flat_map(|&block| &func.blocks[block].insts);
    insts.filter_map(|&inst| match &func.insts[inst].op {
        ir::Op::Call(call) => match call.callee {
            ir::Callee::Sym(sym) => Some(&*func.syms[sym]),
            ir::Callee::Code(_) => None,
        },
        _ => None,
    })
}

impl Outline {
    /// The same with other numbers, and without strings.
    pub fn renumbered(mut self, map: &[u32]) -> Outline {
        let to = |n: &mut u32| *n = map.get(*n as usize).copied().unwrap_or(0);
        self.ids.iter_mut().for_each(to);
        self.parts.iter_mut().for_each(|part| to(&mut part.package));
        self.funcs.iter_mut().for_each(|func| to(&mut func.name));
        self.datas.iter_mut().for_each(|data| to(&mut data.name));
        for method in &mut self.methods {
            to(&mut method.name);
            to(&mut method.sig);
        }
        self.uses
            .iter_mut()
            .for_each(|used| used.renumber(&mut |n| map.get(n as usize).copied().unwrap_or(0)));
        self.strings = Strings::default();
        self
    }

    /// Adds another one's lists, whose numbers are this one's already.
    fn append(&mut self, other: Outline) {
        let Outline { strings: _, parts, funcs, datas, ids, uses, methods, data_archive: _ } = other;
        let (first_part, first_func) = (self.parts.len() as u32, self.funcs.len() as u32);
        let (n_ids, n_uses, n_methods) = (self.ids.len(), self.uses.len(), self.methods.len());
        self.parts.extend(parts.into_iter().map(|part| Part {
            init_funcs: part.init_funcs.moved(n_ids),
            init_deps: part.init_deps.moved(n_ids),
            first_func: part.first_func + first_func,
            ..part
        }));
        self.funcs.extend(funcs.into_iter().map(|func| FuncLine {
            part: func.part + first_part,
            callees: func.callees.moved(n_ids),
            named: func.named.moved(n_ids),
            needs: func.needs.moved(n_ids),
            iface_types: func.iface_types.moved(n_ids),
            uses: func.uses.moved(n_uses),
            files: func.files.moved(n_ids),
            ..func
        }));
        self.datas.extend(datas.into_iter().map(|data| DataLine {
            part: data.part + first_part,
            needs: data.needs.moved(n_ids),
            iface_types: data.iface_types.moved(n_ids),
            methods: data.methods.moved(n_methods),
            ..data
        }));
        self.ids.extend(ids);
        self.uses.extend(uses);
        self.methods.extend(
            methods.into_iter().map(|method| MethodLine {
                needs: (method.needs.0 + n_ids as u32, method.needs.1),
                ..method
            }),
        );
    }
}

/// One outline of many, and the archive of all their data; `datas` are theirs, in the same order.
pub fn join(outlines: &[&Outline], datas: &[&[u8]]) -> (Outline, Vec<u8>) {
    let mut all: Vec<&str> = outlines.iter().flat_map(|outline| outline.strings.iter()).collect();
    all.sort_unstable();
    all.dedup();
    let mut out = Outline::default();
    all.iter().for_each(|name| _ = out.strings.push(name));
    let mut archive = Vec::new();
    for (outline, datas) in outlines.iter().zip(datas) {
        let map: Vec<u32> = outline
            .strings
            .iter()
            .map(|name| all.binary_search(&name).expect("every string is among all") as u32)
            .collect();
        for i in 0..outline.datas.len() {
            let item = archive::item(datas, i).expect("the archive is as long as the outline");
            let mut data: NumberedData = wire::decode(item).expect("what was just encoded decodes");
            data.renumber(&mut |n| map[n as usize]);
            archive.push(wire::encode(&data));
        }
        out.append((*outline).clone().renumbered(&map));
    }
    let archive = archive::pack(&archive);
    out.data_archive = ContentId::of(&archive);
    (out, archive)
}
