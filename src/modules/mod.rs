//! go.mod files and directories to an exact list of packages and files.
//!
//! ```text
//! patterns ──pattern──▶ import paths ──resolve──▶ directories ──select──▶ files ──facts──▶ imports ─┐
//!                                        ▲                                                          │
//!                                        └──────────────────────────────────────────────────────────┘
//! ```
//!
//! # What holds
//! - The answer depends on the configuration and on what [`crate::base::World`] shows, on nothing else.
//! - Packages are in post-order: a package comes after all it imports, the order in which go reports their errors.
//! - Mistakes are in the graph, in go's words; [`Fatal`] is what stops go before it has a graph.
//!
//! # What is not here
//! Reading a file's head (`scan`): the caller gives a [`Facts`], so that it can be cached.
//! Downloading modules.

mod config;
mod dir;
mod embed;
mod error;
mod gomod;
mod graph;
mod load;
mod matching;
mod package;
mod pattern;
mod resolve;
mod roots;
mod select;
mod shelf;
mod sums;
mod test_variant;
mod vendor;
mod version;

#[cfg(test)]
mod tests;

pub use config::{Config, Facts, ModMode, ScanAll};
pub use error::Fatal;
pub use gomod::{GoMod, parse as parse_go_mod};
pub use load::load;
pub use package::{EmbedSet, File, Graph, LoadError, Module, Package, PackageId, Tests, Text};
pub use roots::{find_go_mod, module_root};
pub use select::Selection;
pub use shelf::{Shelved, ShelvedFile, read_later};
pub use test_variant::{TEST_MAIN, only, test_program};
pub use version::{compare_semver as compare_versions, is_canonical_semver as is_version};
