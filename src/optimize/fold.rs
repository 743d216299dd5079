//! Constants are computed, and operations that do nothing disappear.

use super::Env;
use super::cfg::drop_dead;
use crate::ir::{self, BinOp, Conv, Dominators, Func, IntCc, Op, Ty, Value, ValueDef};

/// What an instruction turns out to be.
enum Becomes {
    Const(i64),
    Same(Value),
    Nothing,
}

pub(super) fn run(func: &mut Func, _env: &Env<'_>) -> bool {
    let dom = Dominators::new(func);
    let mut changed = false;
    for &block in &dom.rpo {
        let mut kept = Vec::with_capacity(func.blocks[block].insts.len());
        for inst in std::mem::take(&mut func.blocks[block].insts) {
            let mut op = func.insts[inst].op.clone();
            op.visit_mut(|v| *v = func.resolve(*v));
            match simplify(func, &op) {
                None => {
                    func.insts[inst].op = op;
                    kept.push(inst);
                    continue;
                }
                Some(Becomes::Const(imm)) => {
                    let ty = func.ty(func.first_result(inst));
                    func.insts[inst].op = Op::Iconst { ty, imm: narrow(ty, imm) };
                    kept.push(inst);
                }
                Some(Becomes::Same(v)) => {
                    let result = func.first_result(inst);
                    func.values[result].def = ValueDef::Alias(v);
                }
                Some(Becomes::Nothing) => {}
            }
            changed = true;
        }
        func.blocks[block].insts = kept;
    }
    if changed {
        ir::resolve_aliases(func);
        drop_dead(func);
    }
    changed
}

/// The constant as the type holds it: a sign extension of its low bits.
pub(super) fn narrow(ty: Ty, imm: i64) -> i64 {
    match ty {
        Ty::I8 => i64::from(imm as i8),
        Ty::I16 => i64::from(imm as i16),
        Ty::I32 => i64::from(imm as i32),
        _ => imm,
    }
}

fn unsigned(ty: Ty, imm: i64) -> u64 {
    if ty.bits() == 64 { imm as u64 } else { imm as u64 & ((1 << ty.bits()) - 1) }
}

fn simplify(func: &Func, op: &Op) -> Option<Becomes> {
    let constant = |v: Value| func.as_const(v);
    match op {
        Op::Binary { op, a, b } => {
            let ty = func.ty(*a);
            if ty.is_float() {
                return None;
            }
            match (constant(*a), constant(*b)) {
                (Some(x), Some(y)) => binary(*op, ty, x, y).map(Becomes::Const),
                (_, Some(y)) => right_identity(*op, *a, y),
                (Some(x), _) => left_identity(*op, x, *b),
                _ => None,
            }
        }
        Op::Icmp { cc, a, b } => match (constant(*a), constant(*b)) {
            (Some(x), Some(y)) => Some(Becomes::Const(i64::from(compare(*cc, func.ty(*a), x, y)))),
            (None, None) if a == b => Some(Becomes::Const(i64::from(matches!(
                cc,
                IntCc::Eq | IntCc::Sle | IntCc::Sge | IntCc::Ule | IntCc::Uge
            )))),
            (None, Some(0)) if matches!(cc, IntCc::Eq | IntCc::Ne) && is_address(func, *a) => {
                Some(Becomes::Const(i64::from(*cc == IntCc::Ne)))
            }
            _ => None,
        },
        Op::Select { cond, a, b } => match constant(*cond) {
            Some(c) => Some(Becomes::Same(if c & 0xff != 0 { *a } else { *b })),
            None if a == b => Some(Becomes::Same(*a)),
            None => None,
        },
        Op::Convert { op: Conv::PtrToInt, a, .. } => match func.def(*a) {
            Some(Op::Convert { op: Conv::IntToPtr, a, .. }) => Some(Becomes::Same(func.resolve(*a))),
            Some(Op::Iconst { imm, .. }) => Some(Becomes::Const(*imm)),
            _ => None,
        },
        Op::Convert { op: Conv::IntToPtr, a, .. } => match func.def(*a) {
            Some(Op::Iconst { imm, .. }) => Some(Becomes::Const(*imm)),
            _ => None,
        },
        Op::Convert { op, to, a } => {
            let x = constant(*a)?;
            match op {
                Conv::Sext => Some(Becomes::Const(x)),
                Conv::Zext => Some(Becomes::Const(unsigned(func.ty(*a), x) as i64)),
                Conv::Trunc => Some(Becomes::Const(narrow(*to, x))),
                _ => None,
            }
        }
        Op::DivCheck { val } => constant(*val).filter(|&c| c != 0).map(|_| Becomes::Nothing),
        Op::ShiftCheck { val } => constant(*val).filter(|&c| c >= 0).map(|_| Becomes::Nothing),
        Op::BoundsCheck { kind, idx, len, .. } => {
            if kind.inclusive() && idx == len {
                return Some(Becomes::Nothing);
            }
            let (idx, len) = (constant(*idx)? as u64, constant(*len)? as u64);
            (idx < len || kind.inclusive() && idx == len).then_some(Becomes::Nothing)
        }
        Op::MemCopy { size: 0, .. } | Op::MemZero { size: 0, .. } => Some(Becomes::Nothing),
        _ => None,
    }
}

/// Never nil.
pub(super) fn is_address(func: &Func, v: Value) -> bool {
    matches!(func.def(v), Some(Op::SlotAddr { .. } | Op::SymAddr { .. } | Op::Alloc(_) | Op::GetG))
}

fn right_identity(op: BinOp, a: Value, y: i64) -> Option<Becomes> {
    use BinOp::*;
    match (op, y) {
        (Iadd | Isub | Or | Xor | Shl | Ushr | Sshr | Rotl | PtrAdd, 0) => Some(Becomes::Same(a)),
        (Imul | Sdiv | Udiv, 1) => Some(Becomes::Same(a)),
        (And, -1) => Some(Becomes::Same(a)),
        (Imul | And, 0) => Some(Becomes::Const(0)),
        _ => None,
    }
}

fn left_identity(op: BinOp, x: i64, b: Value) -> Option<Becomes> {
    use BinOp::*;
    match (op, x) {
        (Iadd | Or | Xor, 0) => Some(Becomes::Same(b)),
        (Imul, 1) | (And, -1) => Some(Becomes::Same(b)),
        (Imul | And, 0) => Some(Becomes::Const(0)),
        _ => None,
    }
}

fn binary(op: BinOp, ty: Ty, x: i64, y: i64) -> Option<i64> {
    let bits = ty.bits();
    let count = (y as u64 % u64::from(bits)) as u32;
    let (ux, uy) = (unsigned(ty, x), unsigned(ty, y));
    Some(match op {
        BinOp::Iadd | BinOp::PtrAdd => x.wrapping_add(y),
        BinOp::Isub => x.wrapping_sub(y),
        BinOp::Imul => x.wrapping_mul(y),
        BinOp::Sdiv if y != 0 => x.wrapping_div(y),
        BinOp::Srem if y != 0 => x.wrapping_rem(y),
        BinOp::Udiv if uy != 0 => (ux / uy) as i64,
        BinOp::Urem if uy != 0 => (ux % uy) as i64,
        BinOp::And => x & y,
        BinOp::Or => x | y,
        BinOp::Xor => x ^ y,
        BinOp::Shl => x.wrapping_shl(count),
        BinOp::Ushr => (ux >> count) as i64,
        BinOp::Sshr => x >> count,
        _ => return None,
    })
}

fn compare(cc: IntCc, ty: Ty, x: i64, y: i64) -> bool {
    let (ux, uy) = (unsigned(ty, x), unsigned(ty, y));
    match cc {
        IntCc::Eq => x == y,
        IntCc::Ne => x != y,
        IntCc::Slt => x < y,
        IntCc::Sle => x <= y,
        IntCc::Sgt => x > y,
        IntCc::Sge => x >= y,
        IntCc::Ult => ux < uy,
        IntCc::Ule => ux <= uy,
        IntCc::Ugt => ux > uy,
        IntCc::Uge => ux >= uy,
    }
}
