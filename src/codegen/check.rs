//! Checks that end in a Go panic: the test, and the cold call of the runtime function that panics.

use cranelift_codegen::cursor::Cursor;
use cranelift_codegen::ir as clif;
use cranelift_codegen::ir::InstBuilder;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I8, I64};

use super::func::Translator;
use super::implicit::{NIL_PANIC, bounds_panic};
use crate::ir;
use crate::ir::BoundsKind;

/// What stands behind calls that do not return.
pub(super) const UNREACHABLE: clif::TrapCode = clif::TrapCode::unwrap_user(1);

impl Translator<'_> {
    /// Continues in a new block if `ok`; otherwise calls `panic`, which does not return. Its operands go through g, and the
    /// call is one that keeps all registers: so a check costs nothing but the comparison where it holds.
    fn require(&mut self, ok: clif::Value, panic: &'static str, operands: Option<[clif::Value; 2]>) {
        let next = self.new_block();
        let cold = self.new_cold_block();
        self.cur.ins().brif(ok, next, &[], cold, &[]);
        self.cur.goto_bottom(cold);
        if let Some([x, y]) = operands {
            let (at_x, at_y) = (self.layout.check_x, self.layout.check_y);
            self.store_g(x, at_x);
            self.store_g(y, at_y);
        }
        self.call_panic(panic);
        self.cur.ins().trap(UNREACHABLE);
        self.cur.goto_bottom(next);
    }

    /// A load whose result nobody wants: the fault is the check. Explicit where the fault could not be caught.
    pub fn nil_check(&mut self, ptr: ir::Value) {
        let ptr = self.val(ptr);
        if self.func.handler.is_none() {
            self.cur.ins().load(I8, clif::MemFlagsData::new(), ptr, 0);
        } else {
            self.explicit_nil_check(ptr, 0);
        }
    }

    /// The panic says which address could not be read, as if it had been tried.
    pub fn explicit_nil_check(&mut self, ptr: clif::Value, offset: i32) {
        let ok = self.cur.ins().icmp_imm_s(IntCC::NotEqual, ptr, 0);
        let next = self.new_block();
        let cold = self.new_cold_block();
        self.cur.ins().brif(ok, next, &[], cold, &[]);
        self.cur.goto_bottom(cold);
        let address = self.cur.ins().iconst(I64, i64::from(offset));
        let at = self.layout.check_x;
        self.store_g(address, at);
        self.call_panic(NIL_PANIC);
        self.cur.ins().trap(UNREACHABLE);
        self.cur.goto_bottom(next);
    }

    pub fn bounds_check(&mut self, kind: BoundsKind, idx: ir::Value, len: ir::Value, unsigned: bool) {
        let cc = if kind.inclusive() { IntCC::UnsignedLessThanOrEqual } else { IntCC::UnsignedLessThan };
        let (idx, len) = (self.val(idx), self.val(len));
        let ok = self.cur.ins().icmp(cc, idx, len);
        self.require(ok, bounds_panic(kind, unsigned), Some([idx, len]));
    }

    pub fn div_check(&mut self, val: ir::Value) {
        if self.func.as_const(val).is_some_and(|c| c != 0) {
            return;
        }
        let val = self.val(val);
        let ok = self.cur.ins().icmp_imm_s(IntCC::NotEqual, val, 0);
        self.require(ok, "runtime.panicdivide", None);
    }

    pub fn shift_check(&mut self, val: ir::Value) {
        if self.func.as_const(val).is_some_and(|c| c >= 0) {
            return;
        }
        let val = self.val(val);
        let ok = self.cur.ins().icmp_imm_s(IntCC::SignedGreaterThanOrEqual, val, 0);
        self.require(ok, "runtime.panicshift", None);
    }
}
