//! All methods of a type, promoted ones included, with the way to each.

use super::layout;
use crate::types::{Kind, ObjRef, Ty};

/// A method and how to get from a value to its receiver.
#[derive(Clone, Debug)]
pub(crate) struct Method {
    /// For instantiated types the instance's own.
    pub obj: ObjRef,
    /// Fields to follow; each is embedded in the one before.
    pub path: Vec<usize>,
    /// Whether a pointer is followed on the way.
    pub indirect: bool,
    /// The type that has the method: a named type, or an interface.
    pub owner: Ty,
}

impl Method {
    /// Whether the method needs its receiver's address, and so is not in the method set of a plain value.
    pub fn needs_pointer(&self) -> bool {
        self.obj.ptr_recv() && !self.indirect
    }
}

/// The methods of `*T` for `ty` = T (those that need a pointer say so), in the order of method tables.
///
/// None for pointers and interfaces: nobody may declare methods on them.
pub(crate) fn methods_of(ty: Ty) -> Vec<Method> {
    let ty = ty.unalias();
    if matches!(ty.under(), Kind::Pointer(_) | Kind::Interface(_)) {
        return Vec::new();
    }
    let mut found: Vec<Method> = Vec::new();
    // Names at the depth where they were seen first; fields hide methods.
    let mut taken: Vec<(String, usize)> = Vec::new();
    let mut seen: Vec<Ty> = Vec::new();
    let mut level = vec![(ty, Vec::new(), false, 1usize)];
    while !level.is_empty() {
        let mut here: Vec<(String, Option<Method>, usize)> = Vec::new();
        let mut next: Vec<(Ty, Vec<usize>, bool, usize)> = Vec::new();
        for (at, path, indirect, times) in level {
            if let Some(named) = at.as_named() {
                if seen.iter().any(|s| *s == at || crate::types::identical(*s, at)) {
                    continue;
                }
                seen.push(at);
                for obj in named.methods() {
                    let method = Method { obj, path: path.clone(), indirect, owner: at };
                    here.push((obj.id(), Some(method), times));
                }
            }
            match at.under() {
                Kind::Struct(s) => {
                    for (i, field) in s.fields.iter().enumerate() {
                        here.push((field.id(), None, times));
                        if !field.is_embedded() {
                            continue;
                        }
                        let field_ty = field.typ().unalias();
                        let (base, pointer) = match field_ty.kind() {
                            Kind::Pointer(elem) => (elem.unalias(), true),
                            _ => (field_ty, false),
                        };
                        let mut path = path.clone();
                        path.push(i);
                        next.push((base, path, indirect || pointer, times));
                    }
                }
                Kind::Interface(_) => {
                    for obj in layout::iface_methods(at) {
                        let method = Method { obj, path: path.clone(), indirect: true, owner: at };
                        here.push((obj.id(), Some(method), times));
                    }
                }
                _ => {}
            }
        }
        settle(here, &mut taken, &mut found);
        level = merge(next);
    }
    // A generic method has no place in a table, nor in an interface: it is only ever called by name.
    found.retain(|m| m.obj.typ().as_signature().is_none_or(|sig| sig.tparams.is_empty()));
    found.sort_by_key(|m| {
        (!m.obj.exported(), m.obj.name, if m.obj.exported() { "" } else { m.obj.pkg.map_or("", |p| p.path) })
    });
    found
}

/// Takes over the names of one depth: what is there once and was not seen before.
fn settle(
    here: Vec<(String, Option<Method>, usize)>,
    taken: &mut Vec<(String, usize)>,
    found: &mut Vec<Method>,
) {
    let known = taken.len();
    let mut fresh: Vec<Method> = Vec::new();
    for (id, method, times) in here {
        if id == "_" || id.ends_with("._") || taken[..known].iter().any(|(t, _)| *t == id) {
            continue;
        }
        match taken[known..].iter_mut().find(|(t, _)| *t == id) {
            Some((_, n)) => *n += times,
            None => taken.push((id, times)),
        }
        fresh.extend(method);
    }
    for method in fresh {
        let id = method.obj.id();
        if taken[known..].iter().any(|(t, n)| *t == id && *n == 1) {
            found.push(method);
        }
    }
}

/// One entry per type: what is embedded several times at one depth gives only ambiguous names.
fn merge(next: Vec<(Ty, Vec<usize>, bool, usize)>) -> Vec<(Ty, Vec<usize>, bool, usize)> {
    let mut out: Vec<(Ty, Vec<usize>, bool, usize)> = Vec::new();
    for entry in next {
        match out.iter_mut().find(|have| have.0 == entry.0 || crate::types::identical(have.0, entry.0)) {
            Some(have) => have.3 += entry.3,
            None => out.push(entry),
        }
    }
    out
}
