//! What a program needs: everything its roots lead to, and of methods only those somebody may call.
//!
//! A type in an interface value may have its methods called without anybody naming them, so a method of such a type stays
//! if a reached function calls an interface method of that name and signature, asks reflection for that name, or (by
//! reflection with a name not known here) any exported one. This is gc's rule, and traces of it can be observed: a method
//! that is left out reads as −1 in the type's table and as `runtime.unreachableMethod` in itabs.
//!
//! ```text
//! let mut reach = Reach::new(roots);
//! while let Some(name) = reach.next() { reach.visit(&name, &facts_of(name)) }
//! ```
//!
//! # What holds
//! - [`Reach::next`] yields a symbol once, but a type may come a second time: when it is found to be in interfaces after
//!   it was visited as a mere description of memory.
//! - The result does not depend on the order of visits.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

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

/// The walk.
#[derive(Default)]
pub struct Reach {
    reached: HashMap<Name, State>,
    queue: Vec<Name>,
    waiting: Vec<Method>,
    called: HashSet<(Name, Name)>,
    named: HashSet<Name>,
    any: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct State {
    in_iface: bool,
}

impl Reach {
    pub fn new<'a>(roots: impl IntoIterator<Item = &'a str>) -> Reach {
        let mut reach = Reach::default();
        for root in roots {
            reach.mark(&root.into(), false);
        }
        reach
    }

    /// Adds a root while the walk is on.
    pub fn mark_root(&mut self, name: &str) {
        self.mark(&name.into(), false);
    }

    /// A symbol to visit; none when the walk is over.
    pub fn next(&mut self) -> Option<Name> {
        if self.queue.is_empty() {
            self.release_methods();
        }
        self.queue.pop()
    }

    /// Tells what a symbol names.
    pub fn visit(&mut self, name: &Name, facts: &Facts) {
        let in_iface = facts.is_type && self.reached.get(name).is_some_and(|s| s.in_iface);
        for to in &facts.names {
            self.mark(to, in_iface && to.starts_with("type:"));
        }
        for to in &facts.iface_types {
            self.mark(to, true);
        }
        for used in &facts.uses {
            match used {
                ir::MethodUse::Interface { name, sig } => {
                    self.called.insert((name.clone(), sig.clone()));
                }
                ir::MethodUse::Named { name } => {
                    self.named.insert(name.clone());
                }
                ir::MethodUse::Any => self.any = true,
            }
        }
        if in_iface {
            self.waiting.extend(facts.methods.iter().cloned());
        }
    }

    pub fn has(&self, name: &str) -> bool {
        self.reached.contains_key(name)
    }

    /// Everything reached, sorted.
    pub fn finish(self) -> Vec<Name> {
        debug_assert!(self.queue.is_empty(), "finish() before next() said none");
        let mut all: Vec<Name> = self.reached.into_keys().collect();
        all.sort_unstable();
        all
    }

    fn mark(&mut self, name: &Name, in_iface: bool) {
        match self.reached.get_mut(name) {
            None => {
                self.reached.insert(name.clone(), State { in_iface });
                self.queue.push(name.clone());
            }
            Some(state) if in_iface && !state.in_iface => {
                state.in_iface = true;
                self.queue.push(name.clone());
            }
            Some(_) => {}
        }
    }

    fn release_methods(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        for method in waiting {
            let wanted = self.called.contains(&(method.name.clone(), method.sig.clone()))
                || self.named.contains(&method.name)
                || (self.any && method.exported);
            if !wanted {
                self.waiting.push(method);
                continue;
            }
            for to in &method.needs {
                self.mark(to, to.starts_with("type:"));
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

    fn walk(roots: &[&str], facts: &[(&str, Facts)]) -> Vec<String> {
        let mut reach = Reach::new(roots.iter().copied());
        while let Some(at) = reach.next() {
            if let Some((_, f)) = facts.iter().find(|(n, _)| **n == *at) {
                reach.visit(&at, f);
            }
        }
        reach.finish().iter().map(|n| n.to_string()).collect()
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
