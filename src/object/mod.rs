//! Symbols and code of one compiled package: what `codegen` writes and `link` reads.

mod data;

pub use data::{Data, DataMethod, DataReloc, DataRelocKind, Section};
