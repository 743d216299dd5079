//! How Go values travel between functions: which ones in registers, where the others lie.
//!
//! The assignment is that of Go's ABIInternal, with our own numbers of registers: a value goes wholly to registers or wholly
//! to memory. What goes to memory lies in one *overflow area*, laid out as `reflect` lays out a frame, whose address travels
//! in `g.thermosOverflow`; the closure context travels in `g.thermosCtx`. So neither takes a register.
//!
//! ```text
//! overflow area:  arguments in order, each aligned │ pad to a word │ results in order, each aligned │ pad to a word
//!                 0                                                ret_offset                       size
//! ```
//!
//! # What holds
//! - The register parameters of a function are the leaves of its register-assigned values in declaration order; integers and
//!   floats are counted apart, so that order needs no more to be said.
//! - A value of size 0 travels nowhere, but aligns the overflow area.

use super::sizes::align_up;

/// Integer and pointer leaves in registers, for parameters and again for results (`internal/abi.IntArgRegs`).
pub const INT_REGS: usize = 6;
/// Float leaves (`internal/abi.FloatArgRegs`).
pub const FLOAT_REGS: usize = 8;

/// Fields of `runtime.g` that the back end uses; the overlay appends those whose names begin with `thermos`.
pub mod g_field {
    pub const STACKGUARD0: &str = "stackguard0";
    /// The closure context of the call being made.
    pub const CTX: &str = "thermosCtx";
    /// The overflow area of the call being made.
    pub const OVERFLOW: &str = "thermosOverflow";
    /// Operands of a failing check: index, and length or capacity.
    pub const CHECK_X: &str = "thermosCheckX";
    pub const CHECK_Y: &str = "thermosCheckY";
}

/// Functions called and defined without callee-saved registers, so that the caller's live values are in its own frame,
/// where the collector finds them, when the stack is switched or handed to the kernel. At most 6 integer parameters and
/// one result.
pub const WINCH: &[&str] = &[
    // A recovered panic that must not skip a Goexit comes back here once more, with no register but the stack's.
    "runtime.(*_panic).start",
    "runtime.asyncPreempt",
    "runtime.asyncPreempt2",
    "runtime.entersyscall",
    "runtime.entersyscallblock",
    "runtime.gogo",
    "runtime.mcall",
    "runtime.morestack",
    "runtime.morestack_noctxt",
    "runtime.systemstack",
    "runtime.systemstack_switch",
];

/// Whether calls of `symbol` use the convention without callee-saved registers.
pub fn is_winch(symbol: &str) -> bool {
    WINCH.binary_search(&symbol).is_ok()
}

/// Natives the back end calls on its own; each preserves every register but flags and takes its arguments in rdi and rsi.
pub mod helper {
    /// No arguments: called when the stack pointer is not above `g.stackguard0`.
    pub const MORESTACK: &str = "runtime.thermosMorestack";
    /// (address, new pointer): called before a pointer store while `runtime.writeBarrier.enabled`. Does not store.
    pub const WRITE_BARRIER: &str = "runtime.thermosWriteBarrier";
    /// The flag, 32 bits at offset 0.
    pub const WRITE_BARRIER_FLAG: &str = "runtime.writeBarrier";
}

/// Where a scalar part of a value travels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LeafKind {
    /// Integers, bools, pointers.
    Int,
    Float,
}

/// What the assignment must know of a type.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shape {
    pub size: u64,
    pub align: u64,
    /// The scalars of the value in order; none if the type cannot be in registers at all, as it holds an array of more
    /// than one element.
    pub leaves: Option<Vec<LeafKind>>,
}

/// Where a value travels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// Each leaf in a register of its own.
    Registers,
    /// In the overflow area.
    Memory { offset: u64 },
    /// It has no bits.
    Nowhere,
}

/// The places of a function's parameters (receiver first) and results.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Assigned {
    pub params: Vec<Place>,
    pub results: Vec<Place>,
    pub overflow: Overflow,
}

/// The overflow area of a function type; `size` is 0 when everything is in registers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Overflow {
    /// Where the results begin.
    pub ret_offset: u64,
    pub size: u64,
}

/// Assigns places.
pub fn assign(params: &[Shape], results: &[Shape], word: u64) -> Assigned {
    let mut at = 0;
    let params = assign_list(params, &mut at);
    at = align_up(at, word);
    let ret_offset = at;
    let results = assign_list(results, &mut at);
    Assigned { params, results, overflow: Overflow { ret_offset, size: align_up(at, word) } }
}

fn assign_list(shapes: &[Shape], at: &mut u64) -> Vec<Place> {
    let (mut ints, mut floats) = (INT_REGS, FLOAT_REGS);
    let mut one = |shape: &Shape| {
        if shape.size == 0 {
            *at = align_up(*at, shape.align);
            return Place::Nowhere;
        }
        if let Some(leaves) = &shape.leaves {
            let n_floats = leaves.iter().filter(|&&kind| kind == LeafKind::Float).count();
            let n_ints = leaves.len() - n_floats;
            if n_ints <= ints && n_floats <= floats {
                ints -= n_ints;
                floats -= n_floats;
                return Place::Registers;
            }
        }
        let offset = align_up(*at, shape.align);
        *at = offset + shape.size;
        Place::Memory { offset }
    };
    shapes.iter().map(&mut one).collect()
}
