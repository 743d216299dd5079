//! Yes-or-no questions about types that need no checker.

use super::named::TypeParam;
use super::ty::{BasicKind, Kind, Ty};
use super::type_set::{TermSet, TypeSet};

/// Whether values of `t` can be compared with `==`; if not, why (may be empty). With `dynamic`, interfaces count as
/// comparable, although that may panic.
pub fn comparable_type(t: Ty, dynamic: bool) -> Result<(), String> {
    comparable_type_in_words(t, dynamic, &|t| t.to_string())
}

/// As [`comparable_type`]; `show` names types in the explanation.
pub fn comparable_type_in_words(t: Ty, dynamic: bool, show: &dyn Fn(Ty) -> String) -> Result<(), String> {
    comparable(t, dynamic, &mut Vec::new()).map_err(|why| match why {
        Incomparable::Itself => String::new(),
        Incomparable::Field(field) => format!("struct containing {} cannot be compared", show(field)),
        Incomparable::Elem => format!("{} cannot be compared", show(t)),
        Incomparable::EmptySet => "empty type set".to_owned(),
        Incomparable::SomeOfSet => "incomparable types in type set".to_owned(),
    })
}

enum Incomparable {
    /// Nothing more to say: a slice, a map, a function.
    Itself,
    Field(Ty),
    Elem,
    EmptySet,
    SomeOfSet,
}

fn comparable(t: Ty, dynamic: bool, seen: &mut Vec<Ty>) -> Result<(), Incomparable> {
    if seen.contains(&t) {
        return Ok(());
    }
    seen.push(t);
    match t.under() {
        Kind::Basic(b) if b.kind == BasicKind::UntypedNil => Err(Incomparable::Itself),
        // What is invalid has been complained about.
        Kind::Basic(_) | Kind::Pointer(_) | Kind::Chan(_) => Ok(()),
        Kind::Struct(s) => s
            .fields
            .iter()
            .try_for_each(|f| comparable(f.typ(), dynamic, seen).map_err(|_| Incomparable::Field(f.typ()))),
        Kind::Array(a) => comparable(a.elem, dynamic, seen).map_err(|_| Incomparable::Elem),
        Kind::Interface(i) => {
            let set = i.type_set();
            if dynamic && !is_type_param(t) || set_comparable(set, seen) {
                Ok(())
            } else if set.is_empty() {
                Err(Incomparable::EmptySet)
            } else {
                Err(Incomparable::SomeOfSet)
            }
        }
        _ => Err(Incomparable::Itself),
    }
}

/// Whether each type in the set is comparable.
pub(super) fn set_comparable(set: &TypeSet, seen: &mut Vec<Ty>) -> bool {
    match &set.terms {
        TermSet::All => set.comparable,
        // The empty set is said not to be.
        TermSet::List(list) => !list.is_empty() && list.iter().all(|t| comparable(t.ty, false, seen).is_ok()),
    }
}

pub fn is_type_param(t: Ty) -> bool {
    t.as_type_param().is_some()
}

impl TypeParam {
    /// The specific types of the constraint, if it has any.
    pub fn terms(&self) -> Option<&'static [super::Term]> {
        match &self.interface().type_set()?.terms {
            TermSet::List(list) if !list.is_empty() => Some(list),
            _ => None,
        }
    }
}

impl Ty {
    /// A type declared with type parameters, not instantiated.
    pub fn is_generic(self) -> bool {
        match self.kind() {
            Kind::Named(n) => !n.tparams().is_empty(),
            Kind::Alias(a) => !a.tparams().is_empty(),
            _ => false,
        }
    }
}

/// The type an untyped value takes by itself.
pub fn default_type(ty: Ty) -> Ty {
    let Kind::Basic(b) = ty.kind() else { return ty };
    match b.kind {
        BasicKind::UntypedBool => Ty::BOOL,
        BasicKind::UntypedInt => Ty::INT,
        BasicKind::UntypedRune => Ty::RUNE,
        BasicKind::UntypedFloat => Ty::FLOAT64,
        BasicKind::UntypedComplex => Ty::COMPLEX128,
        BasicKind::UntypedString => Ty::STRING,
        _ => ty,
    }
}

/// The one of two untyped types that holds both kinds of values; None if they do not mix.
pub fn max_type(a: Ty, b: Ty) -> Option<Ty> {
    if a == b {
        return Some(a);
    }
    let (ka, kb) = (a.as_basic()?.kind, b.as_basic()?.kind);
    let mix = ka.is_untyped() && kb.is_untyped() && ka.is_numeric() && kb.is_numeric();
    // In the order int, rune, float, complex.
    mix.then_some(if ka > kb { a } else { b })
}

/// Whether a constraint names a type in one of its elements, in its type set or not.
pub fn mentions(constraint: Ty, ty: Ty) -> bool {
    match constraint.kind() {
        Kind::Interface(i) => i.embeddeds().iter().any(|&e| mentions(e, ty)),
        Kind::Union(u) => u.terms.iter().any(|t| mentions(t.ty, ty)),
        _ => super::identical(constraint, ty),
    }
}
