//! Whether a type implements an interface or satisfies a constraint, and if not, why not.

use super::Checker;
use crate::types::{self, Found, Kind, ObjRef, Ty};

/// Decides whether two method signatures match; inference unifies them instead of comparing.
pub(super) type Equivalent<'f, 'a> = &'f mut dyn FnMut(&mut Checker<'a>, Ty, Ty) -> bool;

/// What is wrong with the method of a type that should implement an interface's method.
enum Flaw {
    NotFound,
    WrongName,
    Unexported,
    WrongSignature,
    Ambiguous,
    PointerReceiver,
    Field,
}

impl<'a> Checker<'a> {
    /// Looks a selector up as the package being checked sees it.
    pub(super) fn lookup_field_or_method(
        &mut self,
        ty: Ty,
        addressable: bool,
        name: &str,
        fold_case: bool,
    ) -> Found {
        types::lookup_field_or_method(ty, addressable, Some(self.pkg), name, fold_case)
    }

    /// Whether `v` implements the interface `t`, or as a type argument satisfies the constraint `t`.
    pub(super) fn implements(&mut self, v: Ty, t: Ty, constraint: bool, cause: Option<&mut String>) -> bool {
        let mut why = String::new();
        let ok = self.implements_because(v, t, constraint, &mut why);
        if let Some(cause) = cause
            && !ok
        {
            *cause = why;
        }
        ok
    }

    fn implements_because(&mut self, v: Ty, t: Ty, constraint: bool, why: &mut String) -> bool {
        let (vu, tu) = (v.underlying(), t.underlying());
        // What is invalid has been complained about.
        if vu == Ty::INVALID || tu == Ty::INVALID {
            return true;
        }
        if vu.as_pointer().is_some_and(|base| base.underlying() == Ty::INVALID) {
            return true;
        }
        let verb = if constraint { "satisfy" } else { "implement" };
        let Some(ti) = tu.as_interface() else {
            let detail = if self.is_interface_pointer(tu) {
                self.interface_pointer_error(t)
            } else {
                format!("{} is not an interface", self.ts(t))
            };
            *why = format!("{} does not {verb} {} ({detail})", self.ts(v), self.ts(t));
            return false;
        };
        let t_set = ti.type_set();
        if t_set.is_all() {
            return true;
        }
        let v_set = vu.as_interface().map(|i| i.type_set());
        // The empty set of types is part of every other.
        if v_set.is_some_and(|s| s.is_empty()) {
            return true;
        }
        if t_set.is_empty() {
            *why = format!("cannot {verb} {} (empty type set)", self.ts(t));
            return false;
        }
        let mut cause = String::new();
        if !self.has_all_methods(v, t, true, &mut |_, a, b| types::identical(a, b), &mut cause) {
            *why = format!("{} does not {verb} {} {cause}", self.ts(v), self.ts(t));
            return false;
        }
        if !t_set.has_terms() {
            return self.is_comparable_enough(v, t, constraint, verb, why);
        }
        if let Some(v_set) = v_set {
            if !v_set.subset_of(t_set) {
                *why = format!("{} does not {verb} {}", self.ts(v), self.ts(t));
                return false;
            }
            return self.is_comparable_enough(v, t, constraint, verb, why);
        }
        if !t_set.terms.includes(v) {
            let detail = self.why_not_in_terms(v, t);
            *why = format!("{} does not {verb} {} ({detail})", self.ts(v), self.ts(t));
            return false;
        }
        self.is_comparable_enough(v, t, constraint, verb, why)
    }

    fn why_not_in_terms(&mut self, v: Ty, t: Ty) -> String {
        let set = t.type_set().expect("a constraint is an interface");
        let terms = set.terms().unwrap_or(&[]);
        let almost = terms.iter().find(|term| {
            !term.tilde
                && types::identical(term.ty, term.ty.underlying())
                && types::Term { tilde: true, ty: term.ty }.includes(v)
        });
        if let Some(term) = almost {
            return format!("possibly missing ~ for {} in {}", self.ts(term.ty), self.ts(t));
        }
        let (vs, ts) = (self.ts(v), self.ts(t));
        if types::mentions(t.underlying(), v) {
            return format!("{ts} mentions {vs}, but {vs} is not in the type set of {ts}");
        }
        // gc names the packages of terms in full.
        let list = types::term_set_string(&set.terms, &|pkg| Some(pkg.path.to_owned()));
        format!("{vs} missing in {list}")
    }

    /// If `t` asks for comparable types, `v` must be one.
    fn is_comparable_enough(&mut self, v: Ty, t: Ty, constraint: bool, verb: &str, why: &mut String) -> bool {
        let set = t.type_set().expect("only interfaces are implemented");
        if !set.is_comparable() || types::comparable_type(v, false).is_ok() {
            return true;
        }
        // Ordinary interfaces satisfy comparable, though comparing them may panic.
        if constraint && types::comparable_type(v, true).is_ok() {
            if self.allow_version(20) {
                return true;
            }
            *why = format!("{} to {verb} comparable requires go1.20 or later", self.ts(v));
            return false;
        }
        *why = format!("{} does not {verb} comparable", self.ts(v));
        false
    }

    /// The first method of the interface `t` that `v` lacks, and whether it is there but with the wrong type. Unless
    /// `is_static`, methods missing from an interface `v` do not count: its dynamic type may have them.
    pub(super) fn missing_method(
        &mut self,
        v: Ty,
        t: Ty,
        is_static: bool,
        equivalent: Equivalent<'_, 'a>,
        cause: Option<&mut String>,
    ) -> Option<(ObjRef, bool)> {
        let wanted = &t.type_set()?.methods;
        let (method, found, flaw) = match v.under() {
            Kind::Interface(interface) => {
                wanted.iter().find_map(|&m| match interface.type_set().lookup(m.pkg, m.name, false) {
                    None => is_static.then_some((m, None, Flaw::NotFound)),
                    Some((_, f)) if equivalent(self, f.typ(), m.typ()) => None,
                    Some((_, f)) => Some((m, Some(f), Flaw::WrongSignature)),
                })?
            }
            _ => wanted.iter().find_map(|&m| {
                let (found, flaw) = self.flaw_of_method(v, m, &mut *equivalent)?;
                Some((m, found, flaw))
            })?,
        };
        if let Some(cause) = cause {
            if let Some(found) = found {
                self.obj_decl(found);
            }
            *cause = self.flaw_in_words(v, t, method, found, &flaw);
        }
        Some((method, matches!(flaw, Flaw::WrongSignature | Flaw::PointerReceiver)))
    }

    fn flaw_of_method(
        &mut self,
        v: Ty,
        m: ObjRef,
        equivalent: Equivalent<'_, 'a>,
    ) -> Option<(Option<ObjRef>, Flaw)> {
        let found = types::lookup_in(v, false, m.pkg, m.name, false);
        let Some(obj) = found.obj else {
            if !found.index.is_empty() {
                return Some((None, Flaw::Ambiguous));
            }
            if found.indirect {
                return Some((None, Flaw::PointerReceiver));
            }
            let other = types::lookup_in(v, false, m.pkg, m.name, true).obj.filter(|o| o.is_func());
            let flaw = match other {
                None => Flaw::NotFound,
                // The same name, and yet another: it belongs to another package.
                Some(f) if f.name == m.name => Flaw::Unexported,
                Some(_) => Flaw::WrongName,
            };
            return Some((other, flaw));
        };
        if !obj.is_func() {
            return Some((None, Flaw::Field));
        }
        self.obj_decl(obj);
        if equivalent(self, obj.typ(), m.typ()) { None } else { Some((Some(obj), Flaw::WrongSignature)) }
    }

    fn flaw_in_words(&mut self, v: Ty, t: Ty, m: ObjRef, found: Option<ObjRef>, flaw: &Flaw) -> String {
        let name = m.name;
        match (flaw, found) {
            (Flaw::WrongName, Some(f)) => {
                let (have, want) = (self.func_string(f, false), self.func_string(m, false));
                format!("(missing method {name})\n\t\thave {have}\n\t\twant {want}")
            }
            (Flaw::WrongSignature, Some(f)) => {
                let (mut have, mut want) = (self.func_string(f, false), self.func_string(m, false));
                if have == want {
                    (have, want) = (self.func_string(f, true), self.func_string(m, true));
                }
                if have == want {
                    return format!("(wrong type for method {name})");
                }
                format!("(wrong type for method {name})\n\t\thave {have}\n\t\twant {want}")
            }
            (Flaw::Unexported, _) => format!("(unexported method {name})"),
            (Flaw::Ambiguous, _) => format!("(ambiguous selector {}.{name})", self.ts(v)),
            (Flaw::PointerReceiver, _) => format!("(method {name} has pointer receiver)"),
            (Flaw::Field, _) => format!("({}.{name} is a field, not a method)", self.ts(v)),
            _ if self.is_interface_pointer(v) => format!("({})", self.interface_pointer_error(v)),
            _ if self.is_interface_pointer(t) => format!("({})", self.interface_pointer_error(t)),
            _ => format!("(missing method {name})"),
        }
    }

    /// Whether `v` has the methods of the interface `t`; true as well when that cannot be known because of errors.
    pub(super) fn has_all_methods(
        &mut self,
        v: Ty,
        t: Ty,
        is_static: bool,
        equivalent: Equivalent<'_, 'a>,
        cause: &mut String,
    ) -> bool {
        !v.is_valid()
            || self.missing_method(v, t, is_static, equivalent, Some(cause)).is_none()
            || types::has_invalid_embedded_fields(v)
    }

    /// Whether a value of interface type `v` may hold a `t`.
    pub(super) fn assertable_to(&mut self, v: Ty, t: Ty, cause: Option<&mut String>) -> bool {
        // spec: "If T is an interface type, x.(T) asserts that the dynamic type of x implements the interface T."
        if t.underlying().as_interface().is_some() {
            return true;
        }
        let mut why = String::new();
        let ok = self.has_all_methods(t, v, false, &mut |_, a, b| types::identical(a, b), &mut why);
        if let Some(cause) = cause {
            *cause = why;
        }
        ok
    }

    /// A method's name and signature, without parameter names; `full`: packages by their paths.
    pub(super) fn func_string(&mut self, f: ObjRef, full: bool) -> String {
        let Some(sig) = f.typ().as_signature() else { return f.name.to_owned() };
        let text = if full {
            types::signature_string(sig, false, &|pkg| Some(pkg.path.to_owned()))
        } else {
            let qualify = self.qualifier();
            types::signature_string(sig, false, &qualify)
        };
        format!("{}{text}", f.name)
    }
}
