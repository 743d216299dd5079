//! What every Go file can name without importing anything, and package unsafe.

use std::sync::LazyLock;

use super::constant::Const;
use super::interface::Interface;
use super::named::{Alias, Named};
use super::object::{ObjRef, VarKind};
use super::scope::{PkgRef, Scope};
use super::ty::{Kind, Signature, Ty};
use crate::base::Pos;

/// A predeclared function, or one of package unsafe.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum BuiltinId {
    Append,
    Cap,
    Clear,
    Close,
    Complex,
    Copy,
    Delete,
    Imag,
    Len,
    Make,
    Max,
    Min,
    New,
    Panic,
    Print,
    Println,
    Real,
    Recover,
    Add,
    Alignof,
    Offsetof,
    Sizeof,
    Slice,
    SliceData,
    String,
    StringData,
    /// `assert` and `trace` exist only in go/types' own tests.
    Assert,
    Trace,
}

/// What may be done with a call of a built-in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallKind {
    Conversion,
    Expression,
    Statement,
}

/// A built-in's name, least number of arguments, whether there may be more, and whether a call may stand alone.
pub struct BuiltinFacts {
    pub id: BuiltinId,
    pub name: &'static str,
    pub n_args: usize,
    pub variadic: bool,
    pub call: CallKind,
}

/// In the order of [`BuiltinId`].
pub const BUILTINS: &[BuiltinFacts] = &[
    builtin(BuiltinId::Append, "append", 1, true, CallKind::Expression),
    builtin(BuiltinId::Cap, "cap", 1, false, CallKind::Expression),
    builtin(BuiltinId::Clear, "clear", 1, false, CallKind::Statement),
    builtin(BuiltinId::Close, "close", 1, false, CallKind::Statement),
    builtin(BuiltinId::Complex, "complex", 2, false, CallKind::Expression),
    builtin(BuiltinId::Copy, "copy", 2, false, CallKind::Statement),
    builtin(BuiltinId::Delete, "delete", 2, false, CallKind::Statement),
    builtin(BuiltinId::Imag, "imag", 1, false, CallKind::Expression),
    builtin(BuiltinId::Len, "len", 1, false, CallKind::Expression),
    builtin(BuiltinId::Make, "make", 1, true, CallKind::Expression),
    builtin(BuiltinId::Max, "max", 1, true, CallKind::Expression),
    builtin(BuiltinId::Min, "min", 1, true, CallKind::Expression),
    builtin(BuiltinId::New, "new", 1, false, CallKind::Expression),
    builtin(BuiltinId::Panic, "panic", 1, false, CallKind::Statement),
    builtin(BuiltinId::Print, "print", 0, true, CallKind::Statement),
    builtin(BuiltinId::Println, "println", 0, true, CallKind::Statement),
    builtin(BuiltinId::Real, "real", 1, false, CallKind::Expression),
    builtin(BuiltinId::Recover, "recover", 0, false, CallKind::Statement),
    builtin(BuiltinId::Add, "Add", 2, false, CallKind::Expression),
    builtin(BuiltinId::Alignof, "Alignof", 1, false, CallKind::Expression),
    builtin(BuiltinId::Offsetof, "Offsetof", 1, false, CallKind::Expression),
    builtin(BuiltinId::Sizeof, "Sizeof", 1, false, CallKind::Expression),
    builtin(BuiltinId::Slice, "Slice", 2, false, CallKind::Expression),
    builtin(BuiltinId::SliceData, "SliceData", 1, false, CallKind::Expression),
    builtin(BuiltinId::String, "String", 2, false, CallKind::Expression),
    builtin(BuiltinId::StringData, "StringData", 1, false, CallKind::Expression),
    builtin(BuiltinId::Assert, "assert", 1, false, CallKind::Statement),
    builtin(BuiltinId::Trace, "trace", 0, true, CallKind::Expression),
];

const fn builtin(
    id: BuiltinId,
    name: &'static str,
    n_args: usize,
    variadic: bool,
    call: CallKind,
) -> BuiltinFacts {
    BuiltinFacts { id, name, n_args, variadic, call }
}

impl BuiltinId {
    pub fn facts(self) -> &'static BuiltinFacts {
        &BUILTINS[self as usize]
    }
}

/// Ids of the underlying types of `error` and `comparable`.
const ERROR_BODY: u32 = 32;
const COMPARABLE_BODY: u32 = 33;

/// Makes the predeclared types that are not basic; their ids follow the basic ones' (see the constants of [`Ty`]).
/// Nothing here may look into a type: the table is not ready yet.
pub(super) fn fill_predeclared_types() {
    let expect = |want: Ty, kind: Kind| assert_eq!(Ty::new_predeclared(kind).raw(), want.raw());
    expect(Ty::EMPTY_INTERFACE, Kind::Interface(interface_of(Vec::new())));

    let any = Alias::bare(ObjRef::type_name(Pos::NONE, None, "any", Some(Ty::ANY)), None);
    any.set_rhs(Ty::EMPTY_INTERFACE);
    expect(Ty::ANY, Kind::Alias(any));
    for (ty, name, body) in
        [(Ty::ERROR, "error", ERROR_BODY), (Ty::COMPARABLE, "comparable", COMPARABLE_BODY)]
    {
        let obj = ObjRef::type_name(Pos::NONE, None, name, Some(ty));
        obj.set_ordinal(0);
        let named = Named::bare(obj, None);
        named.set_rhs(Ty::from_raw(body));
        expect(ty, Kind::Named(named));
    }
    let signature = Ty::from_raw(COMPARABLE_BODY + 1);
    let error_method = ObjRef::func(Pos::NONE, None, "Error", Some(signature));
    expect(Ty::from_raw(ERROR_BODY), Kind::Interface(interface_of(vec![error_method])));
    let comparable = interface_of(Vec::new());
    comparable.set_comparable();
    expect(Ty::from_raw(COMPARABLE_BODY), Kind::Interface(comparable));
    let recv = ObjRef::var(VarKind::Recv, Pos::NONE, None, "", Some(Ty::ERROR));
    let result = ObjRef::var(VarKind::Result, Pos::NONE, None, "", Some(Ty::STRING));
    let sig = Signature { recv: Some(recv), results: vec![result], ..Signature::default() };
    expect(signature, Kind::Signature(sig));
}

fn interface_of(methods: Vec<ObjRef>) -> Interface {
    let interface = Interface::new();
    interface.complete(methods, Vec::new(), Vec::new());
    interface
}

static UNIVERSE: LazyLock<&'static Scope> = LazyLock::new(|| {
    let scope = Scope::new(None);
    for id in 1..=17 {
        let ty = Ty::from_raw(id);
        let name = ty.as_basic().expect("the first types are basic").name;
        scope.insert(ObjRef::type_name(Pos::NONE, None, name, Some(ty)));
    }
    for (name, ty) in [("byte", Ty::BYTE), ("rune", Ty::RUNE)] {
        scope.insert(ObjRef::type_name(Pos::NONE, None, name, Some(ty)));
    }
    scope.insert(Ty::ANY.as_alias().expect("any is an alias").obj());
    scope.insert(Ty::ERROR.as_named().expect("error is a named type").obj());
    scope.insert(Ty::COMPARABLE.as_named().expect("comparable is a named type").obj());
    for (name, value) in [("true", true), ("false", false)] {
        let value = Some(Const::Bool(value));
        scope.insert(ObjRef::constant(Pos::NONE, None, name, Some(Ty::UNTYPED_BOOL), value));
    }
    let iota = Some(Const::Int(0));
    scope.insert(ObjRef::constant(Pos::NONE, None, "iota", Some(Ty::UNTYPED_INT), iota));
    scope.insert(ObjRef::nil());
    for facts in BUILTINS.iter().filter(|f| f.id < BuiltinId::Add) {
        scope.insert(ObjRef::builtin(facts.name, None, facts.id));
    }
    scope
});

static UNSAFE: LazyLock<PkgRef> = LazyLock::new(|| {
    let pkg = PkgRef::new("unsafe", "unsafe");
    pkg.scope.insert(ObjRef::type_name(Pos::NONE, Some(pkg), "Pointer", Some(Ty::UNSAFE_POINTER)));
    for facts in BUILTINS.iter().filter(|f| (BuiltinId::Add..=BuiltinId::StringData).contains(&f.id)) {
        pkg.scope.insert(ObjRef::builtin(facts.name, Some(pkg), facts.id));
    }
    pkg.set_complete();
    pkg
});

/// The outermost scope.
pub fn scope() -> &'static Scope {
    &UNIVERSE
}

/// Package unsafe.
pub fn unsafe_package() -> PkgRef {
    *UNSAFE
}
