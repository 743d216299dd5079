//! A function: blocks of instructions, and the tables they index.

use std::sync::Arc;

use cranelift_entity::PrimaryMap;
use serde::{Deserialize, Serialize};

use super::entities::{Block, Inst, Loc, SigRef, Site, Slot, Sym, Ty, Value};
use super::op::{BinOp, Op};

/// How a call passes values.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum CallConv {
    /// All Go code.
    Go,
    /// No callee-saved registers, at most one result: the functions of `target::abi::WINCH`.
    Winch,
}

/// Parameters and results after ABI assignment, one scalar each; what goes to the overflow area is not listed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Signature {
    pub params: Vec<Ty>,
    pub results: Vec<Ty>,
    pub conv: CallConv,
}

impl Signature {
    pub fn go(params: &[Ty], results: &[Ty]) -> Signature {
        Signature { params: params.to_vec(), results: results.to_vec(), conv: CallConv::Go }
    }
}

/// What the source or the compiler says about a function.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Attrs {
    /// No stack check.
    pub nosplit: bool,
    /// Never inlined: `//go:noinline`, or it asks for its own frame (caller_pc, caller_sp, frame_ptr, getg-changing).
    pub noinline: bool,
    /// `//go:systemstack`: runs on g0 or gsignal only.
    pub systemstack: bool,
    pub nowritebarrier: bool,
    pub nowritebarrierrec: bool,
    pub yeswritebarrierrec: bool,
    /// A method wrapper, an eq or hash function, a defer/go thunk: funcID_wrapper in the pclntab, invisible to recover.
    pub wrapper: bool,
    /// Reads `closure_ptr`: only called with a context.
    pub needs_ctx: bool,
    /// Reads or writes an overflow area.
    pub overflow: bool,
    /// The unwinder stops here (funcFlag_TopFrame).
    pub top_frame: bool,
    /// Several packages may bring this symbol (instances, wrappers, eq functions); they are equal.
    pub dup_ok: bool,
    /// Belongs to one of the packages of the runtime, where nothing may be moved to the heap.
    pub runtime: bool,
    /// Its pointer and uintptr arguments must stay alive during the call (`//go:uintptrkeepalive`, `//go:uintptrescapes`).
    pub uintptr_keepalive: bool,
    /// Never returns: calls of it are followed by `unreachable`.
    pub noreturn: bool,
}

/// One instruction with its place and results.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct InstData {
    pub op: Op,
    pub loc: Loc,
    pub results: Vec<Value>,
}

/// A block: its parameters and instructions, the last one a terminator.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct BlockData {
    pub params: Vec<Value>,
    pub insts: Vec<Inst>,
    /// Rarely reached: laid out last.
    pub cold: bool,
}

/// Where a value comes from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum ValueDef {
    Result(Inst, u32),
    Param(Block, u32),
    /// Replaced by another value; [`Func::resolve`] follows these. None is left in operands after `Builder::finish`.
    Alias(Value),
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct ValueData {
    pub ty: Ty,
    pub def: ValueDef,
}

/// A piece of the frame. Not zeroed on entry: `lower` emits the stores.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct SlotData {
    pub size: u32,
    pub align: u32,
}

/// A source place: a line counted from the start line of the function it belongs to (this one, or the inlined one).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct LocData {
    /// Index into `FuncMeta::files` of the function the line belongs to; 0 nearly always.
    pub file: u32,
    /// Minus the start line.
    pub line: i32,
    /// The inlined call this came from.
    pub site: Option<Site>,
}

/// One inlined call.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct SiteData {
    /// The function that was inlined.
    pub callee: Sym,
    /// Where it was called; itself perhaps inside another inlined call.
    pub at: Loc,
}

/// What reachability must know beside the symbols a function names.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum MethodUse {
    /// An interface method is called: `name` is the method's linker name (`pkg/path.name` when unexported), `sig` the
    /// symbol of its func type.
    Interface { name: Arc<str>, sig: Arc<str> },
    /// `reflect.Type.MethodByName` with a constant.
    Named { name: Arc<str> },
    /// `reflect.Type.Method`, `Value.Method`, or by a name not known: every exported method.
    Any,
}

/// A function: the part that decides its machine code. What does not is in [`FuncMeta`].
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Func {
    /// The linker symbol.
    pub name: Arc<str>,
    pub sig: Signature,
    pub attrs: Attrs,
    pub blocks: PrimaryMap<Block, BlockData>,
    /// Emission order; the first is the entry, whose parameters are the function's.
    pub layout: Vec<Block>,
    pub insts: PrimaryMap<Inst, InstData>,
    pub values: PrimaryMap<Value, ValueData>,
    pub slots: PrimaryMap<Slot, SlotData>,
    pub syms: PrimaryMap<Sym, Arc<str>>,
    pub sigs: PrimaryMap<SigRef, Signature>,
    pub locs: PrimaryMap<Loc, LocData>,
    pub sites: PrimaryMap<Site, SiteData>,
    /// In a function with defers: every call and failing check may also go here. It has no parameters and reads nothing
    /// but slots, symbols and g.
    pub handler: Option<Block>,
    /// Type descriptors of what is converted to interfaces here: their methods become callable.
    pub iface_types: Vec<Arc<str>>,
    pub method_uses: Vec<MethodUse>,
}

/// What names a function's place in the source: outside of every key of its code, applied by `link`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct FuncMeta {
    /// File names as the user knows them (package-relative); the first is where the function starts.
    pub files: Vec<Arc<str>>,
    /// Of the `func` keyword, from 1.
    pub start_line: u32,
}

impl Func {
    /// An empty function: no block yet, and location 0 is its first line.
    pub fn new(name: impl Into<Arc<str>>, sig: Signature) -> Func {
        let mut locs = PrimaryMap::new();
        locs.push(LocData { file: 0, line: 0, site: None });
        Func {
            name: name.into(),
            sig,
            attrs: Attrs::default(),
            blocks: PrimaryMap::new(),
            layout: Vec::new(),
            insts: PrimaryMap::new(),
            values: PrimaryMap::new(),
            slots: PrimaryMap::new(),
            syms: PrimaryMap::new(),
            sigs: PrimaryMap::new(),
            locs,
            sites: PrimaryMap::new(),
            handler: None,
            iface_types: Vec::new(),
            method_uses: Vec::new(),
        }
    }

    pub fn entry(&self) -> Block {
        self.layout[0]
    }

    /// The value itself behind any aliases.
    pub fn resolve(&self, mut v: Value) -> Value {
        while let ValueDef::Alias(to) = self.values[v].def {
            v = to;
        }
        v
    }

    pub fn ty(&self, v: Value) -> Ty {
        self.values[v].ty
    }

    /// The instruction that defines `v`, unless it is a block parameter.
    pub fn def(&self, v: Value) -> Option<&Op> {
        match self.values[self.resolve(v)].def {
            ValueDef::Result(inst, _) => Some(&self.insts[inst].op),
            _ => None,
        }
    }

    /// The constant integer `v` is.
    pub fn as_const(&self, v: Value) -> Option<i64> {
        match self.def(v) {
            Some(Op::Iconst { imm, .. }) => Some(*imm),
            _ => None,
        }
    }

    pub fn first_result(&self, inst: Inst) -> Value {
        self.insts[inst].results[0]
    }

    /// The last instruction of a finished block.
    pub fn terminator(&self, block: Block) -> &Op {
        let last = self.blocks[block].insts.last().expect("a finished block ends in a terminator");
        &self.insts[*last].op
    }

    /// The symbol's index in this function's table, added if new.
    pub fn sym(&mut self, name: &str) -> Sym {
        match self.syms.iter().find(|(_, have)| &***have == name) {
            Some((sym, _)) => sym,
            None => self.syms.push(name.into()),
        }
    }

    pub fn import_sig(&mut self, sig: Signature) -> SigRef {
        match self.sigs.iter().find(|(_, have)| **have == sig) {
            Some((known, _)) => known,
            None => self.sigs.push(sig),
        }
    }

    pub fn add_slot(&mut self, size: u32, align: u32) -> Slot {
        self.slots.push(SlotData { size, align })
    }

    /// Adds a block that is not laid out yet.
    pub fn add_block(&mut self) -> Block {
        self.blocks.push(BlockData::default())
    }

    pub fn add_param(&mut self, block: Block, ty: Ty) -> Value {
        let index = self.blocks[block].params.len() as u32;
        let v = self.values.push(ValueData { ty, def: ValueDef::Param(block, index) });
        self.blocks[block].params.push(v);
        v
    }

    /// Adds an instruction that is in no block yet, with fresh results.
    pub fn add_inst(&mut self, op: Op, loc: Loc) -> Inst {
        let tys = self.result_tys(&op);
        let inst = self.insts.push(InstData { op, loc, results: Vec::new() });
        for (i, ty) in tys.into_iter().enumerate() {
            let v = self.values.push(ValueData { ty, def: ValueDef::Result(inst, i as u32) });
            self.insts[inst].results.push(v);
        }
        inst
    }

    /// The types of an instruction's results.
    pub fn result_tys(&self, op: &Op) -> Vec<Ty> {
        match op {
            Op::Iconst { ty, .. } | Op::Load { ty, .. } | Op::AtomicLoad { ty, .. } => vec![*ty],
            Op::F32const { .. } => vec![Ty::F32],
            Op::F64const { .. } => vec![Ty::F64],
            Op::SymAddr { .. }
            | Op::SlotAddr { .. }
            | Op::Alloc(_)
            | Op::GetG
            | Op::ClosurePtr
            | Op::OverflowPtr => vec![Ty::Ptr],
            Op::CallerPc | Op::CallerSp | Op::FramePtr => vec![Ty::I64],
            Op::Binary { op: BinOp::PtrAdd, .. } => vec![Ty::Ptr],
            Op::Binary { a, .. } | Op::Unary { a, .. } | Op::Fma { a, .. } | Op::Select { a, .. } => {
                vec![self.ty(*a)]
            }
            Op::Convert { to, .. } => vec![*to],
            Op::Icmp { .. } | Op::Fcmp { .. } | Op::AtomicCas { .. } => vec![Ty::I8],
            Op::AddCarry { .. } | Op::SubBorrow { .. } => vec![Ty::I64, Ty::I64],
            Op::AtomicRmw { val, .. } => vec![self.ty(*val)],
            Op::Call(call) => self.sigs[call.sig].results.clone(),
            Op::Store { .. }
            | Op::StoreWb { .. }
            | Op::MemCopy { .. }
            | Op::MemZero { .. }
            | Op::NilCheck { .. }
            | Op::BoundsCheck { .. }
            | Op::DivCheck { .. }
            | Op::ShiftCheck { .. }
            | Op::AtomicStore { .. }
            | Op::Fence
            | Op::KeepAlive { .. }
            | Op::Jump(_)
            | Op::Brif { .. }
            | Op::Switch { .. }
            | Op::Return { .. }
            | Op::TailCall(_)
            | Op::Unreachable => Vec::new(),
        }
    }
}
