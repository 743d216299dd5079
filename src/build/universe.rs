//! All symbols of the packages at hand, under one numbering, and where each is defined.
//!
//! ```text
//! joined outline (numbers as they are) ─┐
//! outlines of single packages ──number──┴▶ Universe ──allowed packages──▶ Index: name ▶ definitions
//! ```
//!
//! # What holds
//! - Numbers differ from build to build: nothing is ordered or hashed by them.
//! - Of several definitions of a function the first counts: those of the joined packages, then those of the others in
//!   the order they were given.

use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashMap;

use super::analysis::Analysis;
use super::outline::{DataLine, FuncLine, Outline, Part};
use crate::base::{Interner, archive, wire};
use crate::link::reach::Node;
use crate::modules::PackageId;
use crate::object::NumberedData;
use crate::store::{Blob, Store};

/// A function: which source, which of its functions.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FuncRef {
    pub source: u32,
    pub func: u32,
}

/// A data symbol.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DataRef {
    pub source: u32,
    pub data: u32,
}

/// An outline with the universe's numbers.
pub struct Source {
    pub outline: Outline,
    /// The package of each part.
    pub packages: Vec<PackageId>,
    pub analysis: OnceLock<Arc<Analysis>>,
    datas: OnceLock<Option<Blob>>,
    /// What its data symbols' numbers become; none if they are the universe's already.
    map: Option<Vec<u32>>,
}

/// Everything there is.
#[derive(Default)]
pub struct Universe {
    pub names: Interner,
    pub sources: Vec<Source>,
}

impl Universe {
    /// `joined` is an outline of packages that were analysed together before.
    pub fn new(joined: Option<(Outline, Arc<Analysis>)>, find: &dyn Fn(&str) -> PackageId) -> Universe {
        let mut out = Universe::default();
        if let Some((mut outline, analysis)) = joined {
            out.names = Interner::new(Arc::new(std::mem::take(&mut outline.strings)));
            let packages = outline.parts.iter().map(|part| find(out.names.get(part.package))).collect();
            let source =
                Source { outline, packages, analysis: OnceLock::new(), datas: OnceLock::new(), map: None };
            let _ = source.analysis.set(analysis);
            out.sources.push(source);
        }
        out
    }

    /// Adds one package.
    pub fn add(&mut self, outline: Outline, package: PackageId) {
        let map: Vec<u32> = outline.strings.iter().map(|name| self.names.number(name)).collect();
        let outline = outline.renumbered(&map);
        self.sources.push(Source {
            packages: vec![package; outline.parts.len()],
            outline,
            analysis: OnceLock::new(),
            datas: OnceLock::new(),
            map: Some(map),
        });
    }

    pub fn func(&self, at: FuncRef) -> &FuncLine {
        &self.sources[at.source as usize].outline.funcs[at.func as usize]
    }

    pub fn data(&self, at: DataRef) -> &DataLine {
        &self.sources[at.source as usize].outline.datas[at.data as usize]
    }

    pub fn part(&self, at: FuncRef) -> &Part {
        &self.sources[at.source as usize].outline.parts[self.func(at).part as usize]
    }

    pub fn package(&self, at: FuncRef) -> PackageId {
        self.sources[at.source as usize].packages[self.func(at).part as usize]
    }

    /// A list of the function's.
    pub fn ids(&self, at: FuncRef, span: super::outline::Span) -> &[u32] {
        span.of(&self.sources[at.source as usize].outline.ids)
    }

    pub fn func_node(&self, at: FuncRef) -> Node<'_> {
        let outline = &self.sources[at.source as usize].outline;
        let func = self.func(at);
        Node {
            needs: func.needs.of(&outline.ids),
            iface_types: func.iface_types.of(&outline.ids),
            uses: func.uses.of(&outline.uses),
            ..Node::default()
        }
    }

    pub fn data_node(&self, at: DataRef) -> Node<'_> {
        let outline = &self.sources[at.source as usize].outline;
        let data = self.data(at);
        Node {
            is_type: data.is_type,
            needs: data.needs.of(&outline.ids),
            iface_types: data.iface_types.of(&outline.ids),
            methods: data.methods.of(&outline.methods),
            ids: &outline.ids,
            ..Node::default()
        }
    }

    /// A data symbol with its content.
    ///
    /// # Panics
    /// If the object vanished or is damaged: the store then forgets it, and the build is tried again.
    pub fn read_data(&self, at: DataRef, store: &Store) -> NumberedData {
        let source = &self.sources[at.source as usize];
        let archive = source.datas.get_or_init(|| store.read(source.outline.data_archive));
        let archive =
            archive.as_ref().unwrap_or_else(|| panic!("the data of a package vanished from the store"));
        let item = archive::item(archive, at.data as usize).expect("the archive is as long as the outline");
        let mut data: NumberedData = wire::decode(item)
            .unwrap_or_else(|e| panic!("data of {}: {e}", self.names.get(self.data(at).name)));
        if let Some(map) = &source.map {
            data.renumber(&mut |n| map.get(n as usize).copied().unwrap_or(0));
        }
        data
    }
}

/// Where names are defined, among some of the packages.
pub struct Index {
    funcs: Vec<Option<FuncRef>>,
    more_funcs: FxHashMap<u32, Vec<FuncRef>>,
    datas: Vec<Option<DataRef>>,
    more_datas: FxHashMap<u32, Vec<DataRef>>,
}

impl Index {
    pub fn new(universe: &Universe, allowed: &dyn Fn(PackageId) -> bool) -> Index {
        let n = universe.names.count() as usize;
        let mut out = Index {
            funcs: vec![None; n],
            more_funcs: FxHashMap::default(),
            datas: vec![None; n],
            more_datas: FxHashMap::default(),
        };
        for (source, of) in universe.sources.iter().enumerate() {
            let source = source as u32;
            let parts: Vec<bool> = of.packages.iter().map(|&package| allowed(package)).collect();
            for (func, line) in of.outline.funcs.iter().enumerate() {
                if parts[line.part as usize] {
                    let at = FuncRef { source, func: func as u32 };
                    match &mut out.funcs[line.name as usize] {
                        slot @ None => *slot = Some(at),
                        Some(_) => out.more_funcs.entry(line.name).or_default().push(at),
                    }
                }
            }
            for (data, line) in of.outline.datas.iter().enumerate() {
                if parts[line.part as usize] {
                    let at = DataRef { source, data: data as u32 };
                    match &mut out.datas[line.name as usize] {
                        slot @ None => *slot = Some(at),
                        Some(_) => out.more_datas.entry(line.name).or_default().push(at),
                    }
                }
            }
        }
        out
    }

    /// The function of that name.
    pub fn func(&self, name: u32) -> Option<FuncRef> {
        *self.funcs.get(name as usize)?
    }

    /// Every function of that name, the one that counts first.
    pub fn funcs(&self, name: u32) -> impl Iterator<Item = FuncRef> {
        self.func(name).into_iter().chain(self.more_funcs.get(&name).into_iter().flatten().copied())
    }

    /// Every data symbol of that name: several packages may define one variable by linkname.
    pub fn datas(&self, name: u32) -> impl Iterator<Item = DataRef> {
        let first = self.datas.get(name as usize).copied().flatten();
        first.into_iter().chain(self.more_datas.get(&name).into_iter().flatten().copied())
    }
}
