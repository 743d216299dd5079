//! Unification: finding types for type parameters that make two types the same.
//!
//! # The idea
//! Each type parameter has a slot for the type inferred for it; parameters found to stand for the same type share a
//! slot. Unifying walks two types together: where it meets a parameter it fills the slot, or unifies what is there.
//!
//! # Inexact and exact
//! Where a value is assigned, types need not be identical: a defined type meets its underlying type, a channel of both
//! directions meets one of a single direction, an interface meets a type that has its methods. Inside composite types,
//! and everywhere in [`Mode::EXACT`], they must be.

use super::Checker;
use crate::types::{self, ChanDir, Interface, Kind, Named, ObjRef, Signature, Ty, lookup_field_or_method};

/// Types that nest deeper do not unify: instances can be infinite.
const MAX_DEPTH: u32 = 100;

/// How closely two types must match.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Mode {
    /// The types meet in an assignment: their elements must match exactly.
    assign: bool,
    exact: bool,
}

impl Mode {
    pub const INEXACT: Mode = Mode { assign: false, exact: false };
    pub const ASSIGN: Mode = Mode { assign: true, exact: false };
    pub const EXACT: Mode = Mode { assign: false, exact: true };

    fn of_elements(self) -> Mode {
        Mode { exact: self.exact || self.assign, ..self }
    }
}

pub(super) struct Unifier {
    tparams: Vec<Ty>,
    /// For each parameter, which of `slots` is its.
    slot_of: Vec<usize>,
    slots: Vec<Option<Ty>>,
    /// Interfaces may meet types with their methods: since Go 1.21.
    interfaces: bool,
    depth: u32,
    /// Interfaces being compared further out.
    pairs: Vec<(*const Interface, *const Interface)>,
}

impl Unifier {
    /// `targs` holds what is known from the start.
    pub fn new(tparams: &[Ty], targs: &[Option<Ty>], interfaces: bool) -> Unifier {
        Unifier {
            tparams: tparams.to_vec(),
            slot_of: (0..tparams.len()).collect(),
            slots: tparams.iter().enumerate().map(|(i, _)| targs.get(i).copied().flatten()).collect(),
            interfaces,
            depth: 0,
            pairs: Vec::new(),
        }
    }

    /// The type inferred for the i-th parameter so far.
    pub fn at(&self, i: usize) -> Option<Ty> {
        self.slots[self.slot_of[i]]
    }

    pub fn set(&mut self, i: usize, ty: Ty) {
        self.slots[self.slot_of[i]] = Some(ty);
    }

    pub fn n_unknown(&self) -> usize {
        (0..self.tparams.len()).filter(|&i| self.at(i).is_none()).count()
    }

    pub fn inferred(&self) -> Vec<Option<Ty>> {
        (0..self.tparams.len()).map(|i| self.at(i)).collect()
    }

    /// Which parameter of ours `ty` is.
    pub fn index_of(&self, ty: Ty) -> Option<usize> {
        ty.as_type_param()?;
        let ty = ty.unalias();
        self.tparams.iter().position(|&p| p == ty)
    }

    /// Makes two parameters share a slot. False if both have a type already.
    fn join(&mut self, a: usize, b: usize) -> bool {
        let (from, to) = (self.slot_of[a], self.slot_of[b]);
        if from == to {
            return true;
        }
        let (keep, drop) = match (self.slots[from], self.slots[to]) {
            (Some(_), Some(_)) => return false,
            (None, Some(_)) => (to, from),
            _ => (from, to),
        };
        for slot in &mut self.slot_of {
            if *slot == drop {
                *slot = keep;
            }
        }
        true
    }

    /// Whether the types can be made to match; slots are filled on the way, also by an attempt that fails.
    pub fn unify(&mut self, cx: &mut Checker<'_>, x: Ty, y: Ty, mode: Mode) -> bool {
        if self.depth == MAX_DEPTH {
            return false;
        }
        self.depth += 1;
        let unified = self.unify_inner(cx, x, y, mode);
        self.depth -= 1;
        unified
    }

    fn unify_inner(&mut self, cx: &mut Checker<'_>, mut x: Ty, mut y: Ty, mode: Mode) -> bool {
        if x == y || x.unalias() == y.unalias() {
            return true;
        }
        // If there is a defined type, it is in y; if there is a parameter of ours, it is in x.
        if x.as_named().is_some() || self.index_of(y).is_some() {
            std::mem::swap(&mut x, &mut y);
        }
        if !mode.exact
            && let Some(named) = y.as_named()
            && is_type_literal(x)
            && !(self.interfaces && is_interface(x))
        {
            y = named.underlying();
            if y == Ty::INVALID {
                return false;
            }
        }
        match (self.index_of(x), self.index_of(y)) {
            (Some(i), Some(j)) => {
                if self.join(i, j) {
                    return true;
                }
                let (a, b) = (self.at(i), self.at(j));
                return match (a, b) {
                    (Some(a), Some(b)) => self.unify(cx, a, b, mode),
                    _ => unreachable!("join fails only when both have a type"),
                };
            }
            (Some(i), None) => return self.unify_param(cx, i, y, mode),
            _ => (),
        }
        if self.interfaces && !mode.exact {
            match (plain_interface(x), plain_interface(y)) {
                (Some(a), Some(b)) => return self.unify_interfaces(cx, a, b),
                (Some(a), None) => return self.unify_methods(cx, a, y),
                (None, Some(b)) => return self.unify_methods(cx, b, x),
                (None, None) => (),
            }
        }
        // A type parameter that is not ours stands for the types of its constraint.
        if y.as_type_param().is_some() {
            std::mem::swap(&mut x, &mut y);
        }
        self.unify_structure(cx, x, y, mode)
    }

    fn unify_param(&mut self, cx: &mut Checker<'_>, i: usize, y: Ty, mode: Mode) -> bool {
        let Some(x) = self.at(i) else {
            self.set(i, y);
            return true;
        };
        if !self.unify(cx, x, y, mode) {
            return false;
        }
        let (x_named, y_named) = (x.as_named().is_some(), y.as_named().is_some());
        match (plain_interface(x), plain_interface(y)) {
            // Which of two names is the right one nobody knows.
            (Some(_), Some(_)) if x_named && y_named => return types::identical(x, y),
            (Some(a), Some(b)) => {
                if a.type_set().methods.len() != b.type_set().methods.len() {
                    return false;
                }
            }
            // Either could be meant, and the order of the arguments must not decide.
            (Some(_), None) | (None, Some(_)) => return false,
            (None, None) => (),
        }
        if mode.exact || x_named {
            return true;
        }
        // Of types that match inexactly the defined one is kept, else a channel of one direction.
        let is_directed = y.underlying().as_chan().is_some_and(|c| c.dir != ChanDir::Both);
        if y_named || is_directed {
            self.set(i, y);
        }
        true
    }

    /// The methods of one must be among the other's, with signatures that unify.
    fn unify_interfaces(
        &mut self,
        cx: &mut Checker<'_>,
        a: &'static Interface,
        b: &'static Interface,
    ) -> bool {
        let (s, t) = (a.type_set(), b.type_set());
        if s.comparable != t.comparable || !s.terms.equal(&t.terms) {
            return false;
        }
        if self.is_being_compared(a, b) {
            return true;
        }
        let (few, many) = if s.methods.len() <= t.methods.len() { (s, t) } else { (t, s) };
        self.pairs.push((a, b));
        let unified = few.methods.iter().all(|m| {
            many.lookup(m.pkg, m.name, false)
                .is_some_and(|(_, n)| self.unify(cx, m.typ(), n.typ(), Mode::EXACT))
        });
        self.pairs.pop();
        unified
    }

    fn is_being_compared(&self, a: &'static Interface, b: &'static Interface) -> bool {
        let (a, b) = (a as *const Interface, b as *const Interface);
        self.pairs.contains(&(a, b)) || self.pairs.contains(&(b, a))
    }

    /// `y` must have the interface's methods, with signatures that unify.
    fn unify_methods(&mut self, cx: &mut Checker<'_>, interface: &'static Interface, y: Ty) -> bool {
        interface.type_set().methods.iter().all(|m| {
            let Some(found) = lookup_field_or_method(y, false, m.pkg, m.name, false).obj else {
                return false;
            };
            if !found.is_func() {
                return false;
            }
            cx.obj_decl(found.origin());
            // A generic method implements no interface's method.
            let is_generic = found.typ().as_signature().is_some_and(|s| !s.tparams.is_empty());
            !is_generic && self.unify(cx, m.typ(), found.typ(), Mode::EXACT)
        })
    }

    fn unify_structure(&mut self, cx: &mut Checker<'_>, x: Ty, y: Ty, mode: Mode) -> bool {
        let inner = mode.of_elements();
        match (x.unalias().kind(), y.unalias().kind()) {
            (Kind::TypeParam(_), _) => match cx.common_under(x) {
                // A defined type meets the underlying type here.
                Some(core) => self.unify(cx, core, y, Mode::ASSIGN),
                None => false,
            },
            (Kind::Basic(a), Kind::Basic(b)) => a.kind == b.kind,
            (Kind::Array(a), Kind::Array(b)) => {
                (a.len() < 0 || b.len() < 0 || a.len() == b.len()) && self.unify(cx, a.elem, b.elem, inner)
            }
            (Kind::Slice(a), Kind::Slice(b)) | (Kind::Pointer(a), Kind::Pointer(b)) => {
                self.unify(cx, *a, *b, inner)
            }
            (Kind::Struct(a), Kind::Struct(b)) => {
                a.fields.len() == b.fields.len()
                    && a.fields.iter().zip(&b.fields).enumerate().all(|(i, (f, g))| {
                        f.is_embedded() == g.is_embedded()
                            && a.tag(i) == b.tag(i)
                            && f.same_id(g.pkg, g.name, false)
                            && self.unify(cx, f.typ(), g.typ(), inner)
                    })
            }
            (Kind::Tuple(a), Kind::Tuple(b)) => self.unify_vars(cx, &a.vars, &b.vars, mode),
            (Kind::Signature(a), Kind::Signature(b)) => self.unify_signatures(cx, a, b, inner),
            (Kind::Interface(a), Kind::Interface(b)) => {
                let (s, t) = (a.type_set(), b.type_set());
                s.comparable == t.comparable
                    && s.methods.len() == t.methods.len()
                    && s.terms.equal(&t.terms)
                    && (self.is_being_compared(a, b) || {
                        self.pairs.push((a, b));
                        let unified =
                            s.methods.iter().zip(&t.methods).all(|(m, n)| {
                                m.id() == n.id() && self.unify(cx, m.typ(), n.typ(), Mode::EXACT)
                            });
                        self.pairs.pop();
                        unified
                    })
            }
            (Kind::Map(a), Kind::Map(b)) => {
                self.unify(cx, a.key, b.key, inner) && self.unify(cx, a.elem, b.elem, inner)
            }
            (Kind::Chan(a), Kind::Chan(b)) => {
                (!mode.exact || a.dir == b.dir) && self.unify(cx, a.elem, b.elem, inner)
            }
            (Kind::Named(a), Kind::Named(b)) => self.unify_named(cx, a, b, mode),
            _ => false,
        }
    }

    fn unify_named(&mut self, cx: &mut Checker<'_>, a: &Named, b: &Named, mode: Mode) -> bool {
        let (s, t) = (a.targs(), b.targs());
        // Arguments first: what they tell makes for better messages if the origins differ.
        s.len() == t.len()
            && s.iter().zip(t).all(|(&x, &y)| self.unify(cx, x, y, mode))
            && a.obj().same_decl(b.obj())
    }

    fn unify_vars(&mut self, cx: &mut Checker<'_>, a: &[ObjRef], b: &[ObjRef], mode: Mode) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(x, y)| self.unify(cx, x.typ(), y.typ(), mode))
    }

    fn unify_signatures(&mut self, cx: &mut Checker<'_>, a: &Signature, b: &Signature, mode: Mode) -> bool {
        // Type parameters of generic functions are unified like others; their declarations do not matter.
        a.variadic == b.variadic
            && self.unify_vars(cx, &a.params, &b.params, mode)
            && self.unify_vars(cx, &a.results, &b.results, mode)
    }
}

/// Whether the type is written out: neither a defined type nor a type parameter.
fn is_type_literal(ty: Ty) -> bool {
    !matches!(ty.unalias().kind(), Kind::Named(_) | Kind::TypeParam(_))
}

fn is_interface(ty: Ty) -> bool {
    plain_interface(ty).is_some()
}

/// The interface that `ty` is, under a name or not; a type parameter is none.
fn plain_interface(ty: Ty) -> Option<&'static Interface> {
    if ty.as_type_param().is_some() { None } else { ty.underlying().as_interface() }
}
