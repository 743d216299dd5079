//! Bounds checks that cannot fail.
//!
//! Walks the dominator tree with what is known on the way: comparisons that branches made, checks that passed, and how large
//! or small a value can be by the way it is computed. A loop variable that starts at 0 or more and is only counted up while
//! it is below something is never negative, so `i < len(s)` is all that `s[i]` needs.

use std::collections::{HashMap, HashSet};

use cranelift_entity::SecondaryMap;

use super::Env;
use super::gvn::dominator_tree;
use crate::ir::{BinOp, Block, BoundsKind, Conv, Dominators, Func, IntCc, Op, Ty, Value, ValueDef};

pub(super) fn run(func: &mut Func, _env: &Env<'_>) -> bool {
    let has_check = |&block: &Block| {
        func.blocks[block].insts.iter().any(|&i| matches!(func.insts[i].op, Op::BoundsCheck { .. }))
    };
    if !func.layout.iter().any(has_check) {
        return false;
    }
    let dom = Dominators::new(func);
    let counters = counters(func, &dom);
    let mut walk = Walk { known: Known::default(), counters, n_preds: SecondaryMap::new() };
    for &block in &dom.rpo {
        for to in func.terminator(block).targets() {
            walk.n_preds[to.block] += 1;
        }
    }
    let (roots, children) = dominator_tree(&dom);
    let mut changed = false;
    for root in roots {
        let mut stack: Vec<(Block, Option<Mark>)> = vec![(root, None)];
        while let Some((block, leave)) = stack.pop() {
            if let Some(mark) = leave {
                walk.known.forget(mark);
                continue;
            }
            let mark = walk.known.mark();
            if walk.n_preds[block] == 1
                && let Some(parent) = dom.parent(block)
            {
                learn_branch(func, parent, block, &mut walk.known);
            }
            changed |= walk.block(func, block);
            stack.push((block, Some(mark)));
            stack.extend(children[block].iter().rev().map(|&child| (child, None)));
        }
    }
    changed
}

/// Facts with a journal, so that leaving a block takes back what it taught.
#[derive(Default)]
struct Known {
    /// a < b, unsigned; and a <= b.
    below: HashSet<(Value, Value)>,
    at_most: HashSet<(Value, Value)>,
    /// a < b, signed.
    less: HashSet<(Value, Value)>,
    /// v >= n, unsigned.
    at_least: HashMap<Value, u64>,
    journal: Vec<Undo>,
}

enum Undo {
    Below(Value, Value),
    AtMost(Value, Value),
    Less(Value, Value),
    AtLeast(Value, Option<u64>),
}

type Mark = usize;

impl Known {
    fn mark(&self) -> Mark {
        self.journal.len()
    }

    fn forget(&mut self, mark: Mark) {
        for undo in self.journal.drain(mark..).rev() {
            match undo {
                Undo::Below(a, b) => {
                    self.below.remove(&(a, b));
                }
                Undo::AtMost(a, b) => {
                    self.at_most.remove(&(a, b));
                }
                Undo::Less(a, b) => {
                    self.less.remove(&(a, b));
                }
                Undo::AtLeast(v, Some(n)) => {
                    self.at_least.insert(v, n);
                }
                Undo::AtLeast(v, None) => {
                    self.at_least.remove(&v);
                }
            }
        }
    }

    fn learn_below(&mut self, a: Value, b: Value) {
        if self.below.insert((a, b)) {
            self.journal.push(Undo::Below(a, b));
        }
    }

    fn learn_at_most(&mut self, a: Value, b: Value) {
        if self.at_most.insert((a, b)) {
            self.journal.push(Undo::AtMost(a, b));
        }
    }

    fn learn_less(&mut self, a: Value, b: Value) {
        if self.less.insert((a, b)) {
            self.journal.push(Undo::Less(a, b));
        }
    }

    fn learn_at_least(&mut self, v: Value, n: u64) {
        let have = self.at_least.get(&v).copied();
        if have.is_none_or(|have| have < n) {
            self.at_least.insert(v, n);
            self.journal.push(Undo::AtLeast(v, have));
        }
    }
}

/// What taking the edge from `from` to `to` says.
fn learn_branch(func: &Func, from: Block, to: Block, known: &mut Known) {
    let Op::Brif { cond, then, els } = func.terminator(from) else { return };
    let Some(Op::Icmp { cc, a, b }) = func.def(*cond) else { return };
    if then.block == els.block || func.ty(*a) != Ty::I64 {
        return;
    }
    let cc = if then.block == to { *cc } else { cc.negate() };
    learn_comparison(func, cc, *a, *b, known);
}

fn learn_comparison(func: &Func, cc: IntCc, a: Value, b: Value, known: &mut Known) {
    let constant = |v: Value| func.as_const(v);
    match cc {
        IntCc::Ult => {
            known.learn_below(a, b);
            if let Some(c) = constant(a) {
                known.learn_at_least(b, (c as u64).saturating_add(1));
            }
        }
        IntCc::Ule => {
            known.learn_at_most(a, b);
            if let Some(c) = constant(a) {
                known.learn_at_least(b, c as u64);
            }
        }
        IntCc::Slt => {
            known.learn_less(a, b);
            // Something above a constant that is not negative is as large unsigned.
            if let Some(c) = constant(a).filter(|&c| c >= 0) {
                known.learn_at_least(b, c as u64 + 1);
            }
        }
        IntCc::Sle => {
            if let Some(c) = constant(a).filter(|&c| c >= 0) {
                known.learn_at_least(b, c as u64);
            }
        }
        IntCc::Eq => {
            if let Some(c) = constant(b) {
                known.learn_at_least(a, c as u64);
            } else if let Some(c) = constant(a) {
                known.learn_at_least(b, c as u64);
            }
        }
        IntCc::Ne => {}
        IntCc::Ugt | IntCc::Uge | IntCc::Sgt | IntCc::Sge => learn_comparison(func, cc.swap(), b, a, known),
    }
}

struct Walk {
    known: Known,
    /// Loop variables that are never negative.
    counters: HashSet<Value>,
    n_preds: SecondaryMap<Block, u32>,
}

impl Walk {
    fn block(&mut self, func: &mut Func, block: Block) -> bool {
        let before = func.blocks[block].insts.len();
        let insts = std::mem::take(&mut func.blocks[block].insts);
        let mut kept = Vec::with_capacity(before);
        for inst in insts {
            if let Op::BoundsCheck { kind, idx, len, .. } = func.insts[inst].op {
                if self.holds(func, kind, idx, len) {
                    continue;
                }
                self.learn(func, kind, idx, len);
            }
            kept.push(inst);
        }
        func.blocks[block].insts = kept;
        func.blocks[block].insts.len() != before
    }

    /// A check that passed is a comparison that was true.
    fn learn(&mut self, func: &Func, kind: BoundsKind, idx: Value, len: Value) {
        let cc = if kind.inclusive() { IntCc::Ule } else { IntCc::Ult };
        learn_comparison(func, cc, idx, len, &mut self.known);
    }

    fn holds(&self, func: &Func, kind: BoundsKind, idx: Value, len: Value) -> bool {
        let known = &self.known;
        let strict = !kind.inclusive();
        if known.below.contains(&(idx, len)) || !strict && (idx == len || known.at_most.contains(&(idx, len)))
        {
            return true;
        }
        if known.less.contains(&(idx, len)) && self.not_negative(func, idx, 4) {
            return true;
        }
        let Some(largest) = largest(func, idx, 4) else { return false };
        let least = func.as_const(len).map(|c| c as u64).or_else(|| known.at_least.get(&len).copied());
        least.is_some_and(|least| largest < least || !strict && largest == least)
    }

    fn not_negative(&self, func: &Func, v: Value, depth: u32) -> bool {
        self.counters.contains(&v) || largest(func, v, depth).is_some_and(|n| n <= i64::MAX as u64)
    }
}

/// The largest unsigned value `v` can have by the way it is computed, unless that is everything.
fn largest(func: &Func, v: Value, depth: u32) -> Option<u64> {
    let depth = depth.checked_sub(1)?;
    match func.def(v)? {
        Op::Iconst { ty: Ty::I64, imm } => Some(*imm as u64),
        Op::Convert { op: Conv::Zext, a, .. } => {
            let all = (1u64 << func.ty(*a).bits()) - 1;
            Some(narrow_largest(func, *a, depth).unwrap_or(all).min(all))
        }
        Op::Binary { op: BinOp::And, a, b } => match (largest(func, *a, depth), largest(func, *b, depth)) {
            (Some(x), Some(y)) => Some(x.min(y)),
            (x, y) => x.or(y),
        },
        Op::Binary { op: BinOp::Urem, b, .. } => func.as_const(*b).filter(|&c| c > 0).map(|c| c as u64 - 1),
        Op::Binary { op: BinOp::Ushr, a, b } => {
            let count = func.as_const(*b).filter(|&c| (0..64).contains(&c))?;
            Some(largest(func, *a, depth).unwrap_or(u64::MAX) >> count)
        }
        Op::Binary { op: BinOp::Udiv, a, b } => {
            let by = func.as_const(*b).filter(|&c| c > 0)? as u64;
            Some(largest(func, *a, depth).unwrap_or(u64::MAX) / by)
        }
        _ => None,
    }
}

/// As `largest`, of an integer of fewer than 64 bits: only what needs no wrapping is looked at.
fn narrow_largest(func: &Func, v: Value, depth: u32) -> Option<u64> {
    let depth = depth.checked_sub(1)?;
    let ones = (1u64 << func.ty(v).bits()) - 1;
    match func.def(v)? {
        Op::Iconst { imm, .. } => Some(*imm as u64 & ones),
        Op::Binary { op: BinOp::And, a, b } => {
            match (narrow_largest(func, *a, depth), narrow_largest(func, *b, depth)) {
                (Some(x), Some(y)) => Some(x.min(y)),
                (x, y) => x.or(y),
            }
        }
        Op::Binary { op: BinOp::Ushr, a, b } => {
            let bits = i64::from(func.ty(v).bits());
            let count = func.as_const(*b).filter(|c| (0..bits).contains(c))?;
            Some(narrow_largest(func, *a, depth).unwrap_or(ones) >> count)
        }
        Op::Binary { op: BinOp::Urem, b, .. } => {
            func.as_const(*b).map(|c| c as u64 & ones).filter(|&c| c > 0).map(|c| c - 1)
        }
        Op::Icmp { .. } | Op::Fcmp { .. } => Some(1),
        _ => None,
    }
}

/// Block parameters that start at 0 or more and are only counted up where they are known to be less than something: the sum
/// cannot overflow there.
fn counters(func: &Func, dom: &Dominators) -> HashSet<Value> {
    let mut incoming: HashMap<Value, Vec<(Block, Value)>> = HashMap::new();
    for &block in &dom.rpo {
        for to in func.terminator(block).targets() {
            for (&param, &arg) in func.blocks[to.block].params.iter().zip(&to.args) {
                incoming.entry(param).or_default().push((block, arg));
            }
        }
    }
    let mut home: HashMap<Value, Block> = HashMap::new();
    for &block in &dom.rpo {
        for &inst in &func.blocks[block].insts {
            if let Op::Binary { op: BinOp::Iadd, .. } = func.insts[inst].op {
                home.insert(func.first_result(inst), block);
            }
        }
    }
    let mut out = HashSet::new();
    for &block in &dom.rpo {
        for &param in &func.blocks[block].params {
            if func.ty(param) != Ty::I64 || !matches!(func.values[param].def, ValueDef::Param(..)) {
                continue;
            }
            let Some(args) = incoming.get(&param) else { continue };
            let fine = args.iter().all(|&(_, arg)| {
                if arg == param || largest(func, arg, 4).is_some_and(|n| n <= i64::MAX as u64) {
                    return true;
                }
                match func.def(arg) {
                    Some(Op::Binary { op: BinOp::Iadd, a, b }) => {
                        let (base, step) = if *a == param { (*a, *b) } else { (*b, *a) };
                        base == param
                            && func.as_const(step) == Some(1)
                            && home.get(&arg).is_some_and(|&at| is_less_there(func, dom, param, at))
                    }
                    _ => false,
                }
            });
            if fine {
                out.insert(param);
            }
        }
    }
    out
}

/// Whether every way to `at` goes through a branch that found `v` less than something, signed.
fn is_less_there(func: &Func, dom: &Dominators, v: Value, at: Block) -> bool {
    let mut block = at;
    while let Some(parent) = dom.parent(block) {
        if let Op::Brif { cond, then, els } = func.terminator(parent)
            && let Some(Op::Icmp { cc, a, b }) = func.def(*cond)
            && then.block != els.block
        {
            // The target dominates `at` only through this edge if it has no other way in; a loop's body has none.
            let cc = if then.block == block {
                Some(*cc)
            } else if els.block == block {
                Some(cc.negate())
            } else {
                None
            };
            let less = match cc {
                Some(IntCc::Slt) => *a == v,
                Some(IntCc::Sgt) => *b == v,
                _ => false,
            };
            if less && has_one_pred(func, dom, block) {
                return true;
            }
        }
        block = parent;
    }
    false
}

fn has_one_pred(func: &Func, dom: &Dominators, block: Block) -> bool {
    let edges = dom.rpo.iter().flat_map(|&b| func.terminator(b).targets());
    edges.filter(|to| to.block == block).count() == 1
}
