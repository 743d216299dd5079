//! A package's interface as bytes: what importers may know, and nothing else.
//!
//! The bytes hold every exported object and what these reach: unexported types with their fields and methods, constant
//! values, type parameters. No positions, no bodies, nothing of what other packages declare but its name. Equal
//! interfaces give equal bytes, whatever the ids and the order of work were, so that the digest of the bytes is the
//! interface's identity.
//!
//! ```text
//! Interface { magic "TIF1", strings: [bytes], packages: [path, name], tparams: [TParam], types: [Type], objects: [Object] }
//! TParam    { name, index, bound: type }                 bounds may mention any type
//! Type      { tag, … }                                   mentions earlier types only; named types by package and name
//! Object    { tag, name, ordinal, … }
//! ```
//! All numbers are LEB128; strings, packages, type parameters and types are mentioned by number. Package 0 is the
//! package itself.

mod decode;
mod encode;

pub use decode::{decode, mentioned_packages};
pub use encode::encode;

const MAGIC: &[u8; 4] = b"TIF1";

/// Tags of types.
mod tag {
    pub const PREDECLARED: u64 = 0;
    pub const NAMED: u64 = 1;
    pub const INSTANCE: u64 = 2;
    pub const TYPE_PARAM: u64 = 3;
    pub const ARRAY: u64 = 4;
    pub const SLICE: u64 = 5;
    pub const STRUCT: u64 = 6;
    pub const POINTER: u64 = 7;
    pub const TUPLE: u64 = 8;
    pub const SIGNATURE: u64 = 9;
    pub const INTERFACE: u64 = 10;
    pub const MAP: u64 = 11;
    pub const CHAN: u64 = 12;
    pub const UNION: u64 = 13;
}

/// Tags of objects.
mod object_tag {
    pub const CONST: u64 = 0;
    pub const VAR: u64 = 1;
    pub const FUNC: u64 = 2;
    pub const NAMED: u64 = 3;
    pub const ALIAS: u64 = 4;
}

/// Tags of constant values.
mod value_tag {
    pub const UNKNOWN: u64 = 0;
    pub const FALSE: u64 = 1;
    pub const TRUE: u64 = 2;
    pub const STRING: u64 = 3;
    pub const INT: u64 = 4;
    pub const RATIO: u64 = 5;
    pub const FLOAT: u64 = 6;
    pub const COMPLEX: u64 = 7;
}

/// What a signature says of its receiver.
mod recv_tag {
    pub const NONE: u64 = 0;
    pub const TYPE: u64 = 1;
    /// The interface literal that the method stands in.
    pub const INTERFACE: u64 = 2;
}

/// The number of predeclared types with fixed ids, `comparable` being the last.
const N_PREDECLARED: u32 = 32;
