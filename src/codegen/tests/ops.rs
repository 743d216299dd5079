//! What each instruction computes.

use super::*;

#[track_caller]
fn binary(op: BinOp, ty: Ty, a: i64, b: i64, want: i64) {
    let ran = run(&[ty, ty], &[Ty::I64], &[a, b], &[], |bld| {
        let p = bld.params().to_vec();
        let mut r = bld.binary(op, p[0], p[1]);
        if ty != Ty::I64 {
            r = bld.convert(Conv::Sext, Ty::I64, r);
        }
        bld.ret(vec![r]);
    });
    assert_eq!(ran.ints[0], want, "{} {ty} {a}, {b}", op.name());
}

#[test]
fn integer_arithmetic_wraps() {
    binary(BinOp::Iadd, Ty::I64, i64::MAX, 1, i64::MIN);
    binary(BinOp::Iadd, Ty::I8, 127, 1, -128);
    binary(BinOp::Isub, Ty::I32, i32::MIN as i64, 1, i32::MAX as i64);
    binary(BinOp::Imul, Ty::I16, 300, 300, 300i64.pow(2) as i16 as i64);
    binary(BinOp::And, Ty::I64, 0b1100, 0b1010, 0b1000);
    binary(BinOp::Or, Ty::I64, 0b1100, 0b1010, 0b1110);
    binary(BinOp::Xor, Ty::I8, 0b1100, 0b1010, 0b0110);
}

#[test]
fn division_truncates_and_does_not_overflow() {
    binary(BinOp::Sdiv, Ty::I64, -7, 2, -3);
    binary(BinOp::Srem, Ty::I64, -7, 2, -1);
    binary(BinOp::Sdiv, Ty::I64, i64::MIN, -1, i64::MIN);
    binary(BinOp::Srem, Ty::I64, i64::MIN, -1, 0);
    binary(BinOp::Sdiv, Ty::I32, i32::MIN as i64, -1, i32::MIN as i64);
    binary(BinOp::Srem, Ty::I32, i32::MIN as i64, -1, 0);
    binary(BinOp::Sdiv, Ty::I8, -128, -1, -128);
    binary(BinOp::Srem, Ty::I16, -32768, -1, 0);
    binary(BinOp::Udiv, Ty::I64, -1, 2, i64::MAX);
    binary(BinOp::Udiv, Ty::I8, 0xff, 2, 127);
    binary(BinOp::Urem, Ty::I8, 0xff, 16, 15);
    binary(BinOp::Urem, Ty::I32, 0xffff_ffff, 10, 5);
}

#[test]
fn shifts_take_the_count_modulo_the_width() {
    binary(BinOp::Shl, Ty::I64, 1, 65, 2);
    binary(BinOp::Shl, Ty::I8, 1, 7, -128);
    binary(BinOp::Ushr, Ty::I8, 0x80, 7, 1);
    binary(BinOp::Sshr, Ty::I8, 0x80, 7, -1);
    binary(BinOp::Sshr, Ty::I64, i64::MIN, 63, -1);
    binary(BinOp::Rotl, Ty::I32, 0x8000_0001u32 as i64, 1, 3);
    binary(BinOp::Rotl, Ty::I8, 0x81, 4, 0x18);
}

#[test]
fn high_halves() {
    binary(BinOp::Umulhi, Ty::I64, -1, -1, -2);
    binary(BinOp::Smulhi, Ty::I64, -1, -1, 0);
    binary(BinOp::Smulhi, Ty::I64, i64::MIN, 2, -1);
    binary(BinOp::Umulhi, Ty::I32, 0xffff_ffff, 0xffff_ffff, -2);
}

#[track_caller]
fn unary(op: UnOp, ty: Ty, a: i64, want: i64) {
    let ran = run(&[ty], &[Ty::I64], &[a], &[], |bld| {
        let p = bld.params()[0];
        let mut r = bld.unary(op, p);
        if ty != Ty::I64 {
            r = bld.convert(Conv::Zext, Ty::I64, r);
        }
        bld.ret(vec![r]);
    });
    assert_eq!(ran.ints[0], want, "{} {ty} {a}", op.name());
}

#[test]
fn bit_operations() {
    unary(UnOp::Clz, Ty::I64, 0, 64);
    unary(UnOp::Clz, Ty::I64, 1, 63);
    unary(UnOp::Ctz, Ty::I64, 0, 64);
    unary(UnOp::Ctz, Ty::I32, 8, 3);
    unary(UnOp::Clz, Ty::I8, 1, 7);
    unary(UnOp::Ctz, Ty::I8, 0, 8);
    unary(UnOp::Popcnt, Ty::I64, -1, 64);
    unary(UnOp::Popcnt, Ty::I16, 0xf0f, 8);
    unary(UnOp::Bswap, Ty::I32, 0x01020304, 0x04030201);
    unary(UnOp::Bswap, Ty::I64, 1, 1 << 56);
    unary(UnOp::Bitrev, Ty::I8, 1, 0x80);
    unary(UnOp::Ineg, Ty::I64, 5, -5);
    unary(UnOp::Inot, Ty::I8, 0x0f, 0xf0);
}

#[track_caller]
fn float_unary(op: UnOp, a: f64, want: f64) {
    let ran = run(&[Ty::F64], &[Ty::F64], &[], &[a], |bld| {
        let p = bld.params()[0];
        let r = bld.unary(op, p);
        bld.ret(vec![r]);
    });
    assert_eq!(ran.floats[0].to_bits(), want.to_bits(), "{} {a}: {}", op.name(), ran.floats[0]);
    let ran = run(&[Ty::F64], &[Ty::F64], &[], &[a], |bld| {
        let p = bld.params()[0];
        let p = bld.convert(Conv::Demote, Ty::F32, p);
        let r = bld.unary(op, p);
        let r = bld.convert(Conv::Promote, Ty::F64, r);
        bld.ret(vec![r]);
    });
    if f64::from(a as f32) == a {
        assert_eq!(ran.floats[0] as f32, want as f32, "{} f32 {a}", op.name());
    }
}

#[test]
fn rounding() {
    for (x, floor, ceil, trunc, nearest) in [
        (1.5, 1.0, 2.0, 1.0, 2.0),
        (2.5, 2.0, 3.0, 2.0, 2.0),
        (-1.5, -2.0, -1.0, -1.0, -2.0),
        (-0.25, -1.0, -0.0, -0.0, -0.0),
        (0.0, 0.0, 0.0, 0.0, 0.0),
        (-0.0, -0.0, -0.0, -0.0, -0.0),
        (4.0, 4.0, 4.0, 4.0, 4.0),
        (1e18, 1e18, 1e18, 1e18, 1e18),
        (f64::INFINITY, f64::INFINITY, f64::INFINITY, f64::INFINITY, f64::INFINITY),
        (4503599627370495.5, 4503599627370495.0, 4503599627370496.0, 4503599627370495.0, 4503599627370496.0),
    ] {
        float_unary(UnOp::Floor, x, floor);
        float_unary(UnOp::Ceil, x, ceil);
        float_unary(UnOp::Ftrunc, x, trunc);
        float_unary(UnOp::Nearest, x, nearest);
    }
    float_unary(UnOp::Sqrt, 2.25, 1.5);
    float_unary(UnOp::Fabs, -3.0, 3.0);
    float_unary(UnOp::Fneg, 0.0, -0.0);
}

#[track_caller]
fn to_int(to: Ty, x: f64, want: i64) {
    let ran = run(&[Ty::F64], &[Ty::I64], &[], &[x], |bld| {
        let p = bld.params()[0];
        let mut r = bld.convert(Conv::ToSint, to, p);
        if to != Ty::I64 {
            r = bld.convert(Conv::Sext, Ty::I64, r);
        }
        bld.ret(vec![r]);
    });
    assert_eq!(ran.ints[0], want, "{to} of {x}");
}

#[test]
fn floats_become_integers_as_the_processor_does_it() {
    to_int(Ty::I64, -1.9, -1);
    to_int(Ty::I64, 1e18, 1_000_000_000_000_000_000);
    for x in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e30, -1e30, 9223372036854775808.0] {
        to_int(Ty::I64, x, i64::MIN);
        to_int(Ty::I32, x, i64::from(i32::MIN));
    }
    to_int(Ty::I64, -9223372036854775808.0, i64::MIN);
    to_int(Ty::I32, 2147483647.9, 2147483647);
    to_int(Ty::I32, 2147483648.0, i64::from(i32::MIN));
    to_int(Ty::I32, -5.5, -5);
}

#[test]
fn integers_become_floats() {
    for (op, ty, x, want) in [
        (Conv::FromSint, Ty::I64, -3, -3.0),
        (Conv::FromUint, Ty::I64, -1, 18446744073709551615.0),
        (Conv::FromUint, Ty::I32, 0xffff_ffff, 4294967295.0),
        (Conv::FromSint, Ty::I32, 0xffff_ffff, -1.0),
    ] {
        let ran = run(&[ty], &[Ty::F64], &[x], &[], |bld| {
            let p = bld.params()[0];
            let r = bld.convert(op, Ty::F64, p);
            bld.ret(vec![r]);
        });
        assert_eq!(ran.floats[0], want);
    }
}

#[test]
fn min_and_max_know_nan_and_zero() {
    for (op, a, b, want) in [
        (BinOp::Fmin, 1.0, 2.0, 1.0),
        (BinOp::Fmax, -0.0, 0.0, 0.0),
        (BinOp::Fmin, 0.0, -0.0, -0.0),
        (BinOp::Fcopysign, 3.0, -0.0, -3.0),
        (BinOp::Fdiv, 1.0, 0.0, f64::INFINITY),
    ] {
        let ran = run(&[Ty::F64, Ty::F64], &[Ty::F64], &[], &[a, b], |bld| {
            let p = bld.params().to_vec();
            let r = bld.binary(op, p[0], p[1]);
            bld.ret(vec![r]);
        });
        assert_eq!(ran.floats[0].to_bits(), f64::to_bits(want), "{} {a} {b}", op.name());
    }
}

#[test]
fn comparisons_with_nan_are_false() {
    for (cc, want) in [
        (FloatCc::Eq, 0),
        (FloatCc::Ne, 1),
        (FloatCc::Lt, 0),
        (FloatCc::Le, 0),
        (FloatCc::Gt, 0),
        (FloatCc::Ge, 0),
    ] {
        let ran = run(&[Ty::F64, Ty::F64], &[Ty::I64], &[], &[f64::NAN, 1.0], |bld| {
            let p = bld.params().to_vec();
            let r = bld.fcmp(cc, p[0], p[1]);
            let r = bld.convert(Conv::Zext, Ty::I64, r);
            bld.ret(vec![r]);
        });
        assert_eq!(ran.ints[0], want, "{}", cc.name());
    }
}

#[test]
fn integer_comparisons_tell_signed_from_unsigned() {
    for (cc, want) in [(IntCc::Slt, 1), (IntCc::Ult, 0), (IntCc::Eq, 0), (IntCc::Uge, 1), (IntCc::Sge, 0)] {
        let ran = run(&[Ty::I64, Ty::I64], &[Ty::I64], &[-1, 1], &[], |bld| {
            let p = bld.params().to_vec();
            let r = bld.icmp(cc, p[0], p[1]);
            let r = bld.convert(Conv::Zext, Ty::I64, r);
            bld.ret(vec![r]);
        });
        assert_eq!(ran.ints[0], want, "{}", cc.name());
    }
}

#[test]
fn carries() {
    let add = |a: i64, b: i64, c: i64| {
        run(&[Ty::I64; 3], &[Ty::I64, Ty::I64], &[a, b, c], &[], |bld| {
            let p = bld.params().to_vec();
            let inst = bld.add(Op::AddCarry { a: p[0], b: p[1], carry: p[2] });
            let r = bld.func.insts[inst].results.clone();
            bld.ret(r);
        })
        .ints
    };
    assert_eq!(add(-1, 0, 1)[..2], [0, 1]);
    assert_eq!(add(-1, -1, 1)[..2], [-1, 1]);
    assert_eq!(add(1, 2, 0)[..2], [3, 0]);
    let sub = |a: i64, b: i64, c: i64| {
        run(&[Ty::I64; 3], &[Ty::I64, Ty::I64], &[a, b, c], &[], |bld| {
            let p = bld.params().to_vec();
            let inst = bld.add(Op::SubBorrow { a: p[0], b: p[1], borrow: p[2] });
            let r = bld.func.insts[inst].results.clone();
            bld.ret(r);
        })
        .ints
    };
    assert_eq!(sub(0, 0, 1)[..2], [-1, 1]);
    assert_eq!(sub(5, 3, 1)[..2], [1, 0]);
    assert_eq!(sub(0, -1, 1)[..2], [0, 1]);
}

#[test]
fn atomics_give_the_old_value() {
    let mut word = 40u64;
    let ran = run(&[Ty::Ptr, Ty::I64], &[Ty::I64, Ty::I8], &[&raw mut word as i64, 2], &[], |bld| {
        let p = bld.params().to_vec();
        let old = bld.atomic_rmw(RmwOp::Add, p[0], p[1]);
        let now = bld.special(Op::AtomicLoad { ty: Ty::I64, addr: p[0] });
        let swapped = bld.special(Op::AtomicCas { addr: p[0], old: now, new: p[1] });
        bld.ret(vec![old, swapped]);
    });
    assert_eq!((ran.ints[0], ran.ints[1] & 0xff, word), (40, 1, 2));
    let mut byte = 0xf0u8;
    run(&[Ty::Ptr, Ty::I8], &[Ty::I8], &[&raw mut byte as i64, 0x0f], &[], |bld| {
        let p = bld.params().to_vec();
        let old = bld.atomic_rmw(RmwOp::Or, p[0], p[1]);
        bld.ret(vec![old]);
    });
    assert_eq!(byte, 0xff);
}

#[test]
fn copies_and_clears_of_every_size() {
    for size in [1, 2, 3, 7, 8, 13, 16, 31, 48, 100] {
        let src: Vec<u8> = (1..=size as u8).collect();
        let mut dst = vec![0xeeu8; size + 1];
        let ptrs = [dst.as_mut_ptr() as i64, src.as_ptr() as i64];
        run(&[Ty::Ptr, Ty::Ptr], &[], &ptrs, &[], |bld| {
            let p = bld.params().to_vec();
            bld.mem_copy(p[0], p[1], size as u64, 1);
            bld.ret(vec![]);
        });
        assert_eq!((&dst[..size], dst[size]), (&src[..], 0xee));
        run(&[Ty::Ptr], &[], &ptrs[..1], &[], |bld| {
            let p = bld.params().to_vec();
            bld.mem_zero(p[0], size as u64, 1);
            bld.ret(vec![]);
        });
        assert_eq!((dst[..size].iter().all(|&b| b == 0), dst[size]), (true, 0xee));
    }
}

#[test]
fn narrow_loads_and_stores() {
    let mut bytes = [0xff, 0x80, 1, 2, 3, 4, 5, 6u8];
    let ran = run(&[Ty::Ptr], &[Ty::I64, Ty::I64], &[bytes.as_mut_ptr() as i64], &[], |bld| {
        let p = bld.params()[0];
        let a = bld.load(Ty::I8, p, 1, MemFlags::SAFE);
        let b = bld.load(Ty::I16, p, 2, MemFlags::MAY_FAULT);
        bld.store(p, a, 7, MemFlags::SAFE);
        let a = bld.convert(Conv::Sext, Ty::I64, a);
        let b = bld.convert(Conv::Zext, Ty::I64, b);
        bld.ret(vec![a, b]);
    });
    assert_eq!((ran.ints[0], ran.ints[1], bytes[7]), (-128, 0x201, 0x80));
}

#[test]
fn the_write_barrier_is_told_before_the_store() {
    let mut slot = 1u64;
    let ran = run(&[Ty::Ptr, Ty::Ptr], &[Ty::Ptr], &[&raw mut slot as i64 - 8, 77], &[], |bld| {
        let p = bld.params().to_vec();
        bld.store_wb(p[0], p[1], 8, MemFlags::MAY_FAULT);
        bld.ret(vec![p[1]]);
    });
    assert_eq!((slot, ran.ints[0], ran.g[G_BARRIER]), (77, 77, 1));
}

#[test]
fn checks_panic_with_their_operands() {
    let f = build(&[Ty::I64, Ty::I64], &[Ty::I64], |bld| {
        let p = bld.params().to_vec();
        bld.bounds_check(BoundsKind::Index, p[0], p[1], false);
        bld.add(Op::DivCheck { val: p[0] });
        let r = bld.binary(BinOp::Udiv, p[1], p[0]);
        bld.ret(vec![r]);
    });
    let machine = Machine::new(&[f]);
    let ran = machine.run("f", &[7, 5], &[]);
    assert_eq!((ran.panic, ran.g[5], ran.g[6]), (Some("runtime.thermosPanicIndex"), 7, 5));
    assert_eq!(machine.run("f", &[-1, 5], &[]).panic, Some("runtime.thermosPanicIndex"));
    assert_eq!(machine.run("f", &[0, 5], &[]).panic, Some("runtime.panicdivide"));
    let ran = machine.run("f", &[2, 5], &[]);
    assert_eq!((ran.panic, ran.ints[0]), (None, 2));
}
