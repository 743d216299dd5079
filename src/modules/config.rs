//! What the answer depends on besides the files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::shelf::Shelved;
use crate::syntax::FileFacts;
use crate::target::Target;

/// `-mod=`
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ModMode {
    Mod,
    Readonly,
    Vendor,
}

impl ModMode {
    pub fn parse(text: &str) -> Option<ModMode> {
        match text {
            "mod" => Some(ModMode::Mod),
            "readonly" => Some(ModMode::Readonly),
            "vendor" => Some(ModMode::Vendor),
            _ => None,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Config {
    /// Absolute.
    pub goroot: PathBuf,
    pub target: Target,
    /// `-tags`
    pub tags: Vec<String>,
    /// Names of experiments that are on: `goexperiment.` tags.
    pub experiments: Vec<String>,
    /// None: `vendor` where there is a vendor directory, `readonly` elsewhere.
    pub mod_mode: Option<ModMode>,
    /// `-modfile`
    pub modfile: Option<PathBuf>,
    /// GOMODCACHE
    pub mod_cache: PathBuf,
    /// GOPROXY, for the words of the message when a module is missing.
    pub proxy: String,
    /// Apply the overlay to packages of the standard library: on in a build, off in `list`.
    pub overlay: bool,
    /// Leave out packages that are no commands: `run`, `build -o dir/`.
    pub main_only: bool,
    /// Code is made of every named package, not of commands only: each needs what the linker needs.
    pub objects: bool,
    /// Load what the tests of the named packages need as well: `test`.
    pub tests: bool,
}

/// Reads the head of a file: `scan::scan`, or a cache of it.
pub trait Facts: Sync {
    fn facts(&self, path: &Path, text: &Arc<[u8]>) -> Arc<FileFacts>;

    /// What the standard package's directory held when it was read before, if it still does.
    fn shelved(&self, _import_path: &str) -> Option<Shelved> {
        None
    }

    /// Keeps what was just read of a standard package; `looked` are the names of the files whose content counted.
    fn shelve(&self, _import_path: &str, _dir: &Path, _looked: &[String], _package: Shelved) {}
}

/// Calls a function for every file, with no cache.
pub struct ScanAll(pub fn(&[u8]) -> FileFacts);

impl Facts for ScanAll {
    fn facts(&self, _path: &Path, text: &Arc<[u8]>) -> Arc<FileFacts> {
        Arc::new((self.0)(text))
    }
}
