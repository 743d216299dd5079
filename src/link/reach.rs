//! What a program needs: everything its roots lead to, and of methods only those somebody may call.
//!
//! A type in an interface value may have its methods called without anybody naming them, so a method of such a type stays
//! if a reached function calls an interface method of that name and signature, asks reflection for that name, or (by
//! reflection with a name not known here) any exported one. This is gc's rule, and traces of it can be observed: a method
//! that is left out reads as −1 in the type's table and as `runtime.unreachableMethod` in itabs.
//!
//! ```text
//! roots.for_each(|name| reach.root(name));
//! while let Some(name) = reach.next() { reach.visit(name, &node_of(name)) }
//! ```
//!
//! # What holds
//! - [`Reach::next`] yields a symbol once, but a type may come a second time: when it is found to be in interfaces after
//!   it was visited as a mere description of memory.
//! - The result does not depend on the order of visits.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

use crate::{ir, object};

type Name = Arc<str>;

/// A method in a type's table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Method {
    pub name: Name,
    /// Symbol of its func type.
    pub sig: Name,
    pub exported: bool,
    /// What must be there when the method is.
    pub needs: Vec<Name>,
}

/// What one symbol says about others.
#[derive(Clone, Default, Debug)]
pub struct Facts {
    /// Whether this is a type descriptor: what it names inherits its being in interfaces.
    pub is_type: bool,
    pub names: Vec<Name>,
    /// Types whose values get into interfaces here; they are in `names` as well.
    pub iface_types: Vec<Name>,
    pub uses: Vec<ir::MethodUse>,
    pub methods: Vec<Method>,
}

impl Facts {
    /// What a function's code names.
    pub fn of_func(func: &ir::Func) -> Facts {
        let mut names: BTreeSet<&Name> = BTreeSet::new();
        for &block in &func.layout {
            for &inst in &func.blocks[block].insts {
                match &func.insts[inst].op {
                    ir::Op::SymAddr { sym, .. } => names.insert(&func.syms[*sym]),
                    ir::Op::Alloc(alloc) => names.insert(&func.syms[alloc.ty]),
                    ir::Op::Call(call) | ir::Op::TailCall(call) => match call.callee {
                        ir::Callee::Sym(sym) => names.insert(&func.syms[sym]),
                        ir::Callee::Code(_) => false,
                    },
                    _ => false,
                };
            }
        }
        names.extend(&func.iface_types);
        Facts {
            is_type: false,
            names: names.into_iter().cloned().collect(),
            iface_types: func.iface_types.clone(),
            uses: func.method_uses.clone(),
            methods: Vec::new(),
        }
    }

    /// What a piece of data points at.
    pub fn of_data(data: &object::Data) -> Facts {
        let is_type = matches!(data.section, object::Section::TypeLink | object::Section::TypeOther);
        let mut facts = Facts { is_type, ..Facts::default() };
        let mut tables: HashMap<u32, Vec<Name>> = HashMap::new();
        for reloc in &data.relocs {
            let name = &reloc.target;
            match reloc.kind {
                object::DataRelocKind::Method(i) => tables.entry(i).or_default().push(name.clone()),
                kind if kind.is_weak() => {}
                _ => {
                    // Static interface values and itabs hold values of that type; memory described by a type may not.
                    if !is_type && name.starts_with("type:") {
                        facts.iface_types.push(name.clone());
                    }
                    facts.names.push(name.clone());
                }
            }
        }
        for (i, method) in data.methods.iter().enumerate() {
            facts.methods.push(Method {
                name: method.name.clone(),
                sig: method.sig.clone(),
                exported: method.exported,
                needs: tables.remove(&(i as u32)).unwrap_or_default(),
            });
        }
        facts
    }
}

/// [`ir::MethodUse`] with numbers for names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Use {
    Interface { name: u32, sig: u32 },
    Named { name: u32 },
    Any,
}

impl Use {
    pub fn new(used: &ir::MethodUse, number: &mut dyn FnMut(&str) -> u32) -> Use {
        match used {
            ir::MethodUse::Interface { name, sig } => Use::Interface { name: number(name), sig: number(sig) },
            ir::MethodUse::Named { name } => Use::Named { name: number(name) },
            ir::MethodUse::Any => Use::Any,
        }
    }

    pub fn renumber(&mut self, map: &mut dyn FnMut(u32) -> u32) {
        match self {
            Use::Interface { name, sig } => (*name, *sig) = (map(*name), map(*sig)),
            Use::Named { name } => *name = map(*name),
            Use::Any => {}
        }
    }
}

/// [`Method`] with numbers for names.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MethodLine {
    pub name: u32,
    pub sig: u32,
    pub exported: bool,
    /// Where what it needs is in [`Node::ids`]: start and length.
    pub needs: (u32, u32),
}

/// What one symbol says about others, by number.
#[derive(Clone, Copy, Default)]
pub struct Node<'a> {
    pub is_type: bool,
    pub needs: &'a [u32],
    pub iface_types: &'a [u32],
    pub uses: &'a [Use],
    pub methods: &'a [MethodLine],
    /// What the methods' spans count from.
    pub ids: &'a [u32],
}

/// The walk, over symbols by number.
pub struct Reach<'a> {
    is_type_name: &'a dyn Fn(u32) -> bool,
    states: Vec<State>,
    queue: Vec<u32>,
    waiting: Vec<(MethodLine, &'a [u32])>,
    called: FxHashSet<(u32, u32)>,
    named: FxHashSet<u32>,
    any: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Default)]
enum State {
    #[default]
    Unknown,
    Reached,
    InInterface,
}

impl<'a> Reach<'a> {
    /// `is_type_name` tells whether a symbol is a type's by its name.
    pub fn new(is_type_name: &'a dyn Fn(u32) -> bool) -> Reach<'a> {
        Reach {
            is_type_name,
            states: Vec::new(),
            queue: Vec::new(),
            waiting: Vec::new(),
            called: FxHashSet::default(),
            named: FxHashSet::default(),
            any: false,
        }
    }

    /// Adds a root, also while the walk is on.
    pub fn root(&mut self, name: u32) {
        self.mark(name, false);
    }

    /// A symbol to visit; none when the walk is over.
    pub fn next(&mut self) -> Option<u32> {
        if self.queue.is_empty() {
            self.release_methods();
        }
        self.queue.pop()
    }

    /// Tells what a symbol names.
    pub fn visit(&mut self, name: u32, node: &Node<'a>) {
        let in_iface = node.is_type && self.states[name as usize] == State::InInterface;
        for &to in node.needs {
            self.mark(to, in_iface && (self.is_type_name)(to));
        }
        for &to in node.iface_types {
            self.mark(to, true);
        }
        for used in node.uses {
            match *used {
                Use::Interface { name, sig } => _ = self.called.insert((name, sig)),
                Use::Named { name } => _ = self.named.insert(name),
                Use::Any => self.any = true,
            }
        }
        if in_iface {
            for method in node.methods {
                let needs = node.ids.get(method.needs.0 as usize..).unwrap_or(&[]);
                let needs = needs.get(..method.needs.1 as usize).unwrap_or(&[]);
                self.waiting.push((*method, needs));
            }
        }
    }

    /// Everything reached, in the order of numbers.
    pub fn finish(self) -> Vec<u32> {
        debug_assert!(self.queue.is_empty(), "finish() before next() said none");
        let reached = self.states.iter().enumerate().filter(|(_, state)| **state != State::Unknown);
        reached.map(|(name, _)| name as u32).collect()
    }

    fn mark(&mut self, name: u32, in_iface: bool) {
        let at = name as usize;
        if self.states.len() <= at {
            self.states.resize(at + 1, State::Unknown);
        }
        let new = if in_iface { State::InInterface } else { State::Reached };
        if self.states[at] < new {
            self.states[at] = new;
            self.queue.push(name);
        }
    }

    fn release_methods(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        for (method, needs) in waiting {
            let wanted = self.called.contains(&(method.name, method.sig))
                || self.named.contains(&method.name)
                || (self.any && method.exported);
            if !wanted {
                self.waiting.push((method, needs));
                continue;
            }
            for &to in needs {
                self.mark(to, (self.is_type_name)(to));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(s: &str) -> Name {
        s.into()
    }

    /// The facts of one symbol, numbered.
    struct Numbered {
        ids: Vec<u32>,
        n_needs: usize,
        n_iface: usize,
        uses: Vec<Use>,
        methods: Vec<MethodLine>,
    }

    fn numbered(facts: &Facts, number: &mut dyn FnMut(&str) -> u32) -> Numbered {
        let mut ids: Vec<u32> = facts.names.iter().map(|n| number(n)).collect();
        let n_needs = ids.len();
        ids.extend(facts.iface_types.iter().map(|n| number(n)));
        let n_iface = ids.len() - n_needs;
        let uses = facts.uses.iter().map(|u| Use::new(u, number)).collect();
        let mut methods = Vec::new();
        for method in &facts.methods {
            let needs = (ids.len() as u32, method.needs.len() as u32);
            ids.extend(method.needs.iter().map(|n| number(n)));
            let (name, sig) = (number(&method.name), number(&method.sig));
            methods.push(MethodLine { name, sig, exported: method.exported, needs });
        }
        Numbered { ids, n_needs, n_iface, uses, methods }
    }

    fn walk(roots: &[&str], facts: &[(&str, Facts)]) -> Vec<String> {
        let names = std::cell::RefCell::new(Vec::<String>::new());
        let mut number = |name: &str| {
            let mut names = names.borrow_mut();
            let at = names.iter().position(|n| n == name).unwrap_or_else(|| {
                names.push(name.to_owned());
                names.len() - 1
            });
            at as u32
        };
        let nodes: Vec<(u32, bool, Numbered)> =
            facts.iter().map(|(n, f)| (number(n), f.is_type, numbered(f, &mut number))).collect();
        let is_type_name = |n: u32| names.borrow()[n as usize].starts_with("type:");
        let mut reach = Reach::new(&is_type_name);
        roots.iter().for_each(|root| reach.root(number(root)));
        while let Some(at) = reach.next() {
            if let Some((_, is_type, node)) = nodes.iter().find(|(n, ..)| *n == at) {
                reach.visit(
                    at,
                    &Node {
                        is_type: *is_type,
                        needs: &node.ids[..node.n_needs],
                        iface_types: &node.ids[node.n_needs..][..node.n_iface],
                        uses: &node.uses,
                        methods: &node.methods,
                        ids: &node.ids,
                    },
                );
            }
        }
        let mut out: Vec<String> =
            reach.finish().iter().map(|n| names.borrow()[*n as usize].clone()).collect();
        out.sort();
        out
    }

    fn a_type_with_method() -> Facts {
        Facts {
            is_type: true,
            methods: vec![Method {
                name: name("M"),
                sig: name("type:func()"),
                exported: true,
                needs: vec![name("type:func()"), name("p.T.M")],
            }],
            ..Facts::default()
        }
    }

    fn uses_type(in_iface: bool, uses: Vec<ir::MethodUse>) -> Facts {
        let t = vec![name("type:p.T")];
        Facts { names: t.clone(), iface_types: if in_iface { t } else { vec![] }, uses, ..Facts::default() }
    }

    #[test]
    fn a_method_nobody_calls_is_left_out() {
        let all = [("main", uses_type(true, vec![])), ("type:p.T", a_type_with_method())];
        assert_eq!(walk(&["main"], &all), ["main", "type:p.T"]);
    }

    #[test]
    fn a_call_of_the_same_name_and_signature_keeps_it() {
        let call = ir::MethodUse::Interface { name: name("M"), sig: name("type:func()") };
        let all = [("main", uses_type(true, vec![call])), ("type:p.T", a_type_with_method())];
        assert_eq!(walk(&["main"], &all), ["main", "p.T.M", "type:func()", "type:p.T"]);
    }

    #[test]
    fn a_type_never_in_an_interface_keeps_none() {
        let all = [("main", uses_type(false, vec![ir::MethodUse::Any])), ("type:p.T", a_type_with_method())];
        assert_eq!(walk(&["main"], &all), ["main", "type:p.T"]);
    }

    #[test]
    fn a_type_may_turn_out_to_be_in_interfaces_late() {
        let all = [
            ("main", Facts { names: vec![name("f"), name("g")], ..Facts::default() }),
            ("g", uses_type(false, vec![])),
            ("f", uses_type(true, vec![ir::MethodUse::Any])),
            ("type:p.T", a_type_with_method()),
        ];
        assert!(walk(&["main"], &all).contains(&"p.T.M".to_owned()));
    }

    #[test]
    fn what_a_type_in_an_interface_holds_may_get_into_one() {
        let slice = Facts { is_type: true, names: vec![name("type:p.T")], ..Facts::default() };
        let main = Facts {
            names: vec![name("type:[]p.T")],
            iface_types: vec![name("type:[]p.T")],
            uses: vec![ir::MethodUse::Named { name: name("M") }],
            ..Facts::default()
        };
        let all = [("main", main), ("type:[]p.T", slice), ("type:p.T", a_type_with_method())];
        assert!(walk(&["main"], &all).contains(&"p.T.M".to_owned()));
    }
}
