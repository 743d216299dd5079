//! What the checker found out: types, objects, scopes, constants, and the tables that tie them to the tree.
//!
//! ```text
//! Ty ──kind──▶ Kind ──obj──▶ ObjRef ──pkg──▶ PkgRef ──scope──▶ Scope ──lookup──▶ ObjRef ──ty──▶ Ty
//! ```
//! All of these are small copies that refer to data living as long as the process. Equality of `Ty` is equality of ids:
//! types are compared with [`identical`].

mod arena;
pub mod constant;
pub mod export;
mod identical;
mod info;
mod interface;
mod lookup;
mod named;
mod object;
mod predicates;
mod scope;
mod string;
mod subst;
#[cfg(test)]
mod tests;
mod ty;
mod type_set;
pub mod universe;

pub use crate::syntax::ast::ExprId;
pub use arena::{intern, intern_bytes};
pub use constant::Const;
pub use identical::{identical, identical_ignore_tags};
pub use info::{
    Checked, Info, Initializer, InstanceInfo, Mode, Selection, SelectionKind, Table, TypeAndValue,
};
pub use interface::Interface;
pub use lookup::{
    Found, Method, deref, has_invalid_embedded_fields, lookup_field_or_method, lookup_in, method_set,
};
pub use named::{Alias, Instance, Named, TypeParam, instantiate};
pub use object::{FuncInfo, Obj, ObjKind, ObjRef, VarInfo, VarKind, is_exported};
pub use predicates::{
    comparable_type, comparable_type_in_words, default_type, is_type_param, max_type, mentions,
};
pub use scope::{Package, PkgRef, Scope};
pub use string::{Qualifier, signature_string, term_set_string, type_string, type_string_noting};
pub use subst::{Subst, chan_dir_fits, fresh_tparams, instantiate_signature, rename_tparams};
pub use ty::{Array, Basic, BasicKind, Chan, ChanDir, Kind, Map, Signature, Struct, Term, Tuple, Ty, Union};
pub use type_set::{TermSet, TypeSet, TypeSetFault};
pub use universe::BuiltinId;
