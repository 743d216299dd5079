//! Struct types, interface types, and the unions inside interfaces.

use super::Checker;
use super::basics::deref;
use super::codes::Code;
use super::message::Fault;
use super::resolve::eid;
use crate::base::Pos;
use crate::syntax::ast::{self, BinaryOp, ExprKind, InterfaceElem, UnaryOp};
use crate::types::{BasicKind, Kind, Mode, ObjRef, Signature, Term, Ty, TypeSetFault, VarKind};

/// The most terms of a union; more would take too long to compare.
const MAX_TERMS: usize = 100;

impl<'a> Checker<'a> {
    pub(super) fn struct_type(&mut self, s: &'a ast::StructType) -> Ty {
        let mut fields: Vec<ObjRef> = Vec::with_capacity(s.fields.len());
        let mut tags: Vec<&'static [u8]> = Vec::new();
        let mut by_name: rustc_hash::FxHashMap<&'static str, ObjRef> = Default::default();
        let mut ty = Ty::INVALID;
        for (i, f) in s.fields.iter().enumerate() {
            if i == 0 || !std::sync::Arc::ptr_eq(&f.field.ty, &s.fields[i - 1].field.ty) {
                ty = self.var_type(&f.field.ty);
            }
            let tag: &'static [u8] = f.tag.as_ref().map_or(b"", |(_, _, text)| intern_bytes(text));
            let embedded = f.field.name.is_none();
            let (pos, name, id) = match (&f.field.name, &f.embedded) {
                (Some(ident), _) | (None, Some(ident)) => (ident.pos, &*ident.name, Some(ident.id)),
                (None, None) => {
                    let text = format!("invalid embedded field type {}", self.es(&f.field.ty));
                    self.error(f.field.ty.start(), Code::InvalidSyntaxTree, text);
                    ty = Ty::INVALID;
                    (f.field.pos, "_", None)
                }
            };
            let obj = ObjRef::field(pos, Some(self.pkg), name, Some(ty), embedded);
            if embedded && id.is_some() {
                let (at, ty) = (f.field.ty.start(), ty);
                self.later(move |cx| cx.check_embedded(at, ty));
            }
            if name != "_" {
                if let Some(other) = by_name.get(name) {
                    let mut fault = Fault::new(Code::DuplicateDecl);
                    fault.add(pos, format!("{name} redeclared"));
                    fault.other_declaration(other.pos, other.name);
                    self.report(fault);
                    continue;
                }
                by_name.insert(obj.name, obj);
            }
            if !tag.is_empty() && tags.is_empty() {
                tags = vec![b""; fields.len()];
            }
            if !tags.is_empty() || !tag.is_empty() {
                tags.push(tag);
            }
            fields.push(obj);
            if let Some(id) = id {
                self.record_def(eid(id), Some(obj));
            }
        }
        Ty::structure(fields, tags)
    }

    /// spec: "An embedded field must be specified as a type name T or as a pointer to a non-interface type name *T,
    /// and T itself may not be a pointer type."
    fn check_embedded(&mut self, at: Pos, ty: Ty) {
        let (base, is_ptr) = deref(ty);
        let (code, text) = match base.under() {
            Kind::Basic(b) if b.kind == BasicKind::UnsafePointer && base.is_valid() => {
                (Code::InvalidPtrEmbed, "embedded field type cannot be unsafe.Pointer")
            }
            Kind::Pointer(_) => (Code::InvalidPtrEmbed, "embedded field type cannot be a pointer"),
            Kind::Interface(_) if self.is_tparam(base) => {
                (Code::MisplacedTypeParam, "embedded field type cannot be a (pointer to a) type parameter")
            }
            Kind::Interface(_) if is_ptr => {
                (Code::InvalidPtrEmbed, "embedded field type cannot be a pointer to an interface")
            }
            _ => return,
        };
        self.error(at, code, text);
    }

    pub(super) fn interface_type(
        &mut self,
        e: &'a ast::Expr,
        d: &'a ast::InterfaceType,
        def: Option<ObjRef>,
    ) -> Ty {
        let ty = Ty::new_interface();
        let recv_ty = def.and_then(|d| d.ty()).filter(|t| matches!(t.kind(), Kind::Named(_))).unwrap_or(ty);
        let outermost = !std::mem::replace(&mut self.env.in_interface, true);
        if outermost {
            self.interfaces.push((e.pos, ty));
        }
        let (mut methods, mut embeddeds, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for elem in &d.elems {
            match elem {
                InterfaceElem::Embedded(elem) => {
                    embeddeds.push(self.union(elem));
                    places.push(elem.start());
                }
                InterfaceElem::Method { name, .. } if name.is_blank() => {
                    let text = "methods must have a unique non-blank name";
                    self.error(name.pos, Code::BlankIfaceMethod, text);
                }
                InterfaceElem::Method { name, sig } => {
                    let (sig_ty, scope) = self.func_type(None, &[], sig);
                    let plain = sig_ty.as_signature().expect("it is a signature");
                    let recv = ObjRef::var(VarKind::Recv, name.pos, Some(self.pkg), "", Some(recv_ty));
                    let sig_ty = Ty::signature(Signature {
                        recv: Some(recv),
                        params: plain.params.clone(),
                        results: plain.results.clone(),
                        variadic: plain.variadic,
                        ..Signature::default()
                    });
                    self.func_scopes.insert(sig_ty, scope);
                    let method = ObjRef::func(name.pos, Some(self.pkg), &name.name, Some(sig_ty));
                    self.record_def(eid(name.id), Some(method));
                    methods.push(method);
                }
            }
        }
        self.env.in_interface = !outermost;
        let trivial = methods.is_empty() && embeddeds.is_empty();
        ty.as_interface().expect("it is an interface").complete(methods, embeddeds, places);
        if !trivial {
            let at = e.pos;
            self.later(move |cx| cx.compute_type_set(ty, at));
        }
        ty
    }

    /// `[P ~int]`: the interface around a constraint written without one.
    pub(super) fn implicit_interface(&mut self, e: &'a ast::Expr) -> Ty {
        let elem = self.union(e);
        let ty = Ty::new_interface();
        let interface = ty.as_interface().expect("it is an interface");
        interface.complete(Vec::new(), vec![elem], vec![e.start()]);
        interface.set_implicit();
        let at = e.pos;
        self.later(move |cx| cx.compute_type_set(ty, at));
        ty
    }

    /// Computes the type set of an interface and reports what is wrong with it.
    pub(super) fn compute_type_set(&mut self, ty: Ty, _at: Pos) {
        let Some(interface) = ty.underlying().as_interface() else { return };
        for fault in interface.type_set_faults() {
            self.report_type_set_fault(fault.clone());
        }
    }

    fn report_type_set_fault(&mut self, fault: TypeSetFault) {
        match fault {
            TypeSetFault::DuplicateMethod { pos, method, other_pos, other, explicit } => {
                let duplicate = move |cx: &mut Self| {
                    let mut fault = Fault::new(Code::DuplicateDecl);
                    fault.add(pos, format!("duplicate method {}", method.name));
                    if !other_pos.is_none() {
                        fault.add(other_pos, format!("other declaration of method {}", method.name));
                    }
                    cx.report(fault);
                };
                if explicit {
                    duplicate(self);
                    return;
                }
                // Whether the signatures agree can be said when all types are there.
                self.later(move |cx| {
                    if !cx.allows(14) || !cx.identical(method.typ(), other.typ()) {
                        duplicate(cx);
                    }
                });
            }
            // What is declared here was reported where it is declared.
            TypeSetFault::EmbedsConstraint { ty, .. }
                if ty.as_named().is_none_or(|n| n.obj().pkg.is_none_or(|p| p == self.pkg)) => {}
            TypeSetFault::EmbedsConstraint { pos, ty } => {
                self.verify_version(pos, 18, |cx| format!("embedding constraint interface {}", cx.ts(ty)));
            }
            TypeSetFault::EmbedsUnion { pos, ty } => {
                self.verify_version(pos, 18, |cx| format!("embedding interface element {}", cx.ts(ty)));
            }
            TypeSetFault::EmbedsOther { pos, ty } => {
                self.verify_version(pos, 18, |cx| format!("embedding non-interface type {}", cx.ts(ty)));
            }
            TypeSetFault::TooManyTerms { pos } => {
                let text =
                    format!("cannot handle more than {MAX_TERMS} union terms (implementation limitation)");
                self.error(pos, Code::InvalidUnion, text);
            }
        }
    }

    /// An embedded element: a type, `~T`, or a union of them.
    fn union(&mut self, e: &'a ast::Expr) -> Ty {
        let mut leaves = Vec::new();
        let mut operators = Vec::new();
        let mut at = e;
        while let ExprKind::Binary(BinaryOp::Or, left, right) = &at.kind {
            operators.push(at);
            leaves.push(&**right);
            at = left;
        }
        leaves.push(at);
        leaves.reverse();
        operators.reverse();

        let mut terms: Vec<Term> = Vec::new();
        let mut ty = Ty::INVALID;
        for (i, leaf) in leaves.iter().enumerate() {
            let term = self.term(leaf);
            if leaves.len() == 1 && !term.tilde {
                return term.ty;
            }
            if terms.len() >= MAX_TERMS {
                let text =
                    format!("cannot handle more than {MAX_TERMS} union terms (implementation limitation)");
                self.error(leaf.start(), Code::InvalidUnion, text);
                return Ty::INVALID;
            }
            terms.push(term);
            if i > 0 {
                ty = Ty::union(terms.clone());
                self.record_type(operators[i - 1], Mode::TypeExpr, ty, None);
            }
        }
        if leaves.len() == 1 {
            ty = Ty::union(terms.clone());
        }
        self.later(move |cx| cx.check_terms(&terms, &leaves));
        ty
    }

    fn term(&mut self, e: &'a ast::Expr) -> Term {
        let (tilde, inner) = match &e.kind {
            ExprKind::Unary(UnaryOp::Tilde, inner) => (true, &**inner),
            _ => (false, e),
        };
        let mut ty = self.typ(inner);
        if self.is_tparam(ty) {
            if tilde {
                let text = format!("type in term {} cannot be a type parameter", self.es(e));
                self.error(inner.start(), Code::MisplacedTypeParam, text);
            } else {
                self.error(inner.start(), Code::MisplacedTypeParam, "term cannot be a type parameter");
            }
            ty = Ty::INVALID;
        }
        let term = Term { tilde, ty };
        if tilde {
            self.record_type(e, Mode::TypeExpr, Ty::union(vec![term]), None);
        }
        term
    }

    fn check_terms(&mut self, terms: &[Term], exprs: &[&'a ast::Expr]) {
        let code = Code::InvalidUnion;
        for (i, term) in terms.iter().enumerate() {
            if !term.ty.is_valid() {
                continue;
            }
            let at = exprs[i].start();
            let under = term.ty.underlying();
            let interface = under.as_interface();
            if term.tilde {
                if interface.is_some() {
                    let text = format!("invalid use of ~ ({} is an interface)", self.ts(term.ty));
                    self.error(at, code, text);
                    continue;
                }
                if !self.identical(under, term.ty) {
                    let text = format!(
                        "invalid use of ~ (underlying type of {} is {})",
                        self.ts(term.ty),
                        self.ts(under)
                    );
                    self.error(at, code, text);
                    continue;
                }
            }
            if let Some(interface) = interface {
                // A single interface is fine; it does not come here.
                let set = interface.type_set();
                // gc shows terms with full paths.
                let shown = format!("{}", term.ty);
                if !set.methods.is_empty() {
                    let text = format!("cannot use {shown} in union ({shown} contains methods)");
                    self.error(at, code, text);
                } else if term.ty == Ty::COMPARABLE {
                    self.error(at, code, "cannot use comparable in union");
                } else if set.comparable {
                    let text = format!("cannot use {shown} in union ({shown} embeds comparable)");
                    self.error(at, code, text);
                }
                continue;
            }
            let overlapping = terms[..i]
                .iter()
                .find(|other| other.ty.is_valid() && !types_interface(other.ty) && !other.disjoint(term));
            if let Some(other) = overlapping {
                let show = |t: &Term| format!("{}{}", if t.tilde { "~" } else { "" }, t.ty);
                let text = format!("overlapping terms {} and {}", show(term), show(other));
                self.soft_error(at, code, text);
            }
        }
    }
}

fn types_interface(ty: Ty) -> bool {
    ty.underlying().as_interface().is_some()
}

/// Tags live as long as the types that carry them.
fn intern_bytes(bytes: &[u8]) -> &'static [u8] {
    Box::leak(bytes.into())
}
