//! Function signatures: receivers, type parameters, parameters, results.

use super::Checker;
use super::basics::deref;
use super::codes::Code;
use super::resolve::{count, eid, unpack_receiver};
use super::scopes::ScopeId;
use crate::base::Pos;
use crate::syntax::ast::{self, ExprKind, Field, FuncType, Ident};
use crate::types::{BasicKind, Kind, Mode, ObjRef, Signature, Subst, Ty, VarKind};

/// Parameters or results, with the identifiers that declare them.
type Params<'a> = Vec<(Option<&'a Ident>, ObjRef)>;

impl<'a> Checker<'a> {
    /// Checks a signature, and declares its parameters in a scope of their own.
    pub(super) fn func_type(
        &mut self,
        recv: Option<&'a Field>,
        tparams: &'a [Field],
        d: &'a FuncType,
    ) -> (Ty, ScopeId) {
        let declaring = self.declaring.take();
        let parent = self.env.scope;
        let scope = self.scopes.add(parent, true);
        self.env.scope = Some(scope);
        let mut sig = Signature::default();
        let mut recv_ident = None;
        if let Some(field) = recv {
            let (obj, rparams) = self.collect_receiver(field);
            sig.recv = Some(obj);
            sig.rparams = rparams;
            recv_ident = field.name.as_ref();
        }
        if !tparams.is_empty() {
            self.collect_tparams(tparams, |list| sig.tparams = list);
            if let Some(obj) = declaring {
                // Its own parameters' types may instantiate the function.
                obj.set_ty(Ty::signature(Signature { tparams: sig.tparams.clone(), ..Signature::default() }));
            }
        }
        let (params, variadic) = self.collect_params(VarKind::Param, &d.params);
        let (results, _) = self.collect_params(VarKind::Result, &d.results);
        if let (Some(ident), Some(obj)) = (recv_ident, sig.recv)
            && !obj.name.is_empty()
        {
            self.declare(Some(scope), Some(ident), obj);
        }
        self.declare_params(scope, &params);
        self.declare_params(scope, &results);
        sig.params = params.into_iter().map(|(_, obj)| obj).collect();
        sig.results = results.into_iter().map(|(_, obj)| obj).collect();
        sig.variadic = variadic;
        self.env.scope = parent;
        (Ty::signature(sig), scope)
    }

    fn collect_params(&mut self, kind: VarKind, list: &'a [Field]) -> (Params<'a>, bool) {
        let mut out: Params<'a> = Vec::with_capacity(list.len());
        let mut variadic = false;
        let mut ty = Ty::INVALID;
        for (i, field) in list.iter().enumerate() {
            if i == 0 || !std::sync::Arc::ptr_eq(&field.ty, &list[i - 1].ty) {
                let mut expr: &'a ast::Expr = &field.ty;
                if let ExprKind::Ellipsis(Some(elem)) = &expr.kind {
                    if kind == VarKind::Param && i + 1 == list.len() {
                        variadic = true;
                    }
                    // Elsewhere the parser has complained.
                    expr = elem;
                }
                ty = self.var_type(expr);
                if variadic {
                    ty = Ty::slice(ty);
                    self.record_type(&field.ty, Mode::TypeExpr, ty, None);
                }
            }
            let obj = match &field.name {
                Some(name) => ObjRef::var(kind, name.pos, Some(self.pkg), &name.name, Some(ty)),
                None => {
                    let obj = ObjRef::var(kind, field.pos, Some(self.pkg), "", Some(ty));
                    self.record_implicit(field.pos, obj);
                    obj
                }
            };
            out.push((field.name.as_ref(), obj));
        }
        (out, variadic)
    }

    fn declare_params(&mut self, scope: ScopeId, params: &Params<'a>) {
        for (ident, obj) in params {
            if let Some(ident) = ident
                && !obj.name.is_empty()
            {
                self.declare(Some(scope), Some(ident), *obj);
            }
        }
    }

    fn collect_receiver(&mut self, field: &'a Field) -> (ObjRef, Vec<Ty>) {
        let (is_ptr, base, names) = unpack_receiver(&field.ty);
        let mut ty = Ty::INVALID;
        let mut rparams = Vec::new();
        match names {
            None => {
                ty = self.var_type(&field.ty);
                if self.goes_through_instance(ty, base.start()) {
                    ty = Ty::INVALID;
                }
            }
            Some(names) => {
                let generic = self.receiver_base(base);
                for (i, name) in names.iter().enumerate() {
                    rparams.push(self.receiver_tparam(name, i));
                }
                if let Some(generic) = generic {
                    self.bind_receiver_tparams(base, generic, &rparams);
                    self.verify_version(base.start(), 18, |_| "type instantiation".to_owned());
                    ty = self.instance(field.ty.pos, generic, &rparams);
                    self.record_instance(base, &rparams, ty);
                    if is_ptr && ty.is_valid() {
                        ty = Ty::pointer(ty);
                    }
                    self.record_receiver_types(&field.ty, ty);
                }
            }
        }
        let obj = match &field.name {
            Some(name) => ObjRef::var(VarKind::Recv, name.pos, Some(self.pkg), &name.name, Some(ty)),
            None => {
                let obj = ObjRef::var(VarKind::Recv, field.pos, Some(self.pkg), "", Some(ty));
                self.record_implicit(field.pos, obj);
                obj
            }
        };
        let at = base.start();
        self.later(move |cx| cx.check_receiver(at, obj));
        (obj, rparams)
    }

    /// Methods cannot be added to an instance, not even under an alias.
    fn goes_through_instance(&mut self, ty: Ty, at: Pos) -> bool {
        let mut alias = strip_pointers(ty).as_alias();
        while let Some(a) = alias {
            let base = strip_pointers(a.rhs().unwrap_or(Ty::INVALID));
            let is_instance = match base.kind() {
                Kind::Named(n) => n.instance().is_some(),
                Kind::Alias(a) => a.instance().is_some(),
                _ => false,
            };
            if is_instance || self.is_generic(base) {
                let text = format!("cannot define new methods on instantiated type {}", self.ts(base));
                self.error(at, Code::InvalidRecv, text);
                return true;
            }
            alias = base.as_alias();
        }
        false
    }

    /// The generic type that a receiver with type parameters belongs to.
    fn receiver_base(&mut self, base: &'a ast::Expr) -> Option<Ty> {
        let (ty, cause) = self.generic_type(base);
        if !ty.is_valid() {
            if let Some(cause) = cause {
                self.error(base.start(), Code::InvalidRecv, cause);
            }
            return None;
        }
        if let Kind::Alias(_) = ty.kind() {
            let text = format!("cannot define new methods on generic alias type {}", self.ts(ty));
            self.error(base.start(), Code::InvalidRecv, text);
            return None;
        }
        Some(ty)
    }

    fn receiver_tparam(&mut self, name: &'a ast::Expr, index: usize) -> Ty {
        let ident = match &name.kind {
            ExprKind::Name(text) => Ident { id: name.id, pos: name.pos, name: text.clone() },
            kind => {
                if !matches!(kind, ExprKind::Bad) {
                    let text = format!("receiver type parameter {} must be an identifier", self.es(name));
                    self.error(name.start(), Code::BadDecl, text);
                }
                Ident { id: name.id, pos: name.pos, name: "_".into() }
            }
        };
        let obj = ObjRef::type_name(ident.pos, Some(self.pkg), &ident.name, None);
        let ty = crate::types::TypeParam::new(obj, index);
        ty.as_type_param().expect("just made").set_bound(Ty::INVALID);
        let scope = self.scope();
        self.declare(Some(scope), Some(&ident), obj);
        // The name both declares and uses (go.dev/issue/68670).
        self.record_use(eid(name.id), obj);
        self.record_type(name, Mode::TypeExpr, ty, None);
        ty
    }

    fn bind_receiver_tparams(&mut self, base: &'a ast::Expr, generic: Ty, rparams: &[Ty]) {
        let declared = generic.as_named().map_or(&[][..], |n| n.tparams());
        if declared.len() != rparams.len() {
            let got = count(rparams.len(), "type parameter");
            let text = format!("receiver declares {got}, but receiver base type declares {}", declared.len());
            self.error(base.start(), Code::BadRecv, text);
            return;
        }
        let map = Subst::new(declared, rparams);
        for (own, theirs) in rparams.iter().zip(declared) {
            let (Some(own), Some(theirs)) = (own.as_type_param(), theirs.as_type_param()) else { continue };
            self.mono.canonical(own.obj, theirs.obj);
            own.set_bound(map.ty(theirs.bound().unwrap_or(Ty::INVALID)));
        }
    }

    /// All of `(*(T[P]))` has a type, outside in.
    fn record_receiver_types(&mut self, e: &'a ast::Expr, ty: Ty) {
        let (mut at, mut ty) = (e, ty);
        loop {
            self.record_type(at, Mode::TypeExpr, ty, None);
            match &at.kind {
                ExprKind::Paren(x) => at = x,
                ExprKind::Star(x) => {
                    let Some(base) = ty.as_pointer() else { return };
                    at = x;
                    ty = base;
                }
                _ => return,
            }
        }
    }

    fn check_receiver(&mut self, at: Pos, recv: ObjRef) {
        let (base, _) = deref(recv.typ());
        let ty = base.unalias();
        if !ty.is_valid() {
            return;
        }
        let code = Code::InvalidRecv;
        match ty.kind() {
            Kind::Named(named) => {
                if named.obj().pkg != Some(self.pkg) {
                    let text = format!("cannot define new methods on non-local type {}", self.ts(base));
                    self.error(at, code, text);
                    return;
                }
                let cause = match ty.under() {
                    Kind::Basic(b) if b.kind == BasicKind::UnsafePointer => "unsafe.Pointer",
                    Kind::Pointer(_) | Kind::Interface(_) => "pointer or interface type",
                    _ => return,
                };
                let text = format!("invalid receiver type {} ({cause})", self.ts(base));
                self.error(at, code, text);
            }
            Kind::Basic(_) => {
                let text = format!("cannot define new methods on non-local type {}", self.ts(base));
                self.error(at, code, text);
            }
            _ => {
                let text = format!("invalid receiver type {}", self.ts(recv.typ()));
                self.error(at, code, text);
            }
        }
    }
}

fn strip_pointers(mut ty: Ty) -> Ty {
    while let Kind::Pointer(base) = ty.kind() {
        ty = *base;
    }
    ty
}
