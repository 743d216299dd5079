//! The builder, the text form and the verifier against each other.

use super::*;

/// A text parses to a sound function that prints as the text.
#[track_caller]
fn check_text(text: &str) {
    let funcs = parse(text).unwrap();
    assert_eq!(verify(&funcs[0]), Ok(()));
    let again = parse(&funcs[0].to_string()).unwrap();
    assert_eq!(again[0].to_string(), funcs[0].to_string());
}

#[test]
fn text_survives_reading() {
    check_text(
        r#"
func "main.f[go.shape.int]"(i64, ptr) -> (i64) nosplit wrapper {
  slot0 = 16 align 8
block0(v0: i64, v1: ptr):
  v2: i64 = iconst -3 ; 4
  v3: i8 = icmp slt v0, v2
  brif v3, block1, block2(v0)
block1: cold
  v4: ptr = sym_addr "type:*main.T" + 8 ; 5
  v5: ptr = slot_addr slot0 + 8
  store_wb v5 + 4, v4
  v6: i64 = call "main.g"(v0, v4) ctx v5 : (i64, ptr) -> (i64)
  jump block2(v6)
block2(v7: i64):
  bounds_check SliceAlenU v7, v0
  v8: i64 = load.fault v1 + 16
  switch v8, 1: block3, -2: block4(v8), block3
block3:
  unreachable
block4(v9: i64):
  return v9
}
"#,
    );
}

/// sum := 0; for i := 0; i < n; i++ { sum += i }; return sum
#[test]
fn loop_variables_become_parameters() {
    let mut b = Builder::new("main.sum", Signature::go(&[Ty::I64], &[Ty::I64]));
    let n = b.params()[0];
    let (sum, i, unused) = (b.var(Ty::I64), b.var(Ty::I64), b.var(Ty::I64));
    let zero = b.i64(0);
    for var in [sum, i, unused] {
        b.set(var, zero);
    }
    let (head, body, done) = (b.block(), b.block(), b.block());
    b.jump(head);
    b.switch_to(head);
    let at = b.get(i);
    b.get(unused);
    let more = b.icmp(IntCc::Slt, at, n);
    b.brif(more, body, done);
    b.start(body);
    let (at, so_far) = (b.get(i), b.get(sum));
    let next = b.iadd(so_far, at);
    b.set(sum, next);
    let next = b.binary_imm(BinOp::Iadd, at, 1);
    b.set(i, next);
    b.jump(head);
    b.seal(head);
    b.start(done);
    let total = b.get(sum);
    b.ret(vec![total]);
    let func = b.finish();
    assert_eq!(verify(&func), Ok(()));
    assert_eq!(
        func.blocks[head].params.len(),
        2,
        "the variable that never changes needs no parameter:\n{func}"
    );
}

#[test]
fn use_before_definition_is_found() {
    let funcs = parse(
        r#"
func "main.f"(i8) -> (i64) {
block0(v0: i8):
  brif v0, block1, block2
block1:
  v1: i64 = iconst 1
  jump block3
block2:
  jump block3
block3:
  return v1
}
"#,
    )
    .unwrap();
    let faults = verify(&funcs[0]).unwrap_err();
    assert_eq!(faults[0].text, "v1, defined in block1, does not dominate this use");
}
