//! Gathers the job's functions and data under their names, one definition each.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::{Func, Job, LinkFault};
use crate::base::Interner;
use crate::object::{Data, NumberedData, Section};

/// Where a name leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Symbol {
    Func(usize),
    Data(usize),
}

/// A function, or a trap in its place.
pub(super) enum Text<'a> {
    Compiled(&'a Func<'a>),
    Trap(u32),
}

impl Text<'_> {
    pub fn name(&self) -> u32 {
        match self {
            Text::Compiled(func) => func.code.name,
            Text::Trap(name) => *name,
        }
    }
}

/// All there is to link. Both lists are sorted by name after [`resolve`].
pub(super) struct Symbols<'a> {
    pub names: Interner,
    pub funcs: Vec<Text<'a>>,
    pub datas: Vec<Cow<'a, NumberedData>>,
    /// By the number of a name.
    index: Vec<Option<Symbol>>,
}

impl Symbols<'_> {
    pub fn by_number(&self, name: u32) -> Option<Symbol> {
        self.index.get(name as usize).copied().flatten()
    }

    pub fn get(&self, name: &str) -> Option<Symbol> {
        self.by_number(self.names.find(name)?)
    }

    pub fn data(&self, name: &str) -> Option<&NumberedData> {
        match self.get(name)? {
            Symbol::Data(i) => Some(&self.datas[i]),
            Symbol::Func(_) => None,
        }
    }

    /// Defines a data symbol, in place of an earlier one of that name.
    pub fn define(&mut self, data: &Data) {
        let names = &mut self.names;
        let new = NumberedData::new(data, &mut |name| names.number(name));
        match self.by_number(new.name) {
            Some(Symbol::Data(i)) => self.datas[i] = Cow::Owned(new),
            Some(Symbol::Func(_)) => panic!("{} is a function and cannot be defined as data", data.name),
            None => {
                self.set(new.name, Symbol::Data(self.datas.len()));
                self.datas.push(Cow::Owned(new));
            }
        }
    }

    fn set(&mut self, name: u32, symbol: Symbol) {
        let at = name as usize;
        if self.index.len() <= at {
            self.index.resize(at + 1, None);
        }
        self.index[at] = Some(symbol);
    }
}

/// The order of two names, by number where that says it.
pub(super) fn compare(names: &Interner, a: u32, b: u32) -> Ordering {
    if a.max(b) < names.n_sorted() { a.cmp(&b) } else { names.get(a).cmp(names.get(b)) }
}

/// Takes over what the job brings.
pub(super) fn load<'a>(job: &'a Job<'a>) -> Result<Symbols<'a>, Vec<LinkFault>> {
    let mut symbols =
        Symbols { names: job.names.clone(), funcs: Vec::new(), datas: Vec::new(), index: Vec::new() };
    let mut doubles = BTreeSet::new();
    symbols.index.resize(symbols.names.count() as usize, None);
    for func in &job.funcs {
        match symbols.by_number(func.code.name) {
            None => symbols.set(func.code.name, Symbol::Func(symbols.funcs.len())),
            Some(_) => _ = doubles.insert(func.code.name),
        }
        symbols.funcs.push(Text::Compiled(func));
    }
    for data in job.datas {
        let have = match symbols.by_number(data.name) {
            None => {
                symbols.set(data.name, Symbol::Data(symbols.datas.len()));
                symbols.datas.push(Cow::Borrowed(data));
                continue;
            }
            Some(Symbol::Func(_)) => {
                doubles.insert(data.name);
                continue;
            }
            Some(Symbol::Data(i)) => i,
        };
        let old = &symbols.datas[have];
        if old.dup_ok && data.dup_ok {
            continue;
        }
        match is_better(data, old) {
            Some(true) => symbols.datas[have] = Cow::Borrowed(data),
            Some(false) => {}
            None => _ = doubles.insert(data.name),
        }
    }
    if !doubles.is_empty() {
        let faults: BTreeSet<LinkFault> = doubles
            .into_iter()
            .map(|name| LinkFault::Duplicate { symbol: symbols.names.get(name).to_owned() })
            .collect();
        return Err(faults.into_iter().collect());
    }
    symbols.sort();
    Ok(symbols)
}

/// Of two definitions by way of linkname, the one with content wins, else the larger one. None: both have content.
fn is_better(new: &NumberedData, old: &NumberedData) -> Option<bool> {
    match (old.section.is_zero(), new.section.is_zero()) {
        (false, true) => Some(false),
        (true, false) => Some(true),
        (true, true) => {
            Some((new.size, new.section == Section::Bss) > (old.size, old.section == Section::Bss))
        }
        (false, false) => None,
    }
}

impl Symbols<'_> {
    fn sort(&mut self) {
        let names = &self.names;
        self.funcs.sort_by(|a, b| compare(names, a.name(), b.name()));
        self.datas.sort_by(|a, b| compare(names, a.name, b.name));
        for i in 0..self.funcs.len() {
            self.set(self.funcs[i].name(), Symbol::Func(i));
        }
        for i in 0..self.datas.len() {
            self.set(self.datas[i].name, Symbol::Data(i));
        }
    }

    /// Every (target, user) that must be defined.
    fn strong_edges(&self) -> impl Iterator<Item = (u32, u32)> {
        let from_text = self.funcs.iter().flat_map(|text| {
            let func = match text {
                Text::Compiled(func) => Some(*func),
                Text::Trap(_) => None,
            };
            func.into_iter().flat_map(|f| {
                f.code.relocs.iter().map(move |r| (f.code.syms[r.target as usize], f.code.name))
            })
        });
        let from_data = self.datas.iter().flat_map(|data| {
            data.relocs.iter().filter(|r| r.kind.must_exist()).map(move |r| (r.target, data.name))
        });
        from_text.chain(from_data)
    }
}

/// Makes sure every name leads somewhere; with `trap_undefined`, to a trap. Gives the names that did not.
pub(super) fn resolve(job: &Job<'_>, symbols: &mut Symbols<'_>) -> Result<Vec<String>, Vec<LinkFault>> {
    let entry = symbols.names.number(job.entry);
    let mut missing: BTreeMap<&str, &str> = BTreeMap::new();
    for (target, user) in symbols.strong_edges() {
        if symbols.by_number(target).is_none() {
            missing.entry(symbols.names.get(target)).or_insert_with(|| symbols.names.get(user));
        }
    }
    if symbols.by_number(entry).is_none() {
        missing.insert(job.entry, "the program");
    }
    if !missing.is_empty() && !job.trap_undefined {
        return Err(missing
            .into_iter()
            .map(|(symbol, user)| LinkFault::Undefined { symbol: symbol.to_owned(), user: user.to_owned() })
            .collect());
    }
    let names: Vec<String> = missing.into_keys().map(str::to_owned).collect();
    for name in &names {
        let name = symbols.names.number(name);
        symbols.funcs.push(Text::Trap(name));
    }
    symbols.sort();
    Ok(names)
}
