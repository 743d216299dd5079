//! Identifiers and type expressions.

use super::Checker;
use super::basics::is_bad;
use super::codes::Code;
use super::operand::Operand;
use super::resolve::eid;
use super::scopes::ScopeId;
use super::words::list_string;
use crate::syntax::ast::{self, ExprKind, Name};
use crate::types::universe;
use crate::types::{ChanDir, Const, Kind, Mode, ObjKind, ObjRef, Ty, VarKind};

impl<'a> Checker<'a> {
    /// What the identifier `e` is. With `wants_type`, anything but a type is an error.
    pub(super) fn ident(&mut self, e: &'a ast::Expr, name: &Name, wants_type: bool) -> Operand<'a> {
        let mut x = Operand::new(Mode::Invalid, Ty::INVALID, e);
        let Some((obj, scope)) = self.lookup_scope(name) else {
            if &**name == "_" {
                self.error(e.pos, Code::InvalidBlank, "cannot use _ as value or type");
            } else if !name.is_empty() {
                self.error(e.pos, Code::UndeclaredName, format!("undefined: {name}"));
            }
            return x;
        };
        if obj.pkg.is_none()
            && matches!(obj.name, "any" | "comparable")
            && obj.is_type_name()
            && universe::scope().lookup(name) == Some(obj)
            && !self.verify_version(e.pos, 18, |_| format!("predeclared {name}"))
        {
            return x;
        }
        self.record_use(eid(e.id), obj);
        let is_type = obj.is_type_name();
        if wants_type && !is_type {
            let text = format!("{} ({}) is not a type", obj.name, object_kind(obj));
            self.error(e.pos, Code::NotAType, text);
            if obj.is_var() && obj.pkg == Some(self.pkg) {
                obj.set_used(true);
            }
            return x;
        }
        let mut ty = obj.ty();
        if ty.is_none() || is_type && wants_type && obj.pkg == Some(self.pkg) {
            self.obj_decl(obj);
            ty = obj.ty();
        }
        let ty = ty.unwrap_or(Ty::INVALID);
        self.note_dot_import(scope, obj);
        match &obj.kind {
            ObjKind::PkgName { .. } => {
                let text = format!("use of package {} not in selector", obj.name);
                self.error(e.pos, Code::InvalidPkgUse, text);
                return x;
            }
            ObjKind::Const { .. } => {
                self.add_dep(obj);
                if !ty.is_valid() {
                    return x;
                }
                x.val = if obj.name == "iota" && obj.pkg.is_none() {
                    let Some(iota) = self.env.iota.clone() else {
                        let text = "cannot use iota outside constant declaration";
                        self.error(e.pos, Code::InvalidIota, text);
                        return x;
                    };
                    Some(iota)
                } else {
                    Some(obj.value().unwrap_or(Const::Unknown))
                };
                x.mode = Mode::Constant;
            }
            ObjKind::TypeName => x.mode = Mode::TypeExpr,
            ObjKind::Var(_) => {
                if obj.pkg == Some(self.pkg) {
                    obj.set_used(true);
                }
                self.add_dep(obj);
                if !ty.is_valid() {
                    return x;
                }
                x.mode = Mode::Variable;
            }
            ObjKind::Func(_) => {
                self.add_dep(obj);
                x.mode = Mode::Value;
            }
            ObjKind::Builtin(id) => x.mode = Mode::Builtin(*id),
            ObjKind::Nil => x.mode = Mode::NilValue,
            ObjKind::Label => unreachable!("labels are not in scopes"),
        }
        x.ty = ty;
        x
    }

    fn note_dot_import(&mut self, scope: Option<ScopeId>, obj: ObjRef) {
        if let Some(scope) = scope
            && let Some(import) = self.dot_imports.get(&(scope, obj.name))
        {
            import.set_used(true);
        }
    }

    /// The declaration at hand mentions `obj`.
    pub(super) fn add_dep(&mut self, obj: ObjRef) {
        let Some(from) = self.env.decl else { return };
        if let Some(&to) = self.decl_of.get(&obj) {
            self.decls[from as usize].deps.insert(to);
        }
    }

    /// The type that `e` denotes; not a generic one.
    pub(super) fn typ(&mut self, e: &'a ast::Expr) -> Ty {
        self.declared_type(e, None)
    }

    /// The same for a variable: constraint interfaces are errors.
    pub(super) fn var_type(&mut self, e: &'a ast::Expr) -> Ty {
        let ty = self.declared_type(e, None);
        self.valid_var_type(e, ty);
        ty
    }

    pub(super) fn valid_var_type(&mut self, e: &'a ast::Expr, ty: Ty) {
        // Only an interface can be wrong; what surely is none need not be asked again.
        match ty.kind() {
            Kind::Named(_) | Kind::Alias(_) | Kind::Interface(_) => (),
            _ => return,
        }
        if self.is_tparam(ty) || ty == Ty::ERROR || ty == Ty::ANY {
            return;
        }
        self.later(move |cx| {
            if cx.is_tparam(ty) || ty.underlying().as_interface().is_none() {
                return;
            }
            cx.compute_type_set(ty.underlying(), e.start());
            let Some(set) = ty.type_set() else { return };
            if set.is_method_set() {
                return;
            }
            let why = if set.comparable {
                "interface is (or embeds) comparable"
            } else {
                "interface contains type constraints"
            };
            let text = format!("cannot use type {} outside a type constraint: {why}", cx.ts(ty));
            cx.soft_error(e.start(), Code::MisplacedConstraintIface, text);
        });
    }

    /// The type that `e` denotes, as the declaration of `def` if that is given.
    pub(super) fn declared_type(&mut self, e: &'a ast::Expr, def: Option<ObjRef>) -> Ty {
        let mut ty = self.type_of_expr(e, def);
        if self.is_generic(ty) {
            let text = format!("cannot use generic type {} without instantiation", self.ts(ty));
            self.error(e.start(), Code::WrongTypeArgCount, text);
            ty = Ty::INVALID;
        }
        self.record_type(e, Mode::TypeExpr, ty, None);
        ty
    }

    /// The generic type that `e` denotes. If it is a type but not a generic one, the second part says so.
    pub(super) fn generic_type(&mut self, e: &'a ast::Expr) -> (Ty, Option<String>) {
        let mut ty = self.type_of_expr(e, None);
        let mut cause = None;
        if !is_bad(ty) && !self.is_generic(ty) {
            cause = Some(format!("{} is not a generic type", self.ts(ty)));
            ty = Ty::INVALID;
        }
        self.record_type(e, Mode::TypeExpr, ty, None);
        (ty, cause)
    }

    fn type_of_expr(&mut self, e: &'a ast::Expr, def: Option<ObjRef>) -> Ty {
        match &e.kind {
            ExprKind::Bad => (),
            ExprKind::Name(name) => {
                let x = self.ident(e, name, true);
                return self.type_operand(x);
            }
            ExprKind::Selector(inner, sel) => {
                let x = self.selector(e, inner, sel, true);
                return self.type_operand(x);
            }
            ExprKind::Index(generic, args) => {
                self.verify_version(e.start(), 18, |_| "type instantiation".to_owned());
                return self.instantiated_type(generic, args);
            }
            // Generic types cannot be parenthesized.
            ExprKind::Paren(inner) => return self.declared_type(inner, def),
            ExprKind::ArrayType(len, elem) => {
                let len = match len {
                    Some(len) if !matches!(len.kind, ExprKind::Ellipsis(None)) => self.array_length(len),
                    _ => {
                        let text = "invalid use of [...] array (outside a composite literal)";
                        self.error(e.pos, Code::BadDotDotDotSyntax, text);
                        -1
                    }
                };
                let elem = self.var_type(elem);
                if len >= 0 {
                    self.sized_types.push((e.pos, Ty::array(elem, len)));
                    return Ty::array(elem, len);
                }
            }
            ExprKind::SliceType(elem) => return Ty::slice(self.var_type(elem)),
            ExprKind::Ellipsis(_) => self.error(e.pos, Code::InvalidSyntaxTree, "invalid use of ..."),
            ExprKind::StructType(s) => return self.struct_type(s),
            ExprKind::Star(inner) => {
                let base = self.var_type(inner);
                // A pointer to something invalid helps nobody.
                return if is_bad(base) { Ty::INVALID } else { Ty::pointer(base) };
            }
            ExprKind::FuncType(sig) => {
                let (ty, scope) = self.func_type(None, &[], sig);
                self.func_scopes.insert(ty, scope);
                return ty;
            }
            ExprKind::InterfaceType(iface) => return self.interface_type(e, iface, def),
            ExprKind::MapType(key_expr, elem) => {
                let key = self.var_type(key_expr);
                let elem = self.var_type(elem);
                if !matches!(key.kind(), Kind::Basic(_)) {
                    self.later(move |cx| cx.check_map_key(key_expr, key));
                }
                return Ty::map(key, elem);
            }
            ExprKind::ChanType(dir, elem) => {
                let dir = match dir {
                    ast::ChanDir::Both => ChanDir::Both,
                    ast::ChanDir::Send => ChanDir::Send,
                    ast::ChanDir::Recv => ChanDir::Recv,
                };
                let ty = Ty::chan(dir, self.var_type(elem));
                self.sized_types.push((e.pos, ty));
                return ty;
            }
            _ => {
                let text = format!("{} is not a type", self.es(e));
                self.error(e.start(), Code::NotAType, text);
                self.use_expr(e);
            }
        }
        Ty::INVALID
    }

    fn type_operand(&mut self, x: Operand<'a>) -> Ty {
        match x.mode {
            Mode::TypeExpr => return x.ty,
            Mode::Invalid => (),
            Mode::NoValue => {
                let text = format!("{} used as type", self.show(&x));
                self.error(x.at(), Code::NotAType, text);
            }
            _ => {
                let text = format!("{} is not a type", self.show(&x));
                self.error(x.at(), Code::NotAType, text);
            }
        }
        Ty::INVALID
    }

    fn check_map_key(&mut self, e: &'a ast::Expr, key: Ty) {
        if !key.is_valid() || self.comparable(key) {
            return;
        }
        if !key.underlying().is_valid() {
            return;
        }
        let why = if self.is_tparam(key) { " (missing comparable constraint)" } else { "" };
        let text = format!("invalid map key type {}{why}", self.ts(key));
        self.error(e.start(), Code::IncomparableMapKey, text);
    }

    fn instantiated_type(&mut self, generic: &'a ast::Expr, args: &'a [ast::Expr]) -> Ty {
        let (ty, cause) = self.generic_type(generic);
        if let Some(cause) = cause {
            let text = format!("invalid operation: {}{} ({cause})", self.es(generic), list_string(args));
            self.error(generic.start(), Code::NotAGenericType, text);
        }
        if is_bad(ty) {
            return Ty::INVALID;
        }
        let Some(targs) = self.type_list(args) else { return Ty::INVALID };
        let tparams = generic_tparams(ty);
        // Aliases are expanded at once, so the number of arguments must be right.
        if ty.as_alias().is_some() && tparams.len() != targs.len() {
            let name = ty.as_alias().expect("it is one").obj().name;
            self.validate_targ_len(generic.pos, name, tparams.len(), targs.len());
            return Ty::INVALID;
        }
        let inst = self.instance(generic.pos, ty, &targs);
        if inst == Ty::INVALID {
            return inst;
        }
        self.record_instance(generic, &targs, inst);
        self.later(move |cx| {
            let tparams = generic_tparams(ty);
            let name = match ty.kind() {
                Kind::Named(n) => n.obj().name,
                Kind::Alias(a) => a.obj().name,
                _ => "",
            };
            if cx.validate_targ_len(generic.pos, name, tparams.len(), targs.len()) {
                cx.verify_instance(generic.pos, tparams, &targs, args);
            }
        });
        inst
    }

    /// Checks that type arguments satisfy their constraints.
    pub(super) fn verify_instance(
        &mut self,
        at: crate::base::Pos,
        tparams: &[Ty],
        targs: &[Ty],
        exprs: &'a [ast::Expr],
    ) {
        match self.verify(at, tparams, targs) {
            Err((i, cause)) => {
                let at = exprs.get(i).map_or(at, |e| e.start());
                self.soft_error(at, Code::InvalidTypeArg, cause);
            }
            Ok(()) => {
                let pkg = self.pkg;
                for (i, (&tparam, &targ)) in tparams.iter().zip(targs).enumerate() {
                    let at = exprs.get(i).map_or(at, |e| e.start());
                    self.mono.assign(pkg, at, tparam, targ);
                }
            }
        }
    }

    /// The length in an array type, negative if it is wrong.
    fn array_length(&mut self, e: &'a ast::Expr) -> i64 {
        if let ExprKind::Name(name) = &e.kind {
            // `type T[P any]` without its constraint reads as an array.
            let text = match self.lookup(name) {
                None => Some(format!("undefined array length {name} or missing type constraint")),
                Some(obj) if !obj.is_const() => Some(format!("invalid array length {name}")),
                Some(_) => None,
            };
            if let Some(text) = text {
                self.error(e.pos, Code::InvalidArrayLen, text);
                return -1;
            }
        }
        let x = self.expr(None, e);
        if !x.is_const() {
            if x.is_valid() {
                let text = format!("array length {} must be constant", self.show(&x));
                self.error(x.at(), Code::InvalidArrayLen, text);
            }
            return -1;
        }
        if self.is_untyped(x.ty) || self.is_integer(x.ty) {
            let val = x.val.as_ref().expect("a constant has a value").to_int();
            if let Some(n) = val.as_i64().filter(|&n| n >= 0 && self.rounded(&val, Ty::INT).is_some()) {
                return n;
            }
        }
        let shown = self.show(&x);
        let text = if self.is_integer(x.ty) {
            format!("invalid array length {shown}")
        } else {
            format!("array length {shown} must be integer")
        };
        self.error(x.at(), Code::InvalidArrayLen, text);
        -1
    }

    /// The types that the expressions denote; none if one of them is invalid.
    pub(super) fn type_list(&mut self, list: &'a [ast::Expr]) -> Option<Vec<Ty>> {
        let mut out = Some(Vec::with_capacity(list.len()));
        for e in list {
            let ty = self.var_type(e);
            if is_bad(ty) {
                out = None;
            }
            if let Some(out) = &mut out {
                out.push(ty);
            }
        }
        out
    }
}

/// The type parameters of a generic type or alias.
pub(super) fn generic_tparams(ty: Ty) -> &'static [Ty] {
    match ty.kind() {
        Kind::Named(n) => n.tparams(),
        Kind::Alias(a) => a.tparams(),
        _ => &[],
    }
}

/// What sort of object, in words.
fn object_kind(obj: ObjRef) -> &'static str {
    match &obj.kind {
        ObjKind::PkgName { .. } => "package name",
        ObjKind::Const { .. } => "constant",
        ObjKind::TypeName => {
            if obj.is_alias() {
                "type alias"
            } else if obj.ty().is_some_and(|t| t.as_type_param().is_some()) {
                "type parameter"
            } else {
                "defined type"
            }
        }
        ObjKind::Var(var) => match var.kind {
            VarKind::Package => "package-level variable",
            VarKind::Local => "local variable",
            VarKind::Recv => "receiver",
            VarKind::Param => "parameter",
            VarKind::Result => "result variable",
            VarKind::Field => "struct field",
        },
        ObjKind::Func(_) => {
            if obj.ty().and_then(Ty::as_signature).is_some_and(|sig| sig.recv.is_some()) {
                "method"
            } else {
                "function"
            }
        }
        ObjKind::Label => "label",
        ObjKind::Builtin(_) => "built-in function",
        ObjKind::Nil => "untyped nil",
    }
}
