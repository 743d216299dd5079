//! The vocabulary every room shares: ids, places in the source, digests, encoding, diagnostics, the world.
//!
//! # What is not here
//! Anything that knows Go. A room above gives these words their meaning.

pub mod diag;
pub mod span;

pub use diag::{Diagnostic, Diagnostics, Severity};
pub use span::{FileId, Pos, SourceFile, Sources};
