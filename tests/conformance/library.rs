//! The standard library as the front end's suites import it: checked from source when it is first asked for.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use thermos::base::{FileId, Sources};
use thermos::check::{self, CheckUnit, GoVersion, Options};
use thermos::syntax;
use thermos::target;
use thermos::types::{Checked, PkgRef, universe};

use crate::select::{self, Target};

pub const TARGET: Target = Target { goos: "linux", goarch: "amd64" };

/// What one thread has checked so far.
pub struct Library {
    src: PathBuf,
    done: RefCell<HashMap<String, &'static Checked>>,
}

impl Library {
    pub fn new(goroot: &Path) -> Library {
        Library { src: goroot.join("src"), done: RefCell::default() }
    }

    /// The package that an import of the library means.
    pub fn import(&self, path: &str) -> Result<PkgRef, String> {
        if path == "unsafe" {
            return Ok(universe::unsafe_package());
        }
        if let Some(done) = self.done.borrow().get(path) {
            return Ok(done.package);
        }
        let vendored = format!("vendor/{path}");
        let dir = if self.src.join(&vendored).is_dir() { &vendored } else { path };
        let files = select::files(&self.src, dir, &TARGET);
        if files.is_empty() {
            return Err(format!("package {path} is not in std"));
        }
        let mut sources = Sources::default();
        let mut trees = Vec::new();
        for (i, (name, text)) in files.iter().enumerate() {
            let parsed = syntax::parse(FileId(i as u32), name, text);
            sources.add(parsed.source);
            trees.push(parsed.file);
        }
        let options = Options { allows_missing_bodies: true, standard: true, ..Options::default() };
        let version = GoVersion::parse("go1.27");
        let checked = self.check(path, trees, sources, version, options, &|path| self.import(path));
        // Types live as long as the process; so may the trees that go with them.
        let checked: &'static Checked = Box::leak(Box::new(checked));
        self.done.borrow_mut().insert(path.to_owned(), checked);
        Ok(checked.package)
    }

    /// The source of a package that was imported.
    pub fn source_of(&self, path: &str) -> Option<&'static Checked> {
        self.done.borrow().get(path).copied()
    }

    pub fn check(
        &self,
        path: &str,
        files: Vec<syntax::ast::File>,
        sources: Sources,
        go_version: Option<GoVersion>,
        options: Options,
        importer: &dyn Fn(&str) -> Result<PkgRef, String>,
    ) -> Checked {
        let sizes = target::Target::new(TARGET.goos, TARGET.goarch).expect("a known target").sizes();
        check::check(CheckUnit { path, files, sources, importer, go_version, sizes, options })
    }
}
