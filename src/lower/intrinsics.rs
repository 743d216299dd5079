//! Functions of the standard library that are instructions: their calls never become calls.
//!
//! Most of them have a Go body as well, or a native, for those who take their address.
//!
//! # To add an intrinsic
//! Give its linker symbol an arm in [`intrinsic`]: by package, then by name.

use smallvec::{SmallVec, smallvec};

use crate::ir::{BinOp, Builder, Conv, IntCc, MemFlags, Op, RmwOp, Signature, Ty, UnOp, Value};

/// The flattened results of an intrinsic.
pub type Results = SmallVec<[Value; 4]>;

/// Emits the call of function `symbol` as instructions, if it is an intrinsic. `args` and the results are the
/// scalar leaves of the values.
pub fn intrinsic(b: &mut Builder, symbol: &str, args: &[Value]) -> Option<Results> {
    let (package, name) = symbol.rsplit_once('.')?;
    match package {
        "internal/runtime/atomic" => runtime_atomic(b, name, args),
        "sync/atomic" => sync_atomic(b, name, args),
        "math/bits" => bits(b, name, args),
        "internal/runtime/sys" => match name {
            "GetCallerPC" => Some(smallvec![of_frame(b, Op::CallerPc)]),
            "GetCallerSP" => Some(smallvec![of_frame(b, Op::CallerSp)]),
            "GetClosurePtr" => {
                let ctx = of_frame(b, Op::ClosurePtr);
                Some(smallvec![b.convert(Conv::PtrToInt, Ty::I64, ctx)])
            }
            "Prefetch" | "PrefetchStreamed" => Some(smallvec![]),
            "Bswap64" => Some(smallvec![b.unary(UnOp::Bswap, args[0])]),
            "Bswap32" => Some(smallvec![b.unary(UnOp::Bswap, args[0])]),
            _ => bits(b, name, args),
        },
        "internal/runtime/math" => match name {
            "MulUintptr" => {
                let low = b.binary(BinOp::Imul, args[0], args[1]);
                let high = b.binary(BinOp::Umulhi, args[0], args[1]);
                Some(smallvec![low, b.icmp_imm(IntCc::Ne, high, 0)])
            }
            "Mul64" | "Add64" => bits(b, name, args),
            _ => None,
        },
        "math" => math(b, name, args),
        "runtime" => match name {
            "getfp" => Some(smallvec![of_frame(b, Op::FramePtr)]),
            "getg" => Some(smallvec![b.special(Op::GetG)]),
            "publicationBarrier" => {
                // Stores are not reordered on this architecture.
                Some(smallvec![])
            }
            "KeepAlive" => {
                b.add(Op::KeepAlive { val: args[1] });
                Some(smallvec![])
            }
            "slicebytetostringtmp" => Some(smallvec![args[0], args[1]]),
            _ => None,
        },
        // A bool is 0 or 1 already.
        "crypto/internal/constanttime" if name == "boolToUint8" => Some(smallvec![args[0]]),
        // The argument is a func value in an interface; its first word is the code.
        "internal/abi" if name == "FuncPCABI0" || name == "FuncPCABIInternal" => {
            Some(smallvec![b.load(Ty::I64, args[1], 0, MemFlags::SAFE)])
        }
        _ => None,
    }
}

/// Whether calls of `symbol` become instructions.
pub fn is_intrinsic(symbol: &str) -> bool {
    // Asking for the instructions themselves keeps this in step with them; what is done here is thrown away.
    let mut b = Builder::new("", Signature::go(&[], &[]));
    let args: Vec<Value> = (0..4).map(|_| b.i64(0)).collect();
    intrinsic(&mut b, symbol, &args).is_some()
}

/// Something that only means what it says in a function that is not inlined.
fn of_frame(b: &mut Builder, op: Op) -> Value {
    b.func.attrs.noinline = true;
    b.special(op)
}

fn math(b: &mut Builder, name: &str, args: &[Value]) -> Option<Results> {
    let op = match name {
        "Sqrt" | "sqrt" => UnOp::Sqrt,
        "Floor" => UnOp::Floor,
        "Ceil" => UnOp::Ceil,
        "Trunc" => UnOp::Ftrunc,
        "RoundToEven" => UnOp::Nearest,
        "Abs" => UnOp::Fabs,
        "Copysign" => return Some(smallvec![b.binary(BinOp::Fcopysign, args[0], args[1])]),
        "Float64bits" => return Some(smallvec![b.convert(Conv::Bitcast, Ty::I64, args[0])]),
        "Float64frombits" => return Some(smallvec![b.convert(Conv::Bitcast, Ty::F64, args[0])]),
        "Float32bits" => return Some(smallvec![b.convert(Conv::Bitcast, Ty::I32, args[0])]),
        "Float32frombits" => return Some(smallvec![b.convert(Conv::Bitcast, Ty::F32, args[0])]),
        _ => return None,
    };
    Some(smallvec![b.unary(op, args[0])])
}

/// The functions of math/bits, several of which internal/runtime/sys and internal/runtime/math have too.
fn bits(b: &mut Builder, name: &str, args: &[Value]) -> Option<Results> {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let width: i64 = match &name[stem.len()..] {
        "" => 64,
        digits => digits.parse().ok()?,
    };
    let one = match stem {
        "TrailingZeros" => {
            let x = widen(b, args[0]);
            // A bit above the width ends the count.
            let x = if width < 64 { b.binary_imm(BinOp::Or, x, 1 << width) } else { x };
            b.unary(UnOp::Ctz, x)
        }
        "LeadingZeros" => {
            let x = widen(b, args[0]);
            let zeros = b.unary(UnOp::Clz, x);
            b.binary_imm(BinOp::Isub, zeros, 64 - width)
        }
        "Len" => {
            let x = widen(b, args[0]);
            let zeros = b.unary(UnOp::Clz, x);
            let all = b.i64(64);
            b.isub(all, zeros)
        }
        "OnesCount" => {
            let x = widen(b, args[0]);
            b.unary(UnOp::Popcnt, x)
        }
        "RotateLeft" => b.binary(BinOp::Rotl, args[0], args[1]),
        "ReverseBytes" => b.unary(UnOp::Bswap, args[0]),
        "Reverse" => b.unary(UnOp::Bitrev, args[0]),
        "Add" if width == 64 => return Some(two(b, Op::AddCarry { a: args[0], b: args[1], carry: args[2] })),
        "Sub" if width == 64 => {
            return Some(two(b, Op::SubBorrow { a: args[0], b: args[1], borrow: args[2] }));
        }
        "Mul" if width == 64 => {
            let high = b.binary(BinOp::Umulhi, args[0], args[1]);
            return Some(smallvec![high, b.binary(BinOp::Imul, args[0], args[1])]);
        }
        _ => return None,
    };
    Some(smallvec![one])
}

/// An unsigned integer as 64 bits.
fn widen(b: &mut Builder, x: Value) -> Value {
    if b.func.ty(x) == Ty::I64 { x } else { b.convert(Conv::Zext, Ty::I64, x) }
}

fn two(b: &mut Builder, op: Op) -> Results {
    let inst = b.add(op);
    b.func.insts[inst].results.iter().copied().collect()
}

fn runtime_atomic(b: &mut Builder, name: &str, args: &[Value]) -> Option<Results> {
    let ty = |bits: &str| match bits {
        "8" => Some(Ty::I8),
        "" | "32" | "int32" | "Acq" | "Rel" => Some(Ty::I32),
        "64" | "int64" | "uint" | "uintptr" | "Acq64" | "Acquintptr" | "Rel64" | "Reluintptr" => {
            Some(Ty::I64)
        }
        "p" => Some(Ty::Ptr),
        _ => None,
    };
    if name == "StorepNoWB" {
        return Some(store(b, args));
    }
    if let Some(bits) = name.strip_prefix("Load") {
        return Some(load(b, ty(bits)?, args));
    }
    if let Some(bits) = name.strip_prefix("Store") {
        return ty(bits).filter(|&t| t != Ty::Ptr).map(|_| store(b, args));
    }
    if let Some(bits) = name.strip_prefix("Xchg") {
        return ty(bits).map(|_| smallvec![b.atomic_rmw(RmwOp::Xchg, args[0], args[1])]);
    }
    if let Some(bits) = name.strip_prefix("Xadd") {
        return ty(bits).map(|_| add(b, args));
    }
    if let Some(bits) = name.strip_prefix("Cas") {
        return (bits == "p1" || ty(bits).is_some_and(|t| t != Ty::Ptr)).then(|| cas(b, args));
    }
    let (op, bits) = match name.strip_prefix("And") {
        Some(bits) => (RmwOp::And, bits),
        None => (RmwOp::Or, name.strip_prefix("Or")?),
    };
    ty(bits)?;
    let old = b.atomic_rmw(op, args[0], args[1]);
    // Those of the oldest two names answer nothing.
    Some(if matches!(bits, "" | "8") { smallvec![] } else { smallvec![old] })
}

fn sync_atomic(b: &mut Builder, name: &str, args: &[Value]) -> Option<Results> {
    let (verb, ty) = [
        ("Int32", Ty::I32),
        ("Int64", Ty::I64),
        ("Uint32", Ty::I32),
        ("Uint64", Ty::I64),
        ("Uintptr", Ty::I64),
        ("Pointer", Ty::Ptr),
    ]
    .iter()
    .find_map(|(suffix, ty)| Some((name.strip_suffix(suffix)?, *ty)))?;
    if ty == Ty::Ptr && verb != "Load" {
        return None; // runtime has these, with a write barrier
    }
    Some(match verb {
        "Load" => load(b, ty, args),
        "Store" => store(b, args),
        "Swap" => smallvec![b.atomic_rmw(RmwOp::Xchg, args[0], args[1])],
        "CompareAndSwap" => cas(b, args),
        "Add" => add(b, args),
        "And" => smallvec![b.atomic_rmw(RmwOp::And, args[0], args[1])],
        "Or" => smallvec![b.atomic_rmw(RmwOp::Or, args[0], args[1])],
        _ => return None,
    })
}

fn load(b: &mut Builder, ty: Ty, args: &[Value]) -> Results {
    smallvec![b.special(Op::AtomicLoad { ty, addr: args[0] })]
}

fn store(b: &mut Builder, args: &[Value]) -> Results {
    b.add(Op::AtomicStore { addr: args[0], val: args[1] });
    smallvec![]
}

fn cas(b: &mut Builder, args: &[Value]) -> Results {
    smallvec![b.special(Op::AtomicCas { addr: args[0], old: args[1], new: args[2] })]
}

/// Go's answer is the sum, the instruction's what was there before.
fn add(b: &mut Builder, args: &[Value]) -> Results {
    let old = b.atomic_rmw(RmwOp::Add, args[0], args[1]);
    smallvec![b.iadd(old, args[1])]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir;

    #[track_caller]
    fn check(symbol: &str, params: &[Ty], results: &[Ty]) {
        let mut b = Builder::new("f", Signature::go(params, results));
        let args = b.params().to_vec();
        assert!(is_intrinsic(symbol));
        let vals = intrinsic(&mut b, symbol, &args).unwrap_or_else(|| panic!("{symbol} is no intrinsic"));
        b.ret(vals.to_vec());
        let func = b.finish();
        assert!(ir::verify(&func).is_ok(), "{func}");
    }

    #[test]
    fn results_have_the_types_of_go() {
        use Ty::{F64, I8, I16, I32, I64, Ptr};
        check("math/bits.TrailingZeros8", &[I8], &[I64]);
        check("math/bits.LeadingZeros16", &[I16], &[I64]);
        check("math/bits.Len", &[I64], &[I64]);
        check("math/bits.OnesCount32", &[I32], &[I64]);
        check("math/bits.RotateLeft32", &[I32, I64], &[I32]);
        check("math/bits.Add64", &[I64, I64, I64], &[I64, I64]);
        check("math/bits.Mul64", &[I64, I64], &[I64, I64]);
        check("internal/runtime/sys.Len8", &[I8], &[I64]);
        check("internal/runtime/sys.GetCallerPC", &[], &[I64]);
        check("internal/runtime/math.MulUintptr", &[I64, I64], &[I64, I8]);
        check("internal/runtime/atomic.Load", &[Ptr], &[I32]);
        check("internal/runtime/atomic.Load8", &[Ptr], &[I8]);
        check("internal/runtime/atomic.Loadp", &[Ptr], &[Ptr]);
        check("internal/runtime/atomic.LoadAcquintptr", &[Ptr], &[I64]);
        check("internal/runtime/atomic.StorepNoWB", &[Ptr, Ptr], &[]);
        check("internal/runtime/atomic.And8", &[Ptr, I8], &[]);
        check("internal/runtime/atomic.And32", &[Ptr, I32], &[I32]);
        check("internal/runtime/atomic.Casp1", &[Ptr, Ptr, Ptr], &[I8]);
        check("internal/runtime/atomic.Xadduintptr", &[Ptr, I64], &[I64]);
        check("sync/atomic.LoadPointer", &[Ptr], &[Ptr]);
        check("sync/atomic.CompareAndSwapUint32", &[Ptr, I32, I32], &[I8]);
        check("math.Sqrt", &[F64], &[F64]);
        check("math.Float64bits", &[F64], &[I64]);
    }

    #[test]
    fn other_functions_are_calls() {
        let mut b = Builder::new("f", Signature::go(&[], &[]));
        for symbol in
            ["sync/atomic.StorePointer", "math.Sin", "math/bits.Div64", "main.main", "runtime.newobject"]
        {
            assert_eq!(intrinsic(&mut b, symbol, &[]), None, "{symbol}");
            assert!(!is_intrinsic(symbol));
        }
    }
}
