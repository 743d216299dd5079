//! The instructions.
//!
//! # What holds
//! - Every operand is a [`Value`] of the same function; a block ends in exactly one terminator ([`Op::is_terminator`]).
//! - An instruction's types are given by its own fields and its operands' types: see [`Op::result_tys`](super::Func::result_tys).
//! - Nothing traps except where the variant's text says so.
//!
//! # To add an instruction
//! 1. Add the variant here and to [`Op::visit`]. 2. Its results go to `Func::result_tys`. 3. The exhaustive matches in
//!    `text.rs`, `parse.rs`, `verify.rs` and in `codegen` lead to the rest.

use serde::{Deserialize, Serialize};

use super::entities::{Block, SigRef, Slot, Sym, Ty, Value};

macro_rules! named {
    ($(#[$doc:meta])* $enum:ident { $($(#[$vdoc:meta])* $variant:ident = $name:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        pub enum $enum { $($(#[$vdoc])* $variant,)* }
        impl $enum {
            pub const ALL: &'static [$enum] = &[$($enum::$variant,)*];
            pub fn name(self) -> &'static str {
                match self { $($enum::$variant => $name,)* }
            }
            pub fn from_name(name: &str) -> Option<$enum> {
                match name { $($name => Some($enum::$variant),)* _ => None }
            }
        }
    };
}

named! {
    /// Two operands, one result. Operands and result have one type, except that a shift's or rotation's count may be
    /// any integer type and that `PtrAdd` takes (ptr, i64) and gives ptr.
    BinOp {
        Iadd = "iadd",
        Isub = "isub",
        Imul = "imul",
        /// Signed division, truncating. The divisor is not zero (a `div_check` came before); MIN / -1 = MIN, no trap.
        Sdiv = "sdiv",
        /// Unsigned division; the divisor is not zero.
        Udiv = "udiv",
        /// Signed remainder; the divisor is not zero; x % -1 = 0.
        Srem = "srem",
        Urem = "urem",
        And = "and",
        Or = "or",
        Xor = "xor",
        /// Shifts use the count modulo the width (lower adds Go's rule for large counts).
        Shl = "shl",
        Ushr = "ushr",
        Sshr = "sshr",
        Rotl = "rotl",
        /// High half of the full product.
        Umulhi = "umulhi",
        Smulhi = "smulhi",
        /// ptr + i64; may leave the object only if the result is not stored nor kept over a call.
        PtrAdd = "ptr_add",
        Fadd = "fadd",
        Fsub = "fsub",
        Fmul = "fmul",
        Fdiv = "fdiv",
        /// Go's builtin min and max: a NaN wins, -0 < +0.
        Fmin = "fmin",
        Fmax = "fmax",
        Fcopysign = "fcopysign",
    }
}

named! {
    /// One operand, a result of the same type.
    UnOp {
        Ineg = "ineg",
        /// Bitwise complement.
        Inot = "inot",
        /// Leading zeros; the width for 0.
        Clz = "clz",
        /// Trailing zeros; the width for 0.
        Ctz = "ctz",
        Popcnt = "popcnt",
        Bswap = "bswap",
        Bitrev = "bitrev",
        Fneg = "fneg",
        Fabs = "fabs",
        Sqrt = "sqrt",
        Floor = "floor",
        Ceil = "ceil",
        /// Towards zero.
        Ftrunc = "ftrunc",
        /// To nearest, ties to even.
        Nearest = "nearest",
    }
}

named! {
    /// One operand, a result of another type.
    Conv {
        /// Integer to wider integer.
        Sext = "sext",
        Zext = "zext",
        /// Integer to narrower integer.
        Trunc = "trunc",
        /// ptr to i64.
        PtrToInt = "ptr_to_int",
        /// i64 to ptr.
        IntToPtr = "int_to_ptr",
        /// i32 or i64, signed, to float.
        FromSint = "from_sint",
        /// i32 or i64, unsigned, to float.
        FromUint = "from_uint",
        /// Float to i32 or i64, truncating, as amd64's cvttsd2si: NaN and what does not fit give MIN. No trap.
        ToSint = "to_sint",
        /// f32 to f64.
        Promote = "promote",
        /// f64 to f32, rounding.
        Demote = "demote",
        /// Same bits: i32 and f32, i64 and f64.
        Bitcast = "bitcast",
    }
}

named! {
    /// Integer and pointer comparison.
    IntCc {
        Eq = "eq",
        Ne = "ne",
        Slt = "slt",
        Sle = "sle",
        Sgt = "sgt",
        Sge = "sge",
        Ult = "ult",
        Ule = "ule",
        Ugt = "ugt",
        Uge = "uge",
    }
}

named! {
    /// Float comparison: all are false on NaN, except `Ne`, which is true.
    FloatCc {
        Eq = "eq",
        Ne = "ne",
        Lt = "lt",
        Le = "le",
        Gt = "gt",
        Ge = "ge",
    }
}

named! {
    /// What an atomic read-modify-write does; the result is always the old value.
    RmwOp {
        Add = "add",
        And = "and",
        Or = "or",
        Xchg = "xchg",
    }
}

named! {
    /// Which runtime failure a bounds check raises (`runtime.goPanic<name>`, with `U` appended when the index was of an
    /// unsigned type). For each: the condition under which it does *not* fail, compared unsigned.
    BoundsKind {
        /// idx < len
        Index = "Index",
        /// s[?:idx], idx <= len of a string or array
        SliceAlen = "SliceAlen",
        /// s[?:idx], idx <= cap
        SliceAcap = "SliceAcap",
        /// s[idx:len], idx <= len
        SliceB = "SliceB",
        /// s[::idx], idx <= len
        Slice3Alen = "Slice3Alen",
        /// s[::idx], idx <= cap
        Slice3Acap = "Slice3Acap",
        /// s[:idx:len], idx <= len
        Slice3B = "Slice3B",
        /// s[idx:len:], idx <= len
        Slice3C = "Slice3C",
        /// Slice to array: idx is the array's length, len the slice's; idx <= len
        SliceConvert = "SliceConvert",
    }
}

impl BoundsKind {
    /// Whether `idx == len` passes.
    pub fn inclusive(self) -> bool {
        self != BoundsKind::Index
    }
}

impl IntCc {
    /// The comparison that is true exactly when this one is false.
    pub fn negate(self) -> IntCc {
        use IntCc::*;
        match self {
            Eq => Ne,
            Ne => Eq,
            Slt => Sge,
            Sle => Sgt,
            Sgt => Sle,
            Sge => Slt,
            Ult => Uge,
            Ule => Ugt,
            Ugt => Ule,
            Uge => Ult,
        }
    }

    /// The comparison with its operands exchanged.
    pub fn swap(self) -> IntCc {
        use IntCc::*;
        match self {
            Eq => Eq,
            Ne => Ne,
            Slt => Sgt,
            Sle => Sge,
            Sgt => Slt,
            Sge => Sle,
            Ult => Ugt,
            Ule => Uge,
            Ugt => Ult,
            Uge => Ule,
        }
    }
}

/// What is known about a memory access.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct MemFlags {
    /// The base may be nil: the access is then the nil check, and must neither be dropped nor moved over an effect. Its
    /// offset is below 4096, so that the fault becomes Go's panic.
    pub may_fault: bool,
    /// Nobody ever writes there after the function has started.
    pub readonly: bool,
}

impl MemFlags {
    /// Sound memory: a slot, a global, an object that was just checked.
    pub const SAFE: MemFlags = MemFlags { may_fault: false, readonly: false };
    pub const MAY_FAULT: MemFlags = MemFlags { may_fault: true, readonly: false };
    pub const READONLY: MemFlags = MemFlags { may_fault: false, readonly: true };
}

/// Where a branch goes and what it passes to the block's parameters.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct BlockCall {
    pub block: Block,
    pub args: Vec<Value>,
}

impl BlockCall {
    pub fn new(block: Block) -> BlockCall {
        BlockCall { block, args: Vec::new() }
    }
}

/// Whom a call calls.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Callee {
    /// A function by its symbol.
    Sym(Sym),
    /// A code address. A func value's call is a load of the code pointer from the funcval and `ctx` = the funcval;
    /// an interface method's is a load from the itab.
    Code(Value),
}

/// A call. `ctx` is the closure context (stored to `g.thermosCtx` right before the call), `overflow` the address of the
/// overflow area (stored to `g.thermosOverflow`).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Call {
    pub callee: Callee,
    pub sig: SigRef,
    pub args: Vec<Value>,
    pub ctx: Option<Value>,
    pub overflow: Option<Value>,
}

/// A heap object (`runtime.newobject`/`mallocgc`) that `optimize` may turn into a slot. Always zeroed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Alloc {
    /// The type descriptor.
    pub ty: Sym,
    pub size: u64,
    pub align: u32,
    /// Holds no pointers.
    pub noscan: bool,
}

/// One instruction.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Op {
    // Constants.
    /// Integer or pointer; the bits above the width are a sign extension.
    Iconst {
        ty: Ty,
        imm: i64,
    },
    /// By its bits.
    F32const {
        bits: u32,
    },
    F64const {
        bits: u64,
    },
    /// The address of a symbol plus `offset` bytes.
    SymAddr {
        sym: Sym,
        offset: i64,
    },
    SlotAddr {
        slot: Slot,
        offset: u32,
    },

    // Arithmetic.
    Binary {
        op: BinOp,
        a: Value,
        b: Value,
    },
    Unary {
        op: UnOp,
        a: Value,
    },
    Convert {
        op: Conv,
        to: Ty,
        a: Value,
    },
    /// I8 result, as for `Fcmp`.
    Icmp {
        cc: IntCc,
        a: Value,
        b: Value,
    },
    Fcmp {
        cc: FloatCc,
        a: Value,
        b: Value,
    },
    /// `cond` is an I8: `a` when it is not zero.
    Select {
        cond: Value,
        a: Value,
        b: Value,
    },
    /// a * b + c, rounded once.
    Fma {
        a: Value,
        b: Value,
        c: Value,
    },
    /// Two I64 results: the sum and the carry out (0 or 1); `carry` in is 0 or 1.
    AddCarry {
        a: Value,
        b: Value,
        carry: Value,
    },
    /// Two I64 results: the difference and the borrow out.
    SubBorrow {
        a: Value,
        b: Value,
        borrow: Value,
    },

    // Memory. The address is `addr + offset`.
    Load {
        ty: Ty,
        addr: Value,
        offset: i32,
        flags: MemFlags,
    },
    Store {
        addr: Value,
        val: Value,
        offset: i32,
        flags: MemFlags,
    },
    /// A store of a pointer that the collector must hear of: when `runtime.writeBarrier.enabled`, old and new value go to
    /// the P's buffer first.
    StoreWb {
        addr: Value,
        val: Value,
        offset: i32,
        flags: MemFlags,
    },
    /// `size` bytes, regions equal or disjoint, no write barrier.
    MemCopy {
        dst: Value,
        src: Value,
        size: u64,
        align: u32,
    },
    MemZero {
        dst: Value,
        size: u64,
        align: u32,
    },
    Alloc(Alloc),

    // Checks. Each ends in a Go panic when it fails, and is dead when provably true.
    /// Panics when the pointer is nil.
    NilCheck {
        ptr: Value,
    },
    /// See [`BoundsKind`]; both are I64. `unsigned`: the index is of an unsigned type, for the message only.
    BoundsCheck {
        kind: BoundsKind,
        idx: Value,
        len: Value,
        unsigned: bool,
    },
    /// Panics (integer divide by zero) when `val` is 0.
    DivCheck {
        val: Value,
    },
    /// Panics (negative shift amount) when `val` is negative.
    ShiftCheck {
        val: Value,
    },

    // Calls.
    Call(Call),

    // Atomics, all sequentially consistent.
    AtomicLoad {
        ty: Ty,
        addr: Value,
    },
    AtomicStore {
        addr: Value,
        val: Value,
    },
    /// The result is the old value.
    AtomicRmw {
        op: RmwOp,
        addr: Value,
        val: Value,
    },
    /// I8 result: whether it was exchanged.
    AtomicCas {
        addr: Value,
        old: Value,
        new: Value,
    },
    Fence,

    // The machine.
    /// The current g.
    GetG,
    /// The return address of this function.
    CallerPc,
    /// The stack pointer in the caller, right before its call.
    CallerSp,
    /// The frame pointer of this function.
    FramePtr,
    /// The closure context: `g.thermosCtx` as it was on entry. In the entry block only, before anything that may call.
    ClosurePtr,
    /// The overflow area this function was called with. In the entry block only.
    OverflowPtr,
    /// `val` is used here: whatever it keeps alive lives until now.
    KeepAlive {
        val: Value,
    },

    // Terminators.
    Jump(BlockCall),
    Brif {
        cond: Value,
        then: BlockCall,
        els: BlockCall,
    },
    /// Integer switch; the case values are distinct, sign-extended constants.
    Switch {
        val: Value,
        cases: Vec<(i64, BlockCall)>,
        default: BlockCall,
    },
    Return {
        vals: Vec<Value>,
    },
    /// Call and return what it returns; same results as this function, no slot's address is passed.
    TailCall(Call),
    /// Control never gets here: the call before does not return. Traps if it does.
    Unreachable,
}

impl Op {
    pub fn is_terminator(&self) -> bool {
        matches!(
            self,
            Op::Jump(_)
                | Op::Brif { .. }
                | Op::Switch { .. }
                | Op::Return { .. }
                | Op::TailCall(_)
                | Op::Unreachable
        )
    }

    pub fn is_call(&self) -> bool {
        matches!(self, Op::Call(_) | Op::TailCall(_))
    }

    /// Shows every value the instruction reads, block arguments included, and lets it be changed.
    pub fn visit_mut(&mut self, mut f: impl FnMut(&mut Value)) {
        self.visit_inner(&mut f);
    }

    /// Every value the instruction reads, block arguments included, in operand order.
    pub fn visit(&self, mut f: impl FnMut(Value)) {
        // One list of operands serves both: a clone of an instruction is cheap beside keeping two lists equal.
        match self {
            Op::Jump(to) => to.args.iter().copied().for_each(f),
            Op::Call(call) | Op::TailCall(call) => {
                if let Callee::Code(v) = call.callee {
                    f(v);
                }
                call.args.iter().copied().chain(call.ctx).chain(call.overflow).for_each(f);
            }
            Op::Brif { cond, then, els } => {
                f(*cond);
                then.args.iter().chain(&els.args).copied().for_each(f);
            }
            Op::Switch { val, cases, default } => {
                f(*val);
                cases.iter().flat_map(|(_, to)| &to.args).chain(&default.args).copied().for_each(f);
            }
            Op::Return { vals } => vals.iter().copied().for_each(f),
            small => small.clone().visit_inner(&mut |v| f(*v)),
        }
    }

    fn visit_inner(&mut self, f: &mut dyn FnMut(&mut Value)) {
        match self {
            Op::Iconst { .. }
            | Op::F32const { .. }
            | Op::F64const { .. }
            | Op::SymAddr { .. }
            | Op::SlotAddr { .. }
            | Op::Alloc(_)
            | Op::Fence
            | Op::GetG
            | Op::CallerPc
            | Op::CallerSp
            | Op::FramePtr
            | Op::ClosurePtr
            | Op::OverflowPtr
            | Op::Unreachable => {}
            Op::Binary { a, b, .. } | Op::Icmp { a, b, .. } | Op::Fcmp { a, b, .. } => {
                f(a);
                f(b);
            }
            Op::Unary { a, .. } | Op::Convert { a, .. } => f(a),
            Op::Select { cond: a, a: b, b: c }
            | Op::Fma { a, b, c }
            | Op::AddCarry { a, b, carry: c }
            | Op::SubBorrow { a, b, borrow: c }
            | Op::AtomicCas { addr: a, old: b, new: c } => {
                f(a);
                f(b);
                f(c);
            }
            Op::Load { addr, .. } | Op::AtomicLoad { addr, .. } => f(addr),
            Op::Store { addr, val, .. }
            | Op::StoreWb { addr, val, .. }
            | Op::AtomicStore { addr, val }
            | Op::AtomicRmw { addr, val, .. } => {
                f(addr);
                f(val);
            }
            Op::MemCopy { dst, src, .. } => {
                f(dst);
                f(src);
            }
            Op::MemZero { dst, .. } => f(dst),
            Op::NilCheck { ptr } => f(ptr),
            Op::BoundsCheck { idx, len, .. } => {
                f(idx);
                f(len);
            }
            Op::DivCheck { val } | Op::ShiftCheck { val } | Op::KeepAlive { val } => f(val),
            Op::Call(call) | Op::TailCall(call) => {
                if let Callee::Code(v) = &mut call.callee {
                    f(v);
                }
                call.args.iter_mut().chain(&mut call.ctx).chain(&mut call.overflow).for_each(f);
            }
            Op::Jump(to) => to.args.iter_mut().for_each(f),
            Op::Brif { cond, then, els } => {
                f(cond);
                then.args.iter_mut().chain(&mut els.args).for_each(f);
            }
            Op::Switch { val, cases, default } => {
                f(val);
                cases.iter_mut().flat_map(|(_, to)| &mut to.args).chain(&mut default.args).for_each(f);
            }
            Op::Return { vals } => vals.iter_mut().for_each(f),
        }
    }

    /// The blocks a terminator may go to, with what it passes. Empty for everything else.
    pub fn targets(&self) -> Vec<&BlockCall> {
        match self {
            Op::Jump(to) => vec![to],
            Op::Brif { then, els, .. } => vec![then, els],
            Op::Switch { cases, default, .. } => cases.iter().map(|(_, to)| to).chain([default]).collect(),
            _ => Vec::new(),
        }
    }

    pub fn targets_mut(&mut self) -> Vec<&mut BlockCall> {
        match self {
            Op::Jump(to) => vec![to],
            Op::Brif { then, els, .. } => vec![then, els],
            Op::Switch { cases, default, .. } => {
                cases.iter_mut().map(|(_, to)| to).chain([default]).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Whether the instruction may be dropped when nobody uses its results.
    pub fn is_pure(&self) -> bool {
        match self {
            Op::Load { flags, .. } => !flags.may_fault,
            Op::Iconst { .. }
            | Op::F32const { .. }
            | Op::F64const { .. }
            | Op::SymAddr { .. }
            | Op::SlotAddr { .. }
            | Op::Binary { .. }
            | Op::Unary { .. }
            | Op::Convert { .. }
            | Op::Icmp { .. }
            | Op::Fcmp { .. }
            | Op::Select { .. }
            | Op::Fma { .. }
            | Op::AddCarry { .. }
            | Op::SubBorrow { .. }
            | Op::Alloc(_)
            | Op::GetG
            | Op::CallerPc
            | Op::CallerSp
            | Op::FramePtr
            | Op::ClosurePtr
            | Op::OverflowPtr => true,
            _ => false,
        }
    }
}
