//! Symbols and code of one compiled package: what `codegen` writes and `link` reads.

mod code;
mod data;

pub use code::{Code, CodeFlags, CodeLoc, CodeReloc, CodeRelocKind, CodeSite};
pub use data::{Data, DataMethod, DataReloc, DataRelocKind, Section};
