//! Arithmetic: where Go, amd64 and Cranelift differ.
//!
//! The base line of amd64 has no rounding instruction and no fused multiply-add; Cranelift would call a C library for them.
//! Rounding is written with conversions instead, which is exact as every float of 2^52 and more is whole.

use cranelift_codegen::cursor::Cursor;
use cranelift_codegen::ir as clif;
use cranelift_codegen::ir::InstBuilder;
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::{F64, I8, I16, I32, I64};

use super::func::{Translator, ty};
use crate::ir;
use crate::ir::{BinOp, Conv, RmwOp, Ty, UnOp};

pub(super) fn int_cc(cc: ir::IntCc) -> IntCC {
    match cc {
        ir::IntCc::Eq => IntCC::Equal,
        ir::IntCc::Ne => IntCC::NotEqual,
        ir::IntCc::Slt => IntCC::SignedLessThan,
        ir::IntCc::Sle => IntCC::SignedLessThanOrEqual,
        ir::IntCc::Sgt => IntCC::SignedGreaterThan,
        ir::IntCc::Sge => IntCC::SignedGreaterThanOrEqual,
        ir::IntCc::Ult => IntCC::UnsignedLessThan,
        ir::IntCc::Ule => IntCC::UnsignedLessThanOrEqual,
        ir::IntCc::Ugt => IntCC::UnsignedGreaterThan,
        ir::IntCc::Uge => IntCC::UnsignedGreaterThanOrEqual,
    }
}

pub(super) fn float_cc(cc: ir::FloatCc) -> FloatCC {
    match cc {
        ir::FloatCc::Eq => FloatCC::Equal,
        ir::FloatCc::Ne => FloatCC::NotEqual,
        ir::FloatCc::Lt => FloatCC::LessThan,
        ir::FloatCc::Le => FloatCC::LessThanOrEqual,
        ir::FloatCc::Gt => FloatCC::GreaterThan,
        ir::FloatCc::Ge => FloatCC::GreaterThanOrEqual,
    }
}

impl Translator<'_> {
    pub fn binary(&mut self, op: BinOp, a: ir::Value, b: ir::Value) -> clif::Value {
        let func = self.func;
        let (x, y) = (self.val(a), self.val(b));
        let ins = self.cur.ins();
        match op {
            BinOp::Iadd | BinOp::PtrAdd => ins.iadd(x, y),
            BinOp::Isub => ins.isub(x, y),
            BinOp::Imul => ins.imul(x, y),
            BinOp::Sdiv | BinOp::Udiv | BinOp::Srem | BinOp::Urem => self.divide(op, x, y, func.as_const(b)),
            BinOp::And => ins.band(x, y),
            BinOp::Or => ins.bor(x, y),
            BinOp::Xor => ins.bxor(x, y),
            BinOp::Shl => ins.ishl(x, y),
            BinOp::Ushr => ins.ushr(x, y),
            BinOp::Sshr => ins.sshr(x, y),
            BinOp::Rotl => ins.rotl(x, y),
            BinOp::Umulhi => self.mul_high(x, y, false),
            BinOp::Smulhi => self.mul_high(x, y, true),
            BinOp::Fadd => ins.fadd(x, y),
            BinOp::Fsub => ins.fsub(x, y),
            BinOp::Fmul => ins.fmul(x, y),
            BinOp::Fdiv => ins.fdiv(x, y),
            BinOp::Fmin => ins.fmin(x, y),
            BinOp::Fmax => ins.fmax(x, y),
            BinOp::Fcopysign => ins.fcopysign(x, y),
        }
    }

    /// Division and remainder, at 32 bits where the type has fewer.
    fn divide(&mut self, op: BinOp, x: clif::Value, y: clif::Value, divisor: Option<i64>) -> clif::Value {
        let t = self.type_of(x);
        if t.bits() < 32 {
            let signed = matches!(op, BinOp::Sdiv | BinOp::Srem);
            let (x, y) = (self.extend(x, I32, signed), self.extend(y, I32, signed));
            // No overflow: MIN / -1 fits in 32 bits.
            let wide = match op {
                BinOp::Sdiv => self.cur.ins().sdiv(x, y),
                BinOp::Udiv => self.cur.ins().udiv(x, y),
                BinOp::Srem => self.cur.ins().srem(x, y),
                _ => self.cur.ins().urem(x, y),
            };
            return self.cur.ins().ireduce(t, wide);
        }
        match op {
            BinOp::Sdiv => self.sdiv(x, y, divisor),
            BinOp::Udiv => self.cur.ins().udiv(x, y),
            BinOp::Srem => self.cur.ins().srem(x, y),
            _ => self.cur.ins().urem(x, y),
        }
    }

    /// The processor faults on MIN / -1, where Go wants MIN: division by -1 is a negation.
    fn sdiv(&mut self, x: clif::Value, y: clif::Value, divisor: Option<i64>) -> clif::Value {
        match divisor {
            Some(-1) => return self.cur.ins().ineg(x),
            Some(_) => return self.cur.ins().sdiv(x, y),
            None => {}
        }
        let t = self.type_of(x);
        let done = self.new_block();
        let divide = self.new_block();
        let negate = self.new_cold_block();
        let result = self.cur.func.dfg.append_block_param(done, t);
        let minus_one = self.cur.ins().icmp_imm_s(IntCC::Equal, y, -1);
        self.cur.ins().brif(minus_one, negate, &[], divide, &[]);
        self.cur.goto_bottom(negate);
        let negated = self.cur.ins().ineg(x);
        self.cur.ins().jump(done, &[negated.into()]);
        self.cur.goto_bottom(divide);
        let quotient = self.cur.ins().sdiv(x, y);
        self.cur.ins().jump(done, &[quotient.into()]);
        self.cur.goto_bottom(done);
        result
    }

    fn mul_high(&mut self, x: clif::Value, y: clif::Value, signed: bool) -> clif::Value {
        let t = self.type_of(x);
        if t == I64 {
            let ins = self.cur.ins();
            return if signed { ins.smulhi(x, y) } else { ins.umulhi(x, y) };
        }
        let (x, y) = (self.extend(x, I64, signed), self.extend(y, I64, signed));
        let product = self.cur.ins().imul(x, y);
        let high = self.cur.ins().ushr_imm_u(product, i64::from(t.bits()));
        self.cur.ins().ireduce(t, high)
    }

    pub fn unary(&mut self, op: UnOp, a: ir::Value) -> clif::Value {
        let x = self.val(a);
        let ins = self.cur.ins();
        match op {
            UnOp::Ineg => ins.ineg(x),
            UnOp::Inot => ins.bnot(x),
            UnOp::Clz => ins.clz(x),
            UnOp::Ctz => ins.ctz(x),
            UnOp::Popcnt => ins.popcnt(x),
            UnOp::Bswap => ins.bswap(x),
            UnOp::Bitrev => ins.bitrev(x),
            UnOp::Fneg => ins.fneg(x),
            UnOp::Fabs => ins.fabs(x),
            UnOp::Sqrt => ins.sqrt(x),
            UnOp::Floor | UnOp::Ceil | UnOp::Ftrunc => self.round(op, x),
            UnOp::Nearest => self.nearest(x),
        }
    }

    /// Through the integer below 2^52 (2^23), unchanged above; the sign is kept for results of zero.
    fn round(&mut self, op: UnOp, x: clif::Value) -> clif::Value {
        let t = self.type_of(x);
        let (int, limit) = self.whole_limit(t);
        let size = self.cur.ins().fabs(x);
        let small = self.cur.ins().fcmp(FloatCC::LessThan, size, limit);
        let whole = self.cur.ins().fcvt_to_sint_sat(int, x);
        let mut whole = self.cur.ins().fcvt_from_sint(t, whole);
        let off = match op {
            UnOp::Floor => Some((FloatCC::GreaterThan, -1.0)),
            UnOp::Ceil => Some((FloatCC::LessThan, 1.0)),
            _ => None,
        };
        if let Some((wrong, step)) = off {
            let step = self.float(t, step);
            let zero = self.float(t, 0.0);
            let wrong = self.cur.ins().fcmp(wrong, whole, x);
            let step = self.cur.ins().select(wrong, step, zero);
            whole = self.cur.ins().fadd(whole, step);
        }
        let whole = self.cur.ins().fcopysign(whole, x);
        self.cur.ins().select(small, whole, x)
    }

    /// Adding and subtracting 2^52 (2^23) rounds to nearest, ties to even, as every operation does.
    fn nearest(&mut self, x: clif::Value) -> clif::Value {
        let t = self.type_of(x);
        let (_, limit) = self.whole_limit(t);
        let size = self.cur.ins().fabs(x);
        let small = self.cur.ins().fcmp(FloatCC::LessThan, size, limit);
        let raised = self.cur.ins().fadd(size, limit);
        let whole = self.cur.ins().fsub(raised, limit);
        let whole = self.cur.ins().fcopysign(whole, x);
        self.cur.ins().select(small, whole, x)
    }

    /// From which size on every float is whole, and the integer type that holds all below.
    fn whole_limit(&mut self, t: clif::Type) -> (clif::Type, clif::Value) {
        let (int, limit) = if t == F64 { (I64, 2f64.powi(52)) } else { (I32, 2f64.powi(23)) };
        (int, self.float(t, limit))
    }

    fn float(&mut self, t: clif::Type, x: f64) -> clif::Value {
        if t == F64 { self.cur.ins().f64const(x) } else { self.cur.ins().f32const(x as f32) }
    }

    pub fn convert(&mut self, op: Conv, to: Ty, a: ir::Value) -> clif::Value {
        let x = self.val(a);
        let to = ty(to);
        match op {
            Conv::Sext => self.cur.ins().sextend(to, x),
            Conv::Zext => self.cur.ins().uextend(to, x),
            Conv::Trunc => self.cur.ins().ireduce(to, x),
            Conv::PtrToInt | Conv::IntToPtr => x,
            Conv::FromSint => self.cur.ins().fcvt_from_sint(to, x),
            Conv::FromUint if self.type_of(x) == I32 => {
                let wide = self.cur.ins().uextend(I64, x);
                self.cur.ins().fcvt_from_sint(to, wide)
            }
            Conv::FromUint => self.cur.ins().fcvt_from_uint(to, x),
            Conv::ToSint => self.to_sint(to, x),
            Conv::Promote => self.cur.ins().fpromote(to, x),
            Conv::Demote => self.cur.ins().fdemote(to, x),
            Conv::Bitcast => self.cur.ins().bitcast(to, clif::MemFlagsData::new(), x),
        }
    }

    /// As cvttsd2si: what saturates upwards, and NaN, become MIN too.
    fn to_sint(&mut self, to: clif::Type, x: clif::Value) -> clif::Value {
        let t = self.type_of(x);
        let bits = to.bits() as i32;
        let limit = self.float(t, 2f64.powi(bits - 1));
        let fits = self.cur.ins().fcmp(FloatCC::LessThan, x, limit);
        let whole = self.cur.ins().fcvt_to_sint_sat(to, x);
        let min = if to == I64 { i64::MIN } else { 1 << 31 };
        let min = self.cur.ins().iconst(to, min);
        self.cur.ins().select(fits, whole, min)
    }

    /// Go's own software version, which computes the same.
    pub fn fma(&mut self, a: ir::Value, b: ir::Value, c: ir::Value) -> clif::Value {
        let [a, b, c] = [a, b, c].map(|v| self.val(v));
        assert_eq!(self.type_of(a), F64, "{}: Go has no fma of float32", self.func.name);
        self.call_runtime("math.FMA", &[a, b, c], &[F64])[0]
    }

    pub fn add_carry(&mut self, a: ir::Value, b: ir::Value, carry: ir::Value, results: &[ir::Value]) {
        let [a, b, carry] = [a, b, carry].map(|v| self.val(v));
        let sum = self.cur.ins().iadd(a, b);
        let first = self.cur.ins().icmp(IntCC::UnsignedLessThan, sum, a);
        let total = self.cur.ins().iadd(sum, carry);
        let second = self.cur.ins().icmp(IntCC::UnsignedLessThan, total, sum);
        self.set_with_carry(results, total, first, second);
    }

    pub fn sub_borrow(&mut self, a: ir::Value, b: ir::Value, borrow: ir::Value, results: &[ir::Value]) {
        let [a, b, borrow] = [a, b, borrow].map(|v| self.val(v));
        let first = self.cur.ins().icmp(IntCC::UnsignedLessThan, a, b);
        let difference = self.cur.ins().isub(a, b);
        let second = self.cur.ins().icmp(IntCC::UnsignedLessThan, difference, borrow);
        let total = self.cur.ins().isub(difference, borrow);
        self.set_with_carry(results, total, first, second);
    }

    fn set_with_carry(
        &mut self,
        results: &[ir::Value],
        total: clif::Value,
        first: clif::Value,
        second: clif::Value,
    ) {
        let out = self.cur.ins().bor(first, second);
        let out = self.cur.ins().uextend(I64, out);
        self.values[results[0]] = Some(total);
        self.values[results[1]] = Some(out);
    }

    pub fn atomic_rmw(&mut self, op: RmwOp, addr: ir::Value, val: ir::Value) -> clif::Value {
        let t = ty(self.func.ty(val));
        let (addr, val) = (self.val(addr), self.val(val));
        let op = match op {
            RmwOp::Add => clif::AtomicRmwOp::Add,
            RmwOp::And => clif::AtomicRmwOp::And,
            RmwOp::Or => clif::AtomicRmwOp::Or,
            RmwOp::Xchg => clif::AtomicRmwOp::Xchg,
        };
        self.cur.ins().atomic_rmw(t, clif::MemFlagsData::new(), op, addr, val)
    }

    pub fn type_of(&self, v: clif::Value) -> clif::Type {
        self.cur.func.dfg.value_type(v)
    }

    fn extend(&mut self, x: clif::Value, to: clif::Type, signed: bool) -> clif::Value {
        debug_assert!([I8, I16, I32].contains(&self.type_of(x)), "only narrow integers are extended");
        if signed { self.cur.ins().sextend(to, x) } else { self.cur.ins().uextend(to, x) }
    }
}
