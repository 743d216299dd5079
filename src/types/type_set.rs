//! Type sets: which types satisfy an interface used as a constraint.
//!
//! A set is the intersection of three conditions: having certain methods, being comparable, and matching one of a list
//! of terms.

use std::cell::RefCell;
use std::sync::LazyLock;

use crate::base::Pos;

use super::identical::identical;
use super::interface::Interface;
use super::object::ObjRef;
use super::predicates;
use super::scope::PkgRef;
use super::ty::{Kind, Term, Ty, Union};

/// The most terms a union may have, as gc limits it.
pub const MAX_TERMS: usize = 100;

#[derive(Debug, Default)]
pub struct TypeSet {
    /// Sorted by [`ObjRef::id`].
    pub methods: Vec<ObjRef>,
    pub terms: TermSet,
    /// Types must be comparable; only set while `terms` is everything.
    pub comparable: bool,
}

/// A union of terms.
#[derive(Clone, Debug, Default)]
pub enum TermSet {
    #[default]
    All,
    /// No two overlap. None at all: no type.
    List(Vec<Term>),
}

/// What is wrong with an interface, found while its type set is computed.
#[derive(Clone, Debug)]
pub enum TypeSetFault {
    /// `explicit`: declared twice here. Otherwise one comes from an embedded interface, which is an error only before
    /// Go 1.14 or if the signatures differ; that is to be decided when all types are known.
    DuplicateMethod {
        pos: Pos,
        method: ObjRef,
        other_pos: Pos,
        other: ObjRef,
        explicit: bool,
    },
    /// A constraint interface is embedded; an error before Go 1.18 if it is an imported one.
    EmbedsConstraint {
        pos: Pos,
        ty: Ty,
    },
    /// A union is embedded; an error before Go 1.18.
    EmbedsUnion {
        pos: Pos,
        ty: Ty,
    },
    /// A type that is no interface is embedded; an error before Go 1.18.
    EmbedsOther {
        pos: Pos,
        ty: Ty,
    },
    TooManyTerms {
        pos: Pos,
    },
}

static EVERYTHING: LazyLock<TypeSet> = LazyLock::new(TypeSet::default);

thread_local! {
    static IN_PROGRESS: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// The type set of `interface`; its faults are kept beside it.
pub(super) fn of(interface: &'static Interface) -> &'static TypeSet {
    if let Some(known) = interface.type_set.get() {
        return known;
    }
    let me = interface as *const Interface as usize;
    if !interface.is_complete() || IN_PROGRESS.with_borrow(|stack| stack.contains(&me)) {
        return &EVERYTHING;
    }
    IN_PROGRESS.with_borrow_mut(|stack| stack.push(me));
    let mut builder =
        Builder { set: TypeSet::default(), positions: Vec::new(), unresolved: false, faults: Vec::new() };
    builder.interface(interface);
    let Builder { mut set, unresolved, faults, .. } = builder;
    IN_PROGRESS.with_borrow_mut(|stack| stack.pop());
    set.methods.sort_by_cached_key(|m| m.id());
    if unresolved {
        // Asked too early, inside a cycle of declarations: the answer is for now only.
        return Box::leak(Box::new(set));
    }
    let _ = interface.faults.set(faults);
    interface.type_set.get_or_init(|| set)
}

struct Builder {
    set: TypeSet,
    /// Where each method of the set came from.
    positions: Vec<Pos>,
    unresolved: bool,
    faults: Vec<TypeSetFault>,
}

impl Builder {
    fn interface(&mut self, interface: &'static Interface) {
        self.set.comparable = interface.is_comparable_itself();
        for &method in interface.methods() {
            self.method(method.pos, method, true);
        }
        for (i, &ty) in interface.embeddeds().iter().enumerate() {
            self.embedded(interface.embed_pos(i), ty);
        }
    }

    fn method(&mut self, pos: Pos, method: ObjRef, explicit: bool) {
        let known = self.set.methods.iter().position(|m| m.same_id(method.pkg, method.name, false));
        let Some(at) = known else {
            self.set.methods.push(method);
            self.positions.push(pos);
            return;
        };
        let other = self.set.methods[at];
        let other_pos = self.positions[at];
        self.faults.push(TypeSetFault::DuplicateMethod { pos, method, other_pos, other, explicit });
    }

    fn embedded(&mut self, pos: Pos, ty: Ty) {
        let under = ty.underlying();
        let mut comparable = false;
        let terms = match under.kind() {
            Kind::Interface(inner) => {
                let set = of(inner);
                if !set.is_method_set() {
                    self.faults.push(TypeSetFault::EmbedsConstraint { pos, ty });
                }
                comparable = set.comparable;
                for &method in &set.methods {
                    self.method(pos, method, false);
                }
                set.terms.clone()
            }
            Kind::Union(union) => {
                self.faults.push(TypeSetFault::EmbedsUnion { pos, ty });
                match union_terms(union) {
                    Some(terms) => terms,
                    None => {
                        self.faults.push(TypeSetFault::TooManyTerms { pos });
                        return;
                    }
                }
            }
            _ if under == Ty::INVALID => {
                self.unresolved |= ty.unalias() != Ty::INVALID || matches!(ty.kind(), Kind::Alias(_));
                return;
            }
            _ => {
                self.faults.push(TypeSetFault::EmbedsOther { pos, ty });
                TermSet::List(vec![Term { tilde: false, ty }])
            }
        };
        self.set.comparable |= comparable;
        self.set.terms = self.set.terms.intersect(&terms);
        if let TermSet::List(list) = &mut self.set.terms
            && self.set.comparable
        {
            list.retain(|term| predicates::comparable_type(term.ty, false).is_ok());
            self.set.comparable = false;
        }
    }
}

/// The terms of an element of a constraint that is no interface.
pub(super) fn of_element(ty: Ty) -> TermSet {
    match ty.kind() {
        Kind::Union(union) => union_terms(union).unwrap_or_default(),
        _ => TermSet::List(vec![Term { tilde: false, ty }]),
    }
}

/// None: too many.
fn union_terms(union: &Union) -> Option<TermSet> {
    let mut all = Vec::new();
    for term in &union.terms {
        let under = term.ty.underlying();
        match under.kind() {
            Kind::Interface(inner) => match &inner.type_set().terms {
                TermSet::All => return Some(TermSet::All),
                TermSet::List(list) => all.extend(list.iter().copied()),
            },
            _ if under == Ty::INVALID => (),
            // No type has a defined type as its underlying one.
            _ if term.tilde && !identical(term.ty, under) => (),
            _ => all.push(*term),
        }
        if all.len() > MAX_TERMS {
            return None;
        }
    }
    Some(TermSet::List(all).normalized())
}

impl TypeSet {
    /// Whether every type is in the set.
    pub fn is_all(&self) -> bool {
        self.is_method_set() && self.methods.is_empty()
    }

    /// Whether the set is described by its methods alone: an ordinary interface.
    pub fn is_method_set(&self) -> bool {
        !self.comparable && matches!(self.terms, TermSet::All)
    }

    /// Whether no type is in the set, as far as the terms say.
    pub fn is_empty(&self) -> bool {
        matches!(&self.terms, TermSet::List(list) if list.is_empty())
    }

    /// Whether the set is described by a non-empty list of terms.
    pub fn has_terms(&self) -> bool {
        matches!(&self.terms, TermSet::List(list) if !list.is_empty())
    }

    /// Whether each type in the set is comparable.
    pub fn is_comparable(&self) -> bool {
        predicates::set_comparable(self, &mut Vec::new())
    }

    pub fn subset_of(&self, other: &TypeSet) -> bool {
        self.terms.subset_of(&other.terms)
    }

    pub fn lookup(&self, pkg: Option<PkgRef>, name: &str, fold_case: bool) -> Option<(usize, ObjRef)> {
        self.methods.iter().copied().enumerate().find(|(_, m)| m.same_id(pkg, name, fold_case))
    }

    /// The terms, if there are any.
    pub fn terms(&self) -> Option<&[Term]> {
        match &self.terms {
            TermSet::List(list) if !list.is_empty() => Some(list),
            _ => None,
        }
    }
}

impl TermSet {
    pub fn is_all(&self) -> bool {
        matches!(self, TermSet::All)
    }

    /// Drops terms that others contain.
    fn normalized(self) -> TermSet {
        let TermSet::List(list) = self else { return self };
        let mut kept: Vec<Term> = Vec::new();
        for term in list {
            if kept.iter().any(|k| k.contains(&term)) {
                continue;
            }
            kept.retain(|k| !term.contains(k));
            kept.push(term);
        }
        TermSet::List(kept)
    }

    pub fn intersect(&self, other: &TermSet) -> TermSet {
        match (self, other) {
            (TermSet::All, set) | (set, TermSet::All) => set.clone(),
            (TermSet::List(a), TermSet::List(b)) => {
                let pairs = a.iter().flat_map(|x| b.iter().filter_map(move |y| x.intersect(y)));
                TermSet::List(pairs.collect()).normalized()
            }
        }
    }

    pub fn subset_of(&self, other: &TermSet) -> bool {
        match (self, other) {
            (_, TermSet::All) => true,
            (TermSet::All, TermSet::List(_)) => false,
            (TermSet::List(a), TermSet::List(b)) => a.iter().all(|x| b.iter().any(|y| y.contains(x))),
        }
    }

    pub fn equal(&self, other: &TermSet) -> bool {
        self.subset_of(other) && other.subset_of(self)
    }

    /// Whether `ty` itself is in the set.
    pub fn includes(&self, ty: Ty) -> bool {
        match self {
            TermSet::All => true,
            TermSet::List(list) => list.iter().any(|t| t.includes(ty)),
        }
    }

    /// Whether some term of the set contains `term`.
    pub fn superset_of_term(&self, term: &Term) -> bool {
        match self {
            TermSet::All => true,
            TermSet::List(list) => list.iter().any(|t| t.contains(term)),
        }
    }
}

impl Term {
    /// Whether `ty` is in the term's set: `~T` holds every type whose underlying type is `T`.
    pub fn includes(&self, ty: Ty) -> bool {
        identical(self.ty, if self.tilde { ty.underlying() } else { ty })
    }

    /// Whether no type is in both.
    pub fn disjoint(&self, other: &Term) -> bool {
        let left = if other.tilde { self.ty.underlying() } else { self.ty };
        let right = if self.tilde { other.ty.underlying() } else { other.ty };
        !identical(left, right)
    }

    /// Whether every type of `other` is in `self`.
    pub fn contains(&self, other: &Term) -> bool {
        !self.disjoint(other) && (self.tilde || !other.tilde)
    }

    fn intersect(&self, other: &Term) -> Option<Term> {
        if self.disjoint(other) {
            return None;
        }
        Some(if self.tilde && !other.tilde { *other } else { *self })
    }
}
