//! What one build holds in memory: the package graph and, per package, what was made of it so far.
//!
//! Stages take content and ids; what they need besides (types of imports, syntax of generic functions)
//! is found here, and made when first asked for. Two ways lead to the same types: a package that was
//! just checked has them, one that came from the store is read from its interface.
//!
//! # What holds
//! - Checked packages live as long as the process, as the types do that they mention.
//! - What is made here is determined by content that the asking stage has in its key.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::base::{ContentId, Diagnostics, FileId, Sources, World};
use crate::check::{self, CheckUnit};
use crate::modules::{self, File, Graph, Package, PackageId};
use crate::store::Store;
use crate::syntax::{self, ast};
use crate::target::Target;
use crate::types::{self, Checked, PkgRef, export};

/// The build's packages.
pub struct Workspace {
    pub graph: Graph,
    pub target: Target,
    pub goroot: PathBuf,
    store: Arc<Store>,
    world: Arc<dyn World>,
    slots: Vec<Slot>,
    by_path: BTreeMap<String, PackageId>,
}

#[derive(Default)]
struct Slot {
    checked: OnceLock<&'static Checked>,
    types: OnceLock<PkgRef>,
    /// The encoded interface, once the package's stage is done.
    interface: OnceLock<ContentId>,
}

impl Workspace {
    pub fn new(
        graph: Graph,
        target: Target,
        goroot: &Path,
        store: Arc<Store>,
        world: Arc<dyn World>,
    ) -> Workspace {
        let slots = graph.packages.iter().map(|_| Slot::default()).collect();
        let path_of = |i: usize| (symbol_path(&graph.packages[i]).to_owned(), PackageId(i));
        let by_path = (0..graph.packages.len()).map(path_of).collect();
        Workspace { slots, by_path, graph, target, goroot: goroot.to_path_buf(), store, world }
    }

    pub fn package(&self, id: PackageId) -> &Package {
        self.graph.get(id)
    }

    /// The package whose symbols begin with `path`.
    pub fn find(&self, path: &str) -> Option<PackageId> {
        self.by_path.get(path).copied()
    }

    /// Says where the package's interface is, so that its types need no checking.
    pub fn set_interface(&self, id: PackageId, interface: ContentId) {
        let _ = self.slots[id.0].interface.set(interface);
    }

    /// The package with its syntax and all that the checker found.
    pub fn checked(&self, id: PackageId) -> &'static Checked {
        self.slots[id.0].checked.get_or_init(|| Box::leak(Box::new(self.check(id))))
    }

    /// The package's types.
    pub fn types(&self, id: PackageId) -> PkgRef {
        let slot = &self.slots[id.0];
        if let Some(checked) = slot.checked.get() {
            return checked.package;
        }
        *slot.types.get_or_init(|| self.decoded(id).unwrap_or_else(|| self.checked(id).package))
    }

    fn decoded(&self, id: PackageId) -> Option<PkgRef> {
        let bytes = self.store.read(*self.slots[id.0].interface.get()?)?;
        let importer = |path: &str| self.import(path);
        export::decode(&bytes, &importer).ok()
    }

    /// The types of the package with that path.
    fn import(&self, path: &str) -> Result<PkgRef, String> {
        if path == "unsafe" {
            return Ok(types::universe::unsafe_package());
        }
        let id = self.find(path).ok_or_else(|| format!("could not import {path} (not found)"))?;
        Ok(self.types(id))
    }

    /// What is compiled of a file.
    ///
    /// # Panics
    /// If the library's file is not what it was when the graph was loaded.
    pub fn text(&self, id: PackageId, file: &File) -> Arc<[u8]> {
        modules::read_later(&*self.world, &self.package(id).import_path, file)
            .unwrap_or_else(|e| panic!("{e}"))
    }

    fn check(&self, id: PackageId) -> Checked {
        let package = self.package(id);
        let mut sources = Sources::default();
        let mut files = Vec::new();
        let mut diags = Diagnostics::default();
        for (number, file) in package.files.iter().enumerate() {
            let parsed = syntax::parse(FileId(number as u32), &file.name, &self.text(id, file));
            files.push(parsed.file);
            sources.add(parsed.source);
            diags.extend(parsed.diags);
        }
        let importer = |path: &str| -> Result<PkgRef, String> {
            if path == "unsafe" {
                return Ok(types::universe::unsafe_package());
            }
            let id =
                package.imports.get(path).ok_or_else(|| format!("could not import {path} (not found)"))?;
            Ok(self.types(*id))
        };
        let options = check::Options {
            // The runtime's own functions without bodies are natives, or come by linkname.
            allows_missing_bodies: package.standard || package.has_asm(),
            standard: package.standard,
            ..check::Options::default()
        };
        let mut checked = check::check(CheckUnit {
            path: symbol_path(package),
            files,
            sources,
            importer: &importer,
            go_version: check::GoVersion::parse(&package.go_version),
            sizes: self.target.sizes(),
            options,
        });
        let found = std::mem::take(&mut checked.diags);
        checked.diags = check::with_parser_messages(diags, found, &checked.sources);
        checked
    }
}

/// What symbols of the package begin with: `main` for a command.
pub fn symbol_path(package: &Package) -> &str {
    if package.name == "main" && !package.as_library { "main" } else { &package.import_path }
}

/// Whether importers may lower bodies of this package: those of generic functions and methods.
pub fn has_generics(checked: &Checked) -> bool {
    checked.files.iter().flat_map(|file| &file.decls).any(|decl| match decl {
        ast::Decl::Type(decl) => !decl.tparams.is_empty(),
        ast::Decl::Func(decl) => !decl.tparams.is_empty(),
        _ => false,
    })
}

/// For every package the ones it is built on.
#[derive(Default)]
pub struct Closures {
    /// One bit per package.
    sets: Vec<Vec<u64>>,
}

impl Closures {
    /// All compiled code calls into the runtime: the runtime and what it is built on are below every other package.
    pub fn new(graph: &Graph) -> Closures {
        let n = graph.packages.len();
        let mut sets: Vec<Vec<u64>> = Vec::with_capacity(n);
        for package in &graph.packages {
            let mut set = vec![0u64; n.div_ceil(64)];
            for id in package.imports.values().filter(|id| id.0 < sets.len()) {
                set.iter_mut().zip(&sets[id.0]).for_each(|(to, from)| *to |= from);
                set[id.0 / 64] |= 1 << (id.0 % 64);
            }
            sets.push(set);
        }
        if let Some(runtime) = graph.packages.iter().position(|package| package.import_path == "runtime") {
            let mut below = sets[runtime].clone();
            below[runtime / 64] |= 1 << (runtime % 64);
            for (i, set) in sets.iter_mut().enumerate() {
                if below[i / 64] >> (i % 64) & 1 == 0 {
                    set.iter_mut().zip(&below).for_each(|(to, from)| *to |= from);
                }
            }
        }
        Closures { sets }
    }

    /// Whether `package` is built on `other`.
    pub fn sees(&self, package: PackageId, other: PackageId) -> bool {
        self.sets.get(package.0).is_some_and(|set| set[other.0 / 64] >> (other.0 % 64) & 1 != 0)
    }

    /// All the packages it is built on.
    pub fn below(&self, package: PackageId) -> impl Iterator<Item = PackageId> {
        let set = &self.sets[package.0];
        (0..self.sets.len()).filter(|i| set[i / 64] >> (i % 64) & 1 != 0).map(PackageId)
    }
}
