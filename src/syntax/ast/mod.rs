//! The syntax tree of one Go file: what was written, without meaning.
//!
//! The tree is immutable once parsed. Every expression, and every identifier that declares something, has an
//! [`ExprId`], dense per file, by which the checker's side tables are indexed.
//!
//! # Positions
//! `pos` of a node is the place gc reports for it (`cmd/compile/internal/syntax`): the operator of a binary
//! expression; the dot, bracket, parenthesis or brace behind the operand of a selector, index, slice, call or composite
//! literal; the first byte of everything else. [`Expr::start`] is the leftmost byte of an expression, of a slice its
//! bracket, as in gc's messages.
//!
//! # What is not here
//! Comments, except directives and the pragmas attached to declarations.

mod decl;
mod expr;
mod stmt;
pub mod walk;

use std::sync::Arc;

pub use decl::*;
pub use expr::*;
pub use stmt::*;

use crate::base::Pos;

/// A name, shared. `_` is kept as it is.
pub type Name = Arc<str>;

/// An expression or a declaring identifier of a package. `index` counts from 0 in each file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ExprId {
    pub file: u32,
    pub index: u32,
}

/// An identifier where it declares, labels or selects something.
#[derive(Clone, Debug)]
pub struct Ident {
    pub id: ExprId,
    pub pos: Pos,
    pub name: Name,
}

impl Ident {
    pub fn is_blank(&self) -> bool {
        &*self.name == "_"
    }
}

/// One parsed file. Broken source still gives a tree; [`Expr`]s that could not be parsed are [`ExprKind::Bad`].
#[derive(Clone, Debug)]
pub struct File {
    pub file: crate::base::FileId,
    /// The `package` clause's name.
    pub package: Ident,
    /// The `package` keyword's place.
    pub package_pos: Pos,
    pub decls: Vec<Decl>,
    /// One past the last byte of the file.
    pub end: Pos,
    /// How many [`ExprId`]s the file uses.
    pub n_exprs: u32,
    /// Every `//go:…` and `//line` style directive, in source order.
    pub directives: Vec<Directive>,
    /// The version of a `//go:build` line that names one (`go1.21`), as (major, minor).
    pub go_version: Option<(u32, u32)>,
}

/// A `//go:name args` comment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Directive {
    pub pos: Pos,
    /// Without the `//`: `go:linkname`.
    pub name: String,
    /// The rest of the line, trimmed.
    pub args: String,
    /// Whether only blanks precede it on its line.
    pub own_line: bool,
}

impl File {
    /// The import declarations, which come before all others.
    pub fn imports(&self) -> impl Iterator<Item = &ImportDecl> {
        self.decls.iter().filter_map(|d| match d {
            Decl::Import(d) => Some(d),
            _ => None,
        })
    }
}
