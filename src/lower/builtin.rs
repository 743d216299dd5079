//! Calls of the predeclared functions and of package unsafe's.

use super::func::Fx;
use super::layout;
use super::val::{Addr, TyExt, Val};
use crate::ir::{self, BinOp, IntCc, Value};
use crate::syntax::ast;
use crate::types::{BasicKind, BuiltinId, Kind, Ty};

impl<'a> Fx<'_, 'a> {
    /// A call of a built-in; None when it has no value.
    pub fn builtin(&mut self, e: &'a ast::Expr, call: &'a ast::CallExpr, id: BuiltinId) -> Option<Val> {
        let args = &call.args[..];
        let result = self.info().types.get(e.id).map(|tv| self.subst(tv.ty));
        if let Some(vals) = self.spread(args) {
            self.at(e.pos);
            return self.builtin_of_results(id, vals, result);
        }
        let out = match id {
            BuiltinId::Append => self.append(e, call),
            BuiltinId::Cap | BuiltinId::Len => Val::one(self.len_cap(id, &args[0])),
            BuiltinId::Clear => {
                self.clear(&args[0]);
                return None;
            }
            BuiltinId::Close => {
                let c = self.scalar(&args[0]);
                self.at(e.pos);
                self.rt("closechan", &[c], &[]);
                return None;
            }
            BuiltinId::Complex => {
                let ty = result.expect("complex has a value");
                let part = if layout::size(ty) == 8 { Ty::FLOAT32 } else { Ty::FLOAT64 };
                let re = self.expr_as(&args[0], part).single();
                let im = self.expr_as(&args[1], part).single();
                Val::S(vec![re, im])
            }
            BuiltinId::Real => Val::one(self.expr(&args[0]).parts()[0]),
            BuiltinId::Imag => Val::one(self.expr(&args[0]).parts()[1]),
            BuiltinId::Copy => Val::one(self.copy_slices(&args[0], &args[1])),
            BuiltinId::Delete => {
                let ty = self.ty(args[0].id);
                let Kind::Map(m) = ty.under() else { panic!("{}: delete from {ty:?}", self.name) };
                let map = self.scalar(&args[0]);
                let key = self.expr_as(&args[1], m.key);
                self.at(e.pos);
                self.map_delete(ty, map, &key);
                return None;
            }
            BuiltinId::Make => self.make_builtin(e, args),
            BuiltinId::Max | BuiltinId::Min => self.min_max(id, args, result.expect("min has a value")),
            BuiltinId::New => self.new_builtin(&args[0], result.expect("new has a value")),
            BuiltinId::Panic => {
                let val = self.expr_as(&args[0], Ty::EMPTY_INTERFACE);
                self.at(e.pos);
                self.rt("gopanic", val.parts(), &[]);
                self.b.unreachable();
                self.b.dead_block();
                return None;
            }
            BuiltinId::Print | BuiltinId::Println => {
                let vals = self.print_args(args);
                self.at(e.pos);
                self.print(&vals, id == BuiltinId::Println);
                return None;
            }
            BuiltinId::Recover => Val::S(self.rt("gorecover", &[], &[ir::Ty::Ptr, ir::Ty::Ptr])),
            BuiltinId::Add => {
                let p = self.scalar(&args[0]);
                let n = self.index_value(&args[1]);
                Val::one(self.b.ptr_add(p, n))
            }
            BuiltinId::Slice => self.unsafe_slice(e, args),
            BuiltinId::String => self.unsafe_string(e, args),
            BuiltinId::SliceData | BuiltinId::StringData => Val::one(self.expr(&args[0]).parts()[0]),
            // Of a type parameter's type these are no constants.
            BuiltinId::Alignof => {
                let ty = self.ty(args[0].id);
                Val::one(self.b.i64(layout::of(ty).align as i64))
            }
            BuiltinId::Sizeof => {
                let ty = self.ty(args[0].id);
                Val::one(self.b.i64(layout::size(ty) as i64))
            }
            BuiltinId::Offsetof => Val::one(self.offset_of(&args[0])),
            BuiltinId::Assert | BuiltinId::Trace => {
                panic!("{}: {id:?} is for the checker's tests only", self.name)
            }
        };
        Some(out)
    }

    fn offset_of(&mut self, e: &'a ast::Expr) -> Value {
        let s = self.selection(e.unparen()).unwrap_or_else(|| panic!("{}: Offsetof of {e:?}", self.name));
        let mut ty = s.recv;
        let mut off = 0;
        for &i in &s.index {
            if let Kind::Pointer(elem) = ty.under() {
                ty = *elem;
                off = 0;
            }
            off += layout::of(ty).fields[i as usize];
            ty = ty.under_struct().fields[i as usize].typ();
        }
        self.b.i64(off as i64)
    }

    fn len_cap(&mut self, id: BuiltinId, x: &'a ast::Expr) -> Value {
        let ty = self.ty(x.id);
        let part = if id == BuiltinId::Len { 1 } else { 2 };
        match ty.under() {
            Kind::Basic(_) | Kind::Slice(_) => self.expr(x).parts()[part],
            Kind::Array(a) => {
                self.operand(x);
                self.b.i64(a.len())
            }
            Kind::Pointer(elem) => {
                let Kind::Array(a) = elem.under() else { panic!("{}: len of {ty:?}", self.name) };
                self.expr(x);
                self.b.i64(a.len())
            }
            Kind::Map(_) => {
                let p = self.scalar(x);
                self.header_len(p, "map")
            }
            Kind::Chan(_) => {
                let p = self.scalar(x);
                self.header_len(p, if id == BuiltinId::Len { "chanlen" } else { "chancap" })
            }
            other => panic!("{}: len of {other:?}", self.name),
        }
    }

    fn clear(&mut self, x: &'a ast::Expr) {
        let ty = self.ty(x.id);
        let val = self.expr(x);
        self.clear_val(ty, &val);
    }

    pub fn clear_val(&mut self, ty: Ty, val: &Val) {
        match ty.under() {
            Kind::Map(_) => {
                let desc = self.type_addr(ty);
                self.rt("mapclear", &[desc, val.single()], &[]);
            }
            Kind::Slice(elem) => {
                let layout = layout::of(*elem);
                if layout.size == 0 {
                    return;
                }
                let bytes = self.b.binary_imm(BinOp::Imul, val.parts()[1], layout.size as i64);
                let name = if layout.pointers { "memclrHasPointers" } else { "memclrNoHeapPointers" };
                // Nothing may be touched, nor any barrier run, for an empty slice.
                let (then, done) = (self.b.block(), self.b.block());
                let some = self.b.icmp_imm(IntCc::Ne, bytes, 0);
                self.b.brif(some, then, done);
                self.b.start(then);
                self.rt(name, &[val.parts()[0], bytes], &[]);
                self.b.jump(done);
                self.b.start(done);
            }
            other => panic!("{}: clear of {other:?}", self.name),
        }
    }

    fn new_builtin(&mut self, x: &'a ast::Expr, result: Ty) -> Val {
        let ty = result.elem();
        if self.is_type(x) {
            let at = self.backing(ty);
            return Val::one(self.addr_value(at));
        }
        // new(value)
        let val = self.expr_as(x, ty);
        let at = self.backing(ty);
        self.store(at, ty, &val);
        Val::one(self.addr_value(at))
    }

    fn make_builtin(&mut self, e: &'a ast::Expr, args: &'a [ast::Expr]) -> Val {
        let ty = self.ty(args[0].id);
        let sizes: Vec<Value> = args[1..].iter().map(|a| self.index_value(a)).collect();
        // A size too large for int, of an unsigned type, is as bad as a negative one.
        self.at(e.pos);
        match ty.under() {
            Kind::Slice(elem) => {
                let len = sizes[0];
                let cap = sizes.get(1).copied().unwrap_or(len);
                let desc = self.type_addr(*elem);
                let ptr = match (self.b.func.as_const(cap), self.b.func.as_const(len)) {
                    (Some(n), Some(l))
                        if n >= 0
                            && l >= 0
                            && l <= n
                            && (n as u64).saturating_mul(layout::size(*elem)) <= 64 * 1024 =>
                    {
                        if n == 0 || layout::size(*elem) == 0 {
                            self.b.sym_addr("runtime.zerobase", 0)
                        } else {
                            // Always the heap: a slice made is usually kept.
                            let array = Ty::array(*elem, n);
                            self.alloc(array)
                        }
                    }
                    _ => self.rt1("makeslice", &[desc, len, cap], ir::Ty::Ptr),
                };
                Val::S(vec![ptr, len, cap])
            }
            Kind::Map(_) => {
                let hint = sizes.first().copied().unwrap_or_else(|| self.b.i64(0));
                Val::one(self.make_map(ty, hint))
            }
            Kind::Chan(_) => {
                let size = sizes.first().copied().unwrap_or_else(|| self.b.i64(0));
                let desc = self.type_addr(ty);
                Val::one(self.rt1("makechan", &[desc, size], ir::Ty::Ptr))
            }
            other => panic!("{}: make of {other:?}", self.name),
        }
    }

    fn min_max(&mut self, id: BuiltinId, args: &'a [ast::Expr], ty: Ty) -> Val {
        let mut best = self.expr_as(&args[0], ty);
        for arg in &args[1..] {
            let next = self.expr_as(arg, ty);
            best = self.min_max_of(id, best, next, ty);
        }
        best
    }

    pub(super) fn min_max_of(&mut self, id: BuiltinId, a: Val, b: Val, ty: Ty) -> Val {
        let kind = ty.basic_kind().unwrap_or_else(|| panic!("{}: min of {ty:?}", self.name));
        if kind.is_float() {
            let op = if id == BuiltinId::Min { BinOp::Fmin } else { BinOp::Fmax };
            return Val::one(self.b.binary(op, a.single(), b.single()));
        }
        // The first of equals stays.
        let op = if id == BuiltinId::Min { ast::BinaryOp::Lt } else { ast::BinaryOp::Gt };
        let take = self.compare(op, &b, &a, ty);
        let parts = a.parts().iter().zip(b.parts()).map(|(&x, &y)| self.b.select(take, y, x)).collect();
        Val::S(parts)
    }

    fn copy_slices(&mut self, dst: &'a ast::Expr, src: &'a ast::Expr) -> Value {
        let elem = self.ty(dst.id).elem();
        let d = self.expr(dst);
        let s = self.expr_as(src, self.ty(src.id));
        self.at(dst.pos);
        self.copy_vals(elem, &d, &s)
    }

    /// `copy(d, s)`: how many elements were copied.
    pub fn copy_vals(&mut self, elem: Ty, d: &Val, s: &Val) -> Value {
        let layout = layout::of(elem);
        if layout.pointers {
            let desc = self.type_addr(elem);
            let args = [desc, d.parts()[0], d.parts()[1], s.parts()[0], s.parts()[1]];
            return self.rt1("typedslicecopy", &args, ir::Ty::I64);
        }
        let less = self.b.icmp(IntCc::Slt, d.parts()[1], s.parts()[1]);
        let n = self.b.select(less, d.parts()[1], s.parts()[1]);
        if layout.size > 0 {
            let bytes =
                if layout.size == 1 { n } else { self.b.binary_imm(BinOp::Imul, n, layout.size as i64) };
            self.rt("memmove", &[d.parts()[0], s.parts()[0], bytes], &[]);
        }
        n
    }

    // ── append ──

    fn append(&mut self, e: &'a ast::Expr, call: &'a ast::CallExpr) -> Val {
        let ty = self.ty(e.id);
        let elem = ty.elem();
        let s = self.expr_as(&call.args[0], ty);
        if call.args.len() == 1 {
            return s;
        }
        if call.has_dots
            && let Some(len) = self.made_length(&call.args[1])
        {
            let n = self.index_value(len);
            self.at(e.pos);
            return self.append_zeros(ty, &s, n);
        }
        if call.has_dots {
            let more = self.append_source(&call.args[1]);
            self.at(e.pos);
            return self.append_slice(&s, &more, elem);
        }
        let mut vals = Vec::new();
        for arg in &call.args[1..] {
            let val = self.expr_as(arg, elem);
            vals.push(self.own(val, elem));
        }
        self.at(e.pos);
        self.append_vals(&s, &vals, elem)
    }

    /// `append(s, vals...)`, the values of the element's type.
    pub(super) fn append_vals(&mut self, s: &Val, vals: &[Val], elem: Ty) -> Val {
        let n = self.b.i64(vals.len() as i64);
        let (grown, old_len) = self.grow(s, n, elem);
        let at = self.elem_addr(Addr::safe(grown.parts()[0]), elem, old_len);
        for (i, val) in vals.iter().enumerate() {
            self.store(at.plus(i as u64 * layout::size(elem)), elem, val);
        }
        grown
    }

    /// The `n` in `make([]T, n)`.
    fn made_length(&self, e: &'a ast::Expr) -> Option<&'a ast::Expr> {
        let ast::ExprKind::Call(call) = &e.unparen().kind else { return None };
        let is_make = self
            .callee_object(&call.fun)
            .is_some_and(|obj| matches!(obj.kind, crate::types::ObjKind::Builtin(BuiltinId::Make)));
        match &call.args[..] {
            [_, len] if is_make => Some(len),
            _ => None,
        }
    }

    /// `append(s, make([]T, n)...)`: nothing is made, the new elements are cleared where they lie.
    fn append_zeros(&mut self, ty: Ty, s: &Val, n: Value) -> Val {
        let negative = self.b.icmp_imm(IntCc::Slt, n, 0);
        let (bad, good) = (self.b.cold_block(), self.b.block());
        self.b.brif(negative, bad, good);
        self.b.start(bad);
        self.rt("panicmakeslicelen", &[], &[]);
        self.b.unreachable();
        self.b.start(good);
        let elem = ty.elem();
        let (grown, old_len) = self.grow(s, n, elem);
        let at = self.elem_addr(Addr::safe(grown.parts()[0]), elem, old_len);
        let ptr = self.addr_value(at);
        self.clear_val(ty, &Val::S(vec![ptr, n, n]));
        grown
    }

    fn append_source(&mut self, e: &'a ast::Expr) -> Val {
        if self.is_nil(e) {
            return self.zero_val(Ty::slice(Ty::UINT8));
        }
        self.expr(e)
    }

    fn append_slice(&mut self, s: &Val, more: &Val, elem: Ty) -> Val {
        let n = more.parts()[1];
        let (grown, old_len) = self.grow(s, n, elem);
        let layout = layout::of(elem);
        if layout.size == 0 {
            return grown;
        }
        let at = self.elem_addr(Addr::safe(grown.parts()[0]), elem, old_len);
        let dst = self.addr_value(at);
        if layout.pointers {
            let desc = self.type_addr(elem);
            self.rt1("typedslicecopy", &[desc, dst, n, more.parts()[0], n], ir::Ty::I64);
        } else {
            let bytes =
                if layout.size == 1 { n } else { self.b.binary_imm(BinOp::Imul, n, layout.size as i64) };
            self.rt("memmove", &[dst, more.parts()[0], bytes], &[]);
        }
        grown
    }

    /// Room for `n` more elements: the slice with its new length, and the length it had.
    fn grow(&mut self, s: &Val, n: Value, elem: Ty) -> (Val, Value) {
        let (ptr, len, cap) = (s.parts()[0], s.parts()[1], s.parts()[2]);
        let new_len = self.b.iadd(len, n);
        let (ptr_var, cap_var) = (self.keep(ptr), self.keep(cap));
        let enough = self.b.icmp(IntCc::Ule, new_len, cap);
        let (more, done) = (self.b.cold_block(), self.b.block());
        self.b.brif(enough, done, more);
        self.b.start(more);
        let desc = self.type_addr(elem);
        let results = [ir::Ty::Ptr, ir::Ty::I64, ir::Ty::I64];
        let grown = self.rt("growslice", &[ptr, new_len, cap, n, desc], &results);
        self.b.set(ptr_var, grown[0]);
        self.b.set(cap_var, grown[2]);
        self.b.jump(done);
        self.b.start(done);
        let (ptr, cap) = (self.b.get(ptr_var), self.b.get(cap_var));
        (Val::S(vec![ptr, new_len, cap]), len)
    }

    // ── print ──

    /// The arguments of print with the types they are printed as.
    pub fn print_args(&mut self, args: &'a [ast::Expr]) -> Vec<(Val, Ty)> {
        args.iter()
            .map(|arg| {
                let mut ty = self.ty(arg.id);
                if let Some(kind) = ty.basic_kind().filter(|k| k.is_untyped()) {
                    ty = match kind {
                        BasicKind::UntypedBool => Ty::BOOL,
                        BasicKind::UntypedInt | BasicKind::UntypedRune => Ty::INT64,
                        BasicKind::UntypedFloat => Ty::FLOAT64,
                        BasicKind::UntypedComplex => Ty::COMPLEX128,
                        BasicKind::UntypedString => Ty::STRING,
                        _ => Ty::UNSAFE_POINTER,
                    };
                }
                (self.expr_as(arg, ty), ty)
            })
            .collect()
    }

    pub fn print(&mut self, vals: &[(Val, Ty)], line: bool) {
        self.rt("printlock", &[], &[]);
        for (i, (val, ty)) in vals.iter().enumerate() {
            if line && i > 0 {
                self.rt("printsp", &[], &[]);
            }
            self.print_one(val, *ty);
        }
        if line {
            self.rt("printnl", &[], &[]);
        }
        self.rt("printunlock", &[], &[]);
    }

    fn print_one(&mut self, val: &Val, ty: Ty) {
        let (name, args): (&str, Vec<Value>) = match ty.under() {
            Kind::Basic(b) => match b.kind {
                BasicKind::Bool => ("printbool", vec![val.single()]),
                BasicKind::Float32 => ("printfloat32", vec![val.single()]),
                BasicKind::Float64 => ("printfloat64", vec![val.single()]),
                BasicKind::Complex64 => ("printcomplex64", val.parts().to_vec()),
                BasicKind::Complex128 => ("printcomplex128", val.parts().to_vec()),
                BasicKind::String => ("printstring", val.parts().to_vec()),
                BasicKind::UnsafePointer => ("printpointer", vec![val.single()]),
                BasicKind::Uintptr => ("printuint", vec![val.single()]),
                kind => {
                    let wide = self.resize(val.single(), kind.is_unsigned(), ir::Ty::I64);
                    let hex = ty.as_named().is_some_and(|n| {
                        n.obj().name == "hex" && n.obj().pkg.is_some_and(|p| p.path == "runtime")
                    });
                    match (hex, kind.is_unsigned()) {
                        (true, _) => ("printhex", vec![wide]),
                        (_, true) => ("printuint", vec![wide]),
                        (_, false) => ("printint", vec![wide]),
                    }
                }
            },
            Kind::Interface(_) => {
                let name = if super::iface::is_empty_interface(ty) { "printeface" } else { "printiface" };
                (name, val.parts().to_vec())
            }
            Kind::Slice(_) => ("printslice", val.parts().to_vec()),
            Kind::Pointer(_) | Kind::Map(_) | Kind::Chan(_) | Kind::Signature(_) => {
                ("printpointer", vec![val.single()])
            }
            other => panic!("{}: print of {other:?}", self.name),
        };
        // The runtime quotes the strings of its own type `quoted`.
        let quoted = ty
            .as_named()
            .is_some_and(|n| n.obj().name == "quoted" && n.obj().pkg.is_some_and(|p| p.path == "runtime"));
        let name = if quoted && name == "printstring" { "printquoted" } else { name };
        self.rt(name, &args, &[]);
    }

    // ── unsafe ──

    fn unsafe_slice(&mut self, e: &'a ast::Expr, args: &'a [ast::Expr]) -> Val {
        let elem = self.ty(args[0].id).elem();
        let p = self.scalar(&args[0]);
        let n = self.index_value(&args[1]);
        self.at(e.pos);
        self.check_unsafe_len(p, n, layout::size(elem), "slice");
        Val::S(vec![p, n, n])
    }

    fn unsafe_string(&mut self, e: &'a ast::Expr, args: &'a [ast::Expr]) -> Val {
        let p = self.scalar(&args[0]);
        let n = self.index_value(&args[1]);
        self.at(e.pos);
        self.check_unsafe_len(p, n, 1, "string");
        Val::S(vec![p, n])
    }

    /// The length must not be negative, nor the memory go round the end of the address space, nor begin at nil.
    pub(super) fn check_unsafe_len(&mut self, p: Value, n: Value, size: u64, what: &str) {
        if matches!(self.b.func.as_const(n), Some(0)) {
            return;
        }
        let (ok, bad, check) = (self.b.block(), self.b.cold_block(), self.b.block());
        let negative = self.b.icmp_imm(IntCc::Slt, n, 0);
        self.b.brif(negative, bad, check);
        self.b.start(check);
        if size == 0 {
            self.b.jump(ok);
        } else {
            // mem > -uintptr(ptr), or the product does not fit.
            let bytes = self.b.binary_imm(BinOp::Imul, n, size as i64);
            let by = self.b.i64(size as i64);
            let high = self.b.binary(BinOp::Umulhi, n, by);
            let word = self.b.convert(ir::Conv::PtrToInt, ir::Ty::I64, p);
            let room = self.b.unary(ir::UnOp::Ineg, word);
            let beyond = self.b.icmp(IntCc::Ugt, bytes, room);
            let wide = self.b.icmp_imm(IntCc::Ne, high, 0);
            let fails = self.b.binary(BinOp::Or, beyond, wide);
            let (refine, nil) = (self.b.cold_block(), self.b.cold_block());
            self.b.brif(fails, refine, ok);
            self.b.start(refine);
            // A nil pointer has no room at all, and is worded so.
            let is_nil = self.b.icmp_imm(IntCc::Eq, p, 0);
            let some = self.b.icmp_imm(IntCc::Ne, bytes, 0);
            let nil_and_some = self.b.binary(BinOp::And, is_nil, some);
            let third = self.b.cold_block();
            self.b.brif(nil_and_some, nil, third);
            self.b.start(third);
            self.b.brif(is_nil, ok, bad);
            self.b.start(nil);
            self.rt(&format!("panicunsafe{what}nilptr"), &[], &[]);
            self.b.unreachable();
        }
        self.b.start(bad);
        self.rt(&format!("panicunsafe{what}len"), &[], &[]);
        self.b.unreachable();
        self.b.start(ok);
    }
}
