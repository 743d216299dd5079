//! Declarations: constants, variables, types and functions, at package level and inside functions.

use std::rc::Rc;

use super::codes::Code;
use super::message::Fault;
use super::operand::Operand;
use super::resolve::{ConstGroup, eid};
use super::{Checker, DeclKind, Env};
use crate::base::Pos;
use crate::syntax::ast::{self, BinaryOp, Decl, ExprKind, Field, UnaryOp};
use crate::types::{Alias, Const, Named, ObjKind, ObjRef, Signature, Ty, TypeParam, VarKind};

impl<'a> Checker<'a> {
    /// Checks all package-level declarations: types first, then aliases, then everything else, so that the types that
    /// aliases stand for are there when they are needed.
    pub(super) fn check_declarations(&mut self) {
        let phase = |kind: &DeclKind<'a>| match kind {
            DeclKind::Type(d) if !d.alias => 0,
            DeclKind::Type(_) => 1,
            _ => 2,
        };
        for wanted in 0..3 {
            for i in 0..self.decls.len() {
                if phase(&self.decls[i].kind) == wanted {
                    self.obj_decl(self.decls[i].obj);
                }
            }
        }
        self.methods.clear();
    }

    /// Finds out the type of an object of this package, unless it is known or nobody can say it yet.
    pub(super) fn obj_decl(&mut self, obj: ObjRef) {
        let obj = obj.origin();
        if obj.ty().is_some() && self.path.is_empty() {
            return;
        }
        if let Some(start) = self.path.iter().position(|&o| o == obj) {
            self.declaration_cycle(obj, start);
            return;
        }
        if obj.ty().is_some() {
            return;
        }
        let Some(&number) = self.decl_of.get(&obj) else { return };
        self.path.push(obj);
        let decl = &self.decls[number as usize];
        let kind = decl.kind.clone();
        let env = Env { scope: Some(decl.file_scope), version: decl.version, ..Env::default() };
        let outer = std::mem::replace(&mut self.env, env);
        match kind {
            DeclKind::Const { ty, init, inherited } => {
                self.env.decl = Some(number);
                self.const_decl(obj, ty, init, inherited);
            }
            DeclKind::Var { lhs, ty, init } => {
                self.env.decl = Some(self.decls[number as usize].deps_of);
                self.var_decl(obj, lhs, ty, init);
            }
            DeclKind::Type(d) => {
                self.type_decl(obj, d);
                self.collect_methods(obj);
            }
            DeclKind::Func(d) => self.func_decl(obj, d, number),
        }
        self.env = outer;
        self.path.pop();
    }

    /// `obj` is needed while it is being declared. That may be fine; if not its type becomes invalid.
    fn declaration_cycle(&mut self, obj: ObjRef, start: usize) {
        let valid = self.is_valid_cycle(start);
        match obj.kind {
            ObjKind::Const { .. } | ObjKind::Var(_) => {
                if !valid || obj.ty().is_none() {
                    obj.set_ty(Ty::INVALID);
                }
            }
            ObjKind::TypeName => {
                if !valid {
                    obj.set_ty(Ty::INVALID);
                }
            }
            // A function keeps its (empty) signature: nothing can be initialised with that.
            _ => {
                if obj.ty().is_none() {
                    obj.set_ty(Ty::signature(Signature::default()));
                }
            }
        }
    }

    fn const_decl(
        &mut self,
        obj: ObjRef,
        ty: Option<&'a ast::Expr>,
        init: Option<&'a ast::Expr>,
        inherited: bool,
    ) {
        let outer = (self.env.iota.take(), self.env.errpos.take());
        self.env.iota = obj.value();
        obj.set_value(Const::Unknown);
        self.const_value(obj, ty, init, inherited);
        (self.env.iota, self.env.errpos) = outer;
    }

    fn const_value(
        &mut self,
        obj: ObjRef,
        ty: Option<&'a ast::Expr>,
        init: Option<&'a ast::Expr>,
        inherited: bool,
    ) {
        if let Some(expr) = ty {
            let ty = self.typ(expr);
            if !self.is_const_type(ty) {
                if ty.underlying().is_valid() {
                    let text = format!("invalid constant type {}", self.ts(ty));
                    self.error(expr.start(), Code::InvalidConstType, text);
                }
                obj.set_ty(Ty::INVALID);
                return;
            }
            obj.set_ty(ty);
        }
        let mut x = Operand::default();
        if let Some(init) = init {
            if inherited {
                self.env.errpos = Some(obj.pos);
            }
            x = self.expr(None, init);
        }
        self.init_const(obj, x);
    }

    fn var_decl(
        &mut self,
        obj: ObjRef,
        lhs: Option<Rc<[ObjRef]>>,
        ty: Option<&'a ast::Expr>,
        init: Option<&'a ast::Expr>,
    ) {
        if let Some(expr) = ty {
            let ty = self.var_type(expr);
            obj.set_ty(ty);
        }
        let Some(init) = init else {
            if ty.is_none() {
                obj.set_ty(Ty::INVALID);
            }
            return;
        };
        match lhs {
            Some(lhs) if lhs.len() > 1 => {
                if let (Some(_), Some(ty)) = (ty, obj.ty()) {
                    lhs.iter().for_each(|v| v.set_ty(ty));
                }
                self.init_vars(&lhs, std::slice::from_ref(init), None);
            }
            _ => {
                let target = self.target_of(obj.ty(), obj.name);
                let mut x = self.expr(target.as_ref(), init);
                self.init_var(obj, &mut x, "variable declaration");
            }
        }
    }

    fn type_decl(&mut self, obj: ObjRef, d: &'a ast::TypeDecl) {
        self.later(move |cx| {
            if obj.ty().is_some_and(|t| t.as_named().is_some_and(|n| n.obj() == obj)) {
                cx.check_expansion(obj.typ());
            }
        });
        let tparam = d.tparams.first().map(|t| t.pos);
        if d.alias {
            let fine = tparam
                .is_none_or(|at| self.verify_version(at, 23, |_| "generic type alias".to_owned()))
                && self.verify_version(d.pos, 9, |_| "type alias".to_owned());
            let ty = Alias::new(obj);
            let alias = ty.as_alias().expect("just made");
            if !d.tparams.is_empty() {
                self.open_scope();
                self.collect_tparams(&d.tparams, |tparams| alias.set_tparams(tparams));
            }
            let mut rhs = self.declared_type(&d.ty, Some(obj));
            if alias.tparams().contains(&rhs) {
                let text = "cannot use type parameter declared in alias declaration as RHS";
                self.error(d.ty.start(), Code::MisplacedTypeParam, text);
                rhs = Ty::INVALID;
            }
            alias.set_rhs(rhs);
            self.put_off_constraint_check(fine, &d.ty, rhs);
            if !d.tparams.is_empty() {
                self.close_scope();
            }
            return;
        }
        let fine = tparam.is_none_or(|at| self.verify_version(at, 18, |_| "type parameter".to_owned()));
        let ty = Named::new(obj);
        let named = ty.as_named().expect("just made");
        if !d.tparams.is_empty() {
            self.open_scope();
            self.collect_tparams(&d.tparams, |tparams| named.set_tparams(tparams));
        }
        let mut rhs = self.declared_type(&d.ty, Some(obj));
        if self.is_tparam(rhs) {
            self.error(
                d.ty.start(),
                Code::MisplacedTypeParam,
                "cannot use a type parameter as RHS in type declaration",
            );
            rhs = Ty::INVALID;
        }
        named.set_rhs(rhs);
        self.put_off_constraint_check(fine, &d.ty, rhs);
        if !d.tparams.is_empty() {
            self.close_scope();
        }
    }

    /// Before go1.18, constraints of other packages cannot be mentioned.
    fn put_off_constraint_check(&mut self, fine: bool, at: &'a ast::Expr, rhs: Ty) {
        if !fine || self.allows(18) {
            return;
        }
        self.later(move |cx| {
            let Some(named) = rhs.as_named() else { return };
            let foreign = named.obj().pkg.is_some_and(|p| p != cx.pkg);
            if foreign && rhs.type_set().is_some_and(|set| !set.is_method_set()) {
                cx.verify_version(at.start(), 18, |cx| format!("using type constraint {}", cx.ts(rhs)));
            }
        });
    }

    /// Declares type parameters in the current scope. `bind` is told of them before their constraints are read, since
    /// these may mention the type that is being declared.
    pub(super) fn collect_tparams(&mut self, list: &'a [Field], bind: impl FnOnce(Vec<Ty>)) {
        let mut tparams = Vec::with_capacity(list.len());
        for (i, field) in list.iter().enumerate() {
            let Some(name) = &field.name else { continue };
            tparams.push(self.declare_tparam(name, i));
        }
        bind(tparams.clone());
        self.env.in_tparam_list = true;
        let mut bound = Ty::INVALID;
        for (i, (field, tparam)) in list.iter().zip(&tparams).enumerate() {
            if i == 0 || !std::sync::Arc::ptr_eq(&field.ty, &list[i - 1].ty) {
                bound = self.bound(&field.ty);
                if self.is_tparam(bound) {
                    let text = "cannot use a type parameter as constraint";
                    self.error(field.ty.start(), Code::MisplacedTypeParam, text);
                    bound = Ty::INVALID;
                }
            }
            tparam.as_type_param().expect("type parameters are declared").set_bound(bound);
        }
        self.env.in_tparam_list = false;
    }

    fn bound(&mut self, e: &'a ast::Expr) -> Ty {
        // `~T` and `A|B` stand for an interface around them.
        if matches!(&e.kind, ExprKind::Unary(UnaryOp::Tilde, _) | ExprKind::Binary(BinaryOp::Or, ..)) {
            return self.implicit_interface(e);
        }
        self.typ(e)
    }

    pub(super) fn declare_tparam(&mut self, name: &'a ast::Ident, index: usize) -> Ty {
        let obj = ObjRef::type_name(name.pos, Some(self.pkg), &name.name, None);
        let ty = TypeParam::new(obj, index);
        ty.as_type_param().expect("just made").set_bound(Ty::INVALID);
        let scope = self.scope();
        self.declare(Some(scope), Some(name), obj);
        ty
    }

    /// Gives a type the methods declared for it.
    fn collect_methods(&mut self, obj: ObjRef) {
        let Some(methods) = self.methods.remove(&obj) else { return };
        let named = obj.ty().and_then(Ty::as_named).filter(|n| n.obj() == obj);
        if named.is_some() {
            let ty = obj.typ();
            self.later(move |cx| cx.check_field_uniqueness(ty));
        }
        let mut seen: Vec<ObjRef> = Vec::new();
        for m in methods {
            if let Some(other) = seen.iter().find(|o| o.same_id(m.pkg, m.name, false)) {
                let place = self.place(other.pos);
                let text = format!("method {}.{} already declared at {place}", obj.name, m.name);
                self.error(m.pos, Code::DuplicateMethod, text);
                continue;
            }
            seen.push(m);
            if let Some(named) = named {
                named.add_method(m);
            }
        }
    }

    /// spec: "If the base type is a struct type, the non-blank method and field names must be distinct."
    fn check_field_uniqueness(&mut self, ty: Ty) {
        let (Some(named), Some(fields)) = (ty.as_named(), ty.underlying().as_struct()) else { return };
        for field in fields.fields.iter().filter(|f| f.name != "_") {
            if let Some((_, method)) = named.find_method(field.pkg, field.name, false) {
                let mut fault = Fault::new(Code::DuplicateFieldAndMethod);
                fault.add(method.pos, format!("field and method with the same name {}", field.name));
                fault.other_declaration(field.pos, field.name);
                self.report(fault);
            }
        }
    }

    fn func_decl(&mut self, obj: ObjRef, d: &'a ast::FuncDecl, number: u32) {
        // Someone may ask for the type while the signature is read.
        obj.set_ty(Ty::signature(Signature::default()));
        self.declaring = Some(obj);
        let (sig, scope) = self.func_type(d.recv.as_ref(), &d.tparams, &d.sig);
        obj.set_ty(sig);
        self.func_scopes.insert(sig, scope);
        if d.body.is_none() {
            if !d.tparams.is_empty() {
                self.soft_error(d.pos, Code::BadDecl, "generic function is missing function body");
            } else if !self.may_lack_body(d) {
                // gc's place of a function is what follows the keyword.
                let recv = d.recv.as_ref().map(|r| Pos { offset: r.pos.offset.saturating_sub(1), ..r.pos });
                self.missing_bodies.push(recv.unwrap_or(d.name.pos));
            }
        }
        if let (Some(body), false) = (&d.body, self.options.ignore_func_bodies) {
            self.later(move |cx| {
                let sig = sig.as_signature().expect("a function has a signature");
                cx.enclosing_tparams = sig.rparams.iter().chain(&sig.tparams).copied().collect();
                cx.func_body(Some(number), sig, scope, body, None);
                cx.enclosing_tparams.clear();
            });
        }
    }

    /// A body may be elsewhere: in assembly, or behind a `//go:linkname`.
    fn may_lack_body(&self, d: &ast::FuncDecl) -> bool {
        let is_init = d.recv.is_none() && &*d.name.name == "init";
        is_init || self.options.allows_missing_bodies || {
            let linked = |dir: &ast::Directive| {
                dir.name.starts_with("go:linkname")
                    && dir.args.split_whitespace().next() == Some(&*d.name.name)
            };
            d.directives.iter().any(linked)
                || self.files.iter().any(|f| f.file == d.pos.file && f.directives.iter().any(linked))
        }
    }

    /// Declarations inside a function.
    pub(super) fn decl_stmt(&mut self, decls: &'a [Decl]) {
        let mut consts = ConstGroup::default();
        for decl in decls {
            match decl {
                Decl::Const(d) => self.local_consts(d, &mut consts),
                Decl::Var(d) => self.local_vars(d),
                Decl::Type(d) => self.local_type(d),
                Decl::Import(_) | Decl::Func(_) => unreachable!("the parser keeps these out of functions"),
            }
        }
    }

    fn local_consts(&mut self, d: &'a ast::ConstDecl, group: &mut ConstGroup<'a>) {
        let top = self.delayed.len();
        let (source, inherited) = group.source(d);
        let (ty, values) = source.map_or((None, &[][..]), |s| (s.ty.as_ref(), &s.values[..]));
        let mut objs = Vec::new();
        for (i, name) in d.names.iter().enumerate() {
            let obj = self.new_const(name, d.iota);
            objs.push(obj);
            self.const_decl(obj, ty, values.get(i), inherited);
        }
        self.check_arity(d.pos, &d.names, values, true, inherited);
        // Function literals are checked before the names they must not see are declared.
        self.run_delayed(top);
        self.declare_all(&d.names, &objs);
    }

    fn local_vars(&mut self, d: &'a ast::VarDecl) {
        let top = self.delayed.len();
        let var = |name: &ast::Ident| ObjRef::var(VarKind::Local, name.pos, Some(self.pkg), &name.name, None);
        let objs: Rc<[ObjRef]> = d.names.iter().map(var).collect();
        let (n, ty) = (d.values.len(), d.ty.as_ref());
        for (i, &obj) in objs.iter().enumerate() {
            let (mut lhs, mut init) = (None, d.values.get(i));
            if n == 1 && objs.len() > 1 {
                lhs = Some(objs.clone());
                init = d.values.first();
            }
            self.var_decl(obj, lhs, ty, init);
            if n == 1 {
                break;
            }
        }
        if d.ty.is_none() || n > 0 {
            self.check_arity(d.pos, &d.names, &d.values, false, false);
        }
        self.run_delayed(top);
        self.declare_all(&d.names, &objs);
    }

    fn declare_all(&mut self, names: &'a [ast::Ident], objs: &[ObjRef]) {
        let scope = self.scope();
        for (name, &obj) in names.iter().zip(objs) {
            self.declare(Some(scope), Some(name), obj);
            if name.is_blank() {
                self.record_def(eid(name.id), Some(obj));
            }
        }
    }

    fn local_type(&mut self, d: &'a ast::TypeDecl) {
        let obj = ObjRef::type_name(d.name.pos, Some(self.pkg), &d.name.name, None);
        self.n_local_types += 1;
        obj.set_ordinal(self.n_local_types);
        let scope = self.scope();
        self.declare(Some(scope), Some(&d.name), obj);
        self.path.push(obj);
        self.type_decl(obj, d);
        self.path.pop();
        if let (Some(named), false) = (obj.ty().and_then(Ty::as_named), self.enclosing_tparams.is_empty()) {
            named.set_enclosing_tparams(self.enclosing_tparams.clone());
            self.mono.local_type(obj, &self.enclosing_tparams);
        }
    }
}
