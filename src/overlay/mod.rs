//! The Go files we ship inside the binary, and what they replace.
//!
//! The standard library is compiled from a GOROOT as it is, except where a package rests on assembly or on
//! habits of the gc compiler. For such a package a [`Rules`] says which files to select, which declarations
//! of ours stand in for the original ones and which few words change.
//!
//! ```text
//! GOROOT/src/runtime/stack.go ──patch──▶ the same text, replaced declarations blanked, every line in its place
//! overlay/go/runtime/*.go     ─────────▶ added to the package as further files
//! ```
//!
//! # What holds
//! - A declaration in one of our files replaces the one of the same name; nothing else has to be listed.
//! - Patching keeps line numbers: blanked text becomes spaces, changed words stay on their line.
//! - An edit that finds nothing to edit is a fault, never silence: the GOROOT is then not the one we know.
//! - Everything here is part of the compiler's identity, hence of every key.
//!
//! # To replace a function of the standard library
//! 1. Declare it in `go/<import path>/`. 2. Embed a new file in `manifest.rs`. 3. Try it with the reference
//!    toolchain: `THERMOS_OVERLAY_OUT=<dir> cargo test overlay -- --ignored` writes an `-overlay` file for `go build`.

mod decls;
mod manifest;
mod patch;

#[cfg(test)]
mod tests;

pub use manifest::{EXPERIMENTS, RULES};
pub use patch::{OverlayFault, patch};

/// One Go file of ours, added to a package.
#[derive(Debug, Clone, Copy)]
pub struct File {
    /// Name inside the package's directory. Its GOOS and GOARCH suffixes count as always.
    pub name: &'static str,
    /// The whole source text.
    pub text: &'static str,
}

/// One small change to an original declaration.
#[derive(Debug, Clone, Copy)]
pub enum Edit {
    /// Gives a constant or a variable another initial value.
    Value { file: &'static str, name: &'static str, value: &'static str },
    /// Appends fields to a struct type, written as on one line.
    Fields { file: &'static str, name: &'static str, fields: &'static str },
    /// Replaces every occurrence of some words inside one declaration.
    Words { file: &'static str, decl: &'static str, find: &'static str, with: &'static str },
    /// Removes every declaration of that name from one file.
    Drop { file: &'static str, name: &'static str },
}

impl Edit {
    /// The original file this edit belongs to.
    pub fn file(&self) -> &'static str {
        match self {
            Edit::Value { file, .. }
            | Edit::Fields { file, .. }
            | Edit::Words { file, .. }
            | Edit::Drop { file, .. } => file,
        }
    }
}

/// How one package of the standard library differs from what its GOROOT holds.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// The import path the rules are for.
    pub import_path: &'static str,
    /// Build tags satisfied in this package beside the usual ones.
    pub tags: &'static [&'static str],
    /// Selects files as for an architecture without assembly: `GOARCH`, as tag and as file name suffix,
    /// then is [`NO_ARCH`].
    pub no_arch: bool,
    /// Files left out although their constraints hold.
    pub drop_files: &'static [&'static str],
    /// Files taken although their constraints do not hold.
    pub add_files: &'static [&'static str],
    /// Changes to original declarations.
    pub edits: &'static [Edit],
    /// Our own files.
    pub files: &'static [File],
}

/// The architecture's name in packages selected with [`Rules::no_arch`]: one no constraint mentions.
pub const NO_ARCH: &str = "thermos";

/// How far above the end of a stack its functions still check: `stackGuard` of package runtime.
pub const STACK_GUARD: u32 = 32 << 10;

/// The rules of a package of the standard library, if it has any.
pub fn rules(import_path: &str) -> Option<&'static Rules> {
    RULES.iter().find(|rules| rules.import_path == import_path)
}
