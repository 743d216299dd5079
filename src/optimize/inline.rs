//! Small functions take the place of their calls, across packages.
//!
//! The bodies are those before optimisation, so that functions can be optimised in any order; calls inside an inlined body
//! are looked at again. Every instruction keeps the place it had, with the chain of calls it came through, so that
//! tracebacks show what the source says.

use std::collections::HashMap;
use std::sync::Arc;

use cranelift_entity::SecondaryMap;

use super::Env;
use crate::ir::{
    self, Block, BlockCall, Call, CallConv, Callee, Func, Inst, Loc, LocData, Op, SigRef, Site, SiteData,
    Slot, SlotData, Sym, Value, ValueDef,
};

/// Bodies of at most this cost are inlined. Go's own limit of 80 syntax nodes is about as much.
const MAX_COST: u32 = 40;
/// A function called once more than this deep is left alone.
const MAX_DEPTH: usize = 8;
/// A function is not grown beyond this many instructions.
const MAX_INSTS: usize = 6000;

pub(super) fn run(func: &mut Func, env: &Env<'_>) -> bool {
    let mut n_insts: usize = func.layout.iter().map(|&block| func.blocks[block].insts.len()).sum();
    let mut work: Vec<Block> = func.layout.clone();
    work.reverse();
    let mut changed = false;
    while let Some(block) = work.pop() {
        let mut at = 0;
        while let Some(&inst) = func.blocks[block].insts.get(at) {
            at += 1;
            let Op::Call(call) = &func.insts[inst].op else { continue };
            let Callee::Sym(sym) = call.callee else { continue };
            if n_insts > MAX_INSTS || func.sigs[call.sig].conv != CallConv::Go {
                continue;
            }
            let name = func.syms[sym].clone();
            if name == func.name || is_inside(func, func.insts[inst].loc, &name) {
                continue;
            }
            let Some(body) = (env.body)(&name) else { continue };
            if body.sig != func.sigs[call.sig] || !may_inline(func, &body) {
                continue;
            }
            let new = splice(func, block, at - 1, sym, &body);
            n_insts += new.n_insts;
            changed = true;
            // The rest of this block moved to another one; it and the new ones are looked at next.
            work.push(new.rest);
            work.extend(new.blocks.into_iter().rev());
            break;
        }
    }
    if changed {
        ir::drop_unreachable(func);
        ir::drop_copies(func);
        ir::resolve_aliases(func);
    }
    changed
}

/// Whether `loc` already lies in an inlined call of `name`, or too deep in others.
fn is_inside(func: &Func, loc: Loc, name: &str) -> bool {
    let mut depth = 0;
    let mut at = func.locs[loc].site;
    while let Some(site) = at {
        depth += 1;
        let data = func.sites[site];
        if depth >= MAX_DEPTH || &*func.syms[data.callee] == name {
            return true;
        }
        at = func.locs[data.at].site;
    }
    false
}

/// Whether the body asks for nothing that only a function of its own has, and fits this caller.
fn may_inline(caller: &Func, body: &Func) -> bool {
    // A body that may split the stack must not land where that is forbidden and the runtime counts on it.
    if caller.attrs.nosplit && !body.attrs.nosplit && caller.attrs.runtime {
        return false;
    }
    is_candidate(body)
}

/// Whether any caller may take the body in.
pub(super) fn is_candidate(body: &Func) -> bool {
    let attrs = &body.attrs;
    if attrs.noinline
        || attrs.systemstack
        || attrs.yeswritebarrierrec
        || attrs.wrapper
        || attrs.top_frame
        || attrs.uintptr_keepalive
        || attrs.noreturn
        || body.handler.is_some()
        // The one counts the frames above its own, the other is seen in tracebacks.
        || matches!(&*body.name, "runtime.gorecover" | "runtime.throw")
        || body.sig.conv != CallConv::Go
        || super::calls::must_see(&body.name)
    {
        return false;
    }
    cost(body).is_some_and(|cost| cost <= MAX_COST)
}

/// About how much code a body is; none if it cannot be inlined at all.
fn cost(body: &Func) -> Option<u32> {
    let mut total = 0;
    for &block in &body.layout {
        for &inst in &body.blocks[block].insts {
            total += match &body.insts[inst].op {
                Op::CallerPc | Op::CallerSp | Op::FramePtr | Op::TailCall(_) => return None,
                Op::Iconst { .. } | Op::F32const { .. } | Op::F64const { .. } | Op::SlotAddr { .. } => 0,
                Op::ClosurePtr | Op::OverflowPtr | Op::Return { .. } | Op::Jump(_) | Op::KeepAlive { .. } => {
                    0
                }
                Op::Unreachable | Op::SymAddr { .. } => 0,
                Op::Call(call) => {
                    // "created by" names the function with the `go` statement.
                    const ALONE: [&str; 3] = ["runtime.getcallerfp", "runtime.gorecover", "runtime.newproc"];
                    if let Callee::Sym(sym) = call.callee
                        && ALONE.contains(&&*body.syms[sym])
                    {
                        return None;
                    }
                    12 + call.args.len() as u32
                }
                Op::Alloc(_) => 8,
                Op::StoreWb { .. } => 4,
                Op::MemCopy { .. } | Op::MemZero { .. } => 3,
                Op::BoundsCheck { .. } => 2,
                Op::Switch { cases, .. } => 2 + cases.len() as u32,
                _ => 1,
            };
            if total > MAX_COST {
                return None;
            }
        }
    }
    Some(total)
}

struct Spliced {
    /// What followed the call.
    rest: Block,
    blocks: Vec<Block>,
    n_insts: usize,
}

/// Copies of a body's tables in the caller.
struct Maps {
    values: SecondaryMap<Value, Option<Value>>,
    blocks: SecondaryMap<Block, Option<Block>>,
    slots: SecondaryMap<Slot, Option<Slot>>,
    sigs: SecondaryMap<SigRef, Option<SigRef>>,
    syms: HashMap<Sym, Sym>,
    locs: HashMap<Loc, Loc>,
    sites: HashMap<Site, Site>,
    /// The inlined call itself.
    site: Site,
}

/// Replaces the `at`-th instruction of `block`, a call of `body`.
fn splice(func: &mut Func, block: Block, at: usize, callee: Sym, body: &Arc<Func>) -> Spliced {
    let inst = func.blocks[block].insts[at];
    let Op::Call(call) = func.insts[inst].op.clone() else { unreachable!("only calls are inlined") };
    let loc = func.insts[inst].loc;
    let results = func.insts[inst].results.clone();

    // What follows the call goes to a block whose parameters are the call's results.
    let rest = func.add_block();
    func.blocks[rest].cold = func.blocks[block].cold;
    let tail = func.blocks[block].insts.split_off(at + 1);
    func.blocks[rest].insts = tail;
    func.blocks[block].insts.pop();
    for &result in &results {
        let ty = func.ty(result);
        let param = func.add_param(rest, ty);
        func.values[result].def = ValueDef::Alias(param);
    }

    let site = func.sites.push(SiteData { callee, at: loc });
    let mut maps = Maps {
        values: SecondaryMap::new(),
        blocks: SecondaryMap::new(),
        slots: SecondaryMap::new(),
        sigs: SecondaryMap::new(),
        syms: HashMap::new(),
        locs: HashMap::new(),
        sites: HashMap::new(),
        site,
    };
    for (slot, &SlotData { size, align }) in &body.slots {
        maps.slots[slot] = Some(func.add_slot(size, align));
    }
    let blocks = copy_blocks(func, &mut maps, body, &call, func.blocks[block].cold);
    let mut n_insts = 0;
    for &from in &body.layout {
        let to = maps.blocks[from].expect("every block has a copy");
        for &inst in &body.blocks[from].insts {
            n_insts += 1;
            copy_inst(func, &mut maps, body, &call, inst, to, rest);
        }
    }
    let entry = maps.blocks[body.entry()].expect("the entry has a copy");
    let jump = func.add_inst(Op::Jump(BlockCall::new(entry)), loc);
    func.blocks[block].insts.push(jump);
    let place = func.layout.iter().position(|&b| b == block).expect("the block is laid out");
    func.layout.splice(place + 1..place + 1, blocks.iter().copied().chain([rest]));
    // Operands elsewhere still name the call's results: later bodies are copied before aliases are resolved.
    Spliced { rest, blocks, n_insts }
}

/// Makes the blocks with their parameters, and a name for every result, since uses may come before definitions in layout.
fn copy_blocks(func: &mut Func, maps: &mut Maps, body: &Func, call: &Call, cold: bool) -> Vec<Block> {
    let mut out = Vec::new();
    for &from in &body.layout {
        let to = func.add_block();
        func.blocks[to].cold = cold || body.blocks[from].cold;
        maps.blocks[from] = Some(to);
        out.push(to);
        for (i, &param) in body.blocks[from].params.iter().enumerate() {
            maps.values[param] =
                Some(if from == body.entry() { call.args[i] } else { func.add_param(to, body.ty(param)) });
        }
    }
    for &from in &body.layout {
        for &inst in &body.blocks[from].insts {
            for (i, &result) in body.insts[inst].results.iter().enumerate() {
                let data = ir::ValueData {
                    ty: body.ty(result),
                    def: ValueDef::Result(Inst::from_u32(u32::MAX - 1), i as u32),
                };
                maps.values[result] = Some(func.values.push(data));
            }
        }
    }
    out
}

fn copy_inst(func: &mut Func, maps: &mut Maps, body: &Func, call: &Call, inst: Inst, to: Block, rest: Block) {
    let data = &body.insts[inst];
    let given = match data.op {
        Op::ClosurePtr => Some(call.ctx),
        Op::OverflowPtr => Some(call.overflow),
        _ => None,
    };
    if let Some(given) = given {
        let mine = maps.values[data.results[0]].expect("every result has a copy");
        let given = given.unwrap_or_else(|| panic!("{}: called without what it reads", body.name));
        func.values[mine].def = ValueDef::Alias(given);
        return;
    }
    let mut op = data.op.clone();
    op.visit_mut(|v| *v = maps.values[body.resolve(*v)].expect("every value has a copy"));
    match &mut op {
        Op::SlotAddr { slot, .. } => *slot = maps.slots[*slot].expect("every slot has a copy"),
        Op::SymAddr { sym, .. } => *sym = copy_sym(func, maps, body, *sym),
        Op::Alloc(alloc) => alloc.ty = copy_sym(func, maps, body, alloc.ty),
        Op::Call(inner) => {
            if let Callee::Sym(sym) = &mut inner.callee {
                *sym = copy_sym(func, maps, body, *sym);
            }
            inner.sig = match maps.sigs[inner.sig] {
                Some(known) => known,
                None => {
                    let new = func.import_sig(body.sigs[inner.sig].clone());
                    maps.sigs[inner.sig] = Some(new);
                    new
                }
            };
        }
        Op::Return { vals } => op = Op::Jump(BlockCall { block: rest, args: std::mem::take(vals) }),
        _ => {
            for target in op.targets_mut() {
                target.block = maps.blocks[target.block].expect("every block has a copy");
            }
        }
    }
    let loc = copy_loc(func, maps, body, data.loc);
    let new = func.insts.push(ir::InstData { op, loc, results: Vec::new() });
    for (i, &result) in data.results.iter().enumerate() {
        let mine = maps.values[result].expect("every result has a copy");
        func.values[mine].def = ValueDef::Result(new, i as u32);
        func.insts[new].results.push(mine);
    }
    func.blocks[to].insts.push(new);
}

fn copy_sym(func: &mut Func, maps: &mut Maps, body: &Func, sym: Sym) -> Sym {
    *maps.syms.entry(sym).or_insert_with(|| func.sym(&body.syms[sym]))
}

fn copy_loc(func: &mut Func, maps: &mut Maps, body: &Func, loc: Loc) -> Loc {
    if let Some(&known) = maps.locs.get(&loc) {
        return known;
    }
    let LocData { file, line, site } = body.locs[loc];
    let site = match site {
        None => maps.site,
        Some(inner) => copy_site(func, maps, body, inner),
    };
    let new = func.locs.push(LocData { file, line, site: Some(site) });
    maps.locs.insert(loc, new);
    new
}

fn copy_site(func: &mut Func, maps: &mut Maps, body: &Func, site: Site) -> Site {
    if let Some(&known) = maps.sites.get(&site) {
        return known;
    }
    let SiteData { callee, at } = body.sites[site];
    let callee = copy_sym(func, maps, body, callee);
    let at = copy_loc(func, maps, body, at);
    let new = func.sites.push(SiteData { callee, at });
    maps.sites.insert(site, new);
    new
}
