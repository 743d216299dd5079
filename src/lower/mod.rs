//! Checked syntax to SSA.
//!
//! ```text
//! Checked ─▶ Source (functions by name) ─▶ Cx ─┬─ func: bodies, literals, instances ─▶ ir::Func
//!                                                         ├─ static_init, init: variables      ─▶ object::Data, pkg.init
//!                                                         └─ typedesc, itab, eq_hash, wrappers ─▶ object::Data, ir::Func
//! ```
//!
//! # What holds
//! - Every construct of the language is lowered or panics with words: nothing is passed over.
//! - Strings, slices, interfaces, complex numbers and structs of up to four scalars are kept in SSA form; what is larger is
//!   handled by address (`val.rs`).
//! - Generic functions are lowered once for each list of concrete type arguments, into the unit that asks for them.
//! - The output depends on the package's source, its imports' interfaces and the target alone, and comes in source order.

mod arith;
mod builtin;
mod builtin_spread;
mod call;
mod closure;
mod composite;
mod consts;
mod convert;
mod cx;
mod embed;
pub mod eq_hash;
mod expr;
mod func;
mod iface;
mod init;
pub mod intrinsics;
pub mod itab;
pub mod layout;
mod maps;
mod method_set;
pub mod names;
mod order;
mod place;
mod range;
mod rangefunc;
mod select;
mod shown_names;
mod source;
pub mod static_init;
mod stmt;
pub mod struct_offsets;
mod switch;
mod type_masks;
pub mod typedesc;
mod val;
mod vars;
mod wrappers;

pub use cx::{Cx, Env, Instance, is_runtime_pkg};
pub use embed::Embedded;
pub use source::Source;

use crate::ir;
use crate::types::Checked;

/// Lowers a package that has no errors.
pub fn lower<'a>(checked: &'a Checked, env: &'a Env<'a>) -> ir::Unit {
    let source = Source::new(checked);
    // The context borrows the source for as long as the tree lives, which outlasts this call.
    let source: &'a Source<'a> = Box::leak(Box::new(source));
    let mut cx = Cx::new(env, source);
    let init_funcs = init::lower_vars(&mut cx);
    init::lower_funcs(&mut cx, init_funcs)
}
