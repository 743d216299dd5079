//! How a type lies in memory and which scalars it falls into.
//!
//! # What holds
//! - A type of at most [`MAX_SSA`] scalars and no array of several elements lives in SSA values ([`Layout::is_ssa`]); any
//!   other value is handled by its address.
//! - Sizes are those of gc: a struct that ends in a field of size 0 gets a byte more, so that the field's address stays
//!   inside.

use std::cell::RefCell;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::ir;
use crate::target::abi;
use crate::types::{BasicKind, Kind, ObjRef, Ty};

/// Values of up to this many scalars are kept in SSA form, as gc does.
pub const MAX_SSA: usize = 4;
/// No value of more scalars can be passed in registers, so their list is not kept.
const MAX_LEAVES: usize = abi::INT_REGS + abi::FLOAT_REGS;
/// Bytes of a pointer. Every target so far has 64 bits.
pub const WORD: u64 = 8;

/// One scalar of a type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Leaf {
    pub ty: ir::Ty,
    pub offset: u64,
    /// A pointer the collector follows: stores need a write barrier.
    pub barrier: bool,
}

/// What lowering asks of a type.
#[derive(Clone, Debug)]
pub struct Layout {
    pub size: u64,
    pub align: u64,
    /// None if the type holds an array of several elements, or too many scalars for any register list.
    pub leaves: Option<Vec<Leaf>>,
    /// Holds pointers the collector follows.
    pub pointers: bool,
    /// Of structs: where each field begins.
    pub fields: Vec<u64>,
}

impl Layout {
    pub fn is_ssa(&self) -> bool {
        self.leaves.as_ref().is_some_and(|l| l.len() <= MAX_SSA)
    }

    /// The scalars of an SSA type.
    pub fn scalars(&self) -> &[Leaf] {
        self.leaves.as_deref().expect("a type kept in SSA form has scalars")
    }

    pub fn shape(&self) -> abi::Shape {
        let kind = |leaf: &Leaf| if leaf.ty.is_float() { abi::LeafKind::Float } else { abi::LeafKind::Int };
        let leaves = self.leaves.as_ref().map(|l| l.iter().map(kind).collect());
        abi::Shape { size: self.size, align: self.align, leaves }
    }
}

thread_local! {
    static KNOWN: RefCell<FxHashMap<Ty, Rc<Layout>>> = RefCell::default();
}

/// The layout of a type without type parameters.
pub fn of(ty: Ty) -> Rc<Layout> {
    if let Some(known) = KNOWN.with_borrow(|k| k.get(&ty).cloned()) {
        return known;
    }
    let layout = Rc::new(compute(ty));
    KNOWN.with_borrow_mut(|k| k.insert(ty, layout.clone()));
    layout
}

pub fn size(ty: Ty) -> u64 {
    of(ty).size
}

fn scalars(tys: &[(ir::Ty, bool)]) -> Layout {
    let mut at = 0;
    let mut leaves = Vec::new();
    let mut align = 1;
    for &(ty, barrier) in tys {
        let bytes = ty.bytes() as u64;
        at = align_up(at, bytes);
        leaves.push(Leaf { ty, offset: at, barrier });
        at += bytes;
        align = align.max(bytes);
    }
    let pointers = tys.iter().any(|(_, barrier)| *barrier);
    Layout { size: align_up(at, align), align, leaves: Some(leaves), pointers, fields: Vec::new() }
}

pub fn align_up(offset: u64, align: u64) -> u64 {
    (offset + align - 1) & !(align - 1)
}

fn compute(ty: Ty) -> Layout {
    use ir::Ty::{F32, F64, I8, I16, I32, I64, Ptr};
    let pointer = [(Ptr, true)];
    match ty.under() {
        _ if ty.as_type_param().is_some() => panic!("layout of the type parameter {ty:?}"),
        Kind::Basic(basic) => match basic.kind {
            BasicKind::Bool | BasicKind::UntypedBool | BasicKind::Int8 | BasicKind::Uint8 => {
                scalars(&[(I8, false)])
            }
            BasicKind::Int16 | BasicKind::Uint16 => scalars(&[(I16, false)]),
            BasicKind::Int32 | BasicKind::Uint32 | BasicKind::UntypedRune => scalars(&[(I32, false)]),
            BasicKind::Int
            | BasicKind::Int64
            | BasicKind::Uint
            | BasicKind::Uint64
            | BasicKind::Uintptr
            | BasicKind::UntypedInt => scalars(&[(I64, false)]),
            BasicKind::Float32 => scalars(&[(F32, false)]),
            BasicKind::Float64 | BasicKind::UntypedFloat => scalars(&[(F64, false)]),
            BasicKind::Complex64 => scalars(&[(F32, false), (F32, false)]),
            BasicKind::Complex128 | BasicKind::UntypedComplex => scalars(&[(F64, false), (F64, false)]),
            BasicKind::String | BasicKind::UntypedString => scalars(&[(Ptr, true), (I64, false)]),
            BasicKind::UnsafePointer | BasicKind::UntypedNil => scalars(&pointer),
            BasicKind::Invalid => panic!("layout of an invalid type"),
        },
        Kind::Pointer(elem) => scalars(&[(Ptr, !not_in_heap(*elem))]),
        Kind::Signature(_) | Kind::Map(_) | Kind::Chan(_) => scalars(&pointer),
        Kind::Slice(elem) => scalars(&[(Ptr, !not_in_heap(*elem)), (I64, false), (I64, false)]),
        Kind::Interface(_) => scalars(&[(Ptr, true), (Ptr, true)]),
        Kind::Array(array) => array_of(&of(array.elem), array.len().max(0) as u64),
        Kind::Struct(s) => struct_of(s.fields.iter().map(|f| f.typ())),
        Kind::Tuple(t) => struct_of(t.vars.iter().map(|v| v.typ())),
        other => panic!("layout of {other:?}"),
    }
}

fn array_of(elem: &Layout, len: u64) -> Layout {
    let leaves = match len {
        0 => Some(Vec::new()),
        1 => elem.leaves.clone(),
        _ if elem.size == 0 => Some(Vec::new()),
        _ => None,
    };
    let pointers = elem.pointers && len > 0;
    Layout { size: elem.size * len, align: elem.align, leaves, pointers, fields: Vec::new() }
}

fn struct_of(fields: impl Iterator<Item = Ty>) -> Layout {
    let mut out = Layout { size: 0, align: 1, leaves: Some(Vec::new()), pointers: false, fields: Vec::new() };
    let mut last_size = 1;
    for field in fields {
        // A marker: gc aligns the struct that holds it to 8 bytes.
        let align64 = field
            .as_named()
            .is_some_and(|n| n.obj().name == "align64" && n.obj().pkg.is_some_and(|p| is_atomic_pkg(p.path)));
        let part = of(field);
        let align = if align64 { 8 } else { part.align };
        let at = align_up(out.size, align);
        out.fields.push(at);
        out.align = out.align.max(align);
        out.pointers |= part.pointers;
        out.leaves = match (out.leaves, &part.leaves) {
            (Some(mut list), Some(more)) if list.len() + more.len() <= MAX_LEAVES => {
                list.extend(more.iter().map(|l| Leaf { offset: at + l.offset, ..*l }));
                Some(list)
            }
            _ => None,
        };
        out.size = at + part.size;
        last_size = part.size;
    }
    if last_size == 0 && out.size > 0 {
        out.size += 1;
    }
    out.size = align_up(out.size, out.align);
    out
}

fn is_atomic_pkg(path: &str) -> bool {
    matches!(path, "sync/atomic" | "internal/runtime/atomic")
}

/// Whether values of the type never lie in the collector's heap, so that pointers to them need no barrier and no mask bit
/// (the marker `internal/runtime/sys.NotInHeap`).
pub fn not_in_heap(ty: Ty) -> bool {
    not_in_heap_at(ty, 0)
}

fn not_in_heap_at(ty: Ty, depth: u32) -> bool {
    if let Some(named) = ty.as_named() {
        let obj = named.obj();
        if matches!(obj.name, "nih" | "NotInHeap")
            && obj.pkg.is_some_and(|p| p.path == "internal/runtime/sys")
        {
            return true;
        }
    }
    match ty.under() {
        Kind::Struct(s) if depth < 20 => s.fields.iter().any(|f| not_in_heap_at(f.typ(), depth + 1)),
        Kind::Array(a) if depth < 20 => not_in_heap_at(a.elem, depth + 1),
        _ => false,
    }
}

/// Whether an interface holds a value of this type directly in its data word: it is one word, a pointer the collector follows.
pub fn is_direct_iface(ty: Ty) -> bool {
    let layout = of(ty);
    layout.size == WORD
        && matches!(layout.leaves.as_deref(), Some([leaf]) if leaf.ty == ir::Ty::Ptr && leaf.barrier)
}

/// The methods of an interface in the order of its descriptor and of its itabs: by name, exported ones first.
pub fn iface_methods(ty: Ty) -> Vec<ObjRef> {
    let set = ty.type_set().unwrap_or_else(|| panic!("{ty:?} is no interface"));
    let mut methods: Vec<ObjRef> = set.methods.to_vec();
    methods.sort_by(|a, b| method_order(*a).cmp(&method_order(*b)));
    methods
}

fn method_order(m: ObjRef) -> (bool, &'static str, &'static str) {
    match m.exported() {
        true => (false, m.name, ""),
        false => (true, m.name, m.pkg.map_or("", |p| p.path)),
    }
}

/// Whether equality of values is equality of their bytes.
pub fn is_regular_memory(ty: Ty) -> bool {
    match ty.under() {
        Kind::Basic(b) => !(b.kind.is_float() || b.kind.is_complex() || b.kind.is_string()),
        Kind::Pointer(_) | Kind::Chan(_) | Kind::Map(_) | Kind::Signature(_) => true,
        Kind::Array(a) => a.len() == 0 || is_regular_memory(a.elem),
        Kind::Struct(s) => {
            let layout = of(ty);
            let mut at = 0;
            for (i, f) in s.fields.iter().enumerate() {
                if layout.fields[i] != at || f.name == "_" || !is_regular_memory(f.typ()) {
                    return false;
                }
                at += size(f.typ());
            }
            at == layout.size
        }
        _ => false,
    }
}
