//! Declarations, fields and parameters.

use std::sync::Arc;

use crate::base::Pos;

use super::{Block, Directive, Expr, Ident};

/// A declaration. Grouped declarations come as one [`Decl`] for each spec; `group` tells them apart.
#[derive(Clone, Debug)]
pub enum Decl {
    Import(ImportDecl),
    Const(ConstDecl),
    Type(TypeDecl),
    Var(VarDecl),
    Func(Box<FuncDecl>),
}

impl Decl {
    pub fn pos(&self) -> Pos {
        match self {
            Decl::Import(d) => d.pos,
            Decl::Const(d) => d.pos,
            Decl::Type(d) => d.pos,
            Decl::Var(d) => d.pos,
            Decl::Func(d) => d.pos,
        }
    }
}

/// `import name "path"`.
#[derive(Clone, Debug)]
pub struct ImportDecl {
    /// The spec's first byte (the name, else the path).
    pub pos: Pos,
    /// `None` without a name; may be `.` or `_`.
    pub name: Option<Ident>,
    /// The path's literal as an expression; [`ImportDecl::path`] is its value.
    pub path_lit: Expr,
    /// Unquoted; "" when the literal was malformed.
    pub path: Arc<str>,
}

/// One line of a const declaration. With neither type nor values it repeats the last line that had them.
#[derive(Clone, Debug)]
pub struct ConstDecl {
    pub pos: Pos,
    /// The parenthesised group it stands in, numbered in the file from 0; `None`: stands alone.
    pub group: Option<u32>,
    /// The line's number in its group: `iota`.
    pub iota: u32,
    pub names: Vec<Ident>,
    pub ty: Option<Expr>,
    pub values: Vec<Expr>,
}

/// `var names ty = values`.
#[derive(Clone, Debug)]
pub struct VarDecl {
    pub pos: Pos,
    pub group: Option<u32>,
    pub names: Vec<Ident>,
    pub ty: Option<Expr>,
    pub values: Vec<Expr>,
    /// `//go:embed`, `//go:linkname` and other directives right above.
    pub directives: Vec<Directive>,
}

/// `type name[tparams] ty` or, with `alias`, `type name[tparams] = ty`.
#[derive(Clone, Debug)]
pub struct TypeDecl {
    pub pos: Pos,
    pub group: Option<u32>,
    pub name: Ident,
    pub tparams: Vec<Field>,
    pub alias: bool,
    pub ty: Expr,
    pub directives: Vec<Directive>,
}

/// A function or method declaration.
#[derive(Clone, Debug)]
pub struct FuncDecl {
    /// The `func` keyword.
    pub pos: Pos,
    /// One parameter for a method. Its type may name type parameters: `(r *T[K, V])` is an index expression.
    pub recv: Option<Field>,
    /// All receiver parameters as written: more or fewer than one is an error the parser has reported.
    pub name: Ident,
    pub tparams: Vec<Field>,
    pub sig: FuncType,
    pub body: Option<Block>,
    /// The `//go:…` lines of its doc comment.
    pub directives: Vec<Directive>,
}

/// A parameter, result, struct field or type parameter: one name each. Names that share a type share the `Arc`.
#[derive(Clone, Debug)]
pub struct Field {
    /// The name's first byte, else the type's.
    pub pos: Pos,
    pub name: Option<Ident>,
    pub ty: Arc<Expr>,
}

/// A function's parameters and results. A variadic last parameter has a type of kind `Ellipsis`.
#[derive(Clone, Debug)]
pub struct FuncType {
    pub pos: Pos,
    pub params: Vec<Field>,
    pub results: Vec<Field>,
}
