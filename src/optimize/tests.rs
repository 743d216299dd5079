//! Each pass on small functions in text form.

use expect_test::{Expect, expect};

use super::*;

/// Runs one pass over the first function of `text`; the others can be inlined and have facts.
#[track_caller]
fn check(pass: &str, text: &str, want: Expect) {
    let funcs = ir::parse(text).unwrap();
    let pass = PASSES.iter().find(|p| p.name == pass).expect("a pass of that name");
    let mut func = funcs[0].clone();
    let summaries = summarize(&funcs, Summaries::default());
    let body = |name: &str| funcs.iter().find(|f| &*f.name == name).map(|f| Arc::new(f.clone()));
    (pass.run)(&mut func, &Env { body: &body, summaries: &summaries });
    if let Err(faults) = ir::verify(&func) {
        panic!("{}\n{func}", faults[0]);
    }
    want.assert_eq(
        &func
            .to_string()
            .lines()
            .map(|l| l.split(';').next().unwrap().trim_end().to_owned() + "\n")
            .collect::<String>(),
    );
}

#[test]
fn constants_fold() {
    check(
        "fold",
        r#"
func "f"(i64) -> (i64) {
block0(v0: i64):
  v1: i64 = iconst 6
  v2: i64 = iconst 7
  v3: i64 = imul v1, v2
  v4: i64 = iconst 0
  v5: i64 = iadd v0, v4
  v6: i8 = icmp slt v1, v2
  v7: i64 = select v6, v3, v5
  div_check v7
  v8: i64 = iadd v5, v7
  return v8
}
"#,
        expect![[r#"
            func "f"(i64) -> (i64) {
            block0(v0: i64):
              v3: i64 = iconst 42
              v8: i64 = iadd v0, v3
              return v8
            }
        "#]],
    );
}

#[test]
fn decided_branches_disappear() {
    check(
        "cfg",
        r#"
func "f"(i64) -> (i64) {
block0(v0: i64):
  v1: i8 = iconst 1
  brif v1, block1(v0), block2
block1(v2: i64):
  jump block3
block2:
  v3: i64 = call "g"() : () -> (i64)
  jump block3
block3:
  return v0
}
"#,
        expect![[r#"
            func "f"(i64) -> (i64) {
            block0(v0: i64):
              return v0
            }
        "#]],
    );
}

#[test]
fn slots_become_values() {
    check(
        "promote",
        r#"
func "f"(i64, i8) -> (i64) {
  slot0 = 16 align 8
block0(v0: i64, v1: i8):
  v2: ptr = slot_addr slot0
  mem_zero v2, 16 align 8
  v3: i64 = iconst 8
  v4: ptr = ptr_add v2, v3
  brif v1, block1, block2
block1:
  store v4, v0
  jump block2
block2:
  v5: i64 = load v2 + 8
  v6: i64 = load v2
  v7: i64 = iadd v5, v6
  return v7
}
"#,
        expect![[r#"
            func "f"(i64, i8) -> (i64) {
              slot0 = 16 align 8
            block0(v0: i64, v1: i8):
              v8: i64 = iconst 0
              v9: i64 = iconst 0
              brif v1, block1, block2(v9)
            block1:
              jump block2(v0)
            block2(v10: i64):
              v7: i64 = iadd v10, v8
              return v7
            }
        "#]],
    );
}

#[test]
fn a_slot_whose_address_is_passed_stays() {
    check(
        "promote",
        r#"
func "f"(i64) -> (i64) {
  slot0 = 8 align 8
block0(v0: i64):
  v2: ptr = slot_addr slot0
  store v2, v0
  call "g"(v2) : (ptr) -> ()
  v5: i64 = load v2
  return v5
}
"#,
        expect![[r#"
            func "f"(i64) -> (i64) {
              slot0 = 8 align 8
            block0(v0: i64):
              v2: ptr = slot_addr slot0
              store v2, v0
              call "g"(v2) : (ptr) -> ()
              v5: i64 = load v2
              return v5
            }
        "#]],
    );
}

#[test]
fn loops_carry_promoted_slots() {
    check(
        "promote",
        r#"
func "f"(i64) -> (i64) {
  slot0 = 8 align 8
block0(v0: i64):
  v1: i64 = iconst 0
  v2: ptr = slot_addr slot0
  store v2, v1
  jump block1
block1:
  v3: i64 = load v2
  v4: i8 = icmp slt v3, v0
  brif v4, block2, block3
block2:
  v5: i64 = load v2
  v6: i64 = iconst 1
  v7: i64 = iadd v5, v6
  store v2, v7
  jump block1
block3:
  v8: i64 = load v2
  return v8
}
"#,
        expect![[r#"
            func "f"(i64) -> (i64) {
              slot0 = 8 align 8
            block0(v0: i64):
              v1: i64 = iconst 0
              jump block1(v1)
            block1(v9: i64):
              v4: i8 = icmp slt v9, v0
              brif v4, block2, block3
            block2:
              v6: i64 = iconst 1
              v7: i64 = iadd v9, v6
              jump block1(v7)
            block3:
              return v9
            }
        "#]],
    );
}

#[test]
fn what_stays_inside_lives_in_the_frame() {
    check(
        "escape",
        r#"
func "f"(i64) -> (i64) {
block0(v0: i64):
  v1: ptr = alloc "type:main.T", 16 align 8
  store v1, v0
  v2: i64 = call "read"(v1) : (ptr) -> (i64)
  v3: ptr = alloc "type:main.T", 16 align 8
  call "keep"(v3) : (ptr) -> ()
  return v2
}
func "read"(ptr) -> (i64) {
block0(v0: ptr):
  v1: i64 = load v0
  return v1
}
func "keep"(ptr) -> () {
block0(v0: ptr):
  v1: ptr = sym_addr "main.global"
  store_wb v1, v0
  return
}
"#,
        expect![[r#"
            func "f"(i64) -> (i64) {
              slot0 = 16 align 8
            block0(v0: i64):
              v1: ptr = slot_addr slot0
              mem_zero v1, 16 align 8
              store v1, v0
              v2: i64 = call "read"(v1) : (ptr) -> (i64)
              v3: ptr = alloc "type:main.T", 16 align 8
              call "keep"(v3) : (ptr) -> ()
              return v2
            }
        "#]],
    );
}

#[test]
fn an_object_per_turn_stays_on_the_heap_when_the_last_one_is_kept() {
    check(
        "escape",
        r#"
func "f"(i8) -> () {
block0(v0: i8):
  v1: ptr = iconst 0
  jump block1(v1)
block1(v2: ptr):
  v3: ptr = alloc "type:main.node", 8 align 8
  store_wb v3, v2
  v4: ptr = alloc "type:main.node", 8 align 8
  v5: i64 = load v4
  brif v0, block1(v3), block2
block2:
  return
}
"#,
        expect![[r#"
            func "f"(i8) -> () {
              slot0 = 8 align 8
            block0(v0: i8):
              v1: ptr = iconst 0
              jump block1(v1)
            block1(v2: ptr):
              v3: ptr = alloc "type:main.node", 8 align 8
              store_wb v3, v2
              v4: ptr = slot_addr slot0
              mem_zero v4, 8 align 8
              v5: i64 = load v4
              brif v0, block1(v3), block2
            block2:
              return
            }
        "#]],
    );
}

#[test]
fn a_string_that_stays_inside_is_made_in_the_frame() {
    check(
        "escape",
        r#"
func "f"(ptr, i64) -> (ptr, i64) {
block0(v0: ptr, v1: i64):
  v2: ptr = iconst 0
  v3: ptr, v4: i64 = call "runtime.slicebytetostring"(v2, v0, v1) : (ptr, ptr, i64) -> (ptr, i64)
  v5: i64 = call "look"(v3, v4) : (ptr, i64) -> (i64)
  v6: ptr, v7: i64 = call "runtime.slicebytetostring"(v2, v0, v5) : (ptr, ptr, i64) -> (ptr, i64)
  return v6, v7
}
func "look"(ptr, i64) -> (i64) {
block0(v0: ptr, v1: i64):
  v2: i64 = load v0
  return v2
}
func "runtime.slicebytetostring"(ptr, ptr, i64) -> (ptr, i64) {
block0(v0: ptr, v1: ptr, v2: i64):
  return v0, v2
}
"#,
        expect![[r#"
            func "f"(ptr, i64) -> (ptr, i64) {
              slot0 = 32 align 1
            block0(v0: ptr, v1: i64):
              v2: ptr = iconst 0
              v8: ptr = slot_addr slot0
              v3: ptr, v4: i64 = call "runtime.slicebytetostring"(v8, v0, v1) : (ptr, ptr, i64) -> (ptr, i64)
              v5: i64 = call "look"(v3, v4) : (ptr, i64) -> (i64)
              v6: ptr, v7: i64 = call "runtime.slicebytetostring"(v2, v0, v5) : (ptr, ptr, i64) -> (ptr, i64)
              return v6, v7
            }
        "#]],
    );
}

#[test]
fn functions_that_call_each_other_keep_what_one_of_them_keeps() {
    check(
        "escape",
        r#"
func "f"(i64) -> () {
block0(v0: i64):
  v1: ptr = alloc "type:main.T", 8 align 8
  call "even"(v1, v0) : (ptr, i64) -> ()
  v2: ptr = alloc "type:main.T", 8 align 8
  call "first"(v2, v0) : (ptr, i64) -> ()
  return
}
func "even"(ptr, i64) -> () {
block0(v0: ptr, v1: i64):
  call "odd"(v0, v1) : (ptr, i64) -> ()
  return
}
func "odd"(ptr, i64) -> () {
block0(v0: ptr, v1: i64):
  store v0, v1
  call "even"(v0, v1) : (ptr, i64) -> ()
  return
}
func "first"(ptr, i64) -> () {
block0(v0: ptr, v1: i64):
  call "second"(v0, v1) : (ptr, i64) -> ()
  return
}
func "second"(ptr, i64) -> () {
block0(v0: ptr, v1: i64):
  v2: ptr = sym_addr "main.global"
  store_wb v2, v0
  call "first"(v0, v1) : (ptr, i64) -> ()
  return
}
"#,
        expect![[r#"
            func "f"(i64) -> () {
              slot0 = 8 align 8
            block0(v0: i64):
              v1: ptr = slot_addr slot0
              mem_zero v1, 8 align 8
              call "even"(v1, v0) : (ptr, i64) -> ()
              v2: ptr = alloc "type:main.T", 8 align 8
              call "first"(v2, v0) : (ptr, i64) -> ()
              return
            }
        "#]],
    );
}

#[test]
fn a_closure_that_keeps_nothing_may_be_called_by_anyone() {
    check(
        "escape",
        r#"
func "f"(i64) -> (i64) {
  slot0 = 8 align 8
block0(v0: i64):
  v1: ptr = alloc "type:.closure", 16 align 8
  v2: ptr = sym_addr "f.func1"
  store v1, v2
  v3: ptr = alloc "type:int", 8 align 8
  store v1 + 8, v3
  call "each"(v1) : (ptr) -> ()
  v4: i64 = load v3
  return v4
}
func "f.func1"(i64) -> () {
block0(v0: i64):
  v1: ptr = closure_ptr
  v2: ptr = load v1 + 8
  store v2, v0
  return
}
func "each"(ptr) -> () {
block0(v0: ptr):
  v1: ptr = load v0
  v2: i64 = iconst 1
  call v1(v2) ctx v0 : (i64) -> ()
  return
}
"#,
        expect![[r#"
            func "f"(i64) -> (i64) {
              slot0 = 8 align 8
              slot1 = 16 align 8
              slot2 = 8 align 8
            block0(v0: i64):
              v1: ptr = slot_addr slot1
              mem_zero v1, 16 align 8
              v2: ptr = sym_addr "f.func1"
              store v1, v2
              v3: ptr = slot_addr slot2
              mem_zero v3, 8 align 8
              store v1 + 8, v3
              call "each"(v1) : (ptr) -> ()
              v4: i64 = load v3
              return v4
            }
        "#]],
    );
}

#[test]
fn small_functions_are_inlined_with_their_places() {
    check(
        "inline",
        r#"
func "f"(i64) -> (i64) {
block0(v0: i64):
  v1: i64 = call "abs"(v0) : (i64) -> (i64)
  v2: i64 = call "abs"(v1) : (i64) -> (i64)
  v3: i64 = iadd v1, v2
  return v3
}
func "abs"(i64) -> (i64) {
block0(v0: i64):
  v1: i64 = iconst 0
  v2: i8 = icmp slt v0, v1
  brif v2, block1, block2
block1:
  v3: i64 = ineg v0
  return v3
block2:
  return v0
}
"#,
        expect![[r#"
            func "f"(i64) -> (i64) {
            block0(v0: i64):
              jump block2
            block2:
              v5: i64 = iconst 0
              v6: i8 = icmp slt v0, v5
              brif v6, block3, block4
            block3:
              v7: i64 = ineg v0
              jump block1(v7)
            block4:
              jump block1(v0)
            block1(v4: i64):
              jump block6
            block6:
              v9: i64 = iconst 0
              v10: i8 = icmp slt v4, v9
              brif v10, block7, block8
            block7:
              v11: i64 = ineg v4
              jump block5(v11)
            block8:
              jump block5(v4)
            block5(v8: i64):
              v3: i64 = iadd v4, v8
              return v3
            }
        "#]],
    );
}

#[test]
fn a_pointer_is_checked_once() {
    check(
        "nilcheck",
        r#"
func "f"(ptr, ptr) -> (i64) {
  slot0 = 8 align 8
block0(v0: ptr, v1: ptr):
  nil_check v0
  nil_check v0
  v2: i64 = load.fault v0 + 8
  v3: ptr = slot_addr slot0
  nil_check v3
  v4: ptr = iconst 0
  v5: i8 = icmp ne v1, v4
  brif v5, block1, block2
block1:
  v6: i64 = load.fault v1
  return v6
block2:
  v7: i64 = load.fault v1
  return v7
}
"#,
        expect![[r#"
            func "f"(ptr, ptr) -> (i64) {
              slot0 = 8 align 8
            block0(v0: ptr, v1: ptr):
              v2: i64 = load.fault v0 + 8
              v3: ptr = slot_addr slot0
              v4: ptr = iconst 0
              v5: i8 = icmp ne v1, v4
              brif v5, block1, block2
            block1:
              v6: i64 = load v1
              return v6
            block2:
              v7: i64 = load.fault v1
              return v7
            }
        "#]],
    );
}

#[test]
fn stores_into_the_frame_need_no_barrier() {
    check(
        "barrier",
        r#"
func "f"(ptr, i64) -> (ptr) {
  slot0 = 64 align 8
block0(v0: ptr, v1: i64):
  v2: ptr = slot_addr slot0
  v3: ptr = ptr_add v2, v1
  store_wb v3, v0
  v4: ptr = alloc "type:main.T", 16 align 8
  v5: ptr = sym_addr "main.global"
  store_wb v4, v5
  store_wb v4 + 8, v0
  call "g"() : () -> ()
  store_wb v4, v5
  return v4
}
"#,
        expect![[r#"
            func "f"(ptr, i64) -> (ptr) {
              slot0 = 64 align 8
            block0(v0: ptr, v1: i64):
              v2: ptr = slot_addr slot0
              v3: ptr = ptr_add v2, v1
              store v3, v0
              v4: ptr = alloc "type:main.T", 16 align 8
              v5: ptr = sym_addr "main.global"
              store v4, v5
              store_wb v4 + 8, v0
              call "g"() : () -> ()
              store_wb v4, v5
              return v4
            }
        "#]],
    );
}

#[test]
fn a_counting_loop_needs_no_check() {
    check(
        "bounds",
        r#"
func "sum"(ptr, i64) -> (i64) {
block0(v0: ptr, v1: i64):
  v2: i64 = iconst 0
  jump block1(v2, v2)
block1(v3: i64, v4: i64):
  v5: i8 = icmp slt v3, v1
  brif v5, block2, block3
block2:
  bounds_check Index v3, v1
  v6: i64 = iconst 3
  v7: i64 = shl v3, v6
  v8: ptr = ptr_add v0, v7
  v9: i64 = load v8
  v10: i64 = iadd v4, v9
  v11: i64 = iconst 1
  v12: i64 = iadd v3, v11
  jump block1(v12, v10)
block3:
  bounds_check Index v3, v1
  return v4
}
"#,
        expect![[r#"
            func "sum"(ptr, i64) -> (i64) {
            block0(v0: ptr, v1: i64):
              v2: i64 = iconst 0
              jump block1(v2, v2)
            block1(v3: i64, v4: i64):
              v5: i8 = icmp slt v3, v1
              brif v5, block2, block3
            block2:
              v6: i64 = iconst 3
              v7: i64 = shl v3, v6
              v8: ptr = ptr_add v0, v7
              v9: i64 = load v8
              v10: i64 = iadd v4, v9
              v11: i64 = iconst 1
              v12: i64 = iadd v3, v11
              jump block1(v12, v10)
            block3:
              bounds_check Index v3, v1
              return v4
            }
        "#]],
    );
}

#[test]
fn a_check_covers_the_smaller_ones_after_it() {
    check(
        "bounds",
        r#"
func "f"(i64, i64, i8) -> () {
block0(v0: i64, v1: i64, v2: i8):
  v3: i64 = iconst 3
  bounds_check Index v3, v1
  v4: i64 = iconst 2
  bounds_check Index v4, v1
  v5: i64 = iconst 4
  bounds_check SliceAlen v5, v1
  bounds_check Index v5, v1
  bounds_check Index v0, v1
  bounds_check SliceB v0, v1
  v6: i64 = zext v2
  v7: i64 = iconst 256
  bounds_check Index v6, v7
  v8: i64 = iconst 255
  bounds_check Index v6, v8
  return
}
"#,
        expect![[r#"
            func "f"(i64, i64, i8) -> () {
            block0(v0: i64, v1: i64, v2: i8):
              v3: i64 = iconst 3
              bounds_check Index v3, v1
              v4: i64 = iconst 2
              v5: i64 = iconst 4
              bounds_check Index v5, v1
              bounds_check Index v0, v1
              v6: i64 = zext v2
              v7: i64 = iconst 256
              v8: i64 = iconst 255
              bounds_check Index v6, v8
              return
            }
        "#]],
    );
}
