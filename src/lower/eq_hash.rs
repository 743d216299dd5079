//! Equality and hash functions of types, as code and as the func values descriptors point at.
//!
//! ```text
//! eq(p, q *T) bool          hash(p *T, seed uintptr) uintptr
//! ```
//! Types that are plain memory, strings, interfaces and floats have functions in the runtime; for what is composed of
//! them a function is made here.
//!
//! # What holds
//! - Blank fields and padding take no part.
//! - The first difference ends it. What is quickly compared comes before the contents of strings, but nothing is moved past
//!   an interface: `==` on those may panic.

use std::sync::Arc;

use super::cx::Cx;
use super::layout::{self, WORD};
use super::static_init::funcval_sym;
use super::{names, static_init};
use crate::ir::{self, BinOp, Block, Builder, FloatCc, IntCc, MemFlags, Signature, Value};
use crate::object::{Data, Section};
use crate::types::{BasicKind, Kind, Ty};

/// Arrays up to this length are compared and hashed without a loop.
const UNROLLED: u64 = 4;

/// Whether `==` is defined for values of this type.
pub(crate) fn is_comparable(ty: Ty) -> bool {
    match ty.under() {
        Kind::Slice(_) | Kind::Map(_) | Kind::Signature(_) => false,
        Kind::Array(array) => is_comparable(array.elem),
        Kind::Struct(s) => s.fields.iter().all(|f| is_comparable(f.typ())),
        _ => true,
    }
}

/// The runtime's pair of functions for a type that needs no others: `memequal` and `memhash` are then the prefixes.
fn runtime_pair(ty: Ty) -> Option<(&'static str, &'static str)> {
    if layout::is_regular_memory(ty) {
        return match layout::size(ty) {
            0 => Some(("memequal0", "memhash0")),
            1 => Some(("memequal8", "memhash8")),
            2 => Some(("memequal16", "memhash16")),
            4 => Some(("memequal32", "memhash32")),
            8 => Some(("memequal64", "memhash64")),
            16 => Some(("memequal128", "memhash128")),
            _ => None,
        };
    }
    match ty.under() {
        Kind::Basic(b) => match b.kind {
            BasicKind::String => Some(("strequal", "strhash")),
            BasicKind::Float32 => Some(("f32equal", "f32hash")),
            BasicKind::Float64 => Some(("f64equal", "f64hash")),
            BasicKind::Complex64 => Some(("c64equal", "c64hash")),
            BasicKind::Complex128 => Some(("c128equal", "c128hash")),
            _ => None,
        },
        Kind::Interface(_) if layout::iface_methods(ty).is_empty() => Some(("nilinterequal", "nilinterhash")),
        Kind::Interface(_) => Some(("interequal", "interhash")),
        _ => None,
    }
}

/// The func value that compares two values of `ty`; none if they cannot be compared.
pub fn eq_closure(cx: &mut Cx<'_>, ty: Ty) -> Option<Arc<str>> {
    if !is_comparable(ty) {
        return None;
    }
    Some(match runtime_pair(ty) {
        Some((eq, _)) => funcval_sym(cx, &format!("runtime.{eq}")),
        None if layout::is_regular_memory(ty) => sized_closure(cx, "eqfunc", "runtime.memequal_varlen", ty),
        None => {
            let code = eq_func(cx, ty);
            funcval_sym(cx, &code)
        }
    })
}

/// The func value that hashes a key.
pub fn hash_closure(cx: &mut Cx<'_>, ty: Ty) -> Arc<str> {
    match runtime_pair(ty) {
        Some((_, hash)) => funcval_sym(cx, &format!("runtime.{hash}")),
        None if layout::is_regular_memory(ty) => sized_closure(cx, "hashfunc", "runtime.memhash_varlen", ty),
        None => {
            let code = hash_func(cx, ty);
            funcval_sym(cx, &code)
        }
    }
}

/// A closure over a size: `code size:u64`.
fn sized_closure(cx: &mut Cx<'_>, what: &str, code: &str, ty: Ty) -> Arc<str> {
    let size = layout::size(ty);
    let symbol: Arc<str> = format!("type:.{what}{size}").into();
    if cx.claim(&symbol) {
        let mut d = Data::new(symbol.clone(), Section::RoData, WORD as u32, 16);
        d.dup_ok = true;
        d.pointer(0, code);
        d.put(8, &size.to_le_bytes());
        cx.add_data(d);
    }
    symbol
}

/// The code that compares `*p` and `*q`.
pub fn eq_func(cx: &mut Cx<'_>, ty: Ty) -> Arc<str> {
    if let Some((eq, _)) = runtime_pair(ty) {
        return format!("runtime.{eq}").into();
    }
    let symbol: Arc<str> = format!("type:.eq.{}", names::link_string(ty)).into();
    if !cx.claim(&symbol) {
        return symbol;
    }
    let mut b = Builder::new(symbol.clone(), Signature::go(&[ir::Ty::Ptr, ir::Ty::Ptr], &[ir::Ty::I8]));
    let (p, q) = (b.params()[0], b.params()[1]);
    let different = b.block();
    let mut later = Texts::default();
    compare(&mut b, ty, p, q, 0, different, &mut later);
    later.compare(&mut b, p, q, different);
    let yes = b.bool(true);
    b.ret(vec![yes]);
    b.start(different);
    let no = b.bool(false);
    b.ret(vec![no]);
    finish(cx, b);
    symbol
}

/// The code that hashes `*p`.
pub fn hash_func(cx: &mut Cx<'_>, ty: Ty) -> Arc<str> {
    if let Some((_, hash)) = runtime_pair(ty) {
        return format!("runtime.{hash}").into();
    }
    let symbol: Arc<str> = format!("type:.hash.{}", names::link_string(ty)).into();
    if !cx.claim(&symbol) {
        return symbol;
    }
    let mut b = Builder::new(symbol.clone(), Signature::go(&[ir::Ty::Ptr, ir::Ty::I64], &[ir::Ty::I64]));
    let (p, seed) = (b.params()[0], b.params()[1]);
    let hashed = hash(&mut b, ty, p, 0, seed);
    b.ret(vec![hashed]);
    finish(cx, b);
    symbol
}

fn finish(cx: &mut Cx<'_>, b: Builder) {
    let mut func = b.finish();
    func.attrs.dup_ok = true;
    func.attrs.wrapper = true;
    func.attrs.runtime = cx.runtime;
    cx.add_func(func, static_init::autogenerated());
}

/// Strings of equal length whose contents are still to be compared, by their places.
#[derive(Default)]
struct Texts(Vec<u64>);

impl Texts {
    fn compare(&mut self, b: &mut Builder, p: Value, q: Value, different: Block) {
        for at in self.0.drain(..) {
            let len = b.load(ir::Ty::I64, p, (at + WORD) as i32, MemFlags::SAFE);
            let text_p = b.load(ir::Ty::Ptr, p, at as i32, MemFlags::SAFE);
            let text_q = b.load(ir::Ty::Ptr, q, at as i32, MemFlags::SAFE);
            let equal = memequal(b, text_p, text_q, len);
            require(b, equal, different);
        }
    }
}

/// Goes on if the values at `p + at` and `q + at` are equal, but for what is put off until `later`; else to `different`.
fn compare(b: &mut Builder, ty: Ty, p: Value, q: Value, at: u64, different: Block, later: &mut Texts) {
    if layout::is_regular_memory(ty) {
        return compare_memory(b, p, q, at, layout::size(ty), different);
    }
    match ty.under() {
        Kind::Struct(_) => compare_fields(b, ty, p, q, at, different, later),
        Kind::Array(array) => {
            let size = layout::size(array.elem);
            let n = array.len() as u64;
            if n <= UNROLLED {
                for i in 0..n {
                    compare(b, array.elem, p, q, at + i * size, different, later);
                }
                return;
            }
            let start = b.i64(0);
            each_element(b, n, size, start, |b, offset, state| {
                let (p, q) = (b.ptr_add(p, offset), b.ptr_add(q, offset));
                let mut later = Texts::default();
                compare(b, array.elem, p, q, at, different, &mut later);
                later.compare(b, p, q, different);
                state
            });
        }
        Kind::Interface(_) => {
            let tab_p = b.load(ir::Ty::Ptr, p, at as i32, MemFlags::SAFE);
            let tab_q = b.load(ir::Ty::Ptr, q, at as i32, MemFlags::SAFE);
            let same = b.icmp(IntCc::Eq, tab_p, tab_q);
            require(b, same, different);
            later.compare(b, p, q, different);
            let data_p = b.load(ir::Ty::Ptr, p, (at + WORD) as i32, MemFlags::SAFE);
            let data_q = b.load(ir::Ty::Ptr, q, (at + WORD) as i32, MemFlags::SAFE);
            let name =
                if layout::iface_methods(ty).is_empty() { "runtime.efaceeq" } else { "runtime.ifaceeq" };
            // Two nil interfaces have no type to ask.
            let (ask, done) = (b.block(), b.block());
            let is_nil = b.icmp_imm(IntCc::Eq, tab_p, 0);
            b.brif(is_nil, done, ask);
            b.start(ask);
            let sig = Signature::go(&[ir::Ty::Ptr, ir::Ty::Ptr, ir::Ty::Ptr], &[ir::Ty::I8]);
            let equal = b.call_sym(name, sig, vec![tab_p, data_p, data_q])[0];
            b.brif(equal, done, different);
            b.start(done);
        }
        Kind::Basic(basic) => match basic.kind {
            BasicKind::String => {
                let len_p = b.load(ir::Ty::I64, p, (at + WORD) as i32, MemFlags::SAFE);
                let len_q = b.load(ir::Ty::I64, q, (at + WORD) as i32, MemFlags::SAFE);
                let same = b.icmp(IntCc::Eq, len_p, len_q);
                require(b, same, different);
                later.0.push(at);
            }
            BasicKind::Float32 => compare_float(b, ir::Ty::F32, p, q, at, different),
            BasicKind::Float64 => compare_float(b, ir::Ty::F64, p, q, at, different),
            BasicKind::Complex64 => {
                compare_float(b, ir::Ty::F32, p, q, at, different);
                compare_float(b, ir::Ty::F32, p, q, at + 4, different);
            }
            BasicKind::Complex128 => {
                compare_float(b, ir::Ty::F64, p, q, at, different);
                compare_float(b, ir::Ty::F64, p, q, at + 8, different);
            }
            other => panic!("{other:?} is plain memory"),
        },
        other => panic!("{other:?} cannot be compared"),
    }
}

fn require(b: &mut Builder, cond: Value, otherwise: Block) {
    let go_on = b.block();
    b.brif(cond, go_on, otherwise);
    b.start(go_on);
}

fn compare_float(b: &mut Builder, ty: ir::Ty, p: Value, q: Value, at: u64, different: Block) {
    let x = b.load(ty, p, at as i32, MemFlags::SAFE);
    let y = b.load(ty, q, at as i32, MemFlags::SAFE);
    let same = b.fcmp(FloatCc::Eq, x, y);
    require(b, same, different);
}

fn memequal(b: &mut Builder, p: Value, q: Value, size: Value) -> Value {
    let sig = Signature::go(&[ir::Ty::Ptr, ir::Ty::Ptr, ir::Ty::I64], &[ir::Ty::I8]);
    b.call_sym("runtime.memequal", sig, vec![p, q, size])[0]
}

fn compare_memory(b: &mut Builder, p: Value, q: Value, at: u64, size: u64, different: Block) {
    if size > 4 * WORD {
        let (p, q) = (b.ptr_add_imm(p, at as i64), b.ptr_add_imm(q, at as i64));
        let size = b.i64(size as i64);
        let same = memequal(b, p, q, size);
        return require(b, same, different);
    }
    let mut done = 0;
    while done < size {
        let n = [8, 4, 2, 1].into_iter().find(|n| *n <= size - done).expect("something is left");
        let ty = ir::Ty::int(n as u32);
        let x = b.load(ty, p, (at + done) as i32, MemFlags::SAFE);
        let y = b.load(ty, q, (at + done) as i32, MemFlags::SAFE);
        let same = b.icmp(IntCc::Eq, x, y);
        require(b, same, different);
        done += n;
    }
}

/// A stretch of a struct: fields that are compared together as memory, or one field.
enum Part {
    Memory { at: u64, size: u64 },
    Field { at: u64, ty: Ty },
}

fn parts(ty: Ty) -> Vec<Part> {
    let Kind::Struct(s) = ty.under() else { panic!("{ty:?} is no struct") };
    let mut out: Vec<Part> = Vec::new();
    for (field, &at) in s.fields.iter().zip(&layout::of(ty).fields) {
        let size = layout::size(field.typ());
        if field.name == "_" || size == 0 {
            continue;
        }
        if !layout::is_regular_memory(field.typ()) {
            out.push(Part::Field { at, ty: field.typ() });
            continue;
        }
        match out.last_mut() {
            Some(Part::Memory { at: start, size: n }) if *start + *n == at => *n += size,
            _ => out.push(Part::Memory { at, size }),
        }
    }
    out
}

fn compare_fields(b: &mut Builder, ty: Ty, p: Value, q: Value, at: u64, different: Block, later: &mut Texts) {
    for part in parts(ty) {
        match part {
            Part::Memory { at: start, size } => compare_memory(b, p, q, at + start, size, different),
            Part::Field { at: start, ty } => compare(b, ty, p, q, at + start, different, later),
        }
    }
}

/// Runs `body(offset, state)` for each of `n` elements of `size` bytes, and gives the last state (an I64).
fn each_element(
    b: &mut Builder,
    n: u64,
    size: u64,
    state: Value,
    body: impl FnOnce(&mut Builder, Value, Value) -> Value,
) -> Value {
    let (offset, kept) = (b.var(ir::Ty::I64), b.var(ir::Ty::I64));
    let zero = b.i64(0);
    b.set(offset, zero);
    b.set(kept, state);
    let (head, inside, after) = (b.block(), b.block(), b.block());
    b.jump(head);
    b.switch_to(head);
    let at = b.get(offset);
    let more = b.icmp_imm(IntCc::Ult, at, (n * size) as i64);
    b.brif(more, inside, after);
    b.start(inside);
    let now = b.get(kept);
    let next = body(b, at, now);
    b.set(kept, next);
    let step = b.binary_imm(BinOp::Iadd, at, size as i64);
    b.set(offset, step);
    b.jump(head);
    b.seal(head);
    b.start(after);
    b.get(kept)
}

/// The hash of the value at `p + at`.
fn hash(b: &mut Builder, ty: Ty, p: Value, at: u64, seed: Value) -> Value {
    if layout::is_regular_memory(ty) {
        return hash_memory(b, p, at, layout::size(ty), seed);
    }
    if let Some((_, name)) = runtime_pair(ty) {
        return hash_call(b, name, p, at, seed);
    }
    match ty.under() {
        Kind::Struct(_) => {
            let mut h = seed;
            for part in parts(ty) {
                h = match part {
                    Part::Memory { at: start, size } => hash_memory(b, p, at + start, size, h),
                    Part::Field { at: start, ty } => hash(b, ty, p, at + start, h),
                };
            }
            h
        }
        Kind::Array(array) => {
            let (n, size) = (array.len() as u64, layout::size(array.elem));
            if n <= UNROLLED {
                return (0..n).fold(seed, |h, i| hash(b, array.elem, p, at + i * size, h));
            }
            each_element(b, n, size, seed, |b, offset, h| {
                let p = b.ptr_add(p, offset);
                hash(b, array.elem, p, at, h)
            })
        }
        other => panic!("{other:?} cannot be hashed"),
    }
}

fn hash_memory(b: &mut Builder, p: Value, at: u64, size: u64, seed: Value) -> Value {
    match size {
        0 => seed,
        4 => hash_call(b, "memhash32", p, at, seed),
        8 => hash_call(b, "memhash64", p, at, seed),
        _ => {
            let p = b.ptr_add_imm(p, at as i64);
            let size = b.i64(size as i64);
            let sig = Signature::go(&[ir::Ty::Ptr, ir::Ty::I64, ir::Ty::I64], &[ir::Ty::I64]);
            b.call_sym("runtime.memhash", sig, vec![p, seed, size])[0]
        }
    }
}

fn hash_call(b: &mut Builder, name: &str, p: Value, at: u64, seed: Value) -> Value {
    let p = b.ptr_add_imm(p, at as i64);
    let sig = Signature::go(&[ir::Ty::Ptr, ir::Ty::I64], &[ir::Ty::I64]);
    b.call_sym(&format!("runtime.{name}"), sig, vec![p, seed])[0]
}
