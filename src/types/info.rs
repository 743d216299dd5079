//! What the checker found out about each expression and identifier, in tables beside the tree.

use rustc_hash::FxHashMap;

use crate::base::{Diagnostics, Pos, Sources};
use crate::syntax::ast::{self, ExprId};

use super::constant::Const;
use super::object::ObjRef;
use super::scope::PkgRef;
use super::ty::Ty;
use super::universe::BuiltinId;

/// What sort of thing an expression denotes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Mode {
    Invalid,
    /// A call without results.
    NoValue,
    Builtin(BuiltinId),
    /// The expression is a type.
    TypeExpr,
    /// The value is in [`TypeAndValue::value`].
    Constant,
    /// Addressable.
    Variable,
    MapIndex,
    /// A value, not addressable.
    Value,
    NilValue,
    /// A value that may also be asked for `v, ok`: a receive, a map index or a type assertion. The type recorded is a
    /// tuple where both were asked for.
    CommaOk,
    CgoFunc,
}

#[derive(Clone, Debug)]
pub struct TypeAndValue {
    pub mode: Mode,
    pub ty: Ty,
    /// Of constants.
    pub value: Option<Const>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SelectionKind {
    /// `x.f`, a struct field.
    Field,
    /// `x.m`, a method value or the function of a call.
    Method,
    /// `T.m`, a method expression.
    MethodExpr,
}

/// What a selector expression `x.f` (not one qualified by a package) means.
#[derive(Clone, Debug)]
pub struct Selection {
    pub kind: SelectionKind,
    /// Type of `x`.
    pub recv: Ty,
    /// The field or method; for instantiated types the instance's own.
    pub obj: ObjRef,
    /// Field indexes from `recv` on; the last is the field, or the method's index among its type's methods (of an
    /// interface: in the sorted method list of its type set).
    pub index: Vec<u32>,
    /// Whether a pointer was followed on the way.
    pub indirect: bool,
}

/// The arguments an identifier of a generic function or type was instantiated with.
#[derive(Clone, Debug)]
pub struct InstanceInfo {
    pub targs: Vec<Ty>,
    pub ty: Ty,
}

/// A package variable declaration with an initial value, in the order in which they must run.
#[derive(Clone, Debug)]
pub struct Initializer {
    /// Several when the value is a call with several results.
    pub lhs: Vec<ObjRef>,
    /// The expression.
    pub rhs: ExprId,
}

/// A map from [`ExprId`], dense per file.
#[derive(Clone, Debug)]
pub struct Table<T> {
    slots: Vec<Vec<u32>>,
    values: Vec<T>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Table { slots: Vec::new(), values: Vec::new() }
    }
}

impl<T> Table<T> {
    pub fn get(&self, id: ExprId) -> Option<&T> {
        match self.slots.get(id.file as usize)?.get(id.index as usize)? {
            0 => None,
            n => Some(&self.values[*n as usize - 1]),
        }
    }

    pub fn get_mut(&mut self, id: ExprId) -> Option<&mut T> {
        match self.slots.get(id.file as usize)?.get(id.index as usize)? {
            0 => None,
            n => Some(&mut self.values[*n as usize - 1]),
        }
    }

    pub fn contains(&self, id: ExprId) -> bool {
        self.get(id).is_some()
    }

    /// Sets the entry, replacing an older one.
    pub fn insert(&mut self, id: ExprId, value: T) {
        let (file, index) = (id.file as usize, id.index as usize);
        if self.slots.len() <= file {
            self.slots.resize_with(file + 1, Vec::new);
        }
        let slots = &mut self.slots[file];
        if slots.len() <= index {
            slots.resize((index + 1).next_power_of_two(), 0);
        }
        match slots[index] {
            0 => {
                self.values.push(value);
                slots[index] = self.values.len() as u32;
            }
            n => self.values[n as usize - 1] = value,
        }
    }

    pub fn len(&self) -> usize {
        self.values.len()
    }

    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// In the order of the source: by file, then by index.
    pub fn iter(&self) -> impl Iterator<Item = (ExprId, &T)> {
        self.slots.iter().enumerate().flat_map(move |(file, slots)| {
            slots.iter().enumerate().filter(|(_, n)| **n != 0).map(move |(index, n)| {
                (ExprId { file: file as u32, index: index as u32 }, &self.values[*n as usize - 1])
            })
        })
    }
}

/// Everything recorded about a package's expressions.
#[derive(Clone, Debug, Default)]
pub struct Info {
    /// Every expression with a type, constants with their values. Identifiers in declaring positions and package names
    /// have no entry.
    pub types: Table<TypeAndValue>,
    /// Declaring identifiers. None: the symbolic variable of a type switch, the package clause, `_` without object.
    pub defs: Table<Option<ObjRef>>,
    /// Identifiers that mention an object; the field or method for the selector's right part.
    pub uses: Table<ObjRef>,
    /// Selector expressions, by the id of the whole.
    pub selections: Table<Selection>,
    /// By the identifier of the generic function, type or alias.
    pub instances: Table<InstanceInfo>,
    /// Objects without an identifier of their own, by the start of the node that declares them: the package name of a
    /// plain import, the variable of a type switch clause, unnamed parameters.
    pub implicits: FxHashMap<Pos, ObjRef>,
    pub init_order: Vec<Initializer>,
    /// The language of each file, as (major, minor): from go1.22 on loops have variables per iteration.
    pub file_versions: Vec<(u32, u32)>,
}

impl Info {
    /// The type of an expression; for a declaring identifier the type of what it declares.
    pub fn type_of(&self, id: ExprId) -> Option<Ty> {
        if let Some(tv) = self.types.get(id) {
            return Some(tv.ty);
        }
        self.object_of(id)?.ty()
    }

    /// What an identifier declares or mentions.
    pub fn object_of(&self, id: ExprId) -> Option<ObjRef> {
        match self.defs.get(id) {
            Some(Some(obj)) => Some(*obj),
            _ => self.uses.get(id).copied(),
        }
    }

    pub fn value_of(&self, id: ExprId) -> Option<&Const> {
        self.types.get(id)?.value.as_ref()
    }
}

/// A checked package, whole: what `check` gives and `lower` takes.
pub struct Checked {
    pub package: PkgRef,
    pub info: Info,
    pub files: Vec<ast::File>,
    pub sources: Sources,
    pub diags: Diagnostics,
}
