use super::*;
use crate::syntax::ast::LitKind;
use crate::types::BasicKind;

fn float(text: &str) -> Const {
    Const::literal(LitKind::Float, text)
}

fn int(text: &str) -> Const {
    Const::literal(LitKind::Int, text)
}

#[track_caller]
fn shows(value: Const, want: &str) {
    assert_eq!(value.to_string(), want);
}

#[test]
fn literals() {
    shows(int("0x_ff"), "255");
    shows(int("0755"), "493");
    shows(int("0b101"), "5");
    shows(int("1_000_000_000_000_000_000_000"), "1000000000000000000000");
    shows(float("1.5"), "1.5");
    shows(float("1000000.0"), "1e+06");
    shows(float("0x1p-2"), "0.25");
    shows(float("0x1.8p1"), "3");
    shows(float("3.1415926535"), "3.14159");
    shows(float("1e100"), "1e+100");
    shows(float("1e-1000"), "1e-1000");
    shows(float("1e+1000000"), "1e+1000000");
    shows(float("123456.5"), "123456.5");
    shows(Const::literal(LitKind::Imag, "2i"), "(0 + 2i)");
    shows(Const::literal(LitKind::Imag, "012i"), "(0 + 12i)");
    shows(Const::literal(LitKind::Char, "'a'"), "97");
    shows(Const::literal(LitKind::String, "\"a\\n\\xff\""), "\"a\\n\\xff\"");
}

#[test]
fn arithmetic_stays_exact() {
    let third = Const::binary(&float("1.0"), Op::Quo, &float("3.0"));
    let one = Const::binary(&third, Op::Mul, &float("3.0"));
    assert!(Const::compare(&one, Op::Eq, &int("1")));
    shows(one.to_int(), "1");
    shows(Const::binary(&Const::Int(i64::MAX), Op::Add, &Const::Int(1)), "9223372036854775808");
    shows(Const::binary(&Const::Int(-7), Op::QuoInt, &Const::Int(2)), "-3");
    shows(Const::binary(&Const::Int(-7), Op::Rem, &Const::Int(2)), "-1");
    shows(Const::Int(1).shift_left(64).shift_right(63), "2");
    shows(Const::Int(1).shift_left(70).negate().shift_right(69), "-2");
    shows(Const::Int(0).complement(8), "255");
    shows(Const::Int(0).complement(0), "-1");
    shows(float("1e5000").to_int(), "unknown");
    shows(Const::binary(&float("1e5000"), Op::Quo, &float("1e4999")).to_int(), "10");
}

#[test]
fn complex_numbers() {
    let i = Const::literal(LitKind::Imag, "1i");
    shows(Const::binary(&i, Op::Mul, &i), "(-1 + 0i)");
    shows(Const::binary(&i, Op::Mul, &i).to_int(), "-1");
    let x = Const::binary(&Const::Int(1), Op::Add, &i);
    shows(Const::binary(&x, Op::Quo, &x), "(1 + 0i)");
}

#[test]
fn fitting_types() {
    let fits = |c: Const, kind| c.represented(kind, 64).map(|c| c.to_string());
    assert_eq!(fits(Const::Int(128), BasicKind::Int8), None);
    assert_eq!(fits(Const::Int(-128), BasicKind::Int8).as_deref(), Some("-128"));
    assert_eq!(fits(Const::Int(-1), BasicKind::Uint64), None);
    assert_eq!(fits(int("0xffffffffffffffff"), BasicKind::Uint64).as_deref(), Some("18446744073709551615"));
    assert_eq!(fits(float("1.5"), BasicKind::Int), None);
    assert_eq!(fits(float("1e39"), BasicKind::Float32), None);
    assert_eq!(fits(float("1e400"), BasicKind::Float64), None);
    assert_eq!(fits(float("0.1"), BasicKind::Float64).as_deref(), Some("0.1"));
}

#[test]
fn rounding_to_machine_floats() {
    for x in [0.1, 1e308, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, -0.3, 123456789.125] {
        assert_eq!(float(&format!("{:e}", f64::abs(x))).to_f64(), Some(f64::abs(x)));
        assert_eq!(Const::f64(x).to_f64(), Some(x));
        assert_eq!(Const::f64(x).to_f32(), Some(x as f32));
    }
    assert_eq!(float("1e-400").to_f64(), Some(0.0));
    assert_eq!(float("2e-324").to_f64(), Some(0.0));
    assert_eq!(float("3e-324").to_f64(), Some(5e-324));
}
