//! Control flow, calls, frames, tables.

use super::*;

/// sum of 0..n
fn loop_func() -> ir::Func {
    build(&[Ty::I64], &[Ty::I64], |b| {
        let n = b.params()[0];
        let (i, sum) = (b.var(Ty::I64), b.var(Ty::I64));
        let zero = b.i64(0);
        b.set(i, zero);
        b.set(sum, zero);
        let (head, body, done) = (b.block(), b.block(), b.block());
        b.jump(head);
        b.switch_to(head);
        let at = b.get(i);
        let more = b.icmp(IntCc::Slt, at, n);
        b.brif(more, body, done);
        b.start(body);
        let (at, total) = (b.get(i), b.get(sum));
        let total = b.iadd(total, at);
        b.set(sum, total);
        let next = b.binary_imm(BinOp::Iadd, at, 1);
        b.set(i, next);
        b.jump(head);
        b.seal(head);
        b.start(done);
        let total = b.get(sum);
        b.ret(vec![total]);
    })
}

#[test]
fn loops_poll_the_guard() {
    let machine = Machine::new(&[loop_func()]);
    assert_eq!(machine.run("f", &[10], &[]).ints[0], 45);
    let mut g = vec![0u64; 64];
    g[LAYOUT.stackguard0 as usize / 8] = u64::MAX;
    let ran = machine.run_with("f", &[10], &[], &mut g);
    assert_eq!((ran.ints[0], ran.g[G_MORESTACK]), (45, 11), "once on entry, once per turn");
}

#[test]
fn equal_functions_give_equal_bytes() {
    let backend = backend();
    let (mut a, mut b) = (Scratch::default(), Scratch::default());
    compile(&build(&[], &[], |b| b.ret(vec![])), &backend, &mut a);
    assert_eq!(compile(&loop_func(), &backend, &mut a), compile(&loop_func(), &backend, &mut b));
}

#[test]
fn switches() {
    for cases in [vec![1, 2, 3], vec![0, 1, 2, 3, 4, 6, 7], vec![-5, 100, 1000, 1 << 40, i64::MIN, i64::MAX]]
    {
        let f = build(&[Ty::I64], &[Ty::I64], |b| {
            let v = b.params()[0];
            let blocks: Vec<ir::Block> = cases.iter().map(|_| b.block()).collect();
            let default = b.block();
            let targets = cases.iter().zip(&blocks).map(|(&c, &to)| (c, ir::BlockCall::new(to))).collect();
            b.add(Op::Switch { val: v, cases: targets, default: ir::BlockCall::new(default) });
            for (i, &block) in blocks.iter().enumerate() {
                b.start(block);
                let r = b.i64(i as i64);
                b.ret(vec![r]);
            }
            b.start(default);
            let r = b.i64(-1);
            b.ret(vec![r]);
        });
        let machine = Machine::new(&[f]);
        for (i, &c) in cases.iter().enumerate() {
            assert_eq!(machine.run("f", &[c], &[]).ints[0], i as i64, "case {c} of {cases:?}");
        }
        for other in [5, 99, -1, 1 << 32, (1 << 32) + 1, i64::MIN + 1] {
            assert_eq!(machine.run("f", &[other], &[]).ints[0], -1, "{other} of {cases:?}");
        }
    }
}

#[test]
fn calls_pass_context_and_overflow_through_g() {
    let mut b = Builder::new("callee", Signature::go(&[Ty::I64], &[Ty::I64, Ty::I64, Ty::F64]));
    let ctx = b.special(Op::ClosurePtr);
    let overflow = b.special(Op::OverflowPtr);
    let ctx = b.convert(Conv::PtrToInt, Ty::I64, ctx);
    let x = b.load(Ty::I64, overflow, 8, MemFlags::SAFE);
    let p = b.params()[0];
    let x = b.iadd(x, p);
    let y = b.convert(Conv::FromSint, Ty::F64, p);
    b.ret(vec![ctx, x, y]);
    let callee = b.finish();
    let caller = build(&[Ty::I64], &[Ty::I64, Ty::I64, Ty::F64], |b| {
        let p = b.params()[0];
        let slot = b.slot(16, 8);
        let area = b.slot_addr(slot, 0);
        b.store(area, p, 8, MemFlags::SAFE);
        let ctx = b.i64(1234);
        let ctx = b.convert(Conv::IntToPtr, Ty::Ptr, ctx);
        let sym = b.sym("callee");
        let sig = b.sig(Signature::go(&[Ty::I64], &[Ty::I64, Ty::I64, Ty::F64]));
        let callee = ir::Callee::Sym(sym);
        let got = b.call(ir::Call { callee, sig, args: vec![p], ctx: Some(ctx), overflow: Some(area) });
        b.ret(got);
    });
    let ran = Machine::new(&[callee, caller]).run("f", &[21], &[]);
    assert_eq!((ran.ints[0], ran.ints[1], ran.floats[0]), (1234, 42, 21.0));
}

#[test]
fn tail_calls_return_for_their_caller() {
    let mut b = Builder::new("callee", Signature::go(&[Ty::I64], &[Ty::I64]));
    let p = b.params()[0];
    let r = b.binary_imm(BinOp::Imul, p, 3);
    b.ret(vec![r]);
    let callee = b.finish();
    let caller = build(&[Ty::I64], &[Ty::I64], |b| {
        let p = b.params()[0];
        let addr = b.sym_addr("callee", 0);
        let sig = b.sig(Signature::go(&[Ty::I64], &[Ty::I64]));
        b.add(Op::TailCall(ir::Call {
            callee: ir::Callee::Code(addr),
            sig,
            args: vec![p],
            ctx: None,
            overflow: None,
        }));
    });
    assert_eq!(Machine::new(&[callee, caller]).run("f", &[14], &[]).ints[0], 42);
}

/// A function with a handler: slot = 7; x = *p; call; return x. The handler returns the slot's content.
fn with_handler(other: &str) -> ir::Func {
    let mut b = Builder::new("f", Signature::go(&[Ty::Ptr], &[Ty::I64]));
    let p = b.params()[0];
    let slot = b.slot(8, 8);
    let place = b.slot_addr(slot, 0);
    let seven = b.i64(7);
    b.store(place, seven, 0, MemFlags::SAFE);
    let handler = b.cold_block();
    b.func.handler = Some(handler);
    let x = b.load(Ty::I64, p, 0, MemFlags::MAY_FAULT);
    b.call_sym(other, Signature::go(&[], &[]), vec![]);
    b.ret(vec![x]);
    b.start(handler);
    let place = b.slot_addr(slot, 0);
    let r = b.load(Ty::I64, place, 0, MemFlags::SAFE);
    b.ret(vec![r]);
    b.finish()
}

#[test]
fn every_call_of_a_function_with_a_handler_may_go_there() {
    let code = compile(&with_handler("other"), &backend(), &mut Scratch::default());
    let calls: Vec<&str> = code.relocs.iter().map(|r| &*code.syms[r.target as usize]).collect();
    assert!(calls.contains(&"runtime.thermosPanicNil"), "{calls:?}");
    assert_eq!(code.handlers.len(), 2, "the call and the failing nil check:\n{}", asm(&code));
    let mut b = Builder::new("other", Signature::go(&[], &[]));
    b.ret(vec![]);
    let machine = Machine::new(&[with_handler("other"), b.finish()]);
    let word = 5u64;
    assert_eq!(machine.run("f", &[&raw const word as i64], &[]).ints[0], 5);
    assert_eq!(machine.run("f", &[0], &[]).panic, Some("runtime.thermosPanicNil"));
}

#[test]
fn a_handler_needs_no_register() {
    let code = compile(&with_handler(RESUME), &backend(), &mut Scratch::default());
    let call = code.relocs.iter().find(|r| &*code.syms[r.target as usize] == RESUME).expect("it is called");
    let (_, handler) =
        code.handlers.iter().find(|&&(ret, _)| ret == call.offset + 4).expect("with a handler");
    let machine = Machine::new(&[with_handler(RESUME)]);
    let mut g = vec![0u64; 64];
    g[G_RESUME] = machine.address("f") + u64::from(*handler);
    let word = 5u64;
    assert_eq!(machine.run_with("f", &[&raw const word as i64], &[], &mut g).ints[0], 7);
}

#[test]
fn the_frame_is_in_the_table() {
    let f = build(&[Ty::I64], &[Ty::I64], |b| {
        let slot = b.slot(100, 8);
        let place = b.slot_addr(slot, 0);
        let place = b.convert(Conv::PtrToInt, Ty::I64, place);
        b.call_sym("other", Signature::go(&[Ty::I64], &[]), vec![place]);
        let r = b.special(Op::CallerSp);
        b.ret(vec![r]);
    });
    let code = compile(&f, &backend(), &mut Scratch::default());
    assert_eq!(code.pcsp[..2], [(0, 0), (1, 8)]);
    let (at, delta) = code.pcsp[2];
    assert!(at >= 4 && delta >= 108 && delta % 16 == 8, "{:?}\n{}", code.pcsp, asm(&code));
}

#[test]
fn large_frames_are_checked_before_they_are_made() {
    let f = build(&[Ty::I64], &[Ty::I64], |b| {
        let slot = b.slot(100_000, 8);
        let place = b.slot_addr(slot, 0);
        let p = b.params()[0];
        b.store(place, p, 0, MemFlags::SAFE);
        b.call_sym("other", Signature::go(&[Ty::Ptr], &[]), vec![place]);
        let r = b.load(Ty::I64, place, 0, MemFlags::SAFE);
        b.ret(vec![r]);
    });
    let code = compile(&f, &backend(), &mut Scratch::default());
    assert!(code.pcsp.is_sorted() && code.pcsp.len() >= 5, "{:?}\n{}", code.pcsp, asm(&code));
    let mut b = Builder::new("other", Signature::go(&[Ty::Ptr], &[]));
    b.ret(vec![]);
    let machine = Machine::new(&[f, b.finish()]);
    assert_eq!(machine.run("f", &[11], &[]).ints[0], 11);
    let mut g = vec![0u64; 64];
    let here = &raw const g as u64;
    g[LAYOUT.stackguard0 as usize / 8] = here - 50_000;
    let ran = machine.run_with("f", &[11], &[], &mut g);
    assert_eq!((ran.ints[0], ran.g[G_MORESTACK]), (11, 3), "before the frame, inside it, and in the callee");
}

#[test]
fn lines_follow_the_instructions() {
    let f = build(&[Ty::Ptr], &[Ty::I64], |b| {
        let p = b.params()[0];
        b.set_loc(0, 3);
        let x = b.load(Ty::I64, p, 0, MemFlags::MAY_FAULT);
        b.set_loc(0, 5);
        b.call_sym("other", Signature::go(&[], &[]), vec![]);
        b.ret(vec![x]);
    });
    let code = compile(&f, &backend(), &mut Scratch::default());
    let lines: Vec<i32> = code.lines.iter().map(|&(_, loc)| code.locs[loc as usize].line).collect();
    assert!(lines.contains(&3) && lines.contains(&5), "{lines:?}");
    let dump = clif(&f, &backend());
    assert!(dump.contains("u0:0 = other"), "{dump}");
}

#[test]
fn two_results_and_six_of_each_parameter() {
    let f = build(&[Ty::I64; 6], &[Ty::I64, Ty::I64, Ty::I64], |b| {
        let p = b.params().to_vec();
        let x = b.iadd(p[0], p[5]);
        let y = b.isub(p[1], p[4]);
        let z = b.binary(BinOp::Imul, p[2], p[3]);
        b.ret(vec![x, y, z]);
    });
    assert_eq!(Machine::new(&[f]).run("f", &[1, 2, 3, 4, 5, 6], &[]).ints, [7, -3, 12]);
}

#[test]
fn what_is_kept_alive_is_stored() {
    let ran = run(&[Ty::I64], &[Ty::I64], &[9], &[], |b| {
        let p = b.params()[0];
        b.add(Op::KeepAlive { val: p });
        let g = b.special(Op::GetG);
        let x = b.load(Ty::I64, g, LAYOUT.ctx, MemFlags::SAFE);
        b.ret(vec![x]);
    });
    assert_eq!(ran.ints[0], 0);
}
