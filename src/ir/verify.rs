//! The invariants of a function, as checks.
//!
//! - The layout lists each block once; each block in it ends in its only terminator.
//! - Every operand is defined, in a block that dominates the use, and earlier in the same block.
//! - Operands have the types the instruction asks for; branch arguments match the target's parameters; returns match the
//!   signature; calls match theirs.
//! - `closure_ptr` and `overflow_ptr` stand in the entry block.
//! - The handler has no parameters, no branch leads to it, and what it reads is defined in blocks it dominates, so slots,
//!   symbols and g are all it can use.

use std::fmt;

use cranelift_entity::SecondaryMap;

use super::entities::{Block, Inst, Ty, Value};
use super::func::{CallConv, Func, Signature, ValueDef};
use super::op::{BinOp, BlockCall, Call, Callee, Conv, Op, UnOp};

/// One broken invariant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    pub block: Option<Block>,
    pub inst: Option<Inst>,
    pub text: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.block, self.inst) {
            (Some(block), Some(inst)) => write!(f, "{block}, {inst}: {}", self.text),
            (Some(block), None) => write!(f, "{block}: {}", self.text),
            _ => f.write_str(&self.text),
        }
    }
}

/// Checks every invariant; the list of what is broken, in layout order.
pub fn verify(func: &Func) -> Result<(), Vec<Fault>> {
    let mut v = Verifier { func, faults: Vec::new(), at: (None, None) };
    v.check_layout();
    if v.faults.is_empty() {
        v.check_types();
        v.check_dominance();
    }
    if v.faults.is_empty() { Ok(()) } else { Err(v.faults) }
}

struct Verifier<'a> {
    func: &'a Func,
    faults: Vec<Fault>,
    at: (Option<Block>, Option<Inst>),
}

impl Verifier<'_> {
    fn fault(&mut self, text: impl Into<String>) {
        self.faults.push(Fault { block: self.at.0, inst: self.at.1, text: text.into() });
    }

    fn expect(&mut self, ok: bool, text: impl FnOnce() -> String) {
        if !ok {
            self.fault(text());
        }
    }

    fn check_layout(&mut self) {
        let func = self.func;
        if func.layout.is_empty() {
            return self.fault("no blocks");
        }
        let mut seen: SecondaryMap<Block, bool> = SecondaryMap::new();
        for &block in &func.layout {
            self.at = (Some(block), None);
            if std::mem::replace(&mut seen[block], true) {
                self.fault("laid out twice");
            }
            let data = &func.blocks[block];
            let Some((&last, before)) = data.insts.split_last() else {
                self.fault("empty");
                continue;
            };
            self.expect(func.insts[last].op.is_terminator(), || "does not end in a terminator".to_owned());
            for &inst in before {
                self.at.1 = Some(inst);
                self.expect(!func.insts[inst].op.is_terminator(), || "terminator in the middle".to_owned());
            }
        }
        for &block in &func.layout {
            for &inst in &func.blocks[block].insts {
                self.at = (Some(block), Some(inst));
                for to in func.insts[inst].op.targets() {
                    self.expect(seen[to.block], || format!("leads to {}, which is not laid out", to.block));
                    self.expect(Some(to.block) != func.handler, || "leads to the handler".to_owned());
                }
            }
        }
        self.at = (None, None);
        let params: Vec<Ty> = func.blocks[func.entry()].params.iter().map(|&p| func.ty(p)).collect();
        self.expect(params == func.sig.params, || {
            "the entry's parameters are not the signature's".to_owned()
        });
        if let Some(handler) = func.handler {
            self.expect(seen[handler], || "the handler is not laid out".to_owned());
            self.expect(func.blocks[handler].params.is_empty(), || "the handler has parameters".to_owned());
        }
    }

    fn check_types(&mut self) {
        let func = self.func;
        for &block in &func.layout {
            for (nth, &inst) in func.blocks[block].insts.iter().enumerate() {
                self.at = (Some(block), Some(inst));
                let data = &func.insts[inst];
                let have: Vec<Ty> = data.results.iter().map(|&r| func.ty(r)).collect();
                self.expect(have == func.result_tys(&data.op), || "wrong result types".to_owned());
                for (i, &r) in data.results.iter().enumerate() {
                    let def = func.values[r].def;
                    self.expect(def == ValueDef::Result(inst, i as u32), || {
                        format!("{r} is defined elsewhere")
                    });
                }
                self.check_op(block, nth, &data.op);
            }
        }
    }

    fn want(&mut self, v: Value, ty: Ty) {
        let have = self.func.ty(v);
        self.expect(have == ty, || format!("{v} is {have}, not {ty}"));
    }

    fn want_int(&mut self, v: Value) {
        let have = self.func.ty(v);
        self.expect(have.is_int() && have != Ty::Ptr, || format!("{v} is {have}, not an integer"));
    }

    fn same(&mut self, a: Value, b: Value) {
        let (x, y) = (self.func.ty(a), self.func.ty(b));
        self.expect(x == y, || format!("{a} is {x}, {b} is {y}"));
    }

    fn check_op(&mut self, block: Block, nth: usize, op: &Op) {
        let func = self.func;
        match op {
            Op::Iconst { ty, .. } => self.expect(ty.is_int(), || "iconst of a float".to_owned()),
            Op::F32const { .. } | Op::F64const { .. } | Op::Fence | Op::Unreachable => {}
            Op::SymAddr { sym, .. } => {
                self.expect(func.syms.get(*sym).is_some(), || "no such symbol".to_owned())
            }
            Op::SlotAddr { slot, offset } => match func.slots.get(*slot) {
                Some(data) => self.expect(*offset <= data.size, || format!("beyond {slot}")),
                None => self.fault("no such slot"),
            },
            Op::Binary { op: BinOp::PtrAdd, a, b } => {
                self.want(*a, Ty::Ptr);
                self.want(*b, Ty::I64);
            }
            Op::Binary { op: BinOp::Shl | BinOp::Ushr | BinOp::Sshr | BinOp::Rotl, a, b } => {
                self.want_int(*a);
                self.want_int(*b);
            }
            Op::Binary { op, a, b } => {
                use BinOp::*;
                self.same(*a, *b);
                let float = matches!(op, Fadd | Fsub | Fmul | Fdiv | Fmin | Fmax | Fcopysign);
                let ty = func.ty(*a);
                self.expect(ty.is_float() == float && ty != Ty::Ptr, || format!("{} of {ty}", op.name()));
            }
            Op::Unary { op, a } => {
                use UnOp::*;
                let float = matches!(op, Fneg | Fabs | Sqrt | Floor | Ceil | Ftrunc | Nearest);
                let ty = func.ty(*a);
                self.expect(ty.is_float() == float && ty != Ty::Ptr, || format!("{} of {ty}", op.name()));
            }
            Op::Convert { op, to, a } => self.check_convert(*op, *to, func.ty(*a)),
            Op::Icmp { a, b, .. } => {
                self.same(*a, *b);
                self.expect(func.ty(*a).is_int(), || "icmp of floats".to_owned());
            }
            Op::Fcmp { a, b, .. } => {
                self.same(*a, *b);
                self.expect(func.ty(*a).is_float(), || "fcmp of integers".to_owned());
            }
            Op::Select { cond, a, b } => {
                self.want(*cond, Ty::I8);
                self.same(*a, *b);
            }
            Op::Fma { a, b, c } => {
                self.same(*a, *b);
                self.same(*a, *c);
                self.expect(func.ty(*a).is_float(), || "fma of integers".to_owned());
            }
            Op::AddCarry { a, b, carry: c } | Op::SubBorrow { a, b, borrow: c } => {
                [a, b, c].into_iter().for_each(|&v| self.want(v, Ty::I64));
            }
            Op::Load { addr, flags, offset, .. } => {
                self.want(*addr, Ty::Ptr);
                self.expect(!flags.may_fault || (0..4096).contains(offset), || {
                    "fault offset too large".to_owned()
                });
            }
            Op::Store { addr, flags, offset, .. } => {
                self.want(*addr, Ty::Ptr);
                self.expect(!flags.may_fault || (0..4096).contains(offset), || {
                    "fault offset too large".to_owned()
                });
            }
            Op::StoreWb { addr, val, .. } => {
                self.want(*addr, Ty::Ptr);
                self.want(*val, Ty::Ptr);
            }
            Op::MemCopy { dst, src, .. } => {
                self.want(*dst, Ty::Ptr);
                self.want(*src, Ty::Ptr);
            }
            Op::MemZero { dst, .. } => self.want(*dst, Ty::Ptr),
            Op::Alloc(a) => self.expect(a.align.is_power_of_two(), || "alignment".to_owned()),
            Op::NilCheck { ptr } => self.want(*ptr, Ty::Ptr),
            Op::BoundsCheck { idx, len, .. } => {
                self.want(*idx, Ty::I64);
                self.want(*len, Ty::I64);
            }
            Op::DivCheck { val } | Op::ShiftCheck { val } => self.want_int(*val),
            Op::Call(call) => self.check_call(call),
            Op::AtomicLoad { addr, .. } => self.want(*addr, Ty::Ptr),
            Op::AtomicStore { addr, .. } => self.want(*addr, Ty::Ptr),
            Op::AtomicRmw { addr, val, .. } => {
                self.want(*addr, Ty::Ptr);
                self.expect(func.ty(*val).is_int(), || "atomic on a float".to_owned());
            }
            Op::AtomicCas { addr, old, new } => {
                self.want(*addr, Ty::Ptr);
                self.same(*old, *new);
            }
            Op::GetG | Op::CallerPc | Op::CallerSp | Op::FramePtr | Op::KeepAlive { .. } => {}
            Op::ClosurePtr | Op::OverflowPtr => {
                self.expect(block == func.entry(), || "outside the entry block".to_owned());
                let early = func.blocks[block].insts[..nth].iter().all(|&i| !func.insts[i].op.is_call());
                self.expect(early, || "after a call".to_owned());
            }
            Op::Jump(to) => self.check_target(to),
            Op::Brif { cond, then, els } => {
                self.want(*cond, Ty::I8);
                self.check_target(then);
                self.check_target(els);
            }
            Op::Switch { val, cases, default } => {
                self.want_int(*val);
                cases.iter().for_each(|(_, to)| self.check_target(to));
                self.check_target(default);
                let mut values: Vec<i64> = cases.iter().map(|(v, _)| *v).collect();
                values.sort_unstable();
                values.dedup();
                self.expect(values.len() == cases.len(), || "equal cases".to_owned());
            }
            Op::Return { vals } => {
                let have: Vec<Ty> = vals.iter().map(|&v| func.ty(v)).collect();
                self.expect(have == func.sig.results, || format!("returns {have:?}"));
            }
            Op::TailCall(call) => {
                self.check_call(call);
                let results = &func.sigs[call.sig].results;
                self.expect(*results == func.sig.results, || "tail call of other results".to_owned());
                self.expect(func.handler.is_none(), || "tail call in a function with a handler".to_owned());
            }
        }
    }

    fn check_convert(&mut self, op: Conv, to: Ty, from: Ty) {
        let int = |ty: Ty| ty.is_int() && ty != Ty::Ptr;
        let wide = |ty: Ty| matches!(ty, Ty::I32 | Ty::I64);
        let ok = match op {
            Conv::Sext | Conv::Zext => int(from) && int(to) && from.bytes() < to.bytes(),
            Conv::Trunc => int(from) && int(to) && from.bytes() > to.bytes(),
            Conv::PtrToInt => from == Ty::Ptr && to == Ty::I64,
            Conv::IntToPtr => from == Ty::I64 && to == Ty::Ptr,
            Conv::FromSint | Conv::FromUint => wide(from) && to.is_float(),
            Conv::ToSint => from.is_float() && wide(to),
            Conv::Promote => from == Ty::F32 && to == Ty::F64,
            Conv::Demote => from == Ty::F64 && to == Ty::F32,
            Conv::Bitcast => {
                int(from) != int(to) && from.bytes() == to.bytes() && from != Ty::Ptr && to != Ty::Ptr
            }
        };
        self.expect(ok, || format!("{} from {from} to {to}", op.name()));
    }

    fn check_call(&mut self, call: &Call) {
        let func = self.func;
        let Some(sig) = func.sigs.get(call.sig) else { return self.fault("no such signature") };
        let Signature { params, results, conv } = sig;
        let have: Vec<Ty> = call.args.iter().map(|&v| func.ty(v)).collect();
        self.expect(have == *params, || format!("passes {have:?} for {params:?}"));
        if *conv == CallConv::Winch {
            self.expect(results.len() <= 1, || "winch returns one value".to_owned());
        }
        if let Callee::Code(v) = call.callee {
            self.want(v, Ty::Ptr);
        }
        if let Some(v) = call.ctx {
            self.want(v, Ty::Ptr);
        }
        if let Some(v) = call.overflow {
            self.want(v, Ty::Ptr);
        }
    }

    fn check_target(&mut self, to: &BlockCall) {
        let func = self.func;
        let want: Vec<Ty> = func.blocks[to.block].params.iter().map(|&p| func.ty(p)).collect();
        let have: Vec<Ty> = to.args.iter().map(|&v| func.ty(v)).collect();
        self.expect(have == want, || format!("passes {have:?} to {}, which takes {want:?}", to.block));
        self.expect(to.block != func.entry(), || "leads to the entry".to_owned());
    }

    fn check_dominance(&mut self) {
        let func = self.func;
        let dom = Dominators::new(func);
        let mut home: SecondaryMap<Value, Option<(Block, usize)>> = SecondaryMap::new();
        for &block in &func.layout {
            let data = &func.blocks[block];
            for &p in &data.params {
                home[p] = Some((block, 0));
            }
            for (i, &inst) in data.insts.iter().enumerate() {
                for &r in &func.insts[inst].results {
                    home[r] = Some((block, i + 1));
                }
            }
        }
        for &block in &func.layout {
            for (i, &inst) in func.blocks[block].insts.iter().enumerate() {
                self.at = (Some(block), Some(inst));
                let mut bad = Vec::new();
                func.insts[inst].op.visit(|v| match home[v] {
                    Some((at, nth)) if at == block && nth <= i => {}
                    Some((at, _)) if at != block && dom.dominates(at, block) => {}
                    Some((at, _)) => bad.push(format!("{v}, defined in {at}, does not dominate this use")),
                    None => bad.push(format!("{v} is not defined")),
                });
                bad.into_iter().for_each(|text| self.fault(text));
            }
        }
    }
}

/// The dominator tree, by the algorithm of Cooper, Harvey and Kennedy. The handler hangs below no block: it is a second
/// root.
pub struct Dominators {
    /// Position in reverse postorder, plus 1; 0: not reachable.
    order: SecondaryMap<Block, u32>,
    parent: SecondaryMap<Block, Option<Block>>,
    /// Reachable blocks in reverse postorder.
    pub rpo: Vec<Block>,
}

impl Dominators {
    pub fn new(func: &Func) -> Dominators {
        let mut postorder = Vec::new();
        let mut seen: SecondaryMap<Block, bool> = SecondaryMap::new();
        for root in func.handler.into_iter().chain([func.entry()]) {
            let mut stack = vec![(root, false)];
            while let Some((block, done)) = stack.pop() {
                if done {
                    postorder.push(block);
                } else if !std::mem::replace(&mut seen[block], true) {
                    stack.push((block, true));
                    stack.extend(func.terminator(block).targets().iter().map(|to| (to.block, false)));
                }
            }
        }
        postorder.reverse();
        let rpo = postorder;
        let mut order: SecondaryMap<Block, u32> = SecondaryMap::new();
        for (i, &block) in rpo.iter().enumerate() {
            order[block] = i as u32 + 1;
        }
        let mut preds: SecondaryMap<Block, Vec<Block>> = SecondaryMap::new();
        for &block in &rpo {
            for to in func.terminator(block).targets() {
                preds[to.block].push(block);
            }
        }
        let mut dom = Dominators { order, parent: SecondaryMap::new(), rpo };
        let is_root = |block: Block| block == func.entry() || Some(block) == func.handler;
        let mut done: SecondaryMap<Block, bool> = SecondaryMap::new();
        loop {
            let mut changed = false;
            for i in 0..dom.rpo.len() {
                let block = dom.rpo[i];
                if is_root(block) {
                    done[block] = true;
                    continue;
                }
                let mut new: Option<Option<Block>> = None;
                for &pred in preds[block].iter().filter(|&&p| done[p]) {
                    new = Some(match new {
                        None => Some(pred),
                        Some(other) => other.and_then(|other| dom.meet(other, pred)),
                    });
                }
                let new = new.flatten();
                if !done[block] || dom.parent[block] != new {
                    dom.parent[block] = new;
                    done[block] = true;
                    changed = true;
                }
            }
            if !changed {
                return dom;
            }
        }
    }

    /// The nearest common dominator; none when the two hang below different roots.
    fn meet(&self, a: Block, b: Block) -> Option<Block> {
        let (mut a, mut b) = (a, b);
        while a != b {
            if self.order[a] > self.order[b] {
                a = self.parent[a]?;
            } else {
                b = self.parent[b]?;
            }
        }
        Some(a)
    }

    /// The immediate dominator.
    pub fn parent(&self, block: Block) -> Option<Block> {
        self.parent[block]
    }

    pub fn reachable(&self, block: Block) -> bool {
        self.order[block] != 0
    }

    /// Whether every path to `b` goes through `a`. Blocks that cannot be reached are dominated by everything.
    pub fn dominates(&self, a: Block, b: Block) -> bool {
        if !self.reachable(b) {
            return true;
        }
        let mut at = Some(b);
        while let Some(block) = at {
            if block == a {
                return true;
            }
            if self.order[block] < self.order[a] {
                return false;
            }
            at = self.parent[block];
        }
        false
    }
}
