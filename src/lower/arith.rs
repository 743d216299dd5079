//! Arithmetic, shifts and comparisons.

use super::func::Fx;
use super::layout;
use super::val::{TyExt, Val};
use crate::base::Pos;
use crate::ir::{self, BinOp, FloatCc, IntCc, Op, Value};
use crate::syntax::ast::{self, BinaryOp};
use crate::types::{self, Kind, Ty};

impl<'a> Fx<'_, 'a> {
    /// `a op b` of one type, shifts and strings aside.
    pub fn arith(&mut self, op: BinaryOp, a: &Val, b: &Val, ty: Ty) -> Val {
        let kind = ty.basic_kind().unwrap_or_else(|| panic!("{}: arithmetic on {ty:?}", self.name));
        if kind.is_string() {
            return self.concat_vals(&[a.clone(), b.clone()]);
        }
        if kind.is_complex() {
            return self.complex_arith(op, a, b);
        }
        let (a, b) = (a.single(), b.single());
        if kind.is_float() {
            let op = match op {
                BinaryOp::Add => BinOp::Fadd,
                BinaryOp::Sub => BinOp::Fsub,
                BinaryOp::Mul => BinOp::Fmul,
                BinaryOp::Div => BinOp::Fdiv,
                _ => panic!("{}: {} on floats", self.name, op.text()),
            };
            return Val::one(self.b.binary(op, a, b));
        }
        let unsigned = kind.is_unsigned();
        let out = match op {
            BinaryOp::Add => self.b.iadd(a, b),
            BinaryOp::Sub => self.b.isub(a, b),
            BinaryOp::Mul => self.b.binary(BinOp::Imul, a, b),
            BinaryOp::And => self.b.binary(BinOp::And, a, b),
            BinaryOp::Or => self.b.binary(BinOp::Or, a, b),
            BinaryOp::Xor => self.b.binary(BinOp::Xor, a, b),
            BinaryOp::AndNot => {
                let b = self.b.unary(ir::UnOp::Inot, b);
                self.b.binary(BinOp::And, a, b)
            }
            BinaryOp::Div | BinaryOp::Rem => {
                if !matches!(self.b.func.as_const(b), Some(c) if c != 0) {
                    self.b.add(Op::DivCheck { val: b });
                }
                let op = match (op, unsigned) {
                    (BinaryOp::Div, true) => BinOp::Udiv,
                    (BinaryOp::Div, false) => BinOp::Sdiv,
                    (_, true) => BinOp::Urem,
                    (_, false) => BinOp::Srem,
                };
                self.b.binary(op, a, b)
            }
            _ => panic!("{}: {} on integers", self.name, op.text()),
        };
        Val::one(out)
    }

    fn complex_arith(&mut self, op: BinaryOp, a: &Val, b: &Val) -> Val {
        let (ar, ai) = (a.parts()[0], a.parts()[1]);
        let (br, bi) = (b.parts()[0], b.parts()[1]);
        match op {
            BinaryOp::Add | BinaryOp::Sub => {
                let op = if op == BinaryOp::Add { BinOp::Fadd } else { BinOp::Fsub };
                Val::S(vec![self.b.binary(op, ar, br), self.b.binary(op, ai, bi)])
            }
            BinaryOp::Mul => {
                // gc computes complex64 products in float64.
                let narrow = self.b.func.ty(ar) == ir::Ty::F32;
                let wide: Vec<Value> = [ar, ai, br, bi].into_iter().map(|v| self.to_f64(v)).collect();
                let [ar, ai, br, bi] = wide[..] else { unreachable!("four parts") };
                let (rr, ii) = (self.b.binary(BinOp::Fmul, ar, br), self.b.binary(BinOp::Fmul, ai, bi));
                let (ri, ir) = (self.b.binary(BinOp::Fmul, ar, bi), self.b.binary(BinOp::Fmul, ai, br));
                let (re, im) = (self.b.binary(BinOp::Fsub, rr, ii), self.b.binary(BinOp::Fadd, ri, ir));
                Val::S([re, im].into_iter().map(|v| self.to_float(v, narrow)).collect())
            }
            BinaryOp::Div => {
                let narrow = self.b.func.ty(ar) == ir::Ty::F32;
                let args: Vec<Value> = [ar, ai, br, bi].into_iter().map(|v| self.to_f64(v)).collect();
                let out = self.rt("complex128div", &args, &[ir::Ty::F64, ir::Ty::F64]);
                Val::S(out.into_iter().map(|v| self.to_float(v, narrow)).collect())
            }
            _ => panic!("{}: {} on complex numbers", self.name, op.text()),
        }
    }

    pub fn to_f64(&mut self, v: Value) -> Value {
        match self.b.func.ty(v) {
            ir::Ty::F32 => self.b.convert(ir::Conv::Promote, ir::Ty::F64, v),
            _ => v,
        }
    }

    pub fn to_float(&mut self, v: Value, narrow: bool) -> Value {
        match (self.b.func.ty(v), narrow) {
            (ir::Ty::F64, true) => self.b.convert(ir::Conv::Demote, ir::Ty::F32, v),
            (ir::Ty::F32, false) => self.b.convert(ir::Conv::Promote, ir::Ty::F64, v),
            _ => v,
        }
    }

    /// `a << count` or `a >> count` by Go's rules: large counts shift everything out, negative ones panic.
    pub fn shift(&mut self, op: BinaryOp, a: Value, ty: Ty, count: Value, count_ty: Ty) -> Value {
        let bits = self.b.func.ty(a).bits() as i64;
        let signed = !ty.is_unsigned();
        let (ir_op, arithmetic) = match (op, signed) {
            (BinaryOp::Shl, _) => (BinOp::Shl, false),
            (_, true) => (BinOp::Sshr, true),
            (_, false) => (BinOp::Ushr, false),
        };
        if let Some(n) = self.b.func.as_const(count) {
            let large = n as u64 >= bits as u64;
            return match (large, arithmetic) {
                (false, _) => self.b.binary(ir_op, a, count),
                (true, true) => self.b.binary_imm(ir_op, a, bits - 1),
                (true, false) => {
                    let ty = self.b.func.ty(a);
                    self.b.zero(ty)
                }
            };
        }
        if !count_ty.is_unsigned() {
            self.b.add(Op::ShiftCheck { val: count });
        }
        let count = self.widen(count, count_ty);
        let small = self.b.icmp_imm(IntCc::Ult, count, bits);
        if arithmetic {
            let most = self.b.i64(bits - 1);
            let count = self.b.select(small, count, most);
            return self.b.binary(ir_op, a, count);
        }
        let shifted = self.b.binary(ir_op, a, count);
        let zero = {
            let ty = self.b.func.ty(a);
            self.b.zero(ty)
        };
        self.b.select(small, shifted, zero)
    }

    // ── Comparisons ──

    pub fn comparison(&mut self, op: BinaryOp, x: &'a ast::Expr, y: &'a ast::Expr, pos: Pos) -> Value {
        // `x == nil` for what has no other comparison.
        for (one, other) in [(x, y), (y, x)] {
            if self.is_nil(other) {
                let ty = self.ty(one.id);
                if ty.basic_kind() == Some(types::BasicKind::UntypedNil) {
                    return self.b.bool(op == BinaryOp::Eq);
                }
                let first = self.expr(one).parts()[0];
                let cc = if op == BinaryOp::Eq { IntCc::Eq } else { IntCc::Ne };
                return self.b.icmp_imm(cc, first, 0);
            }
        }
        let (xt, yt) = (self.ty(x.id), self.ty(y.id));
        // Mixed: the side that is no interface is converted, or compared by its type.
        let common = match (xt.is_interface(), yt.is_interface()) {
            (true, false) => xt,
            (false, true) => yt,
            _ if xt.basic_kind().is_some_and(|k| k.is_untyped()) => yt,
            _ => xt,
        };
        if common.is_interface() && !(xt.is_interface() && yt.is_interface()) {
            return self.compare_mixed(op, x, y, pos);
        }
        if common.basic_kind().is_some_and(|k| k.is_string()) {
            let a = self.string_to_look_at(x, common);
            let b = self.string_to_look_at(y, common);
            self.at(pos);
            return self.compare(op, &a, &b, common);
        }
        let a = self.expr_as(x, common);
        let b = self.expr_as(y, common);
        self.at(pos);
        self.compare(op, &a, &b, common)
    }

    /// An interface against a value of a concrete type: equal if the types are, and then the values.
    fn compare_mixed(&mut self, op: BinaryOp, x: &'a ast::Expr, y: &'a ast::Expr, pos: Pos) -> Value {
        let x_is_iface = self.ty(x.id).is_interface();
        let (iface_e, val_e) = if x_is_iface { (x, y) } else { (y, x) };
        let (it, vt) = (self.ty(iface_e.id), self.ty(val_e.id));
        let (iface, val) = if x_is_iface {
            let i = self.expr(x);
            (i, self.expr(y))
        } else {
            let v = self.expr(x);
            (self.expr(y), v)
        };
        let val = self.own(val, vt);
        self.at(pos);
        let want = self.iface_tab(vt, it);
        let same = self.b.icmp(IntCc::Eq, iface.parts()[0], want);
        let out = self.b.var(ir::Ty::I8);
        let no = self.b.bool(false);
        self.b.set(out, no);
        let (then, done) = (self.b.block(), self.b.block());
        self.b.brif(same, then, done);
        self.b.start(then);
        let held = self.iface_data(iface.parts()[1], vt);
        let equal = self.equal(&held, &val, vt);
        self.b.set(out, equal);
        self.b.jump(done);
        self.b.start(done);
        let out = self.b.get(out);
        if op == BinaryOp::Eq { out } else { self.not(out) }
    }

    /// `a op b` of one type.
    pub fn compare(&mut self, op: BinaryOp, a: &Val, b: &Val, ty: Ty) -> Value {
        match op {
            BinaryOp::Eq => return self.equal(a, b, ty),
            BinaryOp::Ne => {
                if let Some(kind) = ty.basic_kind()
                    && !kind.is_string()
                    && !kind.is_complex()
                {
                    let (a, b) = (a.single(), b.single());
                    return match kind.is_float() {
                        true => self.b.fcmp(FloatCc::Ne, a, b),
                        false => self.b.icmp(IntCc::Ne, a, b),
                    };
                }
                let eq = self.equal(a, b, ty);
                return self.not(eq);
            }
            _ => {}
        }
        let kind = ty.basic_kind().unwrap_or_else(|| panic!("{}: {} on {ty:?}", self.name, op.text()));
        if kind.is_string() {
            let args = [a.parts(), b.parts()].concat();
            let order = self.rt1("cmpstring", &args, ir::Ty::I64);
            return self.b.icmp_imm(int_cc(op, false), order, 0);
        }
        let (a, b) = (a.single(), b.single());
        if kind.is_float() {
            let cc = match op {
                BinaryOp::Lt => FloatCc::Lt,
                BinaryOp::Le => FloatCc::Le,
                BinaryOp::Gt => FloatCc::Gt,
                _ => FloatCc::Ge,
            };
            return self.b.fcmp(cc, a, b);
        }
        self.b.icmp(int_cc(op, kind.is_unsigned()), a, b)
    }

    /// `a == b` of one type.
    pub fn equal(&mut self, a: &Val, b: &Val, ty: Ty) -> Value {
        match ty.under() {
            Kind::Basic(basic) if basic.kind.is_string() => self.string_equal(a, b),
            Kind::Basic(basic) if basic.kind.is_complex() => {
                let re = self.b.fcmp(FloatCc::Eq, a.parts()[0], b.parts()[0]);
                let im = self.b.fcmp(FloatCc::Eq, a.parts()[1], b.parts()[1]);
                self.b.binary(BinOp::And, re, im)
            }
            Kind::Basic(basic) if basic.kind.is_float() => self.b.fcmp(FloatCc::Eq, a.single(), b.single()),
            Kind::Basic(_) | Kind::Pointer(_) | Kind::Chan(_) | Kind::Map(_) | Kind::Signature(_) => {
                self.b.icmp(IntCc::Eq, a.single(), b.single())
            }
            Kind::Slice(_) => self.b.icmp(IntCc::Eq, a.parts()[0], b.parts()[0]),
            Kind::Interface(_) => self.interface_equal(a, b, ty),
            Kind::Struct(s) => match (a, b) {
                (Val::S(_), Val::S(_)) => self.struct_equal(s, a, b, ty),
                _ => self.memory_equal(a, b, ty),
            },
            Kind::Array(array) => match (a, b) {
                (Val::S(x), Val::S(_)) => {
                    if array.len() == 0 || x.is_empty() {
                        return self.b.bool(true);
                    }
                    self.equal(a, b, array.elem)
                }
                _ => self.memory_equal(a, b, ty),
            },
            other => panic!("{}: == on {other:?}", self.name),
        }
    }

    fn struct_equal(&mut self, s: &'static types::Struct, a: &Val, b: &Val, ty: Ty) -> Value {
        let mut all: Option<Value> = None;
        // Cheap scalars first would change which interface comparison panics first: keep the order.
        let out = self.b.var(ir::Ty::I8);
        let done = self.b.block();
        for (i, f) in s.fields.iter().enumerate() {
            if f.name == "_" {
                continue;
            }
            let (x, y) = (self.field(a, ty, i), self.field(b, ty, i));
            if let Some(so_far) = all {
                // A call must not be made when something before it differs.
                self.b.set(out, so_far);
                let more = self.b.block();
                self.b.brif(so_far, more, done);
                self.b.start(more);
            }
            all = Some(self.equal(&x, &y, f.typ()));
        }
        let last = match all {
            Some(v) => v,
            None => self.b.bool(true),
        };
        self.b.set(out, last);
        self.b.jump(done);
        self.b.start(done);
        self.b.get(out)
    }

    fn memory_equal(&mut self, a: &Val, b: &Val, ty: Ty) -> Value {
        let (p, q) = (self.address_of_val(a, ty), self.address_of_val(b, ty));
        if layout::is_regular_memory(ty) {
            let size = self.b.i64(layout::size(ty) as i64);
            return self.rt1("memequal", &[p, q, size], ir::Ty::I8);
        }
        let eq = self.cx.eq_func(ty);
        self.rt_sym(&eq, &[p, q], &[ir::Ty::I8])[0]
    }

    fn string_equal(&mut self, a: &Val, b: &Val) -> Value {
        let (ap, an, bp, bn) = (a.parts()[0], a.parts()[1], b.parts()[0], b.parts()[1]);
        for n in [an, bn] {
            if self.b.func.as_const(n) == Some(0) {
                let other = if n == an { bn } else { an };
                return self.b.icmp_imm(IntCc::Eq, other, 0);
            }
        }
        let same_len = self.b.icmp(IntCc::Eq, an, bn);
        let out = self.b.var(ir::Ty::I8);
        self.b.set(out, same_len);
        let (then, done) = (self.b.block(), self.b.block());
        self.b.brif(same_len, then, done);
        self.b.start(then);
        let len = if self.b.func.as_const(bn).is_some() { bn } else { an };
        let equal = self.rt1("memequal", &[ap, bp, len], ir::Ty::I8);
        self.b.set(out, equal);
        self.b.jump(done);
        self.b.start(done);
        self.b.get(out)
    }

    fn interface_equal(&mut self, a: &Val, b: &Val, ty: Ty) -> Value {
        let same_tab = self.b.icmp(IntCc::Eq, a.parts()[0], b.parts()[0]);
        let out = self.b.var(ir::Ty::I8);
        self.b.set(out, same_tab);
        let (then, done) = (self.b.block(), self.b.block());
        self.b.brif(same_tab, then, done);
        self.b.start(then);
        let name = if ty.underlying().as_interface().is_some_and(|i| i.n_methods() == 0) {
            "efaceeq"
        } else {
            "ifaceeq"
        };
        let equal = self.rt1(name, &[a.parts()[0], a.parts()[1], b.parts()[1]], ir::Ty::I8);
        self.b.set(out, equal);
        self.b.jump(done);
        self.b.start(done);
        self.b.get(out)
    }
}

fn int_cc(op: BinaryOp, unsigned: bool) -> IntCc {
    match (op, unsigned) {
        (BinaryOp::Lt, false) => IntCc::Slt,
        (BinaryOp::Le, false) => IntCc::Sle,
        (BinaryOp::Gt, false) => IntCc::Sgt,
        (BinaryOp::Ge, false) => IntCc::Sge,
        (BinaryOp::Lt, true) => IntCc::Ult,
        (BinaryOp::Le, true) => IntCc::Ule,
        (BinaryOp::Gt, true) => IntCc::Ugt,
        (BinaryOp::Ge, true) => IntCc::Uge,
        _ => panic!("{} is no ordering", op.text()),
    }
}
