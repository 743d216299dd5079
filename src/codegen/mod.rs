//! From the IR to machine code, one function at a time, through Cranelift.
//!
//! ```text
//! ir::Func ──func.rs──▶ CLIF ──Cranelift──▶ CompiledCode ──emit.rs──▶ object::Code
//! ```
//!
//! # What holds
//! - Equal functions give equal bytes: nothing but the function, the target and [`RuntimeLayout`] decides them.
//! - Every Go function is `CallConv::Tail`, keeps a frame pointer, and finds g in the pinned register (r15).
//! - No call of a C library remains in the code: what Cranelift would call out for is written out (`arith.rs`).
//! - A nil dereference is the faulting access itself, except in functions with a handler, where an explicit check calls
//!   a native that panics alike: a handler can be entered from calls only.
//! - [`implicit_symbols`] names every symbol the code of a function may call that its IR does not name.
//!
//! # What is not here
//! Inlining and everything that needs to see two functions (`optimize`).

mod arith;
mod call;
mod check;
mod control;
mod dump;
mod emit;
mod func;
mod implicit;
mod memory;
pub mod natives;
mod relocatable;

pub use dump::{asm, clif};
pub use implicit::implicit_symbols;
pub use relocatable::relocatable;

use std::sync::Arc;

use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::isa::{self, TargetIsa};
use cranelift_codegen::settings::{self, Configurable};
use serde::{Deserialize, Serialize};

use crate::target::{Arch, Target};
use crate::{ir, object};

/// Offsets of the fields of `runtime.g` that code reads and writes (`target::abi::g_field` has their names), as the types of
/// the runtime being compiled say.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct RuntimeLayout {
    pub stackguard0: i32,
    pub ctx: i32,
    pub overflow: i32,
    pub check_x: i32,
    pub check_y: i32,
}

/// How hard to try.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Effort {
    /// As `go build -gcflags=-N`: quick to compile.
    Quick,
    Full,
}

/// The back end for one target: shared by all threads.
#[derive(Clone)]
pub struct Backend {
    isa: Arc<dyn TargetIsa>,
    layout: RuntimeLayout,
}

/// What one thread reuses between functions.
pub struct Scratch {
    cx: cranelift_codegen::Context,
}

impl Default for Scratch {
    fn default() -> Scratch {
        Scratch { cx: cranelift_codegen::Context::new() }
    }
}

impl Backend {
    /// The back end of a target that has one ([`Target::has_back_end`]).
    pub fn new(target: Target, layout: RuntimeLayout, effort: Effort) -> Backend {
        let triple = match target.arch {
            Arch::Amd64 => "x86_64-unknown-linux-gnu",
            other => panic!("no back end for {}", other.name()),
        };
        let verifier = if cfg!(debug_assertions) { "true" } else { "false" };
        let opt_level = if effort == Effort::Full { "speed" } else { "none" };
        let mut flags = settings::builder();
        for (name, value) in [
            ("opt_level", opt_level),
            ("regalloc_algorithm", "backtracking"),
            ("is_pic", "false"),
            ("unwind_info", "false"),
            ("preserve_frame_pointers", "true"),
            ("enable_pinned_reg", "true"),
            ("enable_probestack", "false"),
            ("enable_verifier", verifier),
            ("enable_multi_ret_implicit_sret", "false"),
        ] {
            flags.set(name, value).unwrap_or_else(|e| panic!("Cranelift flag {name}: {e}"));
        }
        let triple = triple.parse().expect("the triple is one of ours");
        let isa = isa::lookup(triple).expect("this back end is compiled in");
        let isa = isa.finish(settings::Flags::new(flags)).expect("the flags fit together");
        Backend { isa, layout }
    }
}

/// Compiles one function.
pub fn compile(func: &ir::Func, backend: &Backend, scratch: &mut Scratch) -> object::Code {
    let cx = &mut scratch.cx;
    cx.clear();
    let syms = func::translate(func, backend, &mut cx.func);
    if let Err(e) = cx.compile(&*backend.isa, &mut ControlPlane::default()) {
        panic!("{}: {}\n{}", func.name, cranelift_codegen::print_errors::pretty_error(e.func, e.inner), func);
    }
    let compiled = cx.take_compiled_code().expect("compile leaves the code");
    emit::emit(func, backend, &cx.func, &compiled, syms)
}

#[cfg(test)]
mod tests;
