//! Types in words, as gc prints them.

use std::fmt::{self, Write};

use super::constant::quote;
use super::object::ObjRef;
use super::scope::PkgRef;
use super::ty::{ChanDir, Kind, Signature, Term, Ty};
use super::type_set::TermSet;
use super::universe;

/// Says how a package is named in front of a name: None for not at all.
pub type Qualifier<'a> = &'a dyn Fn(PkgRef) -> Option<String>;

/// The type as gc's messages show it.
pub fn type_string(ty: Ty, qualifier: Qualifier<'_>) -> String {
    type_string_noting(ty, qualifier, &|_| None)
}

/// As [`type_string`]; `note` may add a remark to the name of a type parameter.
pub fn type_string_noting(
    ty: Ty,
    qualifier: Qualifier<'_>,
    note: &dyn Fn(ObjRef) -> Option<String>,
) -> String {
    let mut writer = Writer { out: String::new(), qualifier, depth: 0, param_names: true, note };
    writer.ty(ty);
    writer.out
}

/// A signature without the word `func`: what follows a method's name. With or without the parameters' names.
pub fn signature_string(sig: &Signature, param_names: bool, qualifier: Qualifier<'_>) -> String {
    let mut writer = Writer { out: String::new(), qualifier, depth: 0, param_names, note: &|_| None };
    writer.signature(sig);
    writer.out
}

/// The terms of a constraint: `~int | string`.
pub fn term_set_string(set: &TermSet, qualifier: Qualifier<'_>) -> String {
    match set {
        TermSet::All => "𝓤".to_owned(),
        TermSet::List(list) if list.is_empty() => "∅".to_owned(),
        TermSet::List(list) => {
            let term =
                |t: &Term| format!("{}{}", if t.tilde { "~" } else { "" }, type_string(t.ty, qualifier));
            list.iter().map(term).collect::<Vec<_>>().join(" | ")
        }
    }
}

impl fmt::Display for Ty {
    /// With full package paths.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&type_string(*self, &|pkg| Some(pkg.path.to_owned())))
    }
}

impl fmt::Debug for Ty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Deeper than any honest type nests; a type that contains itself without a name in between is in error.
const MAX_DEPTH: usize = 200;

struct Writer<'a> {
    out: String,
    qualifier: Qualifier<'a>,
    depth: usize,
    param_names: bool,
    note: &'a dyn Fn(ObjRef) -> Option<String>,
}

impl Writer<'_> {
    fn ty(&mut self, ty: Ty) {
        if self.depth >= MAX_DEPTH {
            self.out.push_str("...");
            return;
        }
        self.depth += 1;
        self.shape(ty);
        self.depth -= 1;
    }

    fn shape(&mut self, ty: Ty) {
        match ty.kind() {
            Kind::Basic(_) if ty == Ty::UNSAFE_POINTER => {
                self.qualified(Some(universe::unsafe_package()), "Pointer");
            }
            Kind::Basic(b) => self.out.push_str(b.name),
            Kind::Array(a) => {
                let _ = write!(self.out, "[{}]", a.len());
                self.ty(a.elem);
            }
            Kind::Slice(elem) => self.prefixed("[]", *elem),
            Kind::Pointer(elem) => self.prefixed("*", *elem),
            Kind::Map(m) => {
                self.prefixed("map[", m.key);
                self.prefixed("]", m.elem);
            }
            Kind::Chan(c) => match (c.dir, c.elem.as_chan()) {
                // `chan <-chan T` would read as `chan<- chan T`.
                (ChanDir::Both, Some(inner)) if inner.dir == ChanDir::Recv => {
                    self.prefixed("chan (", c.elem);
                    self.out.push(')');
                }
                (ChanDir::Both, _) => self.prefixed("chan ", c.elem),
                (ChanDir::Send, _) => self.prefixed("chan<- ", c.elem),
                (ChanDir::Recv, _) => self.prefixed("<-chan ", c.elem),
            },
            Kind::Struct(s) => {
                self.out.push_str("struct{");
                for (i, field) in s.fields.iter().enumerate() {
                    self.separate(i, "; ");
                    if !field.is_embedded() {
                        self.out.push_str(field.name);
                        self.out.push(' ');
                    }
                    self.ty(field.typ());
                    if !s.tag(i).is_empty() {
                        self.out.push(' ');
                        self.out.push_str(&quote(s.tag(i)));
                    }
                }
                self.out.push('}');
            }
            Kind::Tuple(t) => self.vars(&t.vars, false),
            Kind::Signature(sig) => {
                self.out.push_str("func");
                self.signature(sig);
            }
            Kind::Union(u) => {
                for (i, term) in u.terms.iter().enumerate() {
                    self.separate(i, " | ");
                    self.prefixed(if term.tilde { "~" } else { "" }, term.ty);
                }
            }
            Kind::Interface(interface) => {
                if interface.is_comparable_itself() {
                    self.out.push_str("interface{comparable}");
                    return;
                }
                if interface.is_implicit()
                    && interface.methods().is_empty()
                    && let [only] = interface.embeddeds()
                {
                    return self.ty(*only);
                }
                self.out.push_str("interface{");
                for (i, method) in interface.methods().iter().enumerate() {
                    self.separate(i, "; ");
                    self.out.push_str(method.name);
                    if let Some(sig) = method.typ().as_signature() {
                        self.signature(sig);
                    }
                }
                for (i, &embedded) in interface.embeddeds().iter().enumerate() {
                    self.separate(i + interface.methods().len(), "; ");
                    self.ty(embedded);
                }
                self.out.push('}');
            }
            Kind::Named(named) => self.declared(named.obj(), named.targs(), named.tparams()),
            Kind::Alias(alias) => self.declared(alias.obj(), alias.targs(), alias.tparams()),
            Kind::TypeParam(param) => {
                self.out.push_str(param.obj.name);
                if let Some(note) = (self.note)(param.obj) {
                    self.out.push_str(&note);
                }
            }
        }
    }

    fn prefixed(&mut self, prefix: &str, ty: Ty) {
        self.out.push_str(prefix);
        self.ty(ty);
    }

    fn separate(&mut self, i: usize, by: &str) {
        if i > 0 {
            self.out.push_str(by);
        }
    }

    fn qualified(&mut self, pkg: Option<PkgRef>, name: &str) {
        if let Some(qualifier) = pkg.and_then(|p| (self.qualifier)(p))
            && !qualifier.is_empty()
        {
            self.out.push_str(&qualifier);
            self.out.push('.');
        }
        self.out.push_str(name);
    }

    fn declared(&mut self, obj: ObjRef, targs: &[Ty], tparams: &[Ty]) {
        self.qualified(obj.pkg, obj.name);
        if !targs.is_empty() {
            self.out.push('[');
            for (i, &targ) in targs.iter().enumerate() {
                self.separate(i, ", ");
                self.ty(targ);
            }
            self.out.push(']');
        } else if !tparams.is_empty() {
            self.tparams(tparams);
        }
    }

    /// `[P, Q any, R int]`: neighbours with one constraint share it.
    fn tparams(&mut self, tparams: &[Ty]) {
        self.out.push('[');
        let bound = |i: usize| tparams[i].as_type_param().and_then(|p| p.bound());
        for (i, &tparam) in tparams.iter().enumerate() {
            if i > 0 {
                if bound(i) != bound(i - 1)
                    && let Some(previous) = bound(i - 1)
                {
                    self.prefixed(" ", previous);
                }
                self.out.push_str(", ");
            }
            self.ty(tparam);
        }
        if let Some(last) = bound(tparams.len() - 1) {
            self.prefixed(" ", last);
        }
        self.out.push(']');
    }

    fn vars(&mut self, vars: &[ObjRef], variadic: bool) {
        self.out.push('(');
        for (i, var) in vars.iter().enumerate() {
            self.separate(i, ", ");
            if !var.name.is_empty() && self.param_names {
                self.out.push_str(var.name);
                self.out.push(' ');
            }
            let ty = var.typ();
            match ty.kind() {
                Kind::Slice(elem) if variadic && i + 1 == vars.len() => self.prefixed("...", *elem),
                // append([]byte, string...)
                _ if variadic && i + 1 == vars.len() => {
                    self.ty(ty);
                    self.out.push_str("...");
                }
                _ => self.ty(ty),
            }
        }
        self.out.push(')');
    }

    fn signature(&mut self, sig: &Signature) {
        if !sig.tparams.is_empty() {
            self.tparams(&sig.tparams);
        }
        self.vars(&sig.params, sig.variadic);
        match sig.results[..] {
            [] => (),
            [one] if one.name.is_empty() => self.prefixed(" ", one.typ()),
            _ => {
                self.out.push(' ');
                self.vars(&sig.results, false);
            }
        }
    }
}
