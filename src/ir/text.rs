//! The text form of a function: what `-emit=ir` shows, and what `parse.rs` reads.
//!
//! ```text
//! func "main.add"(i64, i64) -> (i64) nosplit {
//!   slot0 = 16 align 8
//! block0(v0: i64, v1: i64):
//!   v2: i64 = iadd v0, v1                  ; 3
//!   return v2
//! }
//! ```
//! A line's location follows `;` as `line`, or `file:line` when it is not in the function's first file.

use std::fmt::{self, Write};

use super::entities::{Inst, Sym, Ty, Value};
use super::func::{Attrs, CallConv, Func, Signature};
use super::op::{BlockCall, Call, Callee, MemFlags, Op};

/// The names of the attributes, in order.
pub(super) fn attr_names(attrs: &mut Attrs) -> [(&'static str, &mut bool); 14] {
    let Attrs {
        nosplit,
        noinline,
        systemstack,
        nowritebarrier,
        nowritebarrierrec,
        yeswritebarrierrec,
        wrapper,
        needs_ctx,
        overflow,
        top_frame,
        dup_ok,
        runtime,
        uintptr_keepalive,
        noreturn,
    } = attrs;
    [
        ("nosplit", nosplit),
        ("noinline", noinline),
        ("systemstack", systemstack),
        ("nowritebarrier", nowritebarrier),
        ("nowritebarrierrec", nowritebarrierrec),
        ("yeswritebarrierrec", yeswritebarrierrec),
        ("wrapper", wrapper),
        ("needs_ctx", needs_ctx),
        ("overflow", overflow),
        ("top_frame", top_frame),
        ("dup_ok", dup_ok),
        ("runtime", runtime),
        ("uintptr_keepalive", uintptr_keepalive),
        ("noreturn", noreturn),
    ]
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |tys: &[Ty]| tys.iter().map(|ty| ty.name()).collect::<Vec<_>>().join(", ");
        if self.conv == CallConv::Winch {
            f.write_str("winch ")?;
        }
        write!(f, "({}) -> ({})", list(&self.params), list(&self.results))
    }
}

impl fmt::Display for Func {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "func {:?}{}", self.name, self.sig)?;
        for (name, on) in attr_names(&mut self.attrs.clone()) {
            if *on {
                write!(f, " {name}")?;
            }
        }
        f.write_str(" {\n")?;
        for (slot, data) in &self.slots {
            writeln!(f, "  {slot} = {} align {}", data.size, data.align)?;
        }
        if let Some(handler) = self.handler {
            writeln!(f, "  handler {handler}")?;
        }
        for &block in &self.layout {
            let data = &self.blocks[block];
            write!(f, "{block}")?;
            if !data.params.is_empty() {
                let params: Vec<String> =
                    data.params.iter().map(|&p| format!("{p}: {}", self.ty(p))).collect();
                write!(f, "({})", params.join(", "))?;
            }
            f.write_str(if data.cold { ": cold\n" } else { ":\n" })?;
            for &inst in &data.insts {
                f.write_str("  ")?;
                self.write_inst(f, inst)?;
                f.write_str("\n")?;
            }
        }
        f.write_str("}\n")
    }
}

impl Func {
    fn write_inst(&self, f: &mut fmt::Formatter<'_>, inst: Inst) -> fmt::Result {
        let data = &self.insts[inst];
        let mut line = String::new();
        if !data.results.is_empty() {
            let results: Vec<String> = data.results.iter().map(|&r| format!("{r}: {}", self.ty(r))).collect();
            write!(line, "{} = ", results.join(", "))?;
        }
        self.write_op(&mut line, &data.op)?;
        let loc = self.locs[data.loc];
        let site = loc.site.map(|site| format!(" in {site}")).unwrap_or_default();
        match loc.file {
            0 => write!(f, "{line:<56} ; {}{site}", loc.line),
            file => write!(f, "{line:<56} ; {file}:{}{site}", loc.line),
        }
    }

    fn write_op(&self, f: &mut String, op: &Op) -> fmt::Result {
        let sym = |sym: &Sym| format!("{:?}", &*self.syms[*sym]);
        match op {
            Op::Iconst { imm, .. } => write!(f, "iconst {imm}"),
            Op::F32const { bits } => write!(f, "f32const {bits:#x}"),
            Op::F64const { bits } => write!(f, "f64const {bits:#x}"),
            Op::SymAddr { sym: s, offset: 0 } => write!(f, "sym_addr {}", sym(s)),
            Op::SymAddr { sym: s, offset } => write!(f, "sym_addr {} + {offset}", sym(s)),
            Op::SlotAddr { slot, offset: 0 } => write!(f, "slot_addr {slot}"),
            Op::SlotAddr { slot, offset } => write!(f, "slot_addr {slot} + {offset}"),
            Op::Binary { op, a, b } => write!(f, "{} {a}, {b}", op.name()),
            Op::Unary { op, a } => write!(f, "{} {a}", op.name()),
            Op::Convert { op, a, .. } => write!(f, "{} {a}", op.name()),
            Op::Icmp { cc, a, b } => write!(f, "icmp {} {a}, {b}", cc.name()),
            Op::Fcmp { cc, a, b } => write!(f, "fcmp {} {a}, {b}", cc.name()),
            Op::Select { cond, a, b } => write!(f, "select {cond}, {a}, {b}"),
            Op::Fma { a, b, c } => write!(f, "fma {a}, {b}, {c}"),
            Op::AddCarry { a, b, carry } => write!(f, "add_carry {a}, {b}, {carry}"),
            Op::SubBorrow { a, b, borrow } => write!(f, "sub_borrow {a}, {b}, {borrow}"),
            Op::Load { addr, offset, flags, .. } => {
                write!(f, "load{} {addr}{}", flag_names(*flags), plus(*offset))
            }
            Op::Store { addr, val, offset, flags } => {
                write!(f, "store{} {addr}{}, {val}", flag_names(*flags), plus(*offset))
            }
            Op::StoreWb { addr, val, offset, flags } => {
                write!(f, "store_wb{} {addr}{}, {val}", flag_names(*flags), plus(*offset))
            }
            Op::MemCopy { dst, src, size, align } => write!(f, "mem_copy {dst}, {src}, {size} align {align}"),
            Op::MemZero { dst, size, align } => write!(f, "mem_zero {dst}, {size} align {align}"),
            Op::Alloc(a) => {
                write!(f, "alloc {}, {} align {}", sym(&a.ty), a.size, a.align)?;
                f.write_str(if a.noscan { " noscan" } else { "" })
            }
            Op::NilCheck { ptr } => write!(f, "nil_check {ptr}"),
            Op::BoundsCheck { kind, idx, len, unsigned } => {
                write!(f, "bounds_check {}{} {idx}, {len}", kind.name(), if *unsigned { "U" } else { "" })
            }
            Op::DivCheck { val } => write!(f, "div_check {val}"),
            Op::ShiftCheck { val } => write!(f, "shift_check {val}"),
            Op::Call(call) => self.write_call(f, "call", call),
            Op::AtomicLoad { addr, .. } => write!(f, "atomic_load {addr}"),
            Op::AtomicStore { addr, val } => write!(f, "atomic_store {addr}, {val}"),
            Op::AtomicRmw { op, addr, val } => write!(f, "atomic_rmw {} {addr}, {val}", op.name()),
            Op::AtomicCas { addr, old, new } => write!(f, "atomic_cas {addr}, {old}, {new}"),
            Op::Fence => f.write_str("fence"),
            Op::GetG => f.write_str("get_g"),
            Op::CallerPc => f.write_str("caller_pc"),
            Op::CallerSp => f.write_str("caller_sp"),
            Op::FramePtr => f.write_str("frame_ptr"),
            Op::ClosurePtr => f.write_str("closure_ptr"),
            Op::OverflowPtr => f.write_str("overflow_ptr"),
            Op::KeepAlive { val } => write!(f, "keep_alive {val}"),
            Op::Jump(to) => write!(f, "jump {}", target(to)),
            Op::Brif { cond, then, els } => write!(f, "brif {cond}, {}, {}", target(then), target(els)),
            Op::Switch { val, cases, default } => {
                write!(f, "switch {val}")?;
                for (case, to) in cases {
                    write!(f, ", {case}: {}", target(to))?;
                }
                write!(f, ", {}", target(default))
            }
            Op::Return { vals } if vals.is_empty() => f.write_str("return"),
            Op::Return { vals } => write!(f, "return {}", list(vals)),
            Op::TailCall(call) => self.write_call(f, "tail_call", call),
            Op::Unreachable => f.write_str("unreachable"),
        }
    }

    fn write_call(&self, f: &mut String, verb: &str, call: &Call) -> fmt::Result {
        match call.callee {
            Callee::Sym(sym) => write!(f, "{verb} {:?}", &*self.syms[sym])?,
            Callee::Code(v) => write!(f, "{verb} {v}")?,
        }
        write!(f, "({})", list(&call.args))?;
        if let Some(ctx) = call.ctx {
            write!(f, " ctx {ctx}")?;
        }
        if let Some(overflow) = call.overflow {
            write!(f, " overflow {overflow}")?;
        }
        write!(f, " : {}", self.sigs[call.sig])
    }
}

fn list(vals: &[Value]) -> String {
    vals.iter().map(|v| v.to_string()).collect::<Vec<_>>().join(", ")
}

fn target(to: &BlockCall) -> String {
    if to.args.is_empty() { to.block.to_string() } else { format!("{}({})", to.block, list(&to.args)) }
}

fn plus(offset: i32) -> String {
    if offset == 0 { String::new() } else { format!(" + {offset}") }
}

fn flag_names(flags: MemFlags) -> String {
    let MemFlags { may_fault, readonly } = flags;
    let mut out = String::new();
    if may_fault {
        out.push_str(".fault");
    }
    if readonly {
        out.push_str(".ro");
    }
    out
}
