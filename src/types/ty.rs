//! `Ty`, the id of a type, and the shapes a type can have.
//!
//! # What holds
//! - Two ids may name identical types: compare with [`super::identical`]. Equal ids are always identical.
//! - Ids depend on the order in which threads work. They never decide an order and never reach an output.
//! - Everything is immutable except what the checker must fill in late: [`Named`], [`Alias`], [`TypeParam`],
//!   [`Interface`] and the length of `[...]T`.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicI64, Ordering};

use serde::{Deserialize, Serialize};

use super::arena::Arena;
use super::interface::Interface;
use super::named::{Alias, Named, TypeParam};
use super::object::ObjRef;
use super::universe;

/// A type. Copy it freely; [`Ty::kind`] shows its shape.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ty(u32);

/// The shape of a type.
#[derive(Debug)]
pub enum Kind {
    Basic(Basic),
    Array(Array),
    Slice(Ty),
    Struct(Struct),
    Pointer(Ty),
    Tuple(Tuple),
    Signature(Signature),
    Interface(Interface),
    Map(Map),
    Chan(Chan),
    Named(Named),
    Alias(Alias),
    TypeParam(TypeParam),
    Union(Union),
}

/// The predeclared basic types. `byte` and `rune` share the kinds of `uint8` and `int32` and differ in name only.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum BasicKind {
    Invalid,
    Bool,
    Int,
    Int8,
    Int16,
    Int32,
    Int64,
    Uint,
    Uint8,
    Uint16,
    Uint32,
    Uint64,
    Uintptr,
    Float32,
    Float64,
    Complex64,
    Complex128,
    String,
    UnsafePointer,
    UntypedBool,
    UntypedInt,
    UntypedRune,
    UntypedFloat,
    UntypedComplex,
    UntypedString,
    UntypedNil,
}

#[derive(Clone, Copy, Debug)]
pub struct Basic {
    pub kind: BasicKind,
    pub name: &'static str,
}

#[derive(Debug)]
pub struct Array {
    len: AtomicI64,
    pub elem: Ty,
}

#[derive(Debug)]
pub struct Struct {
    /// Objects of kind `Var` with [`super::VarKind::Field`].
    pub fields: Vec<ObjRef>,
    /// Unquoted, one per field, or none at all when no field has a tag. Tags may hold any bytes.
    pub tags: Vec<&'static [u8]>,
}

/// The type of a call with no or several results, and of `v, ok` values.
#[derive(Debug)]
pub struct Tuple {
    pub vars: Vec<ObjRef>,
}

#[derive(Debug, Default)]
pub struct Signature {
    pub recv: Option<ObjRef>,
    /// Type parameters of the receiver: `P` in `func (r T[P]) m()`.
    pub rparams: Vec<Ty>,
    pub tparams: Vec<Ty>,
    pub params: Vec<ObjRef>,
    pub results: Vec<ObjRef>,
    /// The last parameter's type is then a slice (or a string in `append([]byte, string...)`).
    pub variadic: bool,
}

#[derive(Clone, Copy, Debug)]
pub struct Map {
    pub key: Ty,
    pub elem: Ty,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum ChanDir {
    Both,
    Send,
    Recv,
}

#[derive(Clone, Copy, Debug)]
pub struct Chan {
    pub dir: ChanDir,
    pub elem: Ty,
}

/// `~int | string` in a constraint. A single `~T` is a union of one term.
#[derive(Debug)]
pub struct Union {
    pub terms: Vec<Term>,
}

#[derive(Clone, Copy, Debug)]
pub struct Term {
    pub tilde: bool,
    pub ty: Ty,
}

static TYPES: Arena<Kind> = Arena::new();
/// Forces the predeclared types to take the first ids, in the order of [`BASICS`].
static PREDECLARED: LazyLock<()> = LazyLock::new(|| {
    for &(kind, name) in BASICS {
        TYPES.push(Kind::Basic(Basic { kind, name }));
    }
    universe::fill_predeclared_types();
});

const BASICS: &[(BasicKind, &str)] = &[
    (BasicKind::Invalid, "invalid type"),
    (BasicKind::Bool, "bool"),
    (BasicKind::Int, "int"),
    (BasicKind::Int8, "int8"),
    (BasicKind::Int16, "int16"),
    (BasicKind::Int32, "int32"),
    (BasicKind::Int64, "int64"),
    (BasicKind::Uint, "uint"),
    (BasicKind::Uint8, "uint8"),
    (BasicKind::Uint16, "uint16"),
    (BasicKind::Uint32, "uint32"),
    (BasicKind::Uint64, "uint64"),
    (BasicKind::Uintptr, "uintptr"),
    (BasicKind::Float32, "float32"),
    (BasicKind::Float64, "float64"),
    (BasicKind::Complex64, "complex64"),
    (BasicKind::Complex128, "complex128"),
    (BasicKind::String, "string"),
    (BasicKind::UnsafePointer, "Pointer"),
    (BasicKind::UntypedBool, "untyped bool"),
    (BasicKind::UntypedInt, "untyped int"),
    (BasicKind::UntypedRune, "untyped rune"),
    (BasicKind::UntypedFloat, "untyped float"),
    (BasicKind::UntypedComplex, "untyped complex"),
    (BasicKind::UntypedString, "untyped string"),
    (BasicKind::UntypedNil, "untyped nil"),
    (BasicKind::Uint8, "byte"),
    (BasicKind::Int32, "rune"),
];

impl Ty {
    pub const INVALID: Ty = Ty(0);
    pub const BOOL: Ty = Ty(1);
    pub const INT: Ty = Ty(2);
    pub const INT8: Ty = Ty(3);
    pub const INT16: Ty = Ty(4);
    pub const INT32: Ty = Ty(5);
    pub const INT64: Ty = Ty(6);
    pub const UINT: Ty = Ty(7);
    pub const UINT8: Ty = Ty(8);
    pub const UINT16: Ty = Ty(9);
    pub const UINT32: Ty = Ty(10);
    pub const UINT64: Ty = Ty(11);
    pub const UINTPTR: Ty = Ty(12);
    pub const FLOAT32: Ty = Ty(13);
    pub const FLOAT64: Ty = Ty(14);
    pub const COMPLEX64: Ty = Ty(15);
    pub const COMPLEX128: Ty = Ty(16);
    pub const STRING: Ty = Ty(17);
    pub const UNSAFE_POINTER: Ty = Ty(18);
    pub const UNTYPED_BOOL: Ty = Ty(19);
    pub const UNTYPED_INT: Ty = Ty(20);
    pub const UNTYPED_RUNE: Ty = Ty(21);
    pub const UNTYPED_FLOAT: Ty = Ty(22);
    pub const UNTYPED_COMPLEX: Ty = Ty(23);
    pub const UNTYPED_STRING: Ty = Ty(24);
    pub const UNTYPED_NIL: Ty = Ty(25);
    pub const BYTE: Ty = Ty(26);
    pub const RUNE: Ty = Ty(27);
    /// `interface{}`.
    pub const EMPTY_INTERFACE: Ty = Ty(28);
    /// The predeclared alias `any`.
    pub const ANY: Ty = Ty(29);
    /// The predeclared named type `error`.
    pub const ERROR: Ty = Ty(30);
    /// The predeclared named constraint `comparable`.
    pub const COMPARABLE: Ty = Ty(31);

    /// Adds a type to the arena.
    pub fn new(kind: Kind) -> Ty {
        LazyLock::force(&PREDECLARED);
        Ty(TYPES.push(kind))
    }

    /// For `universe` while the predeclared types are being made.
    pub(super) fn new_predeclared(kind: Kind) -> Ty {
        Ty(TYPES.push(kind))
    }

    /// The shape as written: aliases and named types are not looked through.
    pub fn kind(self) -> &'static Kind {
        LazyLock::force(&PREDECLARED);
        TYPES.get(self.0)
    }

    /// The shape of the underlying type.
    pub fn under(self) -> &'static Kind {
        self.underlying().kind()
    }

    pub(super) fn raw(self) -> u32 {
        self.0
    }

    pub(super) fn from_raw(id: u32) -> Ty {
        Ty(id)
    }

    pub fn array(elem: Ty, len: i64) -> Ty {
        Ty::new(Kind::Array(Array { len: AtomicI64::new(len), elem }))
    }

    pub fn slice(elem: Ty) -> Ty {
        Ty::new(Kind::Slice(elem))
    }

    pub fn pointer(elem: Ty) -> Ty {
        Ty::new(Kind::Pointer(elem))
    }

    pub fn map(key: Ty, elem: Ty) -> Ty {
        Ty::new(Kind::Map(Map { key, elem }))
    }

    pub fn chan(dir: ChanDir, elem: Ty) -> Ty {
        Ty::new(Kind::Chan(Chan { dir, elem }))
    }

    pub fn tuple(vars: Vec<ObjRef>) -> Ty {
        Ty::new(Kind::Tuple(Tuple { vars }))
    }

    pub fn signature(sig: Signature) -> Ty {
        Ty::new(Kind::Signature(sig))
    }

    /// A struct; `tags` is empty or as long as `fields`.
    pub fn structure(fields: Vec<ObjRef>, tags: Vec<&'static [u8]>) -> Ty {
        Ty::new(Kind::Struct(Struct { fields, tags }))
    }

    pub fn union(terms: Vec<Term>) -> Ty {
        Ty::new(Kind::Union(Union { terms }))
    }

    /// An interface that is still to be filled by [`Interface::complete`].
    pub fn new_interface() -> Ty {
        Ty::new(Kind::Interface(Interface::new()))
    }

    pub fn as_basic(self) -> Option<&'static Basic> {
        if let Kind::Basic(b) = self.kind() { Some(b) } else { None }
    }

    pub fn as_array(self) -> Option<&'static Array> {
        if let Kind::Array(a) = self.kind() { Some(a) } else { None }
    }

    pub fn as_slice(self) -> Option<Ty> {
        if let Kind::Slice(elem) = self.kind() { Some(*elem) } else { None }
    }

    pub fn as_struct(self) -> Option<&'static Struct> {
        if let Kind::Struct(s) = self.kind() { Some(s) } else { None }
    }

    pub fn as_pointer(self) -> Option<Ty> {
        if let Kind::Pointer(elem) = self.kind() { Some(*elem) } else { None }
    }

    pub fn as_tuple(self) -> Option<&'static Tuple> {
        if let Kind::Tuple(t) = self.kind() { Some(t) } else { None }
    }

    pub fn as_signature(self) -> Option<&'static Signature> {
        if let Kind::Signature(s) = self.kind() { Some(s) } else { None }
    }

    pub fn as_interface(self) -> Option<&'static Interface> {
        if let Kind::Interface(i) = self.kind() { Some(i) } else { None }
    }

    pub fn as_map(self) -> Option<&'static Map> {
        if let Kind::Map(m) = self.kind() { Some(m) } else { None }
    }

    pub fn as_chan(self) -> Option<&'static Chan> {
        if let Kind::Chan(c) = self.kind() { Some(c) } else { None }
    }

    /// The named type `self` is, aliases looked through.
    pub fn as_named(self) -> Option<&'static Named> {
        if let Kind::Named(n) = self.unalias().kind() { Some(n) } else { None }
    }

    pub fn as_alias(self) -> Option<&'static Alias> {
        if let Kind::Alias(a) = self.kind() { Some(a) } else { None }
    }

    /// The type parameter `self` is, aliases looked through.
    pub fn as_type_param(self) -> Option<&'static TypeParam> {
        if let Kind::TypeParam(p) = self.unalias().kind() { Some(p) } else { None }
    }

    pub fn as_union(self) -> Option<&'static Union> {
        if let Kind::Union(u) = self.kind() { Some(u) } else { None }
    }

    /// The kind of the underlying basic type, if it is one.
    pub fn basic_kind(self) -> Option<BasicKind> {
        if let Kind::Basic(b) = self.under() { Some(b.kind) } else { None }
    }

    /// What an alias stands for, through all aliases; `self` otherwise, and for an alias that is not set yet: invalid.
    pub fn unalias(self) -> Ty {
        match self.kind() {
            Kind::Alias(alias) => alias.unalias(),
            _ => self,
        }
    }

    /// The underlying type; of a type parameter, its constraint interface. Invalid while a declaration it depends on is
    /// not resolved yet, or is cyclic.
    pub fn underlying(self) -> Ty {
        match self.kind() {
            Kind::Alias(alias) => alias.unalias().underlying(),
            Kind::Named(named) => named.underlying(),
            Kind::TypeParam(param) => param.interface(),
            _ => self,
        }
    }

    /// Whether the error has been reported already, wherever this type came from.
    pub fn is_valid(self) -> bool {
        self.unalias() != Ty::INVALID
    }
}

impl Array {
    /// Negative while the length is not known, or when it was in error.
    pub fn len(&self) -> i64 {
        self.len.load(Ordering::Relaxed)
    }

    /// For `[...]T`, once the elements are counted.
    pub fn set_len(&self, len: i64) {
        self.len.store(len, Ordering::Relaxed);
    }
}

impl Struct {
    pub fn tag(&self, i: usize) -> &'static [u8] {
        self.tags.get(i).copied().unwrap_or(b"")
    }
}

impl Signature {
    /// The results as the type of a call expression of this signature: a tuple unless there is exactly one.
    pub fn result_type(&self) -> Ty {
        match self.results[..] {
            [one] => one.ty().unwrap_or(Ty::INVALID),
            _ => Ty::tuple(self.results.clone()),
        }
    }
}

impl BasicKind {
    pub fn is_untyped(self) -> bool {
        self >= BasicKind::UntypedBool
    }

    pub fn is_boolean(self) -> bool {
        matches!(self, BasicKind::Bool | BasicKind::UntypedBool)
    }

    pub fn is_integer(self) -> bool {
        (BasicKind::Int..=BasicKind::Uintptr).contains(&self)
            || matches!(self, BasicKind::UntypedInt | BasicKind::UntypedRune)
    }

    pub fn is_unsigned(self) -> bool {
        (BasicKind::Uint..=BasicKind::Uintptr).contains(&self)
    }

    pub fn is_float(self) -> bool {
        matches!(self, BasicKind::Float32 | BasicKind::Float64 | BasicKind::UntypedFloat)
    }

    pub fn is_complex(self) -> bool {
        matches!(self, BasicKind::Complex64 | BasicKind::Complex128 | BasicKind::UntypedComplex)
    }

    pub fn is_string(self) -> bool {
        matches!(self, BasicKind::String | BasicKind::UntypedString)
    }

    pub fn is_numeric(self) -> bool {
        self.is_integer() || self.is_float() || self.is_complex()
    }

    /// Ordered: integers, floats, strings.
    pub fn is_ordered(self) -> bool {
        self.is_integer() || self.is_float() || self.is_string()
    }

    /// What a constant may be of.
    pub fn is_const_type(self) -> bool {
        self.is_boolean() || self.is_numeric() || self.is_string()
    }
}
