//! When two types are the same.

use super::interface::Interface;
use super::named::Named;
use super::object::ObjRef;
use super::subst::Subst;
use super::ty::{Kind, Signature, Struct, Ty};

/// Whether `a` and `b` are identical types.
pub fn identical(a: Ty, b: Ty) -> bool {
    a == b || Comparer { ignore_tags: false, pairs: Vec::new() }.same(a, b)
}

/// As [`identical`], but struct tags do not count: the rule for conversions.
pub fn identical_ignore_tags(a: Ty, b: Ty) -> bool {
    a == b || Comparer { ignore_tags: true, pairs: Vec::new() }.same(a, b)
}

fn is_open_alias(ty: Ty) -> bool {
    let mut at = ty;
    // No honest chain of aliases is this long; a cycle counts as open.
    for _ in 0..1000 {
        let Kind::Alias(alias) = at.kind() else { return false };
        match alias.rhs() {
            Some(rhs) => at = rhs,
            None => return true,
        }
    }
    true
}

struct Comparer {
    ignore_tags: bool,
    /// Interfaces being compared further out: they are taken to be identical, which is what a cycle means.
    pairs: Vec<(*const Interface, *const Interface)>,
}

impl Comparer {
    fn same(&mut self, a: Ty, b: Ty) -> bool {
        if a == b {
            return true;
        }
        let (x, y) = (a, b);
        let (a, b) = (a.unalias(), b.unalias());
        if a == b {
            // Aliases that are still being declared read as invalid, all of them.
            return a != Ty::INVALID || !is_open_alias(x) && !is_open_alias(y);
        }
        match (a.kind(), b.kind()) {
            (Kind::Basic(a), Kind::Basic(b)) => a.kind == b.kind,
            (Kind::Array(a), Kind::Array(b)) => {
                // An unknown length has been complained about.
                (a.len() < 0 || b.len() < 0 || a.len() == b.len()) && self.same(a.elem, b.elem)
            }
            (Kind::Slice(a), Kind::Slice(b)) | (Kind::Pointer(a), Kind::Pointer(b)) => self.same(*a, *b),
            (Kind::Struct(a), Kind::Struct(b)) => self.same_struct(a, b),
            (Kind::Tuple(a), Kind::Tuple(b)) => self.same_vars(&a.vars, &b.vars),
            (Kind::Signature(a), Kind::Signature(b)) => self.same_signature(a, b),
            (Kind::Map(a), Kind::Map(b)) => self.same(a.key, b.key) && self.same(a.elem, b.elem),
            (Kind::Chan(a), Kind::Chan(b)) => a.dir == b.dir && self.same(a.elem, b.elem),
            (Kind::Interface(a), Kind::Interface(b)) => self.same_interface(a, b),
            (Kind::Union(_), Kind::Union(_)) => {
                let (a, b) = (super::type_set::of_element(a), super::type_set::of_element(b));
                a.equal(&b)
            }
            (Kind::Named(a), Kind::Named(b)) => self.same_named(a, b),
            _ => false,
        }
    }

    fn same_struct(&mut self, a: &Struct, b: &Struct) -> bool {
        a.fields.len() == b.fields.len()
            && a.fields.iter().zip(&b.fields).enumerate().all(|(i, (f, g))| {
                f.is_embedded() == g.is_embedded()
                    && (self.ignore_tags || a.tag(i) == b.tag(i))
                    && f.same_id(g.pkg, g.name, false)
                    && self.same(f.typ(), g.typ())
            })
    }

    fn same_vars(&mut self, a: &[ObjRef], b: &[ObjRef]) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(x, y)| self.same(x.typ(), y.typ()))
    }

    fn same_signature(&mut self, a: &Signature, b: &Signature) -> bool {
        if a.variadic != b.variadic || a.tparams.len() != b.tparams.len() {
            return false;
        }
        if a.tparams.is_empty() {
            return self.same_vars(&a.params, &b.params) && self.same_vars(&a.results, &b.results);
        }
        // b's type parameters are read as a's.
        let map = Subst::new(&b.tparams, &a.tparams);
        let bound = |p: &Ty| p.as_type_param().and_then(|p| p.bound()).unwrap_or(Ty::INVALID);
        a.tparams.iter().zip(&b.tparams).all(|(p, q)| self.same(bound(p), map.ty(bound(q))))
            && self.same_vars(&a.params, &map.vars(&b.params).unwrap_or_else(|| b.params.clone()))
            && self.same_vars(&a.results, &map.vars(&b.results).unwrap_or_else(|| b.results.clone()))
    }

    fn same_interface(&mut self, a: &'static Interface, b: &'static Interface) -> bool {
        let (s, t) = (a.type_set(), b.type_set());
        if s.comparable != t.comparable || s.methods.len() != t.methods.len() || !s.terms.equal(&t.terms) {
            return false;
        }
        let pair = (a as *const Interface, b as *const Interface);
        if self.pairs.contains(&pair) || self.pairs.contains(&(pair.1, pair.0)) {
            return true;
        }
        self.pairs.push(pair);
        let same =
            s.methods.iter().zip(&t.methods).all(|(m, n)| m.id() == n.id() && self.same(m.typ(), n.typ()));
        self.pairs.pop();
        same
    }

    fn same_named(&mut self, a: &Named, b: &Named) -> bool {
        let (s, t) = (a.targs(), b.targs());
        a.obj().same_decl(b.obj()) && s.len() == t.len() && s.iter().zip(t).all(|(&x, &y)| self.same(x, y))
    }
}
