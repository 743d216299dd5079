//! Small questions about types, asked everywhere. `is_…` looks at the type itself, `all_…` at every type of a type set.

use super::Checker;
use crate::syntax::ast;
use crate::types::constant::ConstKind;
use crate::types::{self, BasicKind, Const, Kind, Term, Ty};

impl<'a> Checker<'a> {
    /// A type in messages.
    pub(super) fn ts(&mut self, ty: Ty) -> String {
        let qualifier = self.qualifier();
        let (sources, raw) = (self.sources, self.options.raw_diagnostics);
        // A parameter with a predeclared name would mislead.
        types::type_string_noting(ty, &qualifier, &|obj| {
            types::universe::scope().lookup(obj.name)?;
            let place = super::record::marked_place(sources, obj.pos, raw);
            Some(format!(" /* with {} declared at {place} */", obj.name))
        })
    }

    /// How packages are named in messages: not at all, by name, or by path where the name is not enough.
    pub(super) fn qualifier(&mut self) -> impl Fn(types::PkgRef) -> Option<String> + use<> {
        self.fill_package_names();
        let (own, ambiguous) = (self.pkg, self.ambiguous_names.clone());
        move |pkg| {
            if pkg == own {
                return None;
            }
            Some(if ambiguous.contains(pkg.name()) {
                format!("{:?}", pkg.path)
            } else {
                pkg.name().to_owned()
            })
        }
    }

    /// An expression in messages.
    pub(super) fn es(&self, e: &ast::Expr) -> String {
        super::words::expr_string(e)
    }

    /// Finds the package names that two packages bear, so that messages can tell these by their paths.
    pub(super) fn fill_package_names(&mut self) {
        if self.knows_ambiguous_names {
            return;
        }
        self.knows_ambiguous_names = true;
        let mut paths = std::collections::BTreeMap::new();
        let mut seen = std::collections::BTreeSet::new();
        let mut open = vec![self.pkg];
        open.extend(self.imported.iter().copied());
        while let Some(pkg) = open.pop() {
            if !seen.insert(pkg.path) {
                continue;
            }
            match paths.entry(pkg.name()) {
                std::collections::btree_map::Entry::Vacant(entry) => {
                    entry.insert(pkg.path);
                }
                std::collections::btree_map::Entry::Occupied(_) => {
                    self.ambiguous_names.insert(pkg.name());
                }
            }
            open.extend(pkg.imports());
        }
    }

    pub(super) fn identical(&self, a: Ty, b: Ty) -> bool {
        a == b || types::identical(a, b)
    }

    pub(super) fn identical_ignoring_tags(&self, a: Ty, b: Ty) -> bool {
        types::identical_ignore_tags(a, b)
    }

    pub(super) fn is_untyped(&self, ty: Ty) -> bool {
        // Aliases of untyped types do not exist.
        matches!(ty.kind(), Kind::Basic(b) if b.kind.is_untyped())
    }

    pub(super) fn is_typed(&self, ty: Ty) -> bool {
        !self.is_untyped(ty)
    }

    fn is(&self, ty: Ty, what: fn(BasicKind) -> bool) -> bool {
        matches!(ty.under(), Kind::Basic(b) if what(b.kind))
    }

    pub(super) fn is_boolean(&self, ty: Ty) -> bool {
        self.is(ty, BasicKind::is_boolean)
    }

    pub(super) fn is_numeric(&self, ty: Ty) -> bool {
        self.is(ty, BasicKind::is_numeric)
    }

    pub(super) fn is_string(&self, ty: Ty) -> bool {
        self.is(ty, BasicKind::is_string)
    }

    pub(super) fn is_integer(&self, ty: Ty) -> bool {
        self.is(ty, BasicKind::is_integer)
    }

    pub(super) fn is_unsigned(&self, ty: Ty) -> bool {
        self.is(ty, BasicKind::is_unsigned)
    }

    pub(super) fn is_complex(&self, ty: Ty) -> bool {
        self.is(ty, BasicKind::is_complex)
    }

    pub(super) fn is_const_type(&self, ty: Ty) -> bool {
        self.is(ty, BasicKind::is_const_type)
    }

    pub(super) fn is_tparam(&self, ty: Ty) -> bool {
        ty.as_type_param().is_some()
    }

    /// An interface that is not a type parameter's.
    pub(super) fn is_plain_interface(&self, ty: Ty) -> bool {
        matches!(ty.under(), Kind::Interface(_)) && !self.is_tparam(ty)
    }

    pub(super) fn is_interface_pointer(&self, ty: Ty) -> bool {
        ty.underlying().as_pointer().is_some_and(|base| base.underlying().as_interface().is_some())
    }

    /// Whether `what` holds for the type, or for all specific types of a type parameter's constraint.
    fn all(&self, ty: Ty, what: fn(BasicKind) -> bool) -> bool {
        if !self.is_tparam(ty) {
            return self.is(ty, what);
        }
        let terms = self.terms_of(ty);
        !terms.is_empty() && terms.iter().all(|t| self.is(t.ty, what))
    }

    pub(super) fn all_boolean(&self, ty: Ty) -> bool {
        self.all(ty, BasicKind::is_boolean)
    }

    pub(super) fn all_integer(&self, ty: Ty) -> bool {
        self.all(ty, BasicKind::is_integer)
    }

    pub(super) fn all_unsigned(&self, ty: Ty) -> bool {
        self.all(ty, BasicKind::is_unsigned)
    }

    pub(super) fn all_numeric(&self, ty: Ty) -> bool {
        self.all(ty, BasicKind::is_numeric)
    }

    pub(super) fn all_string(&self, ty: Ty) -> bool {
        self.all(ty, BasicKind::is_string)
    }

    pub(super) fn all_ordered(&self, ty: Ty) -> bool {
        self.all(ty, BasicKind::is_ordered)
    }

    pub(super) fn all_numeric_or_string(&self, ty: Ty) -> bool {
        self.all(ty, |k| k.is_numeric() || k.is_string())
    }

    /// The terms of a type parameter's constraint; none where it has no specific types.
    pub(super) fn terms_of(&self, ty: Ty) -> Vec<Term> {
        ty.type_set().and_then(|set| set.terms()).map_or(Vec::new(), <[Term]>::to_vec)
    }

    /// The types of a type set with their underlying types. Any type but a type parameter is its own only member; a
    /// constraint without specific types gives one pair of nothing.
    pub(super) fn type_set_of(&self, ty: Ty) -> Vec<(Option<Ty>, Option<Ty>)> {
        if !self.is_tparam(ty) {
            return vec![(Some(ty), Some(ty.underlying()))];
        }
        let terms = self.terms_of(ty);
        if terms.is_empty() {
            return vec![(None, None)];
        }
        terms.iter().map(|t| (Some(t.ty), Some(t.ty.underlying()))).collect()
    }

    pub(super) fn has_empty_type_set(&self, ty: Ty) -> bool {
        self.is_tparam(ty) && ty.type_set().is_some_and(|set| set.is_empty())
    }

    /// The underlying type that all types of the type set share.
    pub(super) fn common_under(&mut self, ty: Ty) -> Option<Ty> {
        if !self.is_tparam(ty) {
            return Some(ty.underlying());
        }
        self.common_under_where(ty, |_, _, _| None).ok()
    }

    /// The same; `problem` may object to a type first. The error says why there is no such type.
    pub(super) fn common_under_where(
        &mut self,
        ty: Ty,
        problem: impl Fn(&mut Self, Option<Ty>, Option<Ty>) -> Option<String>,
    ) -> Result<Ty, String> {
        let mut common: Option<(Ty, Ty)> = None;
        for (t, under) in self.type_set_of(ty) {
            if let Some(cause) = problem(self, t, under) {
                return Err(cause);
            }
            let (Some(t), Some(under)) = (t, under) else { return Err("no specific type".to_owned()) };
            let Some((first, first_under)) = common else {
                common = Some((t, under));
                continue;
            };
            if let (Some(a), Some(b)) = (first_under.as_chan(), under.as_chan()) {
                if !self.identical(a.elem, b.elem) {
                    return Err(format!(
                        "channels {} and {} have different element types",
                        self.ts(first),
                        self.ts(t)
                    ));
                }
                if a.dir == b.dir {
                    continue;
                }
                if a.dir == types::ChanDir::Both {
                    common = Some((t, under));
                } else if b.dir != types::ChanDir::Both {
                    return Err(format!(
                        "channels {} and {} have conflicting directions",
                        self.ts(first),
                        self.ts(t)
                    ));
                }
                continue;
            }
            if !self.identical(first_under, under) {
                return Err(format!("{} and {} have different underlying types", self.ts(first), self.ts(t)));
            }
        }
        common.map(|(_, under)| under).ok_or_else(|| "no specific type".to_owned())
    }

    /// Whether `nil` is a value of the type.
    pub(super) fn has_nil(&self, ty: Ty) -> bool {
        match ty.under() {
            Kind::Basic(b) => matches!(b.kind, BasicKind::UnsafePointer),
            Kind::Slice(_) | Kind::Pointer(_) | Kind::Signature(_) | Kind::Map(_) | Kind::Chan(_) => true,
            Kind::Interface(_) => {
                !self.is_tparam(ty) || {
                    let terms = self.terms_of(ty);
                    !terms.is_empty() && terms.iter().all(|t| self.has_nil(t.ty))
                }
            }
            _ => false,
        }
    }

    /// A type declared with type parameters, not instantiated.
    pub(super) fn is_generic(&self, ty: Ty) -> bool {
        match ty.kind() {
            Kind::Named(n) => !n.tparams().is_empty(),
            Kind::Alias(a) => !a.tparams().is_empty(),
            _ => false,
        }
    }

    pub(super) fn comparable(&self, ty: Ty) -> bool {
        types::comparable_type(ty, true).is_ok()
    }

    /// Why values of a type cannot be compared, "" if there is no more to say than that.
    pub(super) fn why_incomparable(&mut self, ty: Ty) -> String {
        match ty.under() {
            Kind::Struct(s) => {
                let field = s.fields.iter().find(|f| !self.comparable(f.typ()));
                field.map_or(String::new(), |f| {
                    format!("struct containing {} cannot be compared", self.ts(f.typ()))
                })
            }
            Kind::Array(a) if !self.comparable(a.elem) => format!("{} cannot be compared", self.ts(ty)),
            Kind::Interface(_) if self.is_tparam(ty) => {
                let empty = self.has_empty_type_set(ty);
                if empty { "empty type set".to_owned() } else { "incomparable types in type set".to_owned() }
            }
            _ => String::new(),
        }
    }

    /// The type an untyped value takes by itself.
    pub(super) fn default_type(&self, ty: Ty) -> Ty {
        types::default_type(ty)
    }

    /// The struct behind a pointer to one; any other type itself.
    pub(super) fn deref_struct_pointer(&self, ty: Ty) -> Ty {
        match ty.underlying().as_pointer() {
            Some(base) if base.underlying().as_struct().is_some() => base,
            _ => ty,
        }
    }
}

/// Whether a type is known to be invalid; an alias that is still being declared is not.
pub(super) fn is_bad(ty: Ty) -> bool {
    let mut at = ty;
    // Cycles of aliases are cut when they are reported; no honest chain is this long.
    for _ in 0..1000 {
        match at.kind() {
            Kind::Alias(alias) => match alias.rhs() {
                Some(rhs) => at = rhs,
                None => return false,
            },
            _ => return at == Ty::INVALID,
        }
    }
    true
}

/// The pointed-to type and true, or the type itself.
pub(super) fn deref(ty: Ty) -> (Ty, bool) {
    match ty.unalias().as_pointer() {
        Some(base) => (base, true),
        None => (ty, false),
    }
}

/// The constant's value in a set of map keys or cases: equal values meet whatever their form.
pub(super) fn const_key(val: &Const) -> String {
    match val {
        Const::Str(bytes) => format!("\"{}", types::constant::quote(bytes)),
        Const::Bool(b) => format!("{b}"),
        _ => {
            let whole = val.to_int();
            if is_int(&whole) {
                return whole.exact_string();
            }
            let x = val.to_float();
            if x.is_unknown() { val.exact_string() } else { format!("f{:?}", x.to_f64()) }
        }
    }
}

pub(super) fn is_int(val: &Const) -> bool {
    val.kind() == ConstKind::Int
}
