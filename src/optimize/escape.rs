//! Escape analysis: which heap objects may live in the frame, and what a function does with the pointers it is given.
//!
//! Within a function every pointer value gets the set of *objects* it may point to: what the parameters point to, what
//! the function allocates, its slots, or "unknown". Order plays no role; a set only grows until nothing changes.
//!
//! ```text
//! v = alloc A          v ∋ A                          store p, v    contents of what p points to ⊇ v
//! w = ptr_add v, i     w ⊇ v                          w = load p    w ⊇ contents of what p points to
//! call f(v)            as the facts of f say          return v      v leaves, or: parameter flows to the result
//! ```
//! What is stored through an unknown pointer, or through a parameter, leaves the function.
//!
//! # What holds
//! - An allocation becomes a slot only if no pointer to it leaves, and if two executions of it cannot both be in use: in a
//!   loop, everything that holds it is remade in each turn.
//! - Facts of a function are right whatever its callers do, and do not depend on which functions there are besides those
//!   it leads to.

use std::collections::BTreeMap;
use std::sync::Arc;

use cranelift_entity::SecondaryMap;
use serde::{Deserialize, Serialize};

use super::calls::{hand_in_buffer, reveal, wants_buffer};
use super::entry_points;
use crate::ir::{BinOp, Block, Call, Callee, Dominators, Func, Inst, Op, Slot, Sym, Ty, Value};

/// Larger objects stay on the heap: a frame must fit between the guard and the end of the stack.
const MAX_SLOT: u64 = 4096;
/// A function with more objects than this is not worth the time: everything in it escapes.
const MAX_OBJECTS: usize = 400;

/// What becomes of a pointer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub enum Leak {
    /// Nothing is kept.
    #[default]
    No,
    /// What is found by following it may be kept, the pointer itself is not.
    Content,
    /// The pointer may be kept.
    Yes,
}

/// What becomes of one parameter.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct ParamFacts {
    pub leak: Leak,
    /// A result may be the pointer.
    pub returned: bool,
    /// A result may be something found by following it.
    pub content_returned: bool,
    /// It may be called as a func value. What the function behind it does with its captured variables comes on top.
    pub called: bool,
}

impl ParamFacts {
    pub const KEPT: ParamFacts =
        ParamFacts { leak: Leak::Yes, returned: false, content_returned: false, called: false };
}

/// What a caller may rely on.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Facts {
    pub params: Vec<ParamFacts>,
    pub ctx: ParamFacts,
    /// Of the overflow area's address: its content is what matters.
    pub overflow: ParamFacts,
}

/// The facts of every function of a program, by symbol.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Summaries {
    facts: BTreeMap<Arc<str>, Facts>,
}

impl Facts {
    /// The least a function can do: where the search for its facts begins.
    fn nothing_kept(func: &Func) -> Facts {
        Facts { params: vec![ParamFacts::default(); func.sig.params.len()], ..Facts::default() }
    }

    /// The most: right for any function.
    fn all_kept(func: &Func) -> Facts {
        Facts {
            params: vec![ParamFacts::KEPT; func.sig.params.len()],
            ctx: ParamFacts::KEPT,
            overflow: ParamFacts::KEPT,
        }
    }
}

impl Summaries {
    /// Says what is known of a function.
    pub fn insert(&mut self, symbol: &Arc<str>, facts: Facts) {
        self.facts.insert(symbol.clone(), facts);
    }

    /// What was found out about the function itself.
    pub fn own(&self, symbol: &str) -> Option<&Facts> {
        self.facts.get(symbol)
    }

    /// What a call of it does.
    pub fn get(&self, symbol: &str) -> Option<Facts> {
        entry_points::facts(symbol).or_else(|| self.facts.get(symbol).cloned())
    }
}

/// A group of functions that call each other settles in a few rounds; one that does not is assumed to leak everything.
const MAX_ROUNDS: usize = 8;

/// Works out the facts of all functions, callees first, on top of what is known of functions elsewhere.
///
/// Functions that call each other are taken together: each begins by keeping nothing, and facts grow until they agree.
/// So the result depends on the functions only, not on where the walk begins.
pub fn summarize<'a>(funcs: impl IntoIterator<Item = &'a Func>, known: Summaries) -> Summaries {
    let mut by_name: BTreeMap<&str, &Func> = BTreeMap::new();
    for func in funcs {
        by_name.entry(&func.name).or_insert(func);
    }
    let mut out = known;
    for group in groups(&by_name) {
        let calls_itself = |func: &Func| callees(func).any(|callee| callee == &*func.name);
        if let [func] = group[..]
            && !calls_itself(func)
        {
            // Nothing may be known of it from elsewhere while it is looked at.
            out.facts.remove(&func.name);
            let found = Analysis::new(func, &out).facts();
            out.insert(&func.name, found);
            continue;
        }
        for func in &group {
            out.insert(&func.name, Facts::nothing_kept(func));
        }
        let settled = (0..MAX_ROUNDS).any(|_| {
            let mut changed = false;
            for func in &group {
                let found = Analysis::new(func, &out).facts();
                changed |= out.facts.get(&func.name) != Some(&found);
                out.insert(&func.name, found);
            }
            !changed
        });
        if !settled {
            for func in &group {
                out.insert(&func.name, Facts::all_kept(func));
            }
        }
    }
    out
}

/// The functions in groups that call each other, callees' groups first; in a group by name.
fn groups<'a>(by_name: &BTreeMap<&'a str, &'a Func>) -> Vec<Vec<&'a Func>> {
    let names: Vec<&str> = by_name.keys().copied().collect();
    let funcs: Vec<&Func> = by_name.values().copied().collect();
    let number = |name: &str| names.binary_search(&name).ok();
    let edges: Vec<Vec<usize>> =
        funcs.iter().map(|func| callees(func).filter_map(number).collect()).collect();
    // Tarjan's algorithm with a stack of our own.
    const NEW: usize = usize::MAX;
    let n = funcs.len();
    let (mut order, mut low, mut open) = (vec![NEW; n], vec![0; n], vec![false; n]);
    let (mut pending, mut next, mut out) = (Vec::new(), 0, Vec::new());
    for root in 0..n {
        let mut path = if order[root] == NEW { vec![(root, 0)] } else { Vec::new() };
        while let Some((at, edge)) = path.pop() {
            if edge == 0 {
                (order[at], low[at], open[at]) = (next, next, true);
                next += 1;
                pending.push(at);
            }
            match edges[at].get(edge) {
                Some(&to) => {
                    path.push((at, edge + 1));
                    if order[to] == NEW {
                        path.push((to, 0));
                    } else if open[to] {
                        low[at] = low[at].min(order[to]);
                    }
                }
                None => {
                    if low[at] == order[at] {
                        let start = pending.iter().rposition(|&f| f == at).expect("it was pushed");
                        let mut group = pending.split_off(start);
                        group.iter().for_each(|&f| open[f] = false);
                        group.sort_unstable();
                        out.push(group.into_iter().map(|f| funcs[f]).collect());
                    }
                    if let Some(&(parent, _)) = path.last() {
                        low[parent] = low[parent].min(low[at]);
                    }
                }
            }
        }
    }
    out
}

fn callees(func: &Func) -> impl Iterator<Item = &str> {
    let insts = func.layout.iter().flat_map(|&block| &func.blocks[block].insts);
    insts.filter_map(|&inst| match &func.insts[inst].op {
        Op::Call(Call { callee: Callee::Sym(sym), .. })
        | Op::TailCall(Call { callee: Callee::Sym(sym), .. }) => Some(&*func.syms[*sym]),
        _ => None,
    })
}

/// Turns the allocations that stay inside into slots. Whether there were any.
pub(super) fn stack_allocate(func: &mut Func, summaries: &Summaries) -> bool {
    let is_alloc =
        |inst: Inst| matches!(func.insts[inst].op, Op::Alloc(_)) || wants_buffer(func, inst).is_some();
    if !func.layout.iter().any(|&block| func.blocks[block].insts.iter().any(|&i| is_alloc(i))) {
        return false;
    }
    let local = Analysis::new(func, summaries).local_allocs();
    for &(block, inst) in &local {
        if let Some((size, align)) = wants_buffer(func, inst) {
            hand_in_buffer(func, block, inst, size, align);
            continue;
        }
        let Op::Alloc(alloc) = func.insts[inst].op else { unreachable!("only allocations are listed") };
        let slot = func.add_slot(alloc.size.max(1) as u32, alloc.align.max(1));
        func.insts[inst].op = Op::SlotAddr { slot, offset: 0 };
        if alloc.size > 0 {
            let dst = func.first_result(inst);
            let loc = func.insts[inst].loc;
            let clear = func.add_inst(Op::MemZero { dst, size: alloc.size, align: alloc.align }, loc);
            let insts = &mut func.blocks[block].insts;
            let at = insts.iter().position(|&i| i == inst).expect("the allocation is in its block");
            insts.insert(at + 1, clear);
        }
    }
    !local.is_empty()
}

/// A set of objects, with two bits each: pointing to it, and pointing to what was found by following it (parameters only).
type Set = Vec<u64>;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Object {
    Unknown,
    /// What parameter n points to.
    Param(usize),
    Ctx,
    Overflow,
    Slot(Slot),
    Alloc(Block, Inst),
}

impl Object {
    /// Belongs to the caller: what is stored there has left.
    fn is_given(self) -> bool {
        matches!(self, Object::Param(_) | Object::Ctx | Object::Overflow)
    }
}

struct Analysis<'a> {
    func: &'a Func,
    summaries: &'a Summaries,
    objects: Vec<Object>,
    /// Where a value that is itself an object's address gets it from.
    origin: SecondaryMap<Value, u32>,
    slots: SecondaryMap<Slot, u32>,
    sets: SecondaryMap<Value, Option<Set>>,
    contents: Vec<Set>,
    leaks: Vec<Leak>,
    called: Vec<bool>,
    /// Functions whose address is stored in the object: it is a closure of one of them.
    codes: Vec<Vec<Sym>>,
    returned: Set,
    changed: bool,
    too_large: bool,
}

impl<'a> Analysis<'a> {
    fn new(func: &'a Func, summaries: &'a Summaries) -> Analysis<'a> {
        let mut a = Analysis {
            func,
            summaries,
            objects: vec![Object::Unknown],
            origin: SecondaryMap::new(),
            slots: SecondaryMap::new(),
            sets: SecondaryMap::new(),
            contents: Vec::new(),
            leaks: Vec::new(),
            called: Vec::new(),
            codes: Vec::new(),
            returned: Vec::new(),
            changed: false,
            too_large: false,
        };
        a.list_objects();
        a.too_large = a.objects.len() > MAX_OBJECTS;
        if !a.too_large {
            a.solve();
        }
        a
    }

    fn list_objects(&mut self) {
        let func = self.func;
        for (i, &param) in func.blocks[func.entry()].params.iter().enumerate() {
            if may_point(func.ty(param)) {
                self.origin[param] = self.objects.len() as u32;
                self.objects.push(Object::Param(i));
            }
        }
        for slot in func.slots.keys() {
            self.slots[slot] = self.objects.len() as u32;
            self.objects.push(Object::Slot(slot));
        }
        for &block in &func.layout {
            for &inst in &func.blocks[block].insts {
                let object = match func.insts[inst].op {
                    Op::Alloc(_) => Object::Alloc(block, inst),
                    Op::ClosurePtr => Object::Ctx,
                    Op::OverflowPtr => Object::Overflow,
                    // What the call makes, should it be new.
                    _ if wants_buffer(func, inst).is_some() => Object::Alloc(block, inst),
                    _ => continue,
                };
                self.origin[func.first_result(inst)] = self.objects.len() as u32;
                self.objects.push(object);
            }
        }
        self.contents = vec![Vec::new(); self.objects.len()];
        self.leaks = vec![Leak::No; self.objects.len()];
        self.called = vec![false; self.objects.len()];
        self.codes = vec![Vec::new(); self.objects.len()];
        // What the unknown points to is unknown.
        add(&mut self.contents[0], 0);
    }

    fn solve(&mut self) {
        let func = self.func;
        let dom = Dominators::new(func);
        loop {
            self.changed = false;
            for &block in &dom.rpo {
                for &inst in &func.blocks[block].insts {
                    self.inst(inst);
                }
            }
            for object in 0..self.objects.len() {
                // What lies in something that left has left.
                if self.leaks[object] == Leak::Yes && object != 0 {
                    let content = self.contents[object].clone();
                    self.leak(&content);
                }
            }
            if !self.changed {
                return;
            }
        }
    }

    fn set(&self, v: Value) -> Set {
        let mut out = self.sets[v].clone().unwrap_or_default();
        if self.origin[v] != 0 {
            add(&mut out, 2 * self.origin[v] as usize);
        }
        out
    }

    fn grow(&mut self, v: Value, by: &Set) {
        if may_point(self.func.ty(v)) {
            let set = self.sets[v].get_or_insert_default();
            self.changed |= union(set, by);
        }
    }

    fn unknown() -> Set {
        vec![1]
    }

    /// What may be found by following any of these.
    fn follow(&self, set: &Set) -> Set {
        let mut out = Vec::new();
        for (object, _) in members(set) {
            if self.objects[object].is_given() {
                add(&mut out, 2 * object + 1);
            }
            union(&mut out, &self.contents[object]);
        }
        out
    }

    fn raise(&mut self, object: usize, leak: Leak) {
        if self.leaks[object] < leak {
            self.leaks[object] = leak;
            self.changed = true;
        }
    }

    /// These pointers may be anywhere from now on.
    fn leak(&mut self, set: &Set) {
        for (object, deep) in members(set) {
            self.raise(object, if deep { Leak::Content } else { Leak::Yes });
        }
    }

    fn leak_content(&mut self, set: &Set) {
        for (object, _) in members(set) {
            if self.objects[object].is_given() {
                self.raise(object, Leak::Content);
            }
            let content = self.contents[object].clone();
            self.leak(&content);
        }
    }

    /// Somebody else may have written there.
    fn touched(&mut self, set: &Set) {
        for (object, _) in members(set) {
            self.changed |= union(&mut self.contents[object], &Self::unknown());
        }
    }

    fn store(&mut self, addr: Value, val: &Set) {
        let into = self.set(addr);
        let mut elsewhere = into.iter().all(|&bits| bits == 0);
        for (object, deep) in members(&into) {
            if deep || object == 0 || self.objects[object].is_given() {
                elsewhere = true;
            } else {
                self.changed |= union(&mut self.contents[object], val);
            }
        }
        if elsewhere {
            self.leak(val);
        }
    }

    fn note_code(&mut self, addr: Value, sym: Sym) {
        for (object, _) in members(&self.set(addr)) {
            if !self.codes[object].contains(&sym) {
                self.codes[object].push(sym);
                self.changed = true;
            }
        }
    }

    /// The object is the context of a call of what it holds.
    fn call_object(&mut self, object: usize, deep: bool) {
        if self.objects[object].is_given() && !deep {
            self.changed |= !std::mem::replace(&mut self.called[object], true);
            return;
        }
        if object == 0 {
            return;
        }
        let mut leak = if self.codes[object].is_empty() { Leak::Yes } else { Leak::No };
        for &code in &self.codes[object] {
            leak = leak.max(self.summaries.get(&self.func.syms[code]).map_or(Leak::Yes, |f| f.ctx.leak));
        }
        self.apply(object, if deep { Leak::Yes } else { leak });
    }

    /// Something happens to one object.
    fn apply(&mut self, object: usize, leak: Leak) {
        let mut set = Vec::new();
        add(&mut set, 2 * object);
        match leak {
            Leak::No => {}
            Leak::Content => self.leak_content(&set),
            Leak::Yes => self.leak(&set),
        }
    }

    fn inst(&mut self, inst: Inst) {
        let func = self.func;
        let data = &func.insts[inst];
        let result = data.results.first().copied();
        match &data.op {
            Op::SymAddr { .. } | Op::GetG | Op::FramePtr | Op::CallerSp | Op::CallerPc => {
                self.grow(result.expect("it has a result"), &Self::unknown());
            }
            Op::SlotAddr { slot, .. } => {
                let mut set = Vec::new();
                add(&mut set, 2 * self.slots[*slot] as usize);
                self.grow(result.expect("it has a result"), &set);
            }
            Op::Binary { op, a, b } => {
                let mut set = self.set(*a);
                if *op != BinOp::PtrAdd {
                    union(&mut set, &self.set(*b));
                }
                self.grow(result.expect("it has a result"), &set);
            }
            Op::Unary { a, .. } | Op::Convert { a, .. } => {
                let set = self.set(*a);
                self.grow(result.expect("it has a result"), &set);
            }
            Op::Select { a, b, .. } => {
                let mut set = self.set(*a);
                union(&mut set, &self.set(*b));
                self.grow(result.expect("it has a result"), &set);
            }
            Op::AddCarry { .. } | Op::SubBorrow { .. } => {
                data.op.visit(|v| {
                    let set = self.set(v);
                    data.results.iter().for_each(|&r| self.grow(r, &set));
                });
            }
            Op::Load { addr, .. } | Op::AtomicLoad { addr, .. } => {
                let set = self.follow(&self.set(*addr));
                self.grow(result.expect("it has a result"), &set);
            }
            Op::Store { addr, val, .. } | Op::StoreWb { addr, val, .. } | Op::AtomicStore { addr, val } => {
                if let Some(Op::SymAddr { sym, offset: 0 }) = func.def(*val) {
                    self.note_code(*addr, *sym);
                }
                let set = self.set(*val);
                self.store(*addr, &set);
            }
            Op::AtomicRmw { addr, val, .. } => {
                let found = self.follow(&self.set(*addr));
                let set = self.set(*val);
                self.store(*addr, &set);
                self.grow(result.expect("it has a result"), &found);
            }
            Op::AtomicCas { addr, new, .. } => {
                let set = self.set(*new);
                self.store(*addr, &set);
            }
            Op::MemCopy { dst, src, .. } => {
                let set = self.follow(&self.set(*src));
                self.store(*dst, &set);
            }
            Op::Call(call) => {
                let set = self.call(call);
                data.results.iter().for_each(|&r| self.grow(r, &set));
            }
            Op::TailCall(call) => {
                let set = self.call(call);
                self.give_back(&set);
                // The frame is gone when the callee runs.
                data.op.visit(|v| {
                    for (object, _) in members(&self.set(v)) {
                        if !self.objects[object].is_given() {
                            self.raise(object, Leak::Yes);
                        }
                    }
                });
            }
            Op::Return { vals } => {
                for &v in vals {
                    if may_point(func.ty(v)) {
                        let set = self.set(v);
                        self.give_back(&set);
                    }
                }
            }
            Op::Jump(_) | Op::Brif { .. } | Op::Switch { .. } => {
                for to in data.op.targets() {
                    for (&param, &arg) in func.blocks[to.block].params.iter().zip(&to.args) {
                        let set = self.set(arg);
                        self.grow(param, &set);
                    }
                }
            }
            Op::Iconst { .. }
            | Op::F32const { .. }
            | Op::F64const { .. }
            | Op::Icmp { .. }
            | Op::Fcmp { .. }
            | Op::Fma { .. }
            | Op::MemZero { .. }
            | Op::Alloc(_)
            | Op::NilCheck { .. }
            | Op::BoundsCheck { .. }
            | Op::DivCheck { .. }
            | Op::ShiftCheck { .. }
            | Op::Fence
            | Op::ClosurePtr
            | Op::OverflowPtr
            | Op::KeepAlive { .. }
            | Op::Unreachable => {}
        }
    }

    /// Handed to the caller: leaves, unless it came from there.
    fn give_back(&mut self, set: &Set) {
        self.changed |= union(&mut self.returned, set);
        for (object, _) in members(set) {
            if !self.objects[object].is_given() {
                self.raise(object, Leak::Yes);
            }
        }
    }

    /// What the results may be.
    fn call(&mut self, call: &Call) -> Set {
        let facts = match call.callee {
            Callee::Sym(sym) => self.summaries.get(&self.func.syms[sym]),
            Callee::Code(_) => None,
        };
        let mut results = Self::unknown();
        let worst = ParamFacts::KEPT;
        for (i, &arg) in call.args.iter().enumerate() {
            let of_arg = facts.as_ref().map_or(worst, |f| f.params.get(i).copied().unwrap_or(worst));
            self.pass(arg, of_arg, &mut results);
        }
        if let Some(ctx) = call.ctx {
            let called = ParamFacts { called: true, ..ParamFacts::default() };
            let of_ctx = facts.as_ref().map_or(worst, |f| f.ctx);
            let of_ctx = if matches!(call.callee, Callee::Code(_)) { called } else { of_ctx };
            self.pass(ctx, of_ctx, &mut results);
        }
        if let Some(overflow) = call.overflow {
            // The callee reads its arguments from there; the area itself dies with the call.
            let set = self.set(overflow);
            self.leak_content(&set);
            self.touched(&set);
        }
        results
    }

    fn pass(&mut self, arg: Value, facts: ParamFacts, results: &mut Set) {
        if !may_point(self.func.ty(arg)) {
            return;
        }
        let set = self.set(arg);
        match facts.leak {
            Leak::No => {}
            Leak::Content => self.leak_content(&set),
            Leak::Yes => self.leak(&set),
        }
        self.touched(&set);
        if facts.called {
            members(&set).for_each(|(object, deep)| self.call_object(object, deep));
        }
        if facts.returned {
            union(results, &set);
        }
        if facts.content_returned {
            let content = self.follow(&set);
            union(results, &content);
        }
    }

    fn facts(&self) -> Facts {
        let func = self.func;
        let n = func.sig.params.len();
        if self.too_large {
            return Facts::all_kept(func);
        }
        let mut out = Facts { params: vec![ParamFacts::default(); n], ..Facts::default() };
        for (object, &kind) in self.objects.iter().enumerate() {
            let found = ParamFacts {
                leak: self.leaks[object],
                returned: has(&self.returned, 2 * object),
                content_returned: has(&self.returned, 2 * object + 1),
                called: self.called[object],
            };
            match kind {
                Object::Param(i) => out.params[i] = found,
                Object::Ctx => out.ctx = found,
                Object::Overflow => out.overflow = found,
                _ => {}
            }
        }
        out
    }

    /// The allocations that may become slots.
    fn local_allocs(&self) -> Vec<(Block, Inst)> {
        if self.too_large {
            return Vec::new();
        }
        let func = self.func;
        let dom = Dominators::new(func);
        let mut out = Vec::new();
        for (object, &kind) in self.objects.iter().enumerate() {
            let Object::Alloc(block, inst) = kind else { continue };
            let fits = match &func.insts[inst].op {
                Op::Alloc(alloc) => alloc.size <= MAX_SLOT && alloc.align <= 16,
                _ => true,
            };
            if fits && self.leaks[object] == Leak::No && self.one_at_a_time(object, block, &dom) {
                out.push((block, inst));
            }
        }
        out
    }

    /// Whether at most one of the objects an allocation makes is in use at any time.
    fn one_at_a_time(&self, object: usize, block: Block, dom: &Dominators) -> bool {
        let func = self.func;
        if !dom.reachable(block) {
            return false;
        }
        if !reaches_itself(func, block, None) {
            return true;
        }
        // A block parameter outside the allocation's reach carries the object of an earlier turn.
        for &other in &func.layout {
            let carries = func.blocks[other].params.iter().any(|&p| has(&self.set(p), 2 * object));
            if carries && (other == block || !dom.dominates(block, other)) {
                return false;
            }
        }
        // So does memory, unless it is fresh in every turn.
        self.objects.iter().enumerate().all(|(holder, &kind)| match kind {
            _ if !has(&self.contents[holder], 2 * object) => true,
            Object::Alloc(at, _) if holder != object => !reaches_itself(func, block, Some(at)),
            _ => false,
        })
    }
}

/// Whether control can come back to `block` without passing `avoid`.
fn reaches_itself(func: &Func, block: Block, avoid: Option<Block>) -> bool {
    if avoid == Some(block) {
        return false;
    }
    let mut seen: SecondaryMap<Block, bool> = SecondaryMap::new();
    let mut work = vec![block];
    while let Some(at) = work.pop() {
        for to in func.terminator(at).targets() {
            if to.block == block {
                return true;
            }
            if Some(to.block) != avoid && !std::mem::replace(&mut seen[to.block], true) {
                work.push(to.block);
            }
        }
    }
    false
}

/// Values wide enough for a pointer; a `uintptr` may be turned back into one.
fn may_point(ty: Ty) -> bool {
    matches!(ty, Ty::Ptr | Ty::I64)
}

fn add(set: &mut Set, bit: usize) {
    if set.len() <= bit / 64 {
        set.resize(bit / 64 + 1, 0);
    }
    set[bit / 64] |= 1 << (bit % 64);
}

fn has(set: &Set, bit: usize) -> bool {
    set.get(bit / 64).is_some_and(|word| word >> (bit % 64) & 1 != 0)
}

/// Adds `by`; whether anything was new.
fn union(set: &mut Set, by: &Set) -> bool {
    if set.len() < by.len() {
        set.resize(by.len(), 0);
    }
    let mut changed = false;
    for (word, more) in set.iter_mut().zip(by) {
        changed |= *word | more != *word;
        *word |= more;
    }
    changed
}

/// The objects of a set, each with whether only what was found by following it is meant.
fn members(set: &Set) -> impl Iterator<Item = (usize, bool)> {
    set.iter().enumerate().flat_map(|(i, &word)| {
        (0..64).filter(move |b| word >> b & 1 != 0).map(move |b| {
            let bit = i * 64 + b;
            (bit / 2, bit % 2 == 1)
        })
    })
}

pub(super) fn run(func: &mut Func, env: &super::Env<'_>) -> bool {
    let changed = stack_allocate(func, env.summaries);
    reveal(func) | changed
}
