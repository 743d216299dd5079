//! Gathers the job's functions and data under their names, one definition each.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Func, Job, LinkFault};
use crate::object::{Code, CodeReloc, Data, Section};

/// The symbol a relocation names.
pub(super) fn target<'a>(code: &'a Code, reloc: &CodeReloc) -> &'a str {
    &code.syms[reloc.target as usize]
}

/// Where a name leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Symbol {
    Func(usize),
    Data(usize),
}

/// A function, or a trap in its place.
pub(super) enum Text<'a> {
    Compiled(&'a Func<'a>),
    Trap(String),
}

impl Text<'_> {
    pub fn name(&self) -> &str {
        match self {
            Text::Compiled(func) => &func.code.name,
            Text::Trap(name) => name,
        }
    }
}

/// All there is to link. Both lists are sorted by name after [`resolve`].
pub(super) struct Symbols<'a> {
    pub funcs: Vec<Text<'a>>,
    pub datas: Vec<Cow<'a, Data>>,
    pub index: HashMap<String, Symbol>,
}

impl Symbols<'_> {
    pub fn get(&self, name: &str) -> Option<Symbol> {
        self.index.get(name).copied()
    }

    pub fn data(&self, name: &str) -> Option<&Data> {
        match self.get(name)? {
            Symbol::Data(i) => Some(&self.datas[i]),
            Symbol::Func(_) => None,
        }
    }

    /// Defines a data symbol, in place of an earlier one of that name.
    pub fn define(&mut self, data: Data) {
        match self.get(&data.name) {
            Some(Symbol::Data(i)) => self.datas[i] = Cow::Owned(data),
            Some(Symbol::Func(_)) => panic!("{} is a function and cannot be defined as data", data.name),
            None => {
                self.index.insert(data.name.to_string(), Symbol::Data(self.datas.len()));
                self.datas.push(Cow::Owned(data));
            }
        }
    }
}

/// Takes over what the job brings.
pub(super) fn load<'a>(job: &'a Job<'a>) -> Result<Symbols<'a>, Vec<LinkFault>> {
    let mut faults = BTreeSet::new();
    let mut funcs: BTreeMap<&str, &'a Func<'a>> = BTreeMap::new();
    for func in &job.funcs {
        if funcs.insert(&func.code.name, func).is_some() {
            faults.insert(LinkFault::Duplicate { symbol: func.code.name.to_string() });
        }
    }
    let mut datas: BTreeMap<&str, &Data> = BTreeMap::new();
    for &data in &job.datas {
        let Some(&have) = datas.get(&*data.name) else {
            datas.insert(&data.name, data);
            continue;
        };
        if have.dup_ok && data.dup_ok {
            continue;
        }
        match better(have, data) {
            Some(best) => {
                datas.insert(&data.name, best);
            }
            None => {
                faults.insert(LinkFault::Duplicate { symbol: data.name.to_string() });
            }
        }
    }
    for name in datas.keys().filter(|name| funcs.contains_key(*name)) {
        faults.insert(LinkFault::Duplicate { symbol: (*name).to_owned() });
    }
    if !faults.is_empty() {
        return Err(faults.into_iter().collect());
    }
    let mut symbols = Symbols {
        funcs: funcs.into_values().map(Text::Compiled).collect(),
        datas: datas.into_values().map(Cow::Borrowed).collect(),
        index: HashMap::new(),
    };
    symbols.reindex();
    Ok(symbols)
}

/// Of two definitions by way of linkname, the one with content wins, else the larger one. None: both have content.
fn better<'a>(a: &'a Data, b: &'a Data) -> Option<&'a Data> {
    match (a.section.is_zero(), b.section.is_zero()) {
        (false, true) => Some(a),
        (true, false) => Some(b),
        (true, true) if (a.size, a.section == Section::Bss) >= (b.size, b.section == Section::Bss) => Some(a),
        (true, true) => Some(b),
        (false, false) => None,
    }
}

impl Symbols<'_> {
    fn reindex(&mut self) {
        self.funcs.sort_by(|a, b| a.name().cmp(b.name()));
        self.datas.sort_by(|a, b| a.name.cmp(&b.name));
        self.index = HashMap::with_capacity(self.funcs.len() + self.datas.len());
        for (i, func) in self.funcs.iter().enumerate() {
            self.index.insert(func.name().to_owned(), Symbol::Func(i));
        }
        for (i, data) in self.datas.iter().enumerate() {
            self.index.insert(data.name.to_string(), Symbol::Data(i));
        }
    }

    /// Every (target, user) that must be defined.
    fn strong_edges(&self) -> impl Iterator<Item = (&str, &str)> {
        let from_text = self.funcs.iter().flat_map(|text| {
            let func = match text {
                Text::Compiled(func) => Some(*func),
                Text::Trap(_) => None,
            };
            func.into_iter()
                .flat_map(|f| f.code.relocs.iter().map(move |r| (target(f.code, r), &*f.code.name)))
        });
        let from_data = self.datas.iter().flat_map(|data| {
            data.relocs.iter().filter(|r| r.kind.must_exist()).map(move |r| (&*r.target, &*data.name))
        });
        from_text.chain(from_data)
    }
}

/// Makes sure every name leads somewhere; with `trap_undefined`, to a trap. Gives the names that did not.
pub(super) fn resolve(job: &Job<'_>, symbols: &mut Symbols<'_>) -> Result<Vec<String>, Vec<LinkFault>> {
    let mut missing: BTreeMap<String, String> = BTreeMap::new();
    for (target, user) in symbols.strong_edges().chain([(job.entry, "the program")]) {
        if symbols.get(target).is_none() {
            missing.entry(target.to_owned()).or_insert_with(|| user.to_owned());
        }
    }
    if !missing.is_empty() && !job.trap_undefined {
        return Err(missing
            .into_iter()
            .map(|(symbol, user)| LinkFault::Undefined { symbol, user })
            .collect());
    }
    let names: Vec<String> = missing.into_keys().collect();
    symbols.funcs.extend(names.iter().map(|name| Text::Trap(name.clone())));
    symbols.reindex();
    Ok(names)
}
