//! SSA functions with a text form, a parser and a verifier: what `lower` makes and `optimize` and `codegen` take.
//!
//! ```text
//! Unit ─ funcs ─▶ Func ─ layout ─▶ Block ─ insts ─▶ Inst ─ op ─▶ Op ─ operands ─▶ Value
//!      └ datas ─▶ object::Data     (params: Values)     └ results: Values
//! ```
//!
//! # What holds
//! - A value has one of seven scalar types ([`Ty`]). Strings, slices, interfaces and small structs are several values;
//!   larger things live in memory.
//! - Control flow passes values by block parameters; the entry block's parameters are the function's.
//! - A [`Func`] holds nothing that a neighbour's edit could change: lines count from the function's own start, the names
//!   of files are in [`FuncMeta`].
//! - In a function with a `handler`, every call, check and faulting access may continue there; it reads memory only.
//!
//! The invariants in full are the checks of `verify.rs`.

mod builder;
mod entities;
mod func;
mod op;
mod parse;
mod text;
mod unit;
mod verify;

#[cfg(test)]
mod tests;

pub use builder::{Builder, drop_copies, drop_unreachable, resolve_aliases};
pub use entities::{Block, Inst, Loc, SigRef, Site, Slot, Sym, Ty, Value, Var};
pub use func::{
    Attrs, BlockData, CallConv, Func, FuncMeta, InstData, LocData, MethodUse, Signature, SiteData, SlotData,
    ValueData, ValueDef,
};
pub use op::{
    Alloc, BinOp, BlockCall, BoundsKind, Call, Callee, Conv, FloatCc, IntCc, MemFlags, Op, RmwOp, UnOp,
};
pub use parse::parse;
pub use unit::{InstanceRef, Unit, UnitFunc};
pub use verify::{Dominators, Fault, verify};
