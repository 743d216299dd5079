//! Natives: functions the standard library declares without a body, assembled by hand for linux/amd64.
//!
//! They follow the calling convention of `target::abi`: integer arguments in rdi rsi rdx rcx r8 r9, results in
//! rax rcx rdx rsi rdi r8, floats in xmm0 to xmm7, g in r15; rbx, rbp and r12 to r14 are the caller's, except
//! in the functions of `target::abi::WINCH`.
//!
//! # What holds
//! - Every native says how deep its stack is at each instruction, so that the unwinder passes through.
//! - Offsets of struct fields come from [`NativeLayout`], computed by our own type layout.
//!
//! # To add a native
//! 1. Write it in the file of its subject. 2. Put (linker symbol, function) into that file's `NATIVES`, which
//!    is sorted by symbol. A struct field it needs goes into `NATIVE_FIELDS`.

mod asm;
mod atomics;
mod bounds;
mod bytes;
mod context;
mod layout;
mod memory;
mod misc;
mod reflect_bridge;
mod signals;
mod syscalls;

#[cfg(test)]
mod tests;

pub use layout::{NATIVE_FIELDS, NativeLayout};

use self::asm::{Asm, Result};
use crate::object;

/// A linker symbol and what assembles it.
type Native = (&'static str, fn(&mut Asm<'_>) -> Result);

/// What `stackGuard` of package runtime is, by our overlay.
const STACK_GUARD: u32 = crate::overlay::STACK_GUARD;

const TABLES: &[&[Native]] = &[
    bounds::NATIVES,
    bytes::NATIVES,
    context::NATIVES,
    memory::NATIVES,
    misc::NATIVES,
    reflect_bridge::NATIVES,
    signals::NATIVES,
    syscalls::NATIVES,
];

/// The symbol a program starts at.
pub const ENTRY: &str = "_rt0_amd64_linux";

/// The code of a native, if `symbol` is one.
pub fn native(symbol: &str, layout: &NativeLayout) -> Option<object::Code> {
    let mut s = Asm::new(layout);
    assemble(symbol, &mut s)?.unwrap_or_else(|e| panic!("cannot assemble {symbol}: {e}"));
    Some(s.finish(symbol).unwrap_or_else(|e| panic!("cannot assemble {symbol}: {e}")))
}

/// Whether [`native`] knows the symbol.
pub fn is_native(symbol: &str) -> bool {
    TABLES.iter().any(|t| t.iter().any(|(name, _)| *name == symbol))
        || syscalls::PLAIN.iter().any(|call| call.symbol == symbol)
        || atomics::ATOMICS.iter().any(|(name, ..)| *name == symbol)
        || bounds::BOUNDS.iter().any(|(name, _)| *name == symbol)
        || is_trap(symbol)
}

/// Data symbols that belong to the natives.
pub fn data() -> Vec<object::Data> {
    // The func value of runtime.main, which _rt0 starts as the first goroutine.
    let mut main = object::Data::new("runtime.mainPC", object::Section::RoData, 8, 8);
    main.relocs.push(object::DataReloc {
        offset: 0,
        kind: object::DataRelocKind::Abs64,
        target: "runtime.main".into(),
        addend: 0,
    });
    // What small numbers converted to interfaces point at: declared as a variable, but it has content.
    let mut small = object::Data::new("runtime.staticuint64s", object::Section::RoData, 8, 256 * 8);
    (0..256u64).for_each(|n| small.put(8 * n, &n.to_le_bytes()));
    vec![main, small]
}

fn assemble(symbol: &str, s: &mut Asm<'_>) -> Option<Result> {
    if let Some((_, f)) = TABLES.iter().flat_map(|t| t.iter()).find(|(name, _)| *name == symbol) {
        return Some(f(s));
    }
    if let Some(call) = syscalls::PLAIN.iter().find(|call| call.symbol == symbol) {
        return Some(syscalls::assemble_plain(s, call));
    }
    if let Some((_, op, bits)) = atomics::ATOMICS.iter().find(|(name, ..)| *name == symbol) {
        return Some(atomics::assemble(s, *op, *bits));
    }
    if let Some((_, panic)) = bounds::BOUNDS.iter().find(|(name, _)| *name == symbol) {
        return Some(bounds::assemble(s, panic));
    }
    is_trap(symbol).then(|| misc::trap(s))
}

fn is_trap(symbol: &str) -> bool {
    misc::TRAPS.contains(&symbol)
        || misc::TRAP_FAMILIES.iter().any(|(start, ends)| symbol.strip_prefix(start).is_some_and(*ends))
}
