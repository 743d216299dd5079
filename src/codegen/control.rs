//! Switches, and the loops that must look for a request to stop.

use std::collections::BTreeSet;

use cranelift_codegen::cursor::Cursor;
use cranelift_codegen::ir as clif;
use cranelift_codegen::ir::InstBuilder;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_entity::SecondaryMap;

use super::func::Translator;
use super::natives;
use crate::ir;
use crate::ir::{BlockCall, Op};

/// A table is used from this many cases on, if at least every fourth entry is taken.
const MIN_TABLE: usize = 5;
const MAX_SPARSE: i128 = 4;

impl Translator<'_> {
    pub fn switch(&mut self, val: ir::Value, cases: &[(i64, BlockCall)], default: &BlockCall) {
        let v = self.val(val);
        let mut cases: Vec<(i64, &BlockCall)> = cases.iter().map(|(imm, to)| (*imm, to)).collect();
        cases.sort_by_key(|&(imm, _)| imm);
        self.split_switch(v, &cases, default);
    }

    fn split_switch(&mut self, v: clif::Value, cases: &[(i64, &BlockCall)], default: &BlockCall) {
        let (Some(&(first, _)), Some(&(last, _))) = (cases.first(), cases.last()) else {
            let (block, args) = self.branch(default);
            self.cur.ins().jump(block, &args);
            return;
        };
        let span = i128::from(last) - i128::from(first) + 1;
        if cases.len() >= MIN_TABLE && span <= MAX_SPARSE * cases.len() as i128 {
            return self.table(v, first, span as usize, cases, default);
        }
        if cases.len() <= 3 {
            return self.compare_each(v, cases, default);
        }
        let (low, high) = cases.split_at(cases.len() / 2);
        let right = self.new_block();
        let left = self.new_block();
        let less = self.cur.ins().icmp_imm_s(IntCC::SignedLessThan, v, high[0].0);
        self.cur.ins().brif(less, left, &[], right, &[]);
        self.cur.goto_bottom(left);
        self.split_switch(v, low, default);
        self.cur.goto_bottom(right);
        self.split_switch(v, high, default);
    }

    fn compare_each(&mut self, v: clif::Value, cases: &[(i64, &BlockCall)], default: &BlockCall) {
        for (i, (imm, to)) in cases.iter().enumerate() {
            let equal = self.cur.ins().icmp_imm_s(IntCC::Equal, v, *imm);
            let (then, args) = self.branch(to);
            if i + 1 == cases.len() {
                let (els, els_args) = self.branch(default);
                self.cur.ins().brif(equal, then, &args, els, &els_args);
            } else {
                let next = self.new_block();
                self.cur.ins().brif(equal, then, &args, next, &[]);
                self.cur.goto_bottom(next);
            }
        }
    }

    fn table(
        &mut self,
        v: clif::Value,
        first: i64,
        span: usize,
        cases: &[(i64, &BlockCall)],
        default: &BlockCall,
    ) {
        let call = |tr: &mut Self, to: &BlockCall| {
            let (block, args) = tr.branch(to);
            clif::BlockCall::new(block, args, &mut tr.cur.func.dfg.value_lists)
        };
        let otherwise = call(self, default);
        let mut entries = vec![otherwise; span];
        for (imm, to) in cases {
            entries[(imm - first) as usize] = call(self, to);
        }
        let table = self.cur.func.create_jump_table(clif::JumpTableData::new(otherwise, &entries));
        // A table takes 32 bits: wider values must not wrap into it.
        let t = self.type_of(v);
        let index = self.cur.ins().iadd_imm_s(v, first.wrapping_neg());
        let index = match t.bits() {
            64 => {
                let next = self.new_block();
                let inside = self.cur.ins().icmp_imm_u(IntCC::UnsignedLessThan, index, span as i64);
                let (els, args) = self.branch(default);
                self.cur.ins().brif(inside, next, &[], els, &args);
                self.cur.goto_bottom(next);
                self.cur.ins().ireduce(clif::types::I32, index)
            }
            32 => index,
            _ => self.cur.ins().uextend(clif::types::I32, index),
        };
        self.cur.ins().br_table(index, table);
    }
}

/// Blocks that end in a back edge of a loop in which nothing is called that looks at the guard: there the goroutine never would.
/// Natives do not look, and much of the runtime does not.
pub(super) fn back_edges_to_poll(func: &ir::Func, dom: &ir::Dominators) -> BTreeSet<ir::Block> {
    let mut out = BTreeSet::new();
    // The child between fork and exec must not look: its guard says that it is one.
    if func.attrs.nosplit || func.attrs.runtime || func.name.starts_with("syscall.") {
        return out;
    }
    let mut preds: SecondaryMap<ir::Block, Vec<ir::Block>> = SecondaryMap::new();
    let mut back_edges = Vec::new();
    for &block in &dom.rpo {
        for to in func.terminator(block).targets() {
            preds[to.block].push(block);
            if dom.dominates(to.block, block) {
                back_edges.push((block, to.block));
            }
        }
    }
    let looks = |name: &str| {
        !natives::is_native(name) && !name.starts_with("runtime.") && !name.starts_with("internal/runtime/")
    };
    let calls = |block: ir::Block| {
        func.blocks[block].insts.iter().any(|&i| match &func.insts[i].op {
            Op::Call(ir::Call { callee: ir::Callee::Sym(sym), .. }) => looks(&func.syms[*sym]),
            Op::Call(_) => true,
            _ => false,
        })
    };
    for (from, head) in back_edges {
        if !loop_body(from, head, &preds).into_iter().any(calls) {
            out.insert(from);
        }
    }
    out
}

/// The blocks from which `from` can be reached without going through `head`, and `head`.
fn loop_body(
    from: ir::Block,
    head: ir::Block,
    preds: &SecondaryMap<ir::Block, Vec<ir::Block>>,
) -> BTreeSet<ir::Block> {
    let mut body = BTreeSet::from([head]);
    let mut work = vec![from];
    while let Some(block) = work.pop() {
        if body.insert(block) {
            work.extend(&preds[block]);
        }
    }
    body
}
