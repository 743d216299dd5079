//! Selectors: qualified identifiers, fields, methods, method expressions.

use super::Checker;
use super::codes::Code;
use super::operand::Operand;
use super::resolve::eid;
use crate::syntax::ast::{self, ExprKind, Ident};
use crate::types::{
    Const, Mode, ObjKind, ObjRef, PkgRef, SelectionKind, Signature, Ty, VarKind, is_exported,
};

impl<'a> Checker<'a> {
    pub(super) fn selector(
        &mut self,
        e: &'a ast::Expr,
        inner: &'a ast::Expr,
        sel: &'a Ident,
        wants_type: bool,
    ) -> Operand<'a> {
        let invalid = Operand::new(Mode::Invalid, Ty::INVALID, e);
        if let ExprKind::Name(name) = &inner.kind
            && let Some(obj) = self.lookup(name)
            && let ObjKind::PkgName { imported } = obj.kind
        {
            self.record_use(eid(inner.id), obj);
            obj.set_used(true);
            return self.qualified(e, sel, imported);
        }
        let x = self.expr_or_type(inner, false);
        match x.mode {
            Mode::Invalid => return invalid,
            Mode::Builtin(_) => {
                let text = format!("invalid use of {} in selector expression", self.show(&x));
                self.error(e.pos, Code::UncalledBuiltin, text);
                return invalid;
            }
            _ => (),
        }
        if !self.is_complete(x.ty) {
            return invalid;
        }
        if wants_type {
            let text = format!("{} is not a type", self.es(e));
            self.error(sel.pos, Code::NotAType, text);
            return invalid;
        }
        if x.ty.underlying().as_pointer().is_some_and(|base| !self.is_complete(base)) {
            return invalid;
        }
        let addressable = x.mode == Mode::Variable;
        let found = self.lookup_field_or_method(x.ty, addressable, &sel.name, false);
        let Some(obj) = found.obj else {
            self.selector_error(&x, sel, addressable, !found.index.is_empty(), found.indirect);
            return invalid;
        };
        if obj.is_var() {
            if x.mode == Mode::TypeExpr {
                let text = format!(
                    "operand for field selector {} must be value of type {}",
                    sel.name,
                    self.ts(x.ty)
                );
                self.error(inner.start(), Code::MissingFieldOrMethod, text);
                return invalid;
            }
            self.record_selection(e, sel, SelectionKind::Field, x.ty, obj, &found.index, found.indirect);
            let mode = if addressable || found.indirect { Mode::Variable } else { Mode::Value };
            return Operand::new(mode, obj.typ(), e);
        }
        self.obj_decl(obj);
        self.add_dep(obj.origin());
        let Some(sig) = obj.ty().and_then(Ty::as_signature) else { return invalid };
        if x.mode == Mode::TypeExpr {
            self.record_selection(e, sel, SelectionKind::MethodExpr, x.ty, obj, &found.index, found.indirect);
            let Some(recv) = sig.recv else {
                self.error(e.start(), Code::InvalidDeclCycle, "illegal cycle in method declaration");
                return invalid;
            };
            // The receiver becomes the first parameter, named if the others are.
            let named = sig.params.first().is_some_and(|p| !p.name.is_empty());
            let name = match (named, recv.name) {
                (false, _) => "",
                (true, "") => "_",
                (true, name) => name,
            };
            let first = ObjRef::var(VarKind::Param, recv.pos, recv.pkg, name, Some(x.ty));
            let ty = Ty::signature(Signature {
                tparams: sig.tparams.clone(),
                params: std::iter::once(first).chain(sig.params.iter().copied()).collect(),
                results: sig.results.clone(),
                variadic: sig.variadic,
                ..Signature::default()
            });
            return Operand::new(Mode::Value, ty, e);
        }
        self.record_selection(e, sel, SelectionKind::Method, x.ty, obj, &found.index, found.indirect);
        let ty = Ty::signature(Signature {
            tparams: sig.tparams.clone(),
            params: sig.params.clone(),
            results: sig.results.clone(),
            variadic: sig.variadic,
            ..Signature::default()
        });
        Operand::new(Mode::Value, ty, e)
    }

    fn qualified(&mut self, e: &'a ast::Expr, sel: &'a Ident, pkg: PkgRef) -> Operand<'a> {
        let mut x = Operand::new(Mode::Invalid, Ty::INVALID, e);
        // What gc reads of an import has no unexported names.
        let seen = |obj: &ObjRef| obj.exported() || self.options.raw_diagnostics;
        let Some(obj) = pkg.scope.lookup(&sel.name).filter(seen) else {
            if !self.fake_packages.contains(&pkg) && !sel.name.is_empty() {
                let folded = sel.name.to_lowercase();
                let other =
                    pkg.scope.objects().into_iter().find(|o| o.exported() && o.name.to_lowercase() == folded);
                let mut text = format!("undefined: {}", self.es(e));
                if let Some(other) = other {
                    text.push_str(&format!(" (but have {})", other.name));
                }
                self.error(sel.pos, Code::UndeclaredImportedName, text);
            }
            return x;
        };
        if !obj.exported() {
            let text = format!("name {} not exported by package {}", sel.name, pkg.name());
            self.error(sel.pos, Code::UnexportedName, text);
        }
        self.record_use(eid(sel.id), obj);
        x.ty = obj.typ();
        x.mode = match &obj.kind {
            ObjKind::Const { .. } => {
                x.val = Some(obj.value().unwrap_or(Const::Unknown));
                Mode::Constant
            }
            ObjKind::TypeName => Mode::TypeExpr,
            ObjKind::Var(_) => Mode::Variable,
            ObjKind::Func(_) => Mode::Value,
            ObjKind::Builtin(id) => Mode::Builtin(*id),
            _ => Mode::Invalid,
        };
        x
    }

    fn selector_error(
        &mut self,
        x: &Operand<'a>,
        sel: &'a Ident,
        addressable: bool,
        ambiguous: bool,
        indirect: bool,
    ) {
        if !x.ty.underlying().is_valid() {
            return;
        }
        let name = &sel.name;
        if ambiguous {
            let text = format!("ambiguous selector {}.{name}", x.text());
            self.error(sel.pos, Code::AmbiguousSelector, text);
            return;
        }
        if indirect {
            let ty = self.ts(x.ty);
            let text = if x.mode == Mode::TypeExpr {
                format!("invalid method expression {ty}.{name} (needs pointer receiver (*{ty}).{name})")
            } else {
                format!("cannot call pointer method {name} on {ty}")
            };
            self.error(sel.pos, Code::InvalidMethodExpr, text);
            return;
        }
        let why = if self.is_interface_pointer(x.ty) {
            self.interface_pointer_error(x.ty)
        } else {
            let other = self.lookup_field_or_method(x.ty, addressable, name, true).obj;
            self.lookup_error(x.ty, name, other, false)
        };
        let text = format!("{}.{name} undefined ({why})", x.text());
        self.error(sel.pos, Code::MissingFieldOrMethod, text);
    }

    pub(super) fn interface_pointer_error(&mut self, ty: Ty) -> String {
        let base = ty.underlying().as_pointer().unwrap_or(Ty::INVALID);
        let shown = self.ts(ty);
        if self.is_tparam(base) {
            return format!("type {shown} is pointer to type parameter, not type parameter");
        }
        format!("type {shown} is pointer to interface, not interface")
    }

    /// Why a type has no field or method of that name, and which one may be meant.
    pub(super) fn lookup_error(
        &mut self,
        ty: Ty,
        sel: &str,
        obj: Option<ObjRef>,
        in_literal: bool,
    ) -> String {
        enum Case {
            Missing,
            Misspelled,
            Unexported,
            Inaccessible,
        }
        let mut case = Case::Missing;
        let alt = obj.map_or("", |o| o.name);
        if let Some(obj) = obj {
            if obj.pkg == Some(self.pkg) {
                case = Case::Misspelled;
            } else if is_exported(sel) {
                if is_exported(alt) {
                    case = Case::Misspelled;
                } else if tail(sel) == tail(alt) {
                    case = Case::Unexported;
                }
            } else if is_exported(alt) {
                if tail(sel) == tail(alt) {
                    case = Case::Misspelled;
                }
            } else if sel == alt {
                case = Case::Inaccessible;
            }
        }
        let shown = self.ts(ty);
        if in_literal {
            return match case {
                Case::Missing => format!("unknown field {sel} in struct literal of type {shown}"),
                Case::Misspelled => {
                    format!("unknown field {sel} in struct literal of type {shown}, but does have {alt}")
                }
                Case::Unexported => {
                    format!(
                        "unknown field {sel} in struct literal of type {shown}, but does have unexported {alt}"
                    )
                }
                Case::Inaccessible => {
                    format!("cannot refer to unexported field {alt} in struct literal of type {shown}")
                }
            };
        }
        let what = match obj {
            Some(obj) if obj.is_var() => "field",
            Some(obj) if obj.is_func() => "method",
            _ => "object",
        };
        match case {
            Case::Missing => format!("type {shown} has no field or method {sel}"),
            Case::Misspelled => {
                format!("type {shown} has no field or method {sel}, but does have {what} {alt}")
            }
            Case::Unexported => {
                format!("type {shown} has no field or method {sel}, but does have unexported {what} {alt}")
            }
            Case::Inaccessible => format!("cannot refer to unexported {what} {alt}"),
        }
    }
}

/// The name without its first letter.
fn tail(name: &str) -> &str {
    let mut chars = name.chars();
    chars.next();
    chars.as_str()
}
