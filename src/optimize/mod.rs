//! Makes a function faster without changing what it does: the passes over the IR that Cranelift does not have.
//!
//! ```text
//! ir::Func ─▶ inline ─▶ fold ─▶ cfg ─▶ escape ─▶ promote ─▶ barrier ─▶ fold ─▶ gvn
//!   ─▶ nilcheck ─▶ bounds ─▶ cfg ─▶ ir::Func
//! ```
//! Common subexpressions, strength reduction and register allocation are Cranelift's; what needs to see other functions, the
//! heap or Go's rules is done here.
//!
//! # What holds
//! - The function is sound (`ir::verify`) after every pass; debug builds check it.
//! - The result depends on the function, the bodies it inlined and the facts it asked for, and on nothing else.
//!
//! # To add a pass
//! 1. A file with `pub(super) fn run(func: &mut Func, env: &Env<'_>) -> bool`. 2. A row in [`PASSES`], after what it needs.

mod barrier;
mod bounds;
mod calls;
mod cfg;
mod entry_points;
mod escape;
mod fold;
mod gvn;
mod inline;
mod nilcheck;
mod promote;

use std::sync::Arc;

use crate::ir;
use crate::ir::Func;

pub use escape::{Facts, Leak, ParamFacts, Summaries, summarize};

/// What a pass may know beside the function.
pub struct Env<'a> {
    /// The unoptimised body of another function, if it may be looked into.
    pub body: &'a (dyn Fn(&str) -> Option<Arc<Func>> + 'a),
    pub summaries: &'a Summaries,
}

/// One pass: changes the function, and says whether it did.
pub struct Pass {
    pub name: &'static str,
    pub run: fn(&mut Func, &Env<'_>) -> bool,
}

/// In the order they run.
pub const PASSES: &[Pass] = &[
    Pass { name: "inline", run: inline::run },
    Pass { name: "fold", run: fold::run },
    // Dead branches of inlined bodies are gone before anything looks at what escapes.
    Pass { name: "cfg", run: cfg::run },
    Pass { name: "escape", run: escape::run },
    // Slots that escape analysis made are promoted, too.
    Pass { name: "promote", run: promote::run },
    Pass { name: "barrier", run: barrier::run },
    Pass { name: "fold", run: fold::run },
    // Checks see equal operands as one value.
    Pass { name: "gvn", run: gvn::run },
    Pass { name: "nilcheck", run: nilcheck::run },
    Pass { name: "bounds", run: bounds::run },
    Pass { name: "cfg", run: cfg::run },
];

/// Whether some caller may take this body in: what decides whose content a caller depends on.
pub fn may_inline(body: &Func) -> bool {
    inline::is_candidate(body)
}

/// Runs every pass.
pub fn optimize(func: &Func, env: &Env<'_>) -> Func {
    let mut func = func.clone();
    for pass in PASSES {
        let changed = (pass.run)(&mut func, env);
        if cfg!(debug_assertions)
            && changed
            && let Err(faults) = ir::verify(&func)
        {
            panic!("{} after {}: {}\n{func}", func.name, pass.name, faults[0]);
        }
    }
    func
}

#[cfg(test)]
mod tests;
