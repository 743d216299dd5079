//! Type descriptors, as `internal/abi` of Go 1.27 lays them out.
//!
//! ```text
//! Type      = size:u64 ptrbytes:u64 hash:u32 tflag:u8 align:u8 fieldalign:u8 kind:u8
//!             equal:*funcval gcdata:*u8 str:nameoff ptrtothis:typeoff                      48 bytes
//! descriptor = Type, what its kind adds, [Uncommon], arrays, [methods]
//! Uncommon  = pkgpath:nameoff mcount:u16 xcount:u16 moff:u32 0:u32
//! method    = name:nameoff mtyp:typeoff ifn:textoff tfn:textoff
//! name      = flags:u8 uvarint+name [uvarint+tag] [pkgpath:nameoff]     flags: 1 exported 2 tag 4 pkgpath 8 embedded
//! ```
//!
//! # What holds
//! - A declared type's descriptor, and its pointer's, come from the package that declares it; every other one is made
//!   wherever it is mentioned, and all copies are equal.
//! - `abi.Type.DescriptorSize` gives exactly the size written here: the runtime walks descriptors by it.

use std::sync::Arc;

use super::cx::{Cx, Instance};
use super::layout::{self, WORD};
use super::method_set::{self, Method};
use super::shown_names::shown_string;
use super::{eq_hash, names, type_masks, wrappers};
use crate::object::{Data, DataMethod, DataRelocKind, Section};
use crate::types::{BasicKind, ChanDir, Kind, ObjRef, Ty};

const TYPE_SIZE: u64 = 48;
const UNCOMMON_SIZE: u64 = 16;
const METHOD_SIZE: u64 = 16;
/// `abi.MaxPtrmaskBytes`: longer masks are made by the runtime when they are needed.
const MAX_MASK_BYTES: u64 = 16;
/// `abi.MapMaxKeyBytes`, `MapMaxElemBytes`: what is larger is kept behind a pointer.
const MAP_MAX_INLINE: u64 = 128;
const MAP_SLOTS: u64 = 8;

mod tflag {
    pub const UNCOMMON: u8 = 1;
    pub const EXTRA_STAR: u8 = 2;
    pub const NAMED: u8 = 4;
    pub const REGULAR_MEMORY: u8 = 8;
    pub const MASK_ON_DEMAND: u8 = 16;
    pub const DIRECT_IFACE: u8 = 32;
}

/// The symbol of a type's descriptor; the descriptor itself is made unless another package has it.
pub fn type_sym(cx: &mut Cx<'_>, ty: Ty) -> Arc<str> {
    let ty = formal(ty);
    let symbol: Arc<str> = format!("type:{}", names::link_string(ty)).into();
    if !is_made_elsewhere(cx, ty) && cx.claim(&symbol) {
        let data = describe(cx, ty, &symbol);
        cx.add_data(data);
    }
    symbol
}

/// Makes the descriptors of all types this package declares, with their methods' wrappers.
pub fn declared(cx: &mut Cx<'_>) {
    for obj in cx.checked.package.scope.objects() {
        if !obj.is_type_name() || obj.is_alias() {
            continue;
        }
        let Some(named) = obj.typ().as_named() else { continue };
        if named.tparams().is_empty() {
            type_sym(cx, obj.typ());
            type_sym(cx, Ty::pointer(obj.typ()));
        }
    }
}

/// `byte` and `rune` have the descriptors of `uint8` and `int32`.
fn formal(ty: Ty) -> Ty {
    match ty.unalias() {
        Ty::BYTE => Ty::UINT8,
        Ty::RUNE => Ty::INT32,
        ty => ty,
    }
}

/// Whether the package that declares `ty`, or what `ty` points to, makes the descriptor.
fn is_made_elsewhere(cx: &Cx<'_>, ty: Ty) -> bool {
    let base = match ty.kind() {
        Kind::Pointer(elem) => elem.unalias(),
        _ => ty,
    };
    let Some(named) = base.as_named() else { return false };
    let obj = named.obj();
    let local = obj.ordinal().is_some_and(|n| n > 0);
    named.targs().is_empty() && !local && obj.pkg.is_some_and(|p| p.path != cx.package_path())
}

/// Whether other packages may make the same descriptor.
fn is_shared(ty: Ty) -> bool {
    let base = match ty.kind() {
        Kind::Pointer(elem) => elem.unalias(),
        _ => ty,
    };
    base.as_named().is_none_or(|named| {
        !named.targs().is_empty() || named.obj().pkg.is_none() || named.obj().ordinal().is_some_and(|n| n > 0)
    })
}

/// `internal/abi.Kind`.
pub(crate) fn abi_kind(ty: Ty) -> u8 {
    match ty.under() {
        Kind::Basic(b) => match b.kind {
            BasicKind::Bool => 1,
            BasicKind::Int => 2,
            BasicKind::Int8 => 3,
            BasicKind::Int16 => 4,
            BasicKind::Int32 => 5,
            BasicKind::Int64 => 6,
            BasicKind::Uint => 7,
            BasicKind::Uint8 => 8,
            BasicKind::Uint16 => 9,
            BasicKind::Uint32 => 10,
            BasicKind::Uint64 => 11,
            BasicKind::Uintptr => 12,
            BasicKind::Float32 => 13,
            BasicKind::Float64 => 14,
            BasicKind::Complex64 => 15,
            BasicKind::Complex128 => 16,
            BasicKind::String => 24,
            BasicKind::UnsafePointer => 26,
            other => panic!("{other:?} has no descriptor"),
        },
        Kind::Array(_) => 17,
        Kind::Chan(_) => 18,
        Kind::Signature(_) => 19,
        Kind::Interface(_) => 20,
        Kind::Map(_) => 21,
        Kind::Pointer(_) => 22,
        Kind::Slice(_) => 23,
        Kind::Struct(_) => 25,
        other => panic!("{other:?} has no descriptor"),
    }
}

/// `abi.Type.Hash`: any hash does, if all of a program agree. FNV-1a of the link string.
pub(crate) fn type_hash(ty: Ty) -> u32 {
    names::link_string(formal(ty))
        .bytes()
        .fold(0x811c_9dc5, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193))
}

/// A method as a table lists it.
struct Entry {
    method: Method,
    /// Symbols of the code with a one-word receiver, and with the type itself.
    ifn: Arc<str>,
    tfn: Arc<str>,
}

fn describe(cx: &mut Cx<'_>, ty: Ty, symbol: &Arc<str>) -> Data {
    let entries = method_entries(cx, ty);
    let named = ty.as_named();
    // Predeclared types other than `unsafe.Pointer` and `error` count as named as well.
    let is_named = named.is_some() || matches!(ty.kind(), Kind::Basic(_));
    let extra = is_named || !entries.is_empty();
    let section = match ty.kind() {
        Kind::Named(_) | Kind::Basic(_) | Kind::Interface(_) => Section::TypeOther,
        _ => Section::TypeLink,
    };
    let mut d = Data::new(symbol.clone(), section, WORD as u32, 0);
    d.dup_ok = is_shared(ty);
    common(cx, &mut d, ty, is_named, extra);

    let kind_end = kind_size(ty);
    let arrays = kind_end + if extra { UNCOMMON_SIZE } else { 0 };
    let arrays_end = by_kind(cx, &mut d, ty, arrays);
    if extra {
        uncommon(cx, &mut d, ty, kind_end, arrays_end, entries);
    }
    d.size = d.size.max(arrays_end).next_multiple_of(WORD);
    d.relocs.sort();
    d
}

/// Size of the kind's own struct.
fn kind_size(ty: Ty) -> u64 {
    match ty.under() {
        Kind::Array(_) => 72,
        Kind::Chan(_) => 64,
        Kind::Signature(_) => 56,
        Kind::Interface(_) | Kind::Struct(_) => 80,
        Kind::Map(_) => 136,
        Kind::Pointer(_) | Kind::Slice(_) => 56,
        _ => TYPE_SIZE,
    }
}

fn common(cx: &mut Cx<'_>, d: &mut Data, ty: Ty, is_named: bool, extra: bool) {
    let laid_out = layout::of(ty);
    let ptr_bytes = type_masks::ptr_bytes(ty);
    let on_demand = ptr_bytes / WORD > MAX_MASK_BYTES * 8;
    let shown = shown_string(ty);
    if !matches!(d.section, Section::TypeOther) {
        d.sort_key = shown.clone();
    }
    let mut flags = 0;
    let mut flag = |on: bool, bit: u8| flags |= if on { bit } else { 0 };
    flag(extra, tflag::UNCOMMON);
    flag(is_named, tflag::NAMED);
    flag(layout::is_regular_memory(ty), tflag::REGULAR_MEMORY);
    flag(on_demand, tflag::MASK_ON_DEMAND);
    flag(layout::is_direct_iface(ty), tflag::DIRECT_IFACE);
    // T and *T share the string "*T".
    let star = !shown.starts_with('*');
    flag(star, tflag::EXTRA_STAR);
    let base = if star { ty } else { ty.unalias().as_pointer().unwrap_or(ty) };
    let exported = base.as_named().is_some_and(|n| n.obj().exported());
    let text = if star { format!("*{shown}") } else { shown.to_string() };

    d.put(0, &laid_out.size.to_le_bytes());
    d.put(8, &ptr_bytes.to_le_bytes());
    d.put(16, &type_hash(ty).to_le_bytes());
    let align = laid_out.align as u8;
    d.put(20, &[flags, align, align, abi_kind(ty)]);
    if let Some(equal) = eq_hash::eq_closure(cx, ty) {
        d.pointer(24, equal);
    }
    let mask = if on_demand { mask_slot(cx, ty) } else { mask_sym(cx, &type_masks::ptr_mask(ty)) };
    d.pointer(32, mask);
    d.put(40, &[0; 8]);
    let name = name_sym(cx, &text, b"", exported, false, None);
    d.reloc(40, DataRelocKind::TypeOff32, name, 0);
    match ty.kind() {
        Kind::Pointer(_) => {
            let pointer = format!("type:{}", names::link_string(Ty::pointer(ty)));
            d.reloc(44, DataRelocKind::WeakTypeOff32, pointer, 0);
        }
        _ => {
            // Found by reflection if the program has it; made here only for types with methods or a name.
            let to = Ty::pointer(ty);
            let has_methods =
                || matches!(ty.kind(), Kind::Struct(_)) && !method_set::methods_of(ty).is_empty();
            if ty.as_named().is_some() || has_methods() {
                let pointer = type_sym(cx, to);
                d.reloc(44, DataRelocKind::TypeOff32, pointer, 0);
            } else {
                d.reloc(44, DataRelocKind::WeakTypeOff32, format!("type:{}", names::link_string(to)), 0);
            }
        }
    }
}

/// The symbol of a mask, padded to whole words as the runtime reads it.
pub(crate) fn mask_sym(cx: &mut Cx<'_>, mask: &[u8]) -> Arc<str> {
    let mut bytes = mask.to_vec();
    bytes.resize(bytes.len().next_multiple_of(WORD as usize).max(WORD as usize), 0);
    let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    let symbol: Arc<str> = format!("runtime.gcbits.{hex}").into();
    if cx.claim(&symbol) {
        let mut d = Data::new(symbol.clone(), Section::RoData, WORD as u32, bytes.len() as u64);
        d.bytes = bytes;
        d.dup_ok = true;
        cx.add_data(d);
    }
    symbol
}

/// Where the runtime keeps the mask it makes of a large type.
fn mask_slot(cx: &mut Cx<'_>, ty: Ty) -> Arc<str> {
    let symbol: Arc<str> = format!("type:.gcmask.{}", names::link_string(ty)).into();
    if cx.claim(&symbol) {
        let mut d = Data::new(symbol.clone(), Section::NoPtrBss, WORD as u32, WORD);
        d.dup_ok = true;
        cx.add_data(d);
    }
    symbol
}

/// A name as descriptors point at it.
pub(crate) fn name_sym(
    cx: &mut Cx<'_>,
    name: &str,
    tag: &[u8],
    exported: bool,
    embedded: bool,
    pkg: Option<&str>,
) -> Arc<str> {
    let mut bytes = vec![
        u8::from(exported)
            | if tag.is_empty() { 0 } else { 2 }
            | if pkg.is_some() { 4 } else { 0 }
            | if embedded { 8 } else { 0 },
    ];
    uvarint(&mut bytes, name.len());
    bytes.extend_from_slice(name.as_bytes());
    if !tag.is_empty() {
        uvarint(&mut bytes, tag.len());
        bytes.extend_from_slice(tag);
    }
    let tail = pkg.map_or(String::new(), |p| format!("|{p}"));
    let symbol: Arc<str> = format!(
        "type:.namedata.{name}.{}{}",
        bytes[0],
        if tag.is_empty() { tail } else { format!("{tail} {}", hex(tag)) }
    )
    .into();
    if cx.claim(&symbol) {
        let mut d = Data::new(symbol.clone(), Section::TypeName, 1, bytes.len() as u64);
        d.bytes = bytes;
        d.dup_ok = true;
        if let Some(pkg) = pkg {
            let path = pkg_path_sym(cx, pkg);
            let at = d.size;
            d.put(at, &[0; 4]);
            d.reloc(at, DataRelocKind::TypeOff32, path, 0);
        }
        cx.add_data(d);
    }
    symbol
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// A package path, itself in the form of a name.
fn pkg_path_sym(cx: &mut Cx<'_>, path: &str) -> Arc<str> {
    let symbol: Arc<str> = format!("type:.importpath.{path}").into();
    if cx.claim(&symbol) {
        let mut bytes = vec![0];
        uvarint(&mut bytes, path.len());
        bytes.extend_from_slice(path.as_bytes());
        let mut d = Data::new(symbol.clone(), Section::TypeName, 1, bytes.len() as u64);
        d.bytes = bytes;
        d.dup_ok = true;
        cx.add_data(d);
    }
    symbol
}

fn uvarint(out: &mut Vec<u8>, mut n: usize) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

/// The path a package has in descriptors: a command's is `main`.
fn shown_path(obj: ObjRef) -> Option<&'static str> {
    obj.pkg.map(|pkg| pkg.path)
}

/// Writes what the kind adds; arrays begin at `arrays`. Gives their end.
fn by_kind(cx: &mut Cx<'_>, d: &mut Data, ty: Ty, arrays: u64) -> u64 {
    let pointer_to = |cx: &mut Cx<'_>, d: &mut Data, at: u64, ty: Ty| {
        let symbol = type_sym(cx, ty);
        d.pointer(at, symbol);
    };
    match ty.under() {
        Kind::Array(array) => {
            pointer_to(cx, d, 48, array.elem);
            pointer_to(cx, d, 56, Ty::slice(array.elem));
            d.put(64, &array.len().to_le_bytes());
        }
        Kind::Slice(elem) | Kind::Pointer(elem) => pointer_to(cx, d, 48, *elem),
        Kind::Chan(chan) => {
            pointer_to(cx, d, 48, chan.elem);
            let dir: u64 = match chan.dir {
                ChanDir::Recv => 1,
                ChanDir::Send => 2,
                ChanDir::Both => 3,
            };
            d.put(56, &dir.to_le_bytes());
        }
        Kind::Signature(sig) => {
            let out_count = sig.results.len() as u16 | if sig.variadic { 1 << 15 } else { 0 };
            d.put(48, &(sig.params.len() as u16).to_le_bytes());
            d.put(50, &out_count.to_le_bytes());
            d.put(52, &[0; 4]);
            let all = sig.params.iter().chain(&sig.results);
            let mut at = arrays;
            for var in all {
                pointer_to(cx, d, at, var.typ());
                at += WORD;
            }
            return at;
        }
        Kind::Interface(_) => return interface(cx, d, ty, arrays),
        Kind::Map(map) => map_type(cx, d, ty, map.key, map.elem),
        Kind::Struct(_) => return structure(cx, d, ty, arrays),
        _ => {}
    }
    arrays
}

fn slice_header(d: &mut Data, at: u64, arrays: u64, len: usize) {
    let symbol = d.name.clone();
    d.reloc(at, DataRelocKind::Abs64, symbol, arrays as i64);
    d.put(at + 8, &(len as u64).to_le_bytes());
    d.put(at + 16, &(len as u64).to_le_bytes());
}

fn interface(cx: &mut Cx<'_>, d: &mut Data, ty: Ty, arrays: u64) -> u64 {
    let own = ty.as_named().and_then(|named| shown_path(named.obj()));
    if let Some(path) = own {
        let path = pkg_path_sym(cx, path);
        d.pointer(48, path);
    }
    let methods = layout::iface_methods(ty);
    slice_header(d, 56, arrays, methods.len());
    let mut at = arrays;
    for method in methods {
        let name = member_name(cx, method, b"", false, own);
        let sig = type_sym(cx, without_receiver(method));
        d.put(at, &[0; 8]);
        d.reloc(at, DataRelocKind::TypeOff32, name, 0);
        d.reloc(at + 4, DataRelocKind::TypeOff32, sig, 0);
        at += 8;
    }
    at
}

/// The name of a method or field, with its package when that is not `own`.
fn member_name(cx: &mut Cx<'_>, obj: ObjRef, tag: &[u8], embedded: bool, own: Option<&str>) -> Arc<str> {
    let pkg = if obj.exported() { None } else { shown_path(obj).filter(|path| Some(*path) != own) };
    name_sym(cx, obj.name, tag, obj.exported(), embedded, pkg)
}

/// A method's func type.
pub(crate) fn without_receiver(method: ObjRef) -> Ty {
    let sig = method.typ().as_signature().unwrap_or_else(|| panic!("the method {method:?} has no signature"));
    if sig.recv.is_none() {
        return method.typ();
    }
    Ty::signature(crate::types::Signature {
        recv: None,
        rparams: Vec::new(),
        tparams: Vec::new(),
        params: sig.params.clone(),
        results: sig.results.clone(),
        variadic: sig.variadic,
    })
}

fn structure(cx: &mut Cx<'_>, d: &mut Data, ty: Ty, arrays: u64) -> u64 {
    let Kind::Struct(s) = ty.under() else { panic!("{ty:?} is no struct") };
    let offsets = layout::of(ty).fields.clone();
    // All unexported names of a struct are of one package.
    let own = s.fields.iter().find(|f| !f.exported()).and_then(|f| shown_path(*f));
    if let Some(path) = own {
        let path = pkg_path_sym(cx, path);
        d.pointer(48, path);
    }
    slice_header(d, 56, arrays, s.fields.len());
    let mut at = arrays;
    for (i, field) in s.fields.iter().enumerate() {
        let name = name_sym(cx, field.name, s.tag(i), field.exported(), field.is_embedded(), None);
        d.pointer(at, name);
        let field_ty = type_sym(cx, field.typ());
        d.pointer(at + 8, field_ty);
        d.put(at + 16, &offsets[i].to_le_bytes());
        at += 24;
    }
    at
}

/// Where keys and elements lie in a group of eight slots: `ctrl:u64 {key elem}*8`.
struct Group {
    size: u64,
    slot: u64,
    elem_offset: u64,
    mask: Vec<u8>,
    ptr_bytes: u64,
    indirect_key: bool,
    indirect_elem: bool,
}

fn group(key: Ty, elem: Ty) -> Group {
    let indirect_key = layout::size(key) > MAP_MAX_INLINE;
    let indirect_elem = layout::size(elem) > MAP_MAX_INLINE;
    let slot_ty = |ty: Ty, indirect: bool| if indirect { Ty::UNSAFE_POINTER } else { ty };
    let (key, elem) = (slot_ty(key, indirect_key), slot_ty(elem, indirect_elem));
    let (k, e) = (layout::of(key), layout::of(elem));
    let align = k.align.max(e.align);
    let elem_offset = layout::align_up(k.size, e.align);
    let mut slot = elem_offset + e.size;
    if e.size == 0 && slot > 0 {
        slot += 1;
    }
    let slot = layout::align_up(slot, align);
    let mut size = WORD + MAP_SLOTS * slot;
    if slot == 0 {
        size += 1;
    }
    let size = layout::align_up(size, WORD);
    let mut mask = type_masks::Mask::default();
    let mut ptr_bytes = 0;
    for i in 0..MAP_SLOTS {
        let at = WORD + i * slot;
        let mut word = |at: u64| {
            mask.set(at);
            ptr_bytes = at + WORD;
        };
        type_masks::each_pointer(key, at, &mut word);
        type_masks::each_pointer(elem, at + elem_offset, &mut word);
    }
    Group { size, slot, elem_offset, mask: mask.0, ptr_bytes, indirect_key, indirect_elem }
}

fn map_type(cx: &mut Cx<'_>, d: &mut Data, ty: Ty, key: Ty, elem: Ty) {
    let group = group(key, elem);
    let key_sym = type_sym(cx, key);
    let elem_sym = type_sym(cx, elem);
    let group_sym = group_desc(cx, ty, &group);
    let hasher = eq_hash::hash_closure(cx, key);
    d.pointer(48, key_sym);
    d.pointer(56, elem_sym);
    d.pointer(64, group_sym);
    d.pointer(72, hasher);
    let words = [group.size, WORD, group.slot, WORD + group.elem_offset, group.slot, group.elem_offset];
    for (i, word) in words.into_iter().enumerate() {
        d.put(80 + 8 * i as u64, &word.to_le_bytes());
    }
    let flags = u32::from(needs_key_update(key))
        | if hash_might_panic(key) { 2 } else { 0 }
        | if group.indirect_key { 4 } else { 0 }
        | if group.indirect_elem { 8 } else { 0 };
    d.put(128, &u64::from(flags).to_le_bytes());
    if ty.as_named().is_some() {
        // Reflection must find the map type behind a named one: a map type it made would hash its keys otherwise.
        let under = type_sym(cx, ty.underlying());
        d.reloc(0, DataRelocKind::Needs, under, 0);
    }
}

/// The descriptor the allocator asks for when a map needs groups. Nothing but its size and mask is ever looked at.
fn group_desc(cx: &mut Cx<'_>, map: Ty, group: &Group) -> Arc<str> {
    let symbol: Arc<str> = format!("type:map.group{}", &names::link_string(map.underlying())[3..]).into();
    if !cx.claim(&symbol) {
        return symbol;
    }
    let mut d = Data::new(symbol.clone(), Section::TypeOther, WORD as u32, 80);
    d.dup_ok = true;
    d.put(0, &group.size.to_le_bytes());
    d.put(8, &group.ptr_bytes.to_le_bytes());
    let hash = symbol.bytes().fold(0x811c_9dc5u32, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193));
    d.put(16, &hash.to_le_bytes());
    let on_demand = group.ptr_bytes / WORD > MAX_MASK_BYTES * 8;
    let kind_struct = 25;
    d.put(20, &[tflag::EXTRA_STAR, WORD as u8, WORD as u8, kind_struct]);
    // A mask on demand is built from fields, which this descriptor has not: however long, it is given.
    debug_assert!(!on_demand || !group.mask.is_empty());
    let mask = mask_sym(cx, &group.mask);
    d.pointer(32, mask);
    let name = name_sym(cx, &format!("*{}", &symbol[5..]), b"", false, false, None);
    d.reloc(40, DataRelocKind::TypeOff32, name, 0);
    slice_header(&mut d, 56, 80, 0);
    d.relocs.sort();
    cx.add_data(d);
    symbol
}

/// Whether an equal key may differ from the one in the map: +0 and −0, strings over other memory.
fn needs_key_update(key: Ty) -> bool {
    match key.under() {
        Kind::Basic(b) => b.kind.is_float() || b.kind.is_complex() || b.kind.is_string(),
        Kind::Interface(_) => true,
        Kind::Array(array) => needs_key_update(array.elem),
        Kind::Struct(s) => s.fields.iter().any(|f| needs_key_update(f.typ())),
        _ => false,
    }
}

fn hash_might_panic(key: Ty) -> bool {
    match key.under() {
        Kind::Interface(_) => true,
        Kind::Array(array) => hash_might_panic(array.elem),
        Kind::Struct(s) => s.fields.iter().any(|f| hash_might_panic(f.typ())),
        _ => false,
    }
}

fn uncommon(cx: &mut Cx<'_>, d: &mut Data, ty: Ty, at: u64, arrays_end: u64, entries: Vec<Entry>) {
    d.put(at, &[0; UNCOMMON_SIZE as usize]);
    // As in gc: the package of the type, or of what a pointer, slice, array or channel is of.
    let named = ty.as_named().or_else(|| match ty.kind() {
        Kind::Pointer(elem) | Kind::Slice(elem) => elem.as_named(),
        Kind::Array(array) => array.elem.as_named(),
        Kind::Chan(chan) => chan.elem.as_named(),
        _ => None,
    });
    let own = match ty {
        Ty::UNSAFE_POINTER => Some("unsafe"),
        _ => named.and_then(|n| shown_path(n.obj())),
    };
    if let Some(path) = own {
        let path = pkg_path_sym(cx, path);
        d.reloc(at, DataRelocKind::TypeOff32, path, 0);
    }
    let exported = entries.iter().filter(|e| e.method.obj.exported()).count();
    d.put(at + 4, &(entries.len() as u16).to_le_bytes());
    d.put(at + 6, &(exported as u16).to_le_bytes());
    d.put(at + 8, &((arrays_end - at) as u32).to_le_bytes());
    let mut place = arrays_end;
    for (i, entry) in entries.into_iter().enumerate() {
        let obj = entry.method.obj;
        let name = member_name(cx, obj, b"", false, own);
        let sig = type_sym(cx, without_receiver(obj));
        d.put(place, &[0; METHOD_SIZE as usize]);
        let kind = DataRelocKind::Method(i as u32);
        d.reloc(place, DataRelocKind::TypeOff32, name, 0);
        d.reloc(place + 4, kind, sig.clone(), 0);
        d.reloc(place + 8, kind, entry.ifn, 0);
        d.reloc(place + 12, kind, entry.tfn, 0);
        d.methods.push(DataMethod { name: method_key(obj), sig, exported: obj.exported() });
        place += METHOD_SIZE;
    }
}

/// A method's name as reachability compares it.
pub fn method_key(obj: ObjRef) -> Arc<str> {
    match shown_path(obj) {
        Some(path) if !obj.exported() => format!("{path}.{}", obj.name).into(),
        _ => obj.name.into(),
    }
}

/// The methods a value of type `ty` has, each with its code; wrappers are made where this package must.
fn method_entries(cx: &mut Cx<'_>, ty: Ty) -> Vec<Entry> {
    let (base, is_pointer) = match ty.kind() {
        Kind::Pointer(elem) => (elem.unalias(), true),
        _ => (ty, false),
    };
    // `type P *T` has no methods, nor has a pointer to an interface.
    if is_pointer && matches!(base.under(), Kind::Pointer(_) | Kind::Interface(_)) {
        return Vec::new();
    }
    let methods = method_set::methods_of(base);
    let applies = methods.into_iter().filter(|m| is_pointer || !m.needs_pointer());
    let mut entries = Vec::new();
    for method in applies {
        let tfn = method_code(cx, base, is_pointer, &method);
        let ifn = if is_pointer || layout::is_direct_iface(ty) {
            tfn.clone()
        } else {
            method_code(cx, base, true, &method)
        };
        entries.push(Entry { method, ifn, tfn });
    }
    entries
}

/// The symbol of a method for receivers of type `base`, or `*base`; a wrapper unless it is declared so.
pub(crate) fn method_code(cx: &mut Cx<'_>, base: Ty, pointer: bool, method: &Method) -> Arc<str> {
    let declared = method.path.is_empty() && method.obj.ptr_recv() == pointer;
    if declared {
        return declared_method(cx, method.owner, method.obj);
    }
    wrappers::wrapper(cx, base, pointer, method)
}

/// The symbol of a method under the receiver it was declared with.
pub(crate) fn declared_method(cx: &mut Cx<'_>, owner: Ty, obj: ObjRef) -> Arc<str> {
    let named = owner.as_named().unwrap_or_else(|| panic!("{owner:?} declares no methods"));
    if named.targs().is_empty() {
        return cx.obj_sym(obj);
    }
    let symbol: Arc<str> = names::method_symbol(owner, obj.ptr_recv(), obj.name, &[]).into();
    let package = obj.pkg.expect("methods belong to packages").path;
    cx.instance_sym(Instance {
        symbol,
        package,
        key: format!("{}.{}", named.obj().name, obj.name),
        recv_targs: named.targs().to_vec(),
        targs: Vec::new(),
    })
}
