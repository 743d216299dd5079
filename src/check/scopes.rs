//! Scopes inside a package: files, functions, blocks. The package's own scope and the universe belong to `types`.
//!
//! # What holds
//! A name is inserted when its declaration is done, and statements are checked in source order, so a lookup needs no
//! position: what is there is visible.

use rustc_hash::FxHashMap;

use super::Checker;
use crate::types::{self, ObjRef};

/// A scope of the package under check.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct ScopeId(u32);

pub(super) struct LocalScope {
    parent: Option<ScopeId>,
    pub children: Vec<ScopeId>,
    /// In order of insertion.
    pub names: Vec<ObjRef>,
    index: FxHashMap<&'static str, u32>,
    /// Of a function or function literal.
    pub is_func: bool,
}

/// From so many names on, a scope keeps an index of them.
const INDEXED: usize = 12;

#[derive(Default)]
pub(super) struct Scopes {
    list: Vec<LocalScope>,
}

impl Scopes {
    pub fn add(&mut self, parent: Option<ScopeId>, is_func: bool) -> ScopeId {
        let id = ScopeId(self.list.len() as u32);
        if let Some(parent) = parent {
            self.list[parent.0 as usize].children.push(id);
        }
        self.list.push(LocalScope {
            parent,
            children: Vec::new(),
            names: Vec::new(),
            index: FxHashMap::default(),
            is_func,
        });
        id
    }

    pub fn get(&self, id: ScopeId) -> &LocalScope {
        &self.list[id.0 as usize]
    }

    pub fn parent(&self, id: ScopeId) -> Option<ScopeId> {
        self.list[id.0 as usize].parent
    }

    pub fn lookup(&self, id: ScopeId, name: &str) -> Option<ObjRef> {
        let scope = &self.list[id.0 as usize];
        if scope.names.len() < INDEXED {
            return scope.names.iter().find(|obj| obj.name == name).copied();
        }
        scope.index.get(name).map(|&i| scope.names[i as usize])
    }

    /// Adds an object unless its name is taken: then the holder of the name is returned.
    pub fn insert(&mut self, id: ScopeId, obj: ObjRef) -> Option<ObjRef> {
        if let Some(other) = self.lookup(id, obj.name) {
            return Some(other);
        }
        let scope = &mut self.list[id.0 as usize];
        scope.names.push(obj);
        if scope.names.len() == INDEXED {
            scope.index = scope.names.iter().enumerate().map(|(i, o)| (o.name, i as u32)).collect();
        } else if scope.names.len() > INDEXED {
            scope.index.insert(obj.name, scope.names.len() as u32 - 1);
        }
        None
    }
}

impl Checker<'_> {
    pub(super) fn open_scope(&mut self) {
        let parent = self.env.scope;
        self.env.scope = Some(self.scopes.add(parent, false));
    }

    pub(super) fn close_scope(&mut self) {
        let scope = self.env.scope.expect("a scope is open");
        self.env.scope = self.scopes.parent(scope);
    }

    pub(super) fn scope(&self) -> ScopeId {
        self.env.scope.expect("declarations are checked inside a file's scope")
    }

    /// What a name means here, and the file scope it was found in if it was found there.
    pub(super) fn lookup_scope(&self, name: &str) -> Option<(ObjRef, Option<ScopeId>)> {
        let mut scope = self.env.scope;
        while let Some(id) = scope {
            let parent = self.scopes.parent(id);
            if parent.is_none() {
                // A file's scope lies inside the package's.
                if let Some(obj) = self.scopes.lookup(id, name) {
                    return Some((obj, Some(id)));
                }
            } else if let Some(obj) = self.scopes.lookup(id, name) {
                return Some((obj, None));
            }
            scope = parent;
        }
        let obj = self
            .pkg_names
            .get(name)
            .or_else(|| self.test_names.get(name))
            .copied()
            .or_else(|| types::universe::scope().lookup(name));
        obj.map(|obj| (obj, None))
    }

    pub(super) fn lookup(&self, name: &str) -> Option<ObjRef> {
        self.lookup_scope(name).map(|(obj, _)| obj)
    }
}
