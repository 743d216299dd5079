//! Symbols and code of one compiled package: what `codegen` writes and `link` reads.

mod code;
mod data;
mod numbered;

pub use code::{Code, CodeFlags, CodeLoc, CodeReloc, CodeRelocKind, CodeSite};
pub use data::{Data, DataMethod, DataReloc, DataRelocKind, Section};
pub use numbered::{NumberedCode, NumberedData, NumberedReloc};
