//! Explicit conversions `T(x)`.

use super::func::Fx;
use super::layout;
use super::val::{Addr, TyExt, Val};
use crate::ir::{self, BinOp, BoundsKind, Conv, FloatCc, IntCc, Value};
use crate::syntax::ast;
use crate::types::{self, BasicKind, Kind, Ty};

impl<'a> Fx<'_, 'a> {
    /// `to(x)`.
    pub fn conversion(&mut self, x: &'a ast::Expr, to: Ty) -> Val {
        if self.is_nil(x) {
            return self.zero_val(to);
        }
        let from = self.ty(x.id);
        if let Some(c) = self.const_of(x) {
            let kind = from.basic_kind();
            // `T(1.5)` with a complex type argument: the constant has its default type.
            let to_complex = to.basic_kind().is_some_and(|k| k.is_complex());
            if kind.is_some_and(|k| k.is_untyped() || k.is_numeric() && to_complex) {
                let numeric_to = to.basic_kind().is_some_and(|k| k.is_numeric());
                let string_to = to.basic_kind().is_some_and(|k| k.is_string());
                if numeric_to
                    || to.basic_kind().is_some_and(|k| k.is_boolean())
                    || string_to && kind.is_some_and(|k| k.is_string())
                {
                    return self.constant(&c, to);
                }
            }
        }
        let val = self.expr(x);
        self.at(x.pos);
        self.convert(val, from, to)
    }

    pub fn convert(&mut self, val: Val, from: Ty, to: Ty) -> Val {
        if to.is_interface() {
            return self.assignable(val, from, to);
        }
        if types::identical(from.underlying(), to.underlying()) {
            return val;
        }
        match (from.under(), to.under()) {
            (Kind::Basic(f), Kind::Basic(t)) => self.convert_basic(val, f.kind, t.kind),
            // string(bytes), string(runes)
            (Kind::Slice(elem), Kind::Basic(t)) if t.kind.is_string() => {
                let nil = self.b.nil();
                let (ptr, len, cap) = (val.parts()[0], val.parts()[1], val.parts()[2]);
                let out = match is_byte(*elem) {
                    true => self.rt("slicebytetostring", &[nil, ptr, len], &[ir::Ty::Ptr, ir::Ty::I64]),
                    false => self.rt("slicerunetostring", &[nil, ptr, len, cap], &[ir::Ty::Ptr, ir::Ty::I64]),
                };
                Val::S(out)
            }
            (Kind::Basic(f), Kind::Slice(elem)) if f.kind.is_string() => {
                let nil = self.b.nil();
                let name = if is_byte(*elem) { "stringtoslicebyte" } else { "stringtoslicerune" };
                let args = [nil, val.parts()[0], val.parts()[1]];
                Val::S(self.rt(name, &args, &[ir::Ty::Ptr, ir::Ty::I64, ir::Ty::I64]))
            }
            (Kind::Slice(_), Kind::Pointer(array)) => Val::one(self.slice_to_array_pointer(&val, *array)),
            (Kind::Slice(_), Kind::Array(_)) => {
                let p = self.slice_to_array_pointer(&val, to);
                let loaded = self.load(Addr::safe(p), to);
                self.own(loaded, to)
            }
            // unsafe.Pointer and uintptr.
            (_, Kind::Basic(t)) if t.kind == BasicKind::UnsafePointer => self.to_pointer(val),
            (Kind::Basic(f), Kind::Pointer(_) | Kind::Map(_) | Kind::Chan(_) | Kind::Signature(_))
                if f.kind == BasicKind::UnsafePointer =>
            {
                val
            }
            (Kind::Pointer(_), Kind::Basic(t)) if t.kind == BasicKind::Uintptr => {
                Val::one(self.b.convert(Conv::PtrToInt, ir::Ty::I64, val.single()))
            }
            // What differs in tags, names or channel direction only.
            _ => val,
        }
    }

    fn to_pointer(&mut self, val: Val) -> Val {
        let v = val.single();
        match self.b.func.ty(v) {
            ir::Ty::Ptr => val,
            _ => Val::one(self.b.convert(Conv::IntToPtr, ir::Ty::Ptr, v)),
        }
    }

    fn slice_to_array_pointer(&mut self, val: &Val, array: Ty) -> Value {
        let Kind::Array(a) = array.under() else { panic!("{}: slice to {array:?}", self.name) };
        let want = self.b.i64(a.len());
        self.b.bounds_check(BoundsKind::SliceConvert, want, val.parts()[1], false);
        val.parts()[0]
    }

    fn convert_basic(&mut self, val: Val, from: BasicKind, to: BasicKind) -> Val {
        use BasicKind::UnsafePointer;
        if to.is_string() {
            if from.is_string() {
                return val;
            }
            // string(rune)
            let v = val.single();
            let nil = self.b.nil();
            let rune = match (self.b.func.ty(v), from.is_unsigned()) {
                (ir::Ty::I64, false) => v,
                // Values no rune can have stay invalid.
                (ir::Ty::I64, true) => {
                    let most = self.b.i64(i64::MAX);
                    let fits = self.b.icmp_imm(IntCc::Sge, v, 0);
                    self.b.select(fits, v, most)
                }
                (_, true) => self.b.convert(Conv::Zext, ir::Ty::I64, v),
                (_, false) => self.b.convert(Conv::Sext, ir::Ty::I64, v),
            };
            return Val::S(self.rt("intstring", &[nil, rune], &[ir::Ty::Ptr, ir::Ty::I64]));
        }
        if to == UnsafePointer {
            return self.to_pointer(val);
        }
        if from == UnsafePointer {
            if let Some(pointers) = &mut self.hidden_pointers {
                pointers.push(val.single());
            }
            return Val::one(self.b.convert(Conv::PtrToInt, ir::Ty::I64, val.single()));
        }
        if to.is_complex() {
            let narrow = to == BasicKind::Complex64;
            let parts: Vec<Value> = val.parts().iter().map(|&v| self.to_float(v, narrow)).collect();
            return Val::S(parts);
        }
        if to.is_boolean() {
            return val;
        }
        Val::one(self.convert_number(val.single(), from, to))
    }

    /// Between integer and float types.
    pub fn convert_number(&mut self, v: Value, from: BasicKind, to: BasicKind) -> Value {
        let to_ty = scalar_ty(to);
        let from_ty = self.b.func.ty(v);
        match (from_ty.is_float(), to_ty.is_float()) {
            (false, false) => self.resize(v, from.is_unsigned(), to_ty),
            (true, true) => self.to_float(v, to_ty == ir::Ty::F32),
            (false, true) => self.int_to_float(v, from.is_unsigned(), to_ty),
            (true, false) => self.float_to_int(v, to, to_ty),
        }
    }

    /// An integer in another width.
    pub fn resize(&mut self, v: Value, unsigned: bool, to: ir::Ty) -> Value {
        let from = self.b.func.ty(v);
        match from.bytes().cmp(&to.bytes()) {
            std::cmp::Ordering::Equal => v,
            std::cmp::Ordering::Greater => self.b.convert(Conv::Trunc, to, v),
            std::cmp::Ordering::Less => {
                let op = if unsigned { Conv::Zext } else { Conv::Sext };
                self.b.convert(op, to, v)
            }
        }
    }

    fn int_to_float(&mut self, v: Value, unsigned: bool, to: ir::Ty) -> Value {
        if unsigned && self.b.func.ty(v) == ir::Ty::I64 {
            return self.b.convert(Conv::FromUint, to, v);
        }
        let wide = self.resize(v, unsigned, ir::Ty::I64);
        self.b.convert(Conv::FromSint, to, wide)
    }

    /// As gc on amd64, also for what does not fit: small types are cut from the 32-bit result, uint32 from the 64-bit one,
    /// and the upper half of uint64 is found by subtracting 2⁶³.
    fn float_to_int(&mut self, v: Value, to: BasicKind, to_ty: ir::Ty) -> Value {
        match to {
            BasicKind::Uint | BasicKind::Uint64 | BasicKind::Uintptr => {
                let float = self.b.func.ty(v);
                let limit = match float {
                    ir::Ty::F32 => self.b.f32const(9223372036854775808.0),
                    _ => self.b.f64const(9223372036854775808.0),
                };
                let small = self.b.fcmp(FloatCc::Lt, v, limit);
                let low = self.b.convert(Conv::ToSint, ir::Ty::I64, v);
                let less = self.b.binary(BinOp::Fsub, v, limit);
                let high = self.b.convert(Conv::ToSint, ir::Ty::I64, less);
                let high = self.b.binary_imm(BinOp::Xor, high, i64::MIN);
                self.b.select(small, low, high)
            }
            BasicKind::Uint32 => {
                let wide = self.b.convert(Conv::ToSint, ir::Ty::I64, v);
                self.b.convert(Conv::Trunc, ir::Ty::I32, wide)
            }
            _ if to_ty == ir::Ty::I64 => self.b.convert(Conv::ToSint, ir::Ty::I64, v),
            _ => {
                let mid = self.b.convert(Conv::ToSint, ir::Ty::I32, v);
                self.resize(mid, false, to_ty)
            }
        }
    }
}

fn scalar_ty(kind: BasicKind) -> ir::Ty {
    match kind {
        BasicKind::Bool | BasicKind::Int8 | BasicKind::Uint8 => ir::Ty::I8,
        BasicKind::Int16 | BasicKind::Uint16 => ir::Ty::I16,
        BasicKind::Int32 | BasicKind::Uint32 | BasicKind::UntypedRune => ir::Ty::I32,
        BasicKind::Float32 => ir::Ty::F32,
        BasicKind::Float64 | BasicKind::UntypedFloat => ir::Ty::F64,
        _ => ir::Ty::I64,
    }
}

fn is_byte(elem: Ty) -> bool {
    layout::size(elem) == 1
}

/// Whether a type is `[]byte` underneath.
pub fn is_byte_slice(ty: Ty) -> bool {
    matches!(ty.under(), Kind::Slice(e) if e.basic_kind() == Some(BasicKind::Uint8))
}

impl Fx<'_, '_> {
    /// Concatenates strings.
    pub fn concat_vals(&mut self, vals: &[Val]) -> Val {
        let nil = self.b.nil();
        let results = [ir::Ty::Ptr, ir::Ty::I64];
        if let [a, b] = vals {
            let args = [nil, a.parts()[0], a.parts()[1], b.parts()[0], b.parts()[1]];
            return Val::S(self.rt("concatstring2", &args, &results));
        }
        let list = self.temp_bytes(16 * vals.len() as u64, 8);
        for (i, v) in vals.iter().enumerate() {
            self.store(list.plus(16 * i as u64), Ty::STRING, v);
        }
        let ptr = self.addr_value(list);
        let n = self.b.i64(vals.len() as i64);
        Val::S(self.rt("concatstrings", &[nil, ptr, n, n], &results))
    }
}

impl<'a> Fx<'_, 'a> {
    /// A chain of string additions as one concatenation.
    pub fn concat(&mut self, e: &'a ast::Expr) -> Val {
        let mut terms = Vec::new();
        self.concat_terms(e, &mut terms);
        let vals: Vec<Val> = terms
            .into_iter()
            .map(|t| {
                let ty = Ty::STRING;
                match self.const_of(t) {
                    Some(c) => self.constant(&c, ty),
                    None => self.string_to_look_at(t, ty),
                }
            })
            .collect();
        self.at(e.pos);
        self.concat_vals(&vals)
    }

    /// The operand of `string(b)` or `[]byte(s)`, without the parentheses, if `e` is such a conversion.
    fn bytes_conversion(&self, e: &'a ast::Expr, to_string: bool) -> Option<&'a ast::Expr> {
        let ast::ExprKind::Call(call) = &e.unparen().kind else { return None };
        if !self.is_type(&call.fun) || self.const_of(e).is_some() || call.args.len() != 1 {
            return None;
        }
        let (to, from) = (self.ty(call.fun.id), self.ty(call.args[0].id));
        let is_string = |ty: Ty| ty.basic_kind().is_some_and(|k| k.is_string());
        let fits = if to_string {
            is_string(to) && is_byte_slice(from)
        } else {
            is_byte_slice(to) && is_string(from)
        };
        fits.then_some(&call.args[0])
    }

    /// A string that is only looked at before anything else can happen: `string(b)` then needs no copy.
    pub fn string_to_look_at(&mut self, e: &'a ast::Expr, ty: Ty) -> Val {
        match self.bytes_conversion(e, true) {
            Some(bytes) => {
                let val = self.expr(bytes);
                Val::S(val.parts()[..2].to_vec())
            }
            None => self.expr_as(e, ty),
        }
    }

    /// The string in `range []byte(s)`, over whose bytes a loop can go without a copy.
    pub fn ranged_string(&mut self, e: &'a ast::Expr) -> Option<Val> {
        let s = self.bytes_conversion(e, false)?;
        Some(match self.const_of(s) {
            Some(c) => self.constant(&c, Ty::STRING),
            None => self.expr(s),
        })
    }

    fn concat_terms(&self, e: &'a ast::Expr, out: &mut Vec<&'a ast::Expr>) {
        match &e.kind {
            _ if self.const_of(e).is_some() => out.push(e),
            ast::ExprKind::Paren(x) => self.concat_terms(x, out),
            ast::ExprKind::Binary(ast::BinaryOp::Add, x, y) => {
                self.concat_terms(x, out);
                self.concat_terms(y, out);
            }
            _ => out.push(e),
        }
    }
}

impl<'a> Fx<'_, 'a> {
    /// `x[lo:hi:max]`.
    pub fn slice_expr(&mut self, e: &'a ast::Expr, s: &'a ast::SliceExpr) -> Val {
        let xt = self.ty(s.x.id);
        if let Kind::Basic(_) = xt.under() {
            return self.slice_string(e, s);
        }
        let (ptr, len, cap, elem) = match xt.under() {
            Kind::Slice(elem) => {
                let val = self.expr(&s.x);
                (val.parts()[0], val.parts()[1], val.parts()[2], *elem)
            }
            Kind::Pointer(array) => {
                let Kind::Array(a) = array.under() else { panic!("{}: slice of {xt:?}", self.name) };
                let p = self.scalar(&s.x);
                self.b.nil_check(p);
                let n = self.b.i64(a.len());
                (p, n, n, a.elem)
            }
            Kind::Array(a) => {
                let at = self.lvalue_addr(&s.x);
                let p = self.addr_value(at);
                let n = self.b.i64(a.len());
                (p, n, n, a.elem)
            }
            other => panic!("{}: slice of {other:?}", self.name),
        };
        let is_array = !matches!(xt.under(), Kind::Slice(_));
        let index: Vec<Option<Value>> =
            s.index.iter().map(|i| i.as_ref().map(|i| self.index_value(i))).collect();
        let unsigned: Vec<bool> =
            s.index.iter().map(|i| i.as_ref().is_some_and(|i| self.is_unsigned_index(i))).collect();
        self.at(e.pos);
        let zero = self.b.i64(0);
        let lo = index[0].unwrap_or(zero);
        let hi = index[1].unwrap_or(len);
        let max = index[2].unwrap_or(cap);
        if s.full {
            let kind = if is_array { BoundsKind::Slice3Alen } else { BoundsKind::Slice3Acap };
            self.b.bounds_check(kind, max, cap, unsigned[2]);
            self.b.bounds_check(BoundsKind::Slice3B, hi, max, unsigned[1]);
            if index[0].is_some() {
                self.b.bounds_check(BoundsKind::Slice3C, lo, hi, unsigned[0]);
            }
        } else {
            if index[1].is_some() {
                let kind = if is_array { BoundsKind::SliceAlen } else { BoundsKind::SliceAcap };
                self.b.bounds_check(kind, hi, cap, unsigned[1]);
            }
            if index[0].is_some() {
                self.b.bounds_check(BoundsKind::SliceB, lo, hi, unsigned[0]);
            }
        }
        let new_len = self.subtract(hi, lo);
        let new_cap = self.subtract(max, lo);
        let new_ptr = self.advance(ptr, lo, new_cap, layout::size(elem));
        Val::S(vec![new_ptr, new_len, new_cap])
    }

    fn slice_string(&mut self, e: &'a ast::Expr, s: &'a ast::SliceExpr) -> Val {
        let val = self.expr(&s.x);
        let (ptr, len) = (val.parts()[0], val.parts()[1]);
        let lo_index = s.index[0].as_ref().map(|i| self.index_value(i));
        let hi_index = s.index[1].as_ref().map(|i| self.index_value(i));
        self.at(e.pos);
        let zero = self.b.i64(0);
        let lo = lo_index.unwrap_or(zero);
        let hi = hi_index.unwrap_or(len);
        if let Some(i) = &s.index[1] {
            self.b.bounds_check(BoundsKind::SliceAlen, hi, len, self.is_unsigned_index(i));
        }
        if let Some(i) = &s.index[0] {
            self.b.bounds_check(BoundsKind::SliceB, lo, hi, self.is_unsigned_index(i));
        }
        let new_len = self.subtract(hi, lo);
        let new_ptr = self.advance(ptr, lo, new_len, 1);
        Val::S(vec![new_ptr, new_len])
    }

    fn subtract(&mut self, a: Value, b: Value) -> Value {
        if self.b.func.as_const(b) == Some(0) { a } else { self.b.isub(a, b) }
    }

    /// The start of a slice moved by `lo` elements, but not past the end: with nothing left it stays where it is, so that
    /// it never points into another object.
    fn advance(&mut self, ptr: Value, lo: Value, left: Value, size: u64) -> Value {
        if self.b.func.as_const(lo) == Some(0) || size == 0 {
            return ptr;
        }
        let off = if size == 1 { lo } else { self.b.binary_imm(BinOp::Imul, lo, size as i64) };
        // All ones when something is left: 0 - left is negative.
        let negated = self.b.unary(ir::UnOp::Ineg, left);
        let mask = self.b.binary_imm(BinOp::Sshr, negated, 63);
        let off = self.b.binary(BinOp::And, off, mask);
        self.b.ptr_add(ptr, off)
    }
}
