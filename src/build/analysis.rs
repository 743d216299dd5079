//! What callers may know of each function, and exactly what the optimiser may look at when it works on one of them.
//!
//! Optimising a function reads bodies that it may inline and facts about its callees. Both are known before: from the
//! function, along calls of functions that may be inlined, to all symbols named on the way. Their digest with the
//! function's own is its *work*: equal work gives equal code, and a change elsewhere is no change here.
//!
//! ```text
//! outline, facts of the packages below ──▶ Analysis { facts and work of each function }
//! ```
//!
//! # What holds
//! - A package knows functions of its own and of the packages it is built on, the runtime's among them. What a linkname
//!   reaches beside them is taken to keep everything, and is never inlined.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, OnceLock};

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

use super::universe::{DataRef, FuncRef, Index, Universe};
use super::workspace::Closures;
use crate::base::{ContentId, Digest, Hasher, archive, digest::Bytes, strings, wire};
use crate::ir;
use crate::modules::PackageId;
use crate::optimize::{self, Facts, Leak, ParamFacts, Summaries};
use crate::store::{Blob, Store};

/// Facts and work of the functions of an outline, in its order.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Analysis {
    works: Vec<ContentId>,
    #[serde(with = "strings::bytes")]
    facts: Vec<u8>,
    ends: Vec<u32>,
}

impl Analysis {
    fn push(&mut self, facts: &[u8], work: ContentId) {
        self.works.push(work);
        self.facts.extend_from_slice(facts);
        self.ends.push(self.facts.len() as u32);
    }

    /// Everything the code of function `i` follows from, but the back end.
    pub fn work(&self, i: u32) -> Option<ContentId> {
        self.works.get(i as usize).copied()
    }

    fn facts(&self, i: u32) -> &[u8] {
        let start = if i == 0 { 0 } else { self.ends.get(i as usize - 1).copied().unwrap_or(0) };
        let end = self.ends.get(i as usize).copied().unwrap_or(0);
        self.facts.get(start as usize..end as usize).unwrap_or(&[])
    }

    /// One analysis of many, in their order.
    pub fn join<'a>(all: impl Iterator<Item = &'a Analysis>) -> Analysis {
        let mut out = Analysis::default();
        for one in all {
            (0..one.works.len()).for_each(|i| out.push(one.facts(i as u32), one.works[i]));
        }
        out
    }
}

/// One byte per parameter, after those of context and overflow area.
fn pack(facts: &Facts) -> Vec<u8> {
    let one = |p: &ParamFacts| {
        let leak = match p.leak {
            Leak::No => 0,
            Leak::Content => 1,
            Leak::Yes => 2,
        };
        leak | u8::from(p.returned) << 2 | u8::from(p.content_returned) << 3 | u8::from(p.called) << 4
    };
    let Facts { params, ctx, overflow } = facts;
    [ctx, overflow].into_iter().chain(params).map(one).collect()
}

fn unpack(bytes: &[u8]) -> Facts {
    let one = |b: &u8| ParamFacts {
        leak: match b & 3 {
            0 => Leak::No,
            1 => Leak::Content,
            _ => Leak::Yes,
        },
        returned: b >> 2 & 1 != 0,
        content_returned: b >> 3 & 1 != 0,
        called: b >> 4 & 1 != 0,
    };
    let at = |i: usize| bytes.get(i).map_or(ParamFacts::KEPT, one);
    Facts { ctx: at(0), overflow: at(1), params: bytes.get(2..).unwrap_or(&[]).iter().map(one).collect() }
}

/// All packages of a build, while they are analysed and compiled.
pub struct Plan {
    pub universe: Universe,
    index: Index,
    closures: Closures,
    store: Arc<Store>,
    /// Archives of bodies that were opened, by their id.
    opened: Mutex<HashMap<ContentId, Option<Blob>>>,
    views: Mutex<HashMap<(u32, u32), Arc<OnceLock<View>>>>,
    /// Bodies that were inlined somewhere: they will be again.
    inlined: Mutex<HashMap<FuncRef, Arc<ir::Func>>>,
}

/// What the optimiser sees from one package.
struct View {
    summaries: Summaries,
}

/// What a package's analysis depends on besides its own functions: facts of each symbol that may be looked at, and the
/// content of those that may be inlined.
pub type Externals = Vec<(String, (Bytes, Option<ContentId>))>;

impl Plan {
    pub fn new(universe: Universe, closures: Closures, store: Arc<Store>) -> Plan {
        let index = Index::new(&universe, &|_| true);
        Plan {
            universe,
            index,
            closures,
            store,
            opened: Mutex::default(),
            views: Mutex::default(),
            inlined: Mutex::default(),
        }
    }

    /// The function that `name` means to `of`'s package.
    fn resolve(&self, of: FuncRef, name: u32) -> Option<FuncRef> {
        let own = |at: &FuncRef| {
            at.source == of.source && self.universe.func(*at).part == self.universe.func(of).part
        };
        let package = self.universe.package(of);
        self.index.funcs(name).find(own).or_else(|| {
            self.index.funcs(name).find(|at| self.closures.sees(package, self.universe.package(*at)))
        })
    }

    /// The functions of a source's part.
    fn funcs(&self, source: u32, part: u32) -> impl Iterator<Item = FuncRef> {
        let outline = &self.universe.sources[source as usize].outline;
        let first = outline.parts[part as usize].first_func;
        let rest = outline.funcs[first as usize..].iter().take_while(move |func| func.part == part);
        (first..).zip(rest).map(move |(func, _)| FuncRef { source, func })
    }

    fn facts(&self, at: FuncRef) -> &[u8] {
        self.universe.sources[at.source as usize]
            .analysis
            .get()
            .map_or(&[], |analysis| analysis.facts(at.func))
    }

    /// What code of `at` follows from, but the back end.
    pub fn work(&self, at: FuncRef) -> ContentId {
        let analysis = self.universe.sources[at.source as usize].analysis.get();
        analysis
            .and_then(|a| a.work(at.func))
            .expect("a package is analysed before its functions are compiled")
    }

    /// Functions of other packages that count in the package.
    fn externals_of(&self, source: u32, part: u32) -> BTreeMap<&str, FuncRef> {
        let own = |at: FuncRef| at.source == source && self.universe.func(at).part == part;
        let mut out: BTreeMap<&str, FuncRef> = BTreeMap::new();
        let mut seen = FxHashSet::default();
        let mut next: Vec<FuncRef> = self.funcs(source, part).collect();
        let Some(&first) = next.first() else { return out };
        while let Some(at) = next.pop() {
            let line = self.universe.func(at);
            for &name in self.universe.ids(at, line.named) {
                if let Some(to) = self.resolve(first, name)
                    && !own(to)
                {
                    out.insert(self.universe.names.get(name), to);
                }
            }
            for &name in self.universe.ids(at, line.callees) {
                if let Some(to) = self.resolve(first, name)
                    && !own(to)
                    && self.universe.func(to).inlinable
                    && seen.insert(to)
                {
                    next.push(to);
                }
            }
        }
        out
    }

    /// The inputs of [`Plan::analyze`] for the source's only part; the packages below are analysed.
    pub fn externals(&self, source: u32) -> Externals {
        self.externals_of(source, 0)
            .into_iter()
            .map(|(name, at)| {
                let line = self.universe.func(at);
                (name.to_owned(), (Bytes(self.facts(at).to_vec()), line.inlinable.then_some(line.content)))
            })
            .collect()
    }

    /// Analyses the source's only part.
    pub fn analyze(&self, source: u32) -> Analysis {
        let funcs: Vec<FuncRef> = self.funcs(source, 0).collect();
        let bodies: Vec<Arc<ir::Func>> = funcs.iter().map(|&at| self.body(at)).collect();
        let mut known = Summaries::default();
        for (name, at) in self.externals_of(source, 0) {
            known.insert(&name.into(), unpack(self.facts(at)));
        }
        let summaries = optimize::summarize(bodies.iter().map(|func| &**func), known);
        let facts_of = |at: FuncRef| match at.source == source {
            // What an entry point's own code does is not what is known of it.
            true => summaries.own(self.universe.names.get(self.universe.func(at).name)).map(pack),
            false => Some(self.facts(at).to_vec()),
        };
        let mut out = Analysis::default();
        for &at in &funcs {
            let facts = facts_of(at).expect("every function was summarised");
            out.push(&facts, self.work_of(at, &|at| facts_of(at).unwrap_or_default()));
        }
        out
    }

    fn work_of(&self, of: FuncRef, facts: &dyn Fn(FuncRef) -> Vec<u8>) -> ContentId {
        let mut inlinable: BTreeMap<&str, ContentId> = BTreeMap::new();
        let mut named: FxHashSet<u32> = FxHashSet::default();
        let mut next = vec![of];
        while let Some(at) = next.pop() {
            let line = self.universe.func(at);
            named.extend(self.universe.ids(at, line.named));
            for &name in self.universe.ids(at, line.callees) {
                let Some(to) = self.resolve(of, name) else { continue };
                let line = self.universe.func(to);
                if line.inlinable && inlinable.insert(self.universe.names.get(name), line.content).is_none() {
                    next.push(to);
                }
            }
        }
        let named: BTreeSet<(&str, FuncRef)> = named
            .into_iter()
            .filter_map(|name| Some((self.universe.names.get(name), self.resolve(of, name)?)))
            .collect();
        let mut h = Hasher::new("work");
        h.field("content", &self.universe.func(of).content);
        h.number(inlinable.len() as u64);
        for (name, content) in inlinable {
            h.bytes(name.as_bytes());
            content.digest(&mut h);
        }
        h.number(named.len() as u64);
        for (name, at) in named {
            h.bytes(name.as_bytes());
            h.bytes(&facts(at));
        }
        ContentId(h.finish())
    }

    /// The function as it was lowered.
    ///
    /// # Panics
    /// If the object vanished or is damaged: the store then forgets it, and the build is tried again.
    pub fn body(&self, at: FuncRef) -> Arc<ir::Func> {
        let part = self.universe.part(at);
        let opened = {
            let mut opened = self.opened.lock().unwrap_or_else(|e| e.into_inner());
            opened.entry(part.bodies).or_insert_with(|| self.store.read(part.bodies)).clone()
        };
        let name = || self.universe.names.get(self.universe.func(at).name);
        let archive = opened.unwrap_or_else(|| panic!("the body of {} vanished from the store", name()));
        let item = archive::item(&archive, (at.func - part.first_func) as usize)
            .expect("the archive is as long as the outline");
        Arc::new(wire::decode(item).unwrap_or_else(|e| panic!("the body of {}: {e}", name())))
    }

    fn inlined(&self, at: FuncRef) -> Arc<ir::Func> {
        let lock = || self.inlined.lock().unwrap_or_else(|e| e.into_inner());
        if let Some(body) = lock().get(&at) {
            return body.clone();
        }
        let body = self.body(at);
        lock().insert(at, body.clone());
        body
    }

    /// The function, optimised.
    pub fn optimized(&self, at: FuncRef) -> ir::Func {
        let key = (at.source, self.universe.func(at).part);
        let view = {
            let mut views = self.views.lock().unwrap_or_else(|e| e.into_inner());
            views.entry(key).or_default().clone()
        };
        let view = view.get_or_init(|| {
            let mut summaries = Summaries::default();
            let own =
                self.funcs(key.0, key.1).map(|at| (self.universe.names.get(self.universe.func(at).name), at));
            for (name, at) in own.chain(self.externals_of(key.0, key.1)) {
                summaries.insert(&name.into(), unpack(self.facts(at)));
            }
            View { summaries }
        });
        let body = |name: &str| {
            let to = self.resolve(at, self.universe.names.find(name)?)?;
            self.universe.func(to).inlinable.then(|| self.inlined(to))
        };
        optimize::optimize(&self.body(at), &optimize::Env { body: &body, summaries: &view.summaries })
    }

    /// The functions of a package, in their order.
    pub fn funcs_of(&self, package: PackageId) -> Vec<FuncRef> {
        self.parts_of(package).flat_map(|(source, part)| self.funcs(source, part)).collect()
    }

    /// The data symbols of a package, in their order.
    pub fn datas_of(&self, package: PackageId) -> Vec<DataRef> {
        let parts = self.parts_of(package);
        let datas = parts.flat_map(|(source, part)| {
            let datas = self.universe.sources[source as usize].outline.datas.iter().zip(0..);
            let own = datas.filter(move |(data, _)| data.part == part);
            own.map(move |(_, data)| DataRef { source, data })
        });
        datas.collect()
    }

    /// Where a package is described: source and part.
    fn parts_of(&self, package: PackageId) -> impl Iterator<Item = (u32, u32)> {
        self.universe.sources.iter().zip(0..).flat_map(move |(of, source)| {
            let parts = of.packages.iter().zip(0..).filter(move |(p, _)| **p == package);
            parts.map(move |(_, part)| (source, part))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_come_back() {
        let some = ParamFacts { leak: Leak::Content, returned: true, content_returned: false, called: true };
        let facts =
            Facts { params: vec![some, ParamFacts::default()], ctx: ParamFacts::KEPT, overflow: some };
        assert_eq!(unpack(&pack(&facts)), facts);
    }
}
