//! Atomic operations as functions, for where the compiler does not expand them: through func values, and
//! below other names.

use iced_x86::code_asm::*;

use super::asm::{Asm, Result};

/// What one function does with the memory at its first argument.
#[derive(Clone, Copy)]
pub(super) enum Op {
    Load,
    Store,
    /// Answers what was there before.
    Swap,
    /// (old, new) whether it was old.
    CompareAndSwap,
    /// Answers the sum.
    Add,
    And,
    Or,
}
use Op::{Add, And, CompareAndSwap, Load, Or, Store, Swap};

/// (symbol, operation, width in bits)
pub(super) const ATOMICS: &[(&str, Op, u32)] = &[
    ("internal/runtime/atomic.And", And, 32),
    ("internal/runtime/atomic.And32", And, 32),
    ("internal/runtime/atomic.And64", And, 64),
    ("internal/runtime/atomic.And8", And, 8),
    ("internal/runtime/atomic.Anduintptr", And, 64),
    ("internal/runtime/atomic.Cas", CompareAndSwap, 32),
    ("internal/runtime/atomic.Cas64", CompareAndSwap, 64),
    ("internal/runtime/atomic.CasRel", CompareAndSwap, 32),
    ("internal/runtime/atomic.Casint32", CompareAndSwap, 32),
    ("internal/runtime/atomic.Casint64", CompareAndSwap, 64),
    ("internal/runtime/atomic.Casp1", CompareAndSwap, 64),
    ("internal/runtime/atomic.Casuintptr", CompareAndSwap, 64),
    ("internal/runtime/atomic.Loadint32", Load, 32),
    ("internal/runtime/atomic.Loadint64", Load, 64),
    ("internal/runtime/atomic.Loaduint", Load, 64),
    ("internal/runtime/atomic.Loaduintptr", Load, 64),
    ("internal/runtime/atomic.Or", Or, 32),
    ("internal/runtime/atomic.Or32", Or, 32),
    ("internal/runtime/atomic.Or64", Or, 64),
    ("internal/runtime/atomic.Or8", Or, 8),
    ("internal/runtime/atomic.Oruintptr", Or, 64),
    ("internal/runtime/atomic.Store", Store, 32),
    ("internal/runtime/atomic.Store64", Store, 64),
    ("internal/runtime/atomic.Store8", Store, 8),
    ("internal/runtime/atomic.StoreRel", Store, 32),
    ("internal/runtime/atomic.StoreRel64", Store, 64),
    ("internal/runtime/atomic.StoreReluintptr", Store, 64),
    ("internal/runtime/atomic.Storeint32", Store, 32),
    ("internal/runtime/atomic.Storeint64", Store, 64),
    ("internal/runtime/atomic.StorepNoWB", Store, 64),
    ("internal/runtime/atomic.Storeuintptr", Store, 64),
    ("internal/runtime/atomic.Xadd", Add, 32),
    ("internal/runtime/atomic.Xadd64", Add, 64),
    ("internal/runtime/atomic.Xaddint32", Add, 32),
    ("internal/runtime/atomic.Xaddint64", Add, 64),
    ("internal/runtime/atomic.Xadduintptr", Add, 64),
    ("internal/runtime/atomic.Xchg", Swap, 32),
    ("internal/runtime/atomic.Xchg64", Swap, 64),
    ("internal/runtime/atomic.Xchg8", Swap, 8),
    ("internal/runtime/atomic.Xchgint32", Swap, 32),
    ("internal/runtime/atomic.Xchgint64", Swap, 64),
    ("internal/runtime/atomic.Xchguintptr", Swap, 64),
    ("sync/atomic.AddInt32", Add, 32),
    ("sync/atomic.AddInt64", Add, 64),
    ("sync/atomic.AddUint32", Add, 32),
    ("sync/atomic.AddUint64", Add, 64),
    ("sync/atomic.AddUintptr", Add, 64),
    ("sync/atomic.AndInt32", And, 32),
    ("sync/atomic.AndInt64", And, 64),
    ("sync/atomic.AndUint32", And, 32),
    ("sync/atomic.AndUint64", And, 64),
    ("sync/atomic.AndUintptr", And, 64),
    ("sync/atomic.CompareAndSwapInt32", CompareAndSwap, 32),
    ("sync/atomic.CompareAndSwapInt64", CompareAndSwap, 64),
    ("sync/atomic.CompareAndSwapUint32", CompareAndSwap, 32),
    ("sync/atomic.CompareAndSwapUint64", CompareAndSwap, 64),
    ("sync/atomic.CompareAndSwapUintptr", CompareAndSwap, 64),
    ("sync/atomic.LoadInt32", Load, 32),
    ("sync/atomic.LoadInt64", Load, 64),
    ("sync/atomic.LoadPointer", Load, 64),
    ("sync/atomic.LoadUint32", Load, 32),
    ("sync/atomic.LoadUint64", Load, 64),
    ("sync/atomic.LoadUintptr", Load, 64),
    ("sync/atomic.OrInt32", Or, 32),
    ("sync/atomic.OrInt64", Or, 64),
    ("sync/atomic.OrUint32", Or, 32),
    ("sync/atomic.OrUint64", Or, 64),
    ("sync/atomic.OrUintptr", Or, 64),
    ("sync/atomic.StoreInt32", Store, 32),
    ("sync/atomic.StoreInt64", Store, 64),
    ("sync/atomic.StoreUint32", Store, 32),
    ("sync/atomic.StoreUint64", Store, 64),
    ("sync/atomic.StoreUintptr", Store, 64),
    ("sync/atomic.SwapInt32", Swap, 32),
    ("sync/atomic.SwapInt64", Swap, 64),
    ("sync/atomic.SwapUint32", Swap, 32),
    ("sync/atomic.SwapUint64", Swap, 64),
    ("sync/atomic.SwapUintptr", Swap, 64),
];

/// The stores and loads of x86-64 need no fence but after a store, which an exchange brings along.
pub(super) fn assemble(s: &mut Asm<'_>, op: Op, bits: u32) -> Result {
    let a = &mut s.a;
    match (op, bits) {
        (Load, 32) => a.mov(eax, dword_ptr(rdi))?,
        (Load, _) => a.mov(rax, qword_ptr(rdi))?,
        (Store | Swap, 8) => {
            a.mov(eax, esi)?;
            a.xchg(byte_ptr(rdi), al)?;
        }
        (Store | Swap, 32) => {
            a.mov(eax, esi)?;
            a.xchg(dword_ptr(rdi), eax)?;
        }
        (Store | Swap, _) => {
            a.mov(rax, rsi)?;
            a.xchg(qword_ptr(rdi), rax)?;
        }
        (CompareAndSwap, 32) => {
            a.mov(eax, esi)?;
            a.lock().cmpxchg(dword_ptr(rdi), edx)?;
            a.sete(al)?;
        }
        (CompareAndSwap, _) => {
            a.mov(rax, rsi)?;
            a.lock().cmpxchg(qword_ptr(rdi), rdx)?;
            a.sete(al)?;
        }
        (Add, 32) => {
            a.mov(eax, esi)?;
            a.lock().xadd(dword_ptr(rdi), eax)?;
            a.add(eax, esi)?;
        }
        (Add, _) => {
            a.mov(rax, rsi)?;
            a.lock().xadd(qword_ptr(rdi), rax)?;
            a.add(rax, rsi)?;
        }
        (And, 8) => a.lock().and(byte_ptr(rdi), sil)?,
        (Or, 8) => a.lock().or(byte_ptr(rdi), sil)?,
        (And | Or, _) => {
            let mut again = a.create_label();
            match bits {
                32 => a.mov(eax, dword_ptr(rdi))?,
                _ => a.mov(rax, qword_ptr(rdi))?,
            }
            a.set_label(&mut again)?;
            a.mov(rcx, rax)?;
            match op {
                And => a.and(rcx, rsi)?,
                _ => a.or(rcx, rsi)?,
            }
            match bits {
                32 => a.lock().cmpxchg(dword_ptr(rdi), ecx)?,
                _ => a.lock().cmpxchg(qword_ptr(rdi), rcx)?,
            }
            a.jne(again)?;
        }
    }
    s.a.ret()
}
