//! Finding fields and methods by name, through embedded fields; method sets.

use super::identical::identical;
use super::object::ObjRef;
use super::scope::PkgRef;
use super::ty::{Kind, Ty};

/// What a selector finds.
///
/// Without an object, a non-empty `index` leads to a place where the name is ambiguous, and `indirect` says that a
/// method exists but needs a pointer receiver.
#[derive(Clone, Debug, Default)]
pub struct Found {
    pub obj: Option<ObjRef>,
    /// Fields to follow; the last number is the field, or the method's place among the methods of its type.
    pub index: Vec<u32>,
    /// A pointer was followed on the way.
    pub indirect: bool,
}

/// Looks for field or method `name`, as seen from `pkg`, in `ty` or what it embeds. `addressable`: methods with
/// pointer receivers may be called on the value itself. `fold_case`: ignore case, to find what may have been meant.
pub fn lookup_field_or_method(
    ty: Ty,
    addressable: bool,
    pkg: Option<PkgRef>,
    name: &str,
    fold_case: bool,
) -> Found {
    // A defined pointer type has the fields of what it points to, but not the methods.
    if ty.as_named().is_some()
        && let Kind::Pointer(_) = ty.under()
    {
        let found = lookup_in(ty.underlying(), false, pkg, name, fold_case);
        return if found.obj.is_some_and(ObjRef::is_func) { Found::default() } else { found };
    }
    lookup_in(ty, addressable, pkg, name, fold_case)
}

/// An embedded type at the depth being searched.
struct Embedded {
    ty: Ty,
    index: Vec<u32>,
    indirect: bool,
    /// The type occurs several times at this depth, so whatever is found in it is ambiguous.
    multiple: bool,
}

/// As [`lookup_field_or_method`], without the rule for defined pointer types.
pub fn lookup_in(ty: Ty, addressable: bool, pkg: Option<PkgRef>, name: &str, fold_case: bool) -> Found {
    if name == "_" {
        return Found::default();
    }
    let (base, is_pointer) = deref(ty);
    // Pointers to interfaces have no methods.
    if is_pointer && matches!(base.under(), Kind::Interface(_)) {
        return Found::default();
    }
    let mut current = vec![Embedded { ty: base, index: Vec::new(), indirect: is_pointer, multiple: false }];
    let mut seen: Vec<Ty> = Vec::new();
    while !current.is_empty() {
        let mut level = Level { pkg, name, fold_case, found: None, next: Vec::new() };
        for embedded in &current {
            if embedded.ty.as_named().is_some() {
                // What a shallower depth has shown is hidden here.
                if seen.iter().any(|&s| identical(s, embedded.ty)) {
                    continue;
                }
                seen.push(embedded.ty);
            }
            if let Err(index) = level.search(embedded) {
                return Found { obj: None, index, indirect: false };
            }
        }
        if let Some(found) = level.found {
            let needs_pointer = found.obj.is_some_and(|o| o.is_func() && o.ptr_recv());
            if needs_pointer && !found.indirect && !addressable {
                return Found { obj: None, index: Vec::new(), indirect: true };
            }
            return found;
        }
        current = merged(level.next);
    }
    Found::default()
}

struct Level<'a> {
    pkg: Option<PkgRef>,
    name: &'a str,
    fold_case: bool,
    found: Option<Found>,
    next: Vec<Embedded>,
}

impl Level<'_> {
    /// The error is the way to a second object of that name at the same depth.
    fn search(&mut self, embedded: &Embedded) -> Result<(), Vec<u32>> {
        if let Some(named) = embedded.ty.as_named()
            && let Some((i, method)) = named.find_method(self.pkg, self.name, self.fold_case)
        {
            return self.take(embedded, i, method);
        }
        match embedded.ty.under() {
            Kind::Struct(s) => {
                for (i, field) in s.fields.iter().enumerate() {
                    if field.same_id(self.pkg, self.name, self.fold_case) {
                        self.take(embedded, i, *field)?;
                    } else if self.found.is_none() && field.is_embedded() {
                        let (ty, is_pointer) = deref(field.typ());
                        self.next.push(Embedded {
                            ty,
                            index: path(&embedded.index, i),
                            indirect: embedded.indirect || is_pointer,
                            multiple: embedded.multiple,
                        });
                    }
                }
                Ok(())
            }
            Kind::Interface(interface) => {
                match interface.type_set().lookup(self.pkg, self.name, self.fold_case) {
                    Some((i, method)) => self.take(embedded, i, method),
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    fn take(&mut self, embedded: &Embedded, i: usize, obj: ObjRef) -> Result<(), Vec<u32>> {
        let index = path(&embedded.index, i);
        if self.found.is_some() || embedded.multiple {
            return Err(index);
        }
        self.found = Some(Found { obj: Some(obj), index, indirect: embedded.indirect });
        Ok(())
    }
}

fn path(way: &[u32], last: usize) -> Vec<u32> {
    let mut index = Vec::with_capacity(way.len() + 1);
    index.extend_from_slice(way);
    index.push(last as u32);
    index
}

fn merged(list: Vec<Embedded>) -> Vec<Embedded> {
    let mut kept: Vec<Embedded> = Vec::with_capacity(list.len());
    for embedded in list {
        match kept.iter_mut().find(|k| identical(k.ty, embedded.ty)) {
            Some(other) => other.multiple = true,
            None => kept.push(embedded),
        }
    }
    kept
}

/// The pointed-to type and true, or the type itself; defined pointer types are not looked into.
pub fn deref(ty: Ty) -> (Ty, bool) {
    match ty.unalias().as_pointer() {
        Some(base) => (base, true),
        None => (ty, false),
    }
}

/// A method of a type's method set.
#[derive(Clone, Debug)]
pub struct Method {
    pub obj: ObjRef,
    /// As in [`Found`].
    pub index: Vec<u32>,
    pub indirect: bool,
}

/// The method set of a type, promoted methods included, sorted by [`super::Obj`]'s id. For `*T` all methods of `T`.
pub fn method_set(ty: Ty) -> Vec<Method> {
    let mut names: Vec<ObjRef> = Vec::new();
    let (base, is_pointer) = deref(ty);
    if is_pointer && matches!(base.under(), Kind::Interface(_)) {
        return Vec::new();
    }
    // A defined pointer type has no methods.
    if ty.as_named().is_some() && matches!(ty.under(), Kind::Pointer(_)) {
        return Vec::new();
    }
    collect_names(base, &mut Vec::new(), &mut names);
    let mut methods: Vec<(String, ObjRef)> = names.into_iter().map(|m| (m.id(), m)).collect();
    methods.sort_by(|a, b| a.0.cmp(&b.0));
    methods.dedup_by(|a, b| a.0 == b.0);
    let found = methods.into_iter().filter_map(|(_, m)| {
        let found = lookup_in(ty, false, m.pkg, m.name, false);
        let obj = found.obj.filter(|o| o.is_func())?;
        Some(Method { obj, index: found.index, indirect: found.indirect })
    });
    found.collect()
}

/// Every method declared on `ty` or on something it embeds, found or hidden.
fn collect_names(ty: Ty, seen: &mut Vec<Ty>, out: &mut Vec<ObjRef>) {
    if seen.iter().any(|&s| identical(s, ty)) {
        return;
    }
    seen.push(ty);
    if let Some(named) = ty.as_named() {
        out.extend(named.methods());
    }
    match ty.under() {
        Kind::Struct(s) => {
            for field in s.fields.iter().filter(|f| f.is_embedded()) {
                collect_names(deref(field.typ()).0, seen, out);
            }
        }
        Kind::Interface(interface) => out.extend(interface.type_set().methods.iter().copied()),
        _ => (),
    }
}

/// Whether a struct has embedded fields of invalid type: then nobody knows what methods it has.
pub fn has_invalid_embedded_fields(ty: Ty) -> bool {
    fn look(ty: Ty, seen: &mut Vec<Ty>) -> bool {
        let base = match ty.underlying().as_pointer() {
            Some(base) if base.underlying().as_struct().is_some() => base,
            _ => ty,
        };
        let under = base.underlying();
        let Some(s) = under.as_struct() else { return false };
        if seen.contains(&under) {
            return false;
        }
        seen.push(under);
        s.fields.iter().any(|f| f.is_embedded() && (!f.typ().is_valid() || look(f.typ(), seen)))
    }
    look(ty, &mut Vec::new())
}
