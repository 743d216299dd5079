//! The package graph: what the later stages are given.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::base::ContentId;
use crate::syntax::{FileFacts, Place};

/// An index into [`Graph::packages`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PackageId(pub usize);

#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// Dependencies first.
    pub packages: Vec<Package>,
    /// Those the patterns name, in go's order.
    pub roots: Vec<PackageId>,
    /// Lines for stderr that stop nothing.
    pub warnings: Vec<String>,
    /// The main module, if there is one.
    pub main_module: Option<Arc<Module>>,
    /// With tests: what every test program imports, by path.
    pub test_support: BTreeMap<String, PackageId>,
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Module {
    pub path: String,
    /// Empty for the main module and for directories.
    pub version: String,
    pub dir: PathBuf,
    pub go_mod: Option<PathBuf>,
    /// `1.21`; empty when go.mod does not say.
    pub go_version: String,
    pub main: bool,
    pub indirect: bool,
    /// What stands in for it: a path or a module, and the version (empty for a path).
    pub replace: Option<(String, String)>,
    /// `h1:…` from go.sum.
    pub sum: String,
}

#[derive(Clone, Debug, Default)]
pub struct Package {
    /// `command-line-arguments` for files given by name.
    pub import_path: String,
    pub dir: PathBuf,
    pub name: String,
    /// Part of the standard library, or of `cmd`.
    pub standard: bool,
    /// None in the standard library, and for files outside a module.
    pub module: Option<Arc<Module>>,
    /// The language version, `go1.27`.
    pub go_version: String,
    /// The Go files to compile, by name, the overlay's own last.
    pub files: Vec<File>,
    /// As written in the source, `C` and `unsafe` included, to the package meant. The keys are in order.
    pub imports: BTreeMap<String, PackageId>,
    /// What a command needs although it does not import it: `runtime`.
    pub implicit: Vec<PackageId>,
    pub embeds: EmbedSet,
    /// Names of files not compiled here, by kind.
    pub ignored_files: Vec<String>,
    pub invalid_files: Vec<String>,
    pub test_files: Vec<String>,
    pub xtest_files: Vec<String>,
    pub cgo_files: Vec<String>,
    pub asm_files: Vec<String>,
    pub other_files: Vec<String>,
    /// With tests: those of the package itself, and those of the package `_test` beside it.
    pub tests: Tests,
    pub xtests: Tests,
    /// The package whose test program this one was made for, or made again for: `q [p.test]`.
    pub for_test: Option<String>,
    /// A command that is linked into a test program as a library.
    pub as_library: bool,
    /// The patterns that named it.
    pub matches: Vec<String>,
    /// Nothing named it: it is here because something imports it.
    pub dep_only: bool,
    /// Built from files named on the command line.
    pub from_files: bool,
    /// The package or something below it has an error.
    pub incomplete: bool,
    pub error: Option<LoadError>,
}

#[derive(Clone, Debug)]
pub struct File {
    pub name: String,
    /// None: the overlay's own file.
    pub path: Option<PathBuf>,
    /// What is compiled: the file, with the overlay's changes.
    pub text: Text,
    pub facts: Arc<FileFacts>,
}

/// The text of a file: at hand, or known by its id and read when it is asked for (see [`super::read_later`]).
#[derive(Clone, Debug)]
pub enum Text {
    Here(Arc<[u8]>),
    Later(ContentId),
}

impl Text {
    pub fn content(&self) -> ContentId {
        match self {
            Text::Here(text) => ContentId::of(text),
            Text::Later(content) => *content,
        }
    }
}

/// Test files with what they need besides the package.
#[derive(Clone, Debug, Default)]
pub struct Tests {
    pub files: Vec<File>,
    pub imports: BTreeMap<String, PackageId>,
    pub embeds: EmbedSet,
    /// What is wrong with an import or an embedded file of theirs.
    pub error: Option<LoadError>,
}

/// Files of `//go:embed`, by the pattern as written.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct EmbedSet {
    /// Names relative to the package's directory, with slashes, in order.
    pub patterns: BTreeMap<String, Vec<String>>,
}

impl EmbedSet {
    /// Every file once, in order.
    pub fn files(&self) -> Vec<&str> {
        let mut files: Vec<&str> = self.patterns.values().flatten().map(String::as_str).collect();
        files.sort_unstable();
        files.dedup();
        files
    }
}

/// Why a package could not be loaded.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LoadError {
    /// From a package that was named to this one, each with where it is imported (`a.go:3:8`).
    pub stack: Vec<(String, Option<String>)>,
    /// `a.go:3:8`; empty if there is no one place.
    pub pos: String,
    pub text: String,
    pub is_cycle: bool,
    pub always_stack: bool,
    /// The path that `text` names already.
    pub import_path: Option<String>,
}

impl std::fmt::Display for LoadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.pos.is_empty() && (self.stack.is_empty() || !self.always_stack) {
            return write!(f, "{}: {}", self.pos, self.text);
        }
        if self.stack.is_empty() {
            return f.write_str(&self.text);
        }
        f.write_str("package ")?;
        for (i, (path, pos)) in self.stack.iter().enumerate() {
            if i > 0 {
                f.write_str("\n\timports ")?;
            }
            f.write_str(path)?;
            if let (true, Some(pos)) = (self.is_cycle, pos) {
                // Only the file's name: what counts in a cycle is who imports whom.
                let file = pos.split(':').next().unwrap_or(pos);
                let name = file.rsplit('/').next().unwrap_or(file);
                write!(f, " from {name}")?;
            }
        }
        if !self.pos.is_empty() {
            write!(f, "\n\t{}", self.pos)?;
        }
        write!(f, ": {}", self.text)
    }
}

impl Graph {
    pub fn get(&self, id: PackageId) -> &Package {
        &self.packages[id.0]
    }

    /// Every error, in the order go prints them.
    pub fn errors(&self) -> impl Iterator<Item = &LoadError> {
        self.packages.iter().filter_map(|package| package.error.as_ref())
    }
}

impl Package {
    /// The path as messages show it: `q [p.test]` for one made for the test of `p`.
    pub fn shown_path(&self) -> String {
        match &self.for_test {
            Some(tested) => format!("{} [{tested}.test]", self.import_path),
            None => self.import_path.clone(),
        }
    }

    /// Whether a function may be declared without a body: assembly could define it.
    pub fn has_asm(&self) -> bool {
        !self.asm_files.is_empty()
    }

    /// What go calls the executable: the last element of the import path that is no version, or the first file.
    pub fn default_exec_name(&self) -> String {
        if self.from_files {
            let first = self.files.first().map_or("", |file| file.name.as_str());
            return first.strip_suffix(".go").unwrap_or(first).to_owned();
        }
        let mut elements = self.import_path.rsplit('/');
        let last = elements.next().unwrap_or_default();
        // `example.com/tool/v2` is called `tool`, but `v2` alone is a name.
        // `v05` and `v1` are no versions of that kind.
        let is_version = last.len() > 1
            && last.starts_with('v')
            && last[1..].bytes().all(|b| b.is_ascii_digit())
            && !last.starts_with("v0")
            && last != "v1";
        match elements.next() {
            Some(previous) if is_version => previous.to_owned(),
            _ => last.to_owned(),
        }
    }

    /// The place of an import, as in messages.
    pub fn import_places(&self, path: &str) -> Vec<(String, Place)> {
        let of_file = |file: &File| -> Option<(String, Place)> {
            let import = file.facts.imports.iter().find(|import| import.path == path)?;
            Some((file.name.clone(), import.at))
        };
        self.files.iter().filter_map(of_file).collect()
    }
}
