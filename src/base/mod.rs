//! The vocabulary every room shares: ids, places in the source, digests, encoding, diagnostics, the world.
//!
//! # What is not here
//! Anything that knows Go. A room above gives these words their meaning.

pub mod archive;
pub mod diag;
pub mod digest;
pub mod par;
pub mod span;
pub mod strings;
pub mod trace;
pub mod wire;
pub mod world;

pub use diag::{Diagnostic, Diagnostics, Severity};
pub use digest::{ContentId, Digest, Hasher, Key};
pub use span::{FileId, Pos, SourceFile, Sources};
pub use strings::{Interner, Strings};
pub use world::World;
