//! What a name can stand for: packages, constants, types, variables, functions, labels, built-ins, nil.
//!
//! # What holds
//! - An object is known by its address: [`ObjRef`] compares and hashes by it. Objects decoded from an interface and the
//!   same ones checked from source are different objects; [`ObjRef::same_decl`] tells whether they are one declaration.
//! - The checker creates an object first and fills it later, in any order a cycle of declarations may demand; whatever
//!   is missing reads as `None`.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{OnceLock, RwLock};

use crate::base::Pos;
use crate::syntax::ast::ExprId;

use super::arena::intern;
use super::constant::Const;
use super::scope::PkgRef;
use super::ty::{Kind, Ty};
use super::universe::BuiltinId;

/// A reference to an object. Copy it freely.
#[derive(Clone, Copy)]
pub struct ObjRef(&'static Obj);

/// One declared name.
pub struct Obj {
    pub kind: ObjKind,
    pub name: &'static str,
    /// None in the universe, and for labels.
    pub pkg: Option<PkgRef>,
    /// [`Pos::NONE`] for what was imported or is predeclared.
    pub pos: Pos,
    ty: AtomicU32,
    order: AtomicU32,
    ordinal: AtomicU32,
    used: AtomicBool,
    ident: OnceLock<ExprId>,
    linkname: OnceLock<&'static str>,
}

/// What sort of object, with what only that sort has.
pub enum ObjKind {
    PkgName { imported: PkgRef },
    Const { value: RwLock<Option<Const>> },
    TypeName,
    Var(VarInfo),
    Func(FuncInfo),
    Label,
    Builtin(BuiltinId),
    Nil,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum VarKind {
    Package,
    Local,
    Recv,
    Param,
    Result,
    Field,
}

pub struct VarInfo {
    pub kind: VarKind,
    /// A field without a name of its own.
    pub embedded: bool,
    /// The field of the generic struct this one was instantiated from.
    pub origin: Option<ObjRef>,
}

pub struct FuncInfo {
    /// The method of the generic type this one was instantiated from.
    origin: Option<ObjRef>,
    /// The instantiated receiver base type; the signature is made from `origin`'s when it is asked for.
    recv_inst: Option<Ty>,
    /// `func (p *T) m()`; known before the signature is.
    ptr_recv: AtomicBool,
}

const UNSET: u32 = u32::MAX;

impl ObjRef {
    fn new(kind: ObjKind, pos: Pos, pkg: Option<PkgRef>, name: &str, ty: Option<Ty>) -> ObjRef {
        ObjRef(Box::leak(Box::new(Obj {
            kind,
            name: intern(name),
            pkg,
            pos,
            ty: AtomicU32::new(ty.map_or(UNSET, Ty::raw)),
            order: AtomicU32::new(0),
            ordinal: AtomicU32::new(UNSET),
            used: AtomicBool::new(false),
            ident: OnceLock::new(),
            linkname: OnceLock::new(),
        })))
    }

    /// The name by which a file refers to an imported package.
    pub fn pkg_name(pos: Pos, pkg: Option<PkgRef>, name: &str, imported: PkgRef) -> ObjRef {
        ObjRef::new(ObjKind::PkgName { imported }, pos, pkg, name, Some(Ty::INVALID))
    }

    pub fn constant(
        pos: Pos,
        pkg: Option<PkgRef>,
        name: &str,
        ty: Option<Ty>,
        value: Option<Const>,
    ) -> ObjRef {
        ObjRef::new(ObjKind::Const { value: RwLock::new(value) }, pos, pkg, name, ty)
    }

    pub fn type_name(pos: Pos, pkg: Option<PkgRef>, name: &str, ty: Option<Ty>) -> ObjRef {
        ObjRef::new(ObjKind::TypeName, pos, pkg, name, ty)
    }

    pub fn var(kind: VarKind, pos: Pos, pkg: Option<PkgRef>, name: &str, ty: Option<Ty>) -> ObjRef {
        ObjRef::new(ObjKind::Var(VarInfo { kind, embedded: false, origin: None }), pos, pkg, name, ty)
    }

    pub fn field(pos: Pos, pkg: Option<PkgRef>, name: &str, ty: Option<Ty>, embedded: bool) -> ObjRef {
        ObjRef::new(
            ObjKind::Var(VarInfo { kind: VarKind::Field, embedded, origin: None }),
            pos,
            pkg,
            name,
            ty,
        )
    }

    /// A copy of a variable with another type, as substitution makes it.
    pub fn var_of(origin: ObjRef, ty: Ty) -> ObjRef {
        let ObjKind::Var(var) = &origin.kind else { panic!("{} is no variable", origin.name) };
        let info = VarInfo { kind: var.kind, embedded: var.embedded, origin: Some(origin.origin()) };
        ObjRef::new(ObjKind::Var(info), origin.pos, origin.pkg, origin.name, Some(ty))
    }

    pub fn func(pos: Pos, pkg: Option<PkgRef>, name: &str, ty: Option<Ty>) -> ObjRef {
        let info = FuncInfo { origin: None, recv_inst: None, ptr_recv: AtomicBool::new(false) };
        ObjRef::new(ObjKind::Func(info), pos, pkg, name, ty)
    }

    /// The method `origin` with another signature.
    pub fn func_of(origin: ObjRef, ty: Ty) -> ObjRef {
        let ptr_recv = AtomicBool::new(origin.ptr_recv());
        let info = FuncInfo { origin: Some(origin.origin()), recv_inst: None, ptr_recv };
        ObjRef::new(ObjKind::Func(info), origin.pos, origin.pkg, origin.name, Some(ty))
    }

    /// The method `origin` of the instantiated type `recv`; its signature follows `origin`'s when that is known.
    pub fn method_of_instance(origin: ObjRef, recv: Ty) -> ObjRef {
        let ptr_recv = AtomicBool::new(origin.ptr_recv());
        let info = FuncInfo { origin: Some(origin), recv_inst: Some(recv), ptr_recv };
        ObjRef::new(ObjKind::Func(info), origin.pos, origin.pkg, origin.name, None)
    }

    pub fn label(pos: Pos, pkg: Option<PkgRef>, name: &str) -> ObjRef {
        ObjRef::new(ObjKind::Label, pos, pkg, name, Some(Ty::INVALID))
    }

    pub fn builtin(name: &str, pkg: Option<PkgRef>, id: BuiltinId) -> ObjRef {
        ObjRef::new(ObjKind::Builtin(id), Pos::NONE, pkg, name, Some(Ty::INVALID))
    }

    pub fn nil() -> ObjRef {
        ObjRef::new(ObjKind::Nil, Pos::NONE, None, "nil", Some(Ty::UNTYPED_NIL))
    }

    /// The type, or None while it is not known.
    pub fn ty(self) -> Option<Ty> {
        match self.0.ty.load(Ordering::Acquire) {
            UNSET => self.instance_signature(),
            id => Some(Ty::from_raw(id)),
        }
    }

    /// The type, or invalid while it is not known.
    pub fn typ(self) -> Ty {
        self.ty().unwrap_or(Ty::INVALID)
    }

    /// May be called again: cycles are found late and make the type invalid.
    pub fn set_ty(self, ty: Ty) {
        self.0.ty.store(ty.raw(), Ordering::Release);
    }

    fn instance_signature(self) -> Option<Ty> {
        let ObjKind::Func(FuncInfo { origin: Some(origin), recv_inst: Some(recv), .. }) = &self.0.kind else {
            return None;
        };
        let sig = super::subst::method_signature(*origin, *recv)?;
        self.set_ty(sig);
        Some(sig)
    }

    /// The value of a constant; None for other objects, and while it is not known.
    pub fn value(self) -> Option<Const> {
        match &self.0.kind {
            ObjKind::Const { value } => value.read().unwrap().clone(),
            _ => None,
        }
    }

    pub fn set_value(self, new: Const) {
        match &self.0.kind {
            ObjKind::Const { value } => *value.write().unwrap() = Some(new),
            _ => panic!("{} is no constant", self.name),
        }
    }

    /// The object of the generic declaration that this field or method was instantiated from; `self` if it was not.
    pub fn origin(self) -> ObjRef {
        match &self.0.kind {
            ObjKind::Var(VarInfo { origin: Some(origin), .. }) => *origin,
            ObjKind::Func(FuncInfo { origin: Some(origin), .. }) => *origin,
            _ => self,
        }
    }

    /// The instantiated receiver base type of a method of an instantiated type.
    pub fn recv_inst(self) -> Option<Ty> {
        if let ObjKind::Func(f) = &self.0.kind { f.recv_inst } else { None }
    }

    pub fn ptr_recv(self) -> bool {
        let ObjKind::Func(f) = &self.0.kind else { return false };
        // The signature knows best once it is there; the flag is for the time before.
        if let Some(sig) = f.origin.unwrap_or(self).known_ty().and_then(Ty::as_signature)
            && let Some(recv) = sig.recv
        {
            return matches!(recv.typ().unalias().kind(), Kind::Pointer(_));
        }
        f.ptr_recv.load(Ordering::Relaxed)
    }

    pub fn set_ptr_recv(self, ptr: bool) {
        if let ObjKind::Func(f) = &self.0.kind {
            f.ptr_recv.store(ptr, Ordering::Relaxed);
        }
    }

    fn known_ty(self) -> Option<Ty> {
        match self.0.ty.load(Ordering::Acquire) {
            UNSET => None,
            id => Some(Ty::from_raw(id)),
        }
    }

    pub fn is_var(self) -> bool {
        matches!(self.0.kind, ObjKind::Var(_))
    }

    pub fn is_func(self) -> bool {
        matches!(self.0.kind, ObjKind::Func(_))
    }

    pub fn is_type_name(self) -> bool {
        matches!(self.0.kind, ObjKind::TypeName)
    }

    pub fn is_const(self) -> bool {
        matches!(self.0.kind, ObjKind::Const { .. })
    }

    pub fn is_field(self) -> bool {
        matches!(&self.0.kind, ObjKind::Var(v) if v.kind == VarKind::Field)
    }

    pub fn is_embedded(self) -> bool {
        matches!(&self.0.kind, ObjKind::Var(v) if v.embedded)
    }

    pub fn var_kind(self) -> Option<VarKind> {
        if let ObjKind::Var(v) = &self.0.kind { Some(v.kind) } else { None }
    }

    /// Whether a type name was declared by an alias declaration.
    pub fn is_alias(self) -> bool {
        let ObjKind::TypeName = self.0.kind else { return false };
        match self.typ().kind() {
            // The universe's byte and rune are aliases without a node of their own.
            Kind::Basic(b) => {
                self.pkg.is_none() && b.name != self.name || matches!(self.typ(), Ty::BYTE | Ty::RUNE)
            }
            Kind::Named(n) => n.obj() != self,
            Kind::TypeParam(p) => p.obj != self,
            Kind::Alias(_) => true,
            _ => true,
        }
    }

    pub fn exported(self) -> bool {
        is_exported(self.name)
    }

    /// Used: mentioned in a way that keeps "declared and not used" (or "imported and not used") away.
    pub fn used(self) -> bool {
        self.0.used.load(Ordering::Relaxed)
    }

    pub fn set_used(self, used: bool) {
        self.0.used.store(used, Ordering::Relaxed);
    }

    /// The place among the package's declarations, set by the checker; 0 if it was not.
    pub fn order(self) -> u32 {
        self.0.order.load(Ordering::Relaxed)
    }

    pub fn set_order(self, order: u32) {
        self.0.order.store(order, Ordering::Relaxed);
    }

    /// For type names: 0 at package level; the n-th type declared inside functions of the package has n; None when
    /// nobody said.
    pub fn ordinal(self) -> Option<u32> {
        match self.0.ordinal.load(Ordering::Relaxed) {
            UNSET => None,
            n => Some(n),
        }
    }

    /// Package scopes set 0 by themselves; the checker numbers local types from 1, in source order.
    pub fn set_ordinal(self, n: u32) {
        self.0.ordinal.store(n, Ordering::Relaxed);
    }

    /// The identifier that declares the object, in the files of its own package.
    pub fn ident(self) -> Option<ExprId> {
        self.0.ident.get().copied()
    }

    pub fn set_ident(self, ident: ExprId) {
        let _ = self.0.ident.set(ident);
    }

    /// The symbol that `//go:linkname` gives a package-level function or variable instead of its own.
    pub fn linkname(self) -> Option<&'static str> {
        self.0.linkname.get().copied()
    }

    /// The first one holds.
    pub fn set_linkname(self, symbol: &str) {
        let _ = self.0.linkname.set(intern(symbol));
    }

    /// Whether both are the same declaration, although perhaps loaded twice.
    pub fn same_decl(self, other: ObjRef) -> bool {
        self == other
            || self.name == other.name
                && matches!((self.ordinal(), other.ordinal()), (Some(a), Some(b)) if a == b)
                && match (self.pkg, other.pkg) {
                    (Some(a), Some(b)) => a == b || a.path == b.path,
                    (None, None) => true,
                    _ => false,
                }
    }

    /// Whether `name`, seen from package `pkg`, is this object's name: unexported names differ between packages.
    pub fn same_id(self, pkg: Option<PkgRef>, name: &str, fold_case: bool) -> bool {
        if fold_case && self.name.to_lowercase() == name.to_lowercase() {
            return true;
        }
        if self.name != name {
            return false;
        }
        if self.exported() {
            return true;
        }
        same_pkg(self.pkg, pkg)
    }

    /// A key under which equal method and field names meet: the name, qualified by the package unless exported.
    pub fn id(self) -> String {
        match self.pkg {
            _ if self.exported() => self.name.to_owned(),
            Some(pkg) => format!("{}.{}", pkg.path, self.name),
            None => format!("_.{}", self.name),
        }
    }
}

pub(super) fn same_pkg(a: Option<PkgRef>, b: Option<PkgRef>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a == b || a.path == b.path,
        (None, None) => true,
        _ => false,
    }
}

/// Whether a name begins with an upper case letter.
pub fn is_exported(name: &str) -> bool {
    match name.as_bytes().first() {
        Some(b) if b.is_ascii() => b.is_ascii_uppercase(),
        Some(_) => name.chars().next().is_some_and(char::is_uppercase),
        None => false,
    }
}

impl Deref for ObjRef {
    type Target = Obj;

    fn deref(&self) -> &Obj {
        self.0
    }
}

impl PartialEq for ObjRef {
    fn eq(&self, other: &ObjRef) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for ObjRef {}

impl Hash for ObjRef {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.0 as *const Obj as usize).hash(state);
    }
}

impl fmt::Debug for ObjRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pkg {
            Some(pkg) => write!(f, "{}.{}", pkg.path, self.name),
            None => f.write_str(self.name),
        }
    }
}
