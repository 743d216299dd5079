//! Scopes and packages.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{OnceLock, RwLock};

use super::arena::intern;
use super::object::ObjRef;
use super::universe;

/// Names and what they stand for, inside some part of the source.
pub struct Scope {
    parent: Option<&'static Scope>,
    names: RwLock<BTreeMap<&'static str, ObjRef>>,
    is_package: bool,
}

impl Scope {
    pub fn new(parent: Option<&'static Scope>) -> &'static Scope {
        Scope::make(parent, false)
    }

    fn make(parent: Option<&'static Scope>, is_package: bool) -> &'static Scope {
        Box::leak(Box::new(Scope { parent, names: RwLock::default(), is_package }))
    }

    pub fn parent(&self) -> Option<&'static Scope> {
        self.parent
    }

    /// Adds `obj` unless its name is taken: then the holder of the name is returned.
    pub fn insert(&self, obj: ObjRef) -> Option<ObjRef> {
        let mut names = self.names.write().unwrap();
        if let Some(&other) = names.get(obj.name) {
            return Some(other);
        }
        names.insert(obj.name, obj);
        if self.is_package && obj.is_type_name() {
            obj.set_ordinal(0);
        }
        None
    }

    pub fn lookup(&self, name: &str) -> Option<ObjRef> {
        self.names.read().unwrap().get(name).copied()
    }

    /// Looks in the enclosing scopes as well, and says in which one the name was found.
    pub fn lookup_parent(&'static self, name: &str) -> Option<(&'static Scope, ObjRef)> {
        let mut scope = Some(self);
        while let Some(s) = scope {
            if let Some(obj) = s.lookup(name) {
                return Some((s, obj));
            }
            scope = s.parent;
        }
        None
    }

    /// In the order of the names.
    pub fn objects(&self) -> Vec<ObjRef> {
        self.names.read().unwrap().values().copied().collect()
    }

    pub fn len(&self) -> usize {
        self.names.read().unwrap().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A reference to a package. Copy it freely.
#[derive(Clone, Copy)]
pub struct PkgRef(&'static Package);

/// A package: its path, its name and what it declares.
pub struct Package {
    pub path: &'static str,
    name: OnceLock<&'static str>,
    pub scope: &'static Scope,
    imports: RwLock<Vec<PkgRef>>,
    complete: AtomicBool,
}

impl PkgRef {
    /// `name` may be empty and set later.
    pub fn new(path: &str, name: &str) -> PkgRef {
        let package = Package {
            path: intern(path),
            name: OnceLock::new(),
            scope: Scope::make(Some(universe::scope()), true),
            imports: RwLock::default(),
            complete: AtomicBool::new(false),
        };
        if !name.is_empty() {
            let _ = package.name.set(intern(name));
        }
        PkgRef(Box::leak(Box::new(package)))
    }

    pub fn name(self) -> &'static str {
        self.0.name.get().copied().unwrap_or("")
    }

    pub fn set_name(self, name: &str) {
        let _ = self.0.name.set(intern(name));
    }

    /// Directly imported packages, in the order of their paths.
    pub fn imports(self) -> Vec<PkgRef> {
        self.0.imports.read().unwrap().clone()
    }

    pub fn set_imports(self, mut imports: Vec<PkgRef>) {
        imports.sort_by_key(|p| p.path);
        *self.0.imports.write().unwrap() = imports;
    }

    /// Whether everything the package exports is there.
    pub fn is_complete(self) -> bool {
        self.0.complete.load(Ordering::Relaxed)
    }

    pub fn set_complete(self) {
        self.0.complete.store(true, Ordering::Relaxed);
    }
}

impl Deref for PkgRef {
    type Target = Package;

    fn deref(&self) -> &Package {
        self.0
    }
}

impl PartialEq for PkgRef {
    fn eq(&self, other: &PkgRef) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for PkgRef {}

impl Hash for PkgRef {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.0 as *const Package as usize).hash(state);
    }
}

impl fmt::Debug for PkgRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.path)
    }
}
