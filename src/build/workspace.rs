//! What one build holds in memory: the package graph and, per package, what was made of it so far.
//!
//! Stages take content and ids; what they need besides (types of imports, syntax of generic functions)
//! is found here, and made when first asked for. Two ways lead to the same types: a package that was
//! just checked has them, one that came from the store is read from its interface or checked again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::base::{FileId, Sources};
use crate::check::{self, CheckUnit};
use crate::modules::{Graph, Package, PackageId};
use crate::syntax;
use crate::target::Target;
use crate::types::{Checked, PkgRef};

/// The build's packages.
pub struct Workspace {
    pub graph: Graph,
    pub target: Target,
    pub goroot: PathBuf,
    slots: Vec<OnceLock<Arc<Checked>>>,
    by_path: BTreeMap<String, PackageId>,
}

impl Workspace {
    pub fn new(graph: Graph, target: Target, goroot: &Path) -> Workspace {
        let slots = graph.packages.iter().map(|_| OnceLock::new()).collect();
        let by_path = (0..graph.packages.len())
            .map(|i| (symbol_path(&graph.packages[i]).to_owned(), PackageId(i)))
            .collect();
        Workspace { graph, target, goroot: goroot.to_path_buf(), slots, by_path }
    }

    pub fn package(&self, id: PackageId) -> &Package {
        self.graph.get(id)
    }

    /// The package whose symbols begin with `path`.
    pub fn find(&self, path: &str) -> Option<PackageId> {
        self.by_path.get(path).copied()
    }

    /// The package with its syntax and all that the checker found.
    pub fn checked(&self, id: PackageId) -> Arc<Checked> {
        self.slots[id.0].get_or_init(|| Arc::new(self.check(id))).clone()
    }

    /// The package's types.
    pub fn types(&self, id: PackageId) -> PkgRef {
        self.checked(id).package
    }

    fn check(&self, id: PackageId) -> Checked {
        let package = self.package(id);
        let mut sources = Sources::default();
        let mut files = Vec::new();
        let mut diags = crate::base::Diagnostics::default();
        for (number, file) in package.files.iter().enumerate() {
            let parsed = syntax::parse(FileId(number as u32), &file.name, &file.text);
            files.push(parsed.file);
            sources.add(parsed.source);
            diags.extend(parsed.diags);
        }
        let importer = |path: &str| -> Result<PkgRef, String> {
            if path == "unsafe" {
                return Ok(crate::types::universe::unsafe_package());
            }
            let id =
                package.imports.get(path).ok_or_else(|| format!("could not import {path} (not found)"))?;
            Ok(self.types(*id))
        };
        let options = check::Options {
            // The runtime's own functions without bodies are natives, or come by linkname.
            allows_missing_bodies: package.standard || package.has_asm(),
            ..check::Options::default()
        };
        let broken = diags.has_errors();
        let mut checked = check::check(CheckUnit {
            path: symbol_path(package),
            files,
            sources,
            importer: &importer,
            go_version: check::GoVersion::parse(&package.go_version),
            sizes: self.target.sizes(),
            options,
        });
        // gc does not check a package it could not parse.
        if broken {
            checked.diags = diags;
        } else {
            diags.extend(std::mem::take(&mut checked.diags));
            checked.diags = diags;
        }
        checked
    }
}

/// What symbols of the package begin with: `main` for a command.
pub fn symbol_path(package: &Package) -> &str {
    if package.name == "main" { "main" } else { &package.import_path }
}
