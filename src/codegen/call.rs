//! Calls. In a function with a handler each one is a `try_call` that may continue there.

use cranelift_codegen::cursor::Cursor;
use cranelift_codegen::ir as clif;
use cranelift_codegen::ir::InstBuilder;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::isa::CallConv;
use cranelift_entity::EntityRef;

use super::func::{Translator, signature, ty};
use crate::ir;
use crate::ir::{Call, Callee};

/// A callee as CLIF calls it.
enum Target {
    Direct(clif::FuncRef),
    Indirect(clif::SigRef, clif::Value),
}

impl Translator<'_> {
    pub fn call(&mut self, call: &Call, results: &[ir::Value]) {
        let target = self.prepare(call);
        let args = self.vals(&call.args);
        let tys: Vec<clif::Type> = self.func.sigs[call.sig].results.iter().map(|&t| ty(t)).collect();
        let got = self.emit_call(target, &args, &tys);
        for (&result, v) in results.iter().zip(got) {
            self.values[result] = Some(v);
        }
    }

    pub fn tail_call(&mut self, call: &Call) {
        let target = self.prepare(call);
        let args = self.vals(&call.args);
        match target {
            Target::Direct(callee) => self.cur.ins().return_call(callee, &args),
            Target::Indirect(sig, callee) => self.cur.ins().return_call_indirect(sig, callee, &args),
        };
    }

    /// Stores context and overflow area where the callee looks for them.
    fn prepare(&mut self, call: &Call) -> Target {
        if let Some(ctx) = call.ctx {
            let (ctx, offset) = (self.val(ctx), self.layout.ctx);
            self.store_g(ctx, offset);
        }
        if let Some(overflow) = call.overflow {
            let (overflow, offset) = (self.val(overflow), self.layout.overflow);
            self.store_g(overflow, offset);
        }
        let sig = self.sig(call.sig);
        match call.callee {
            Callee::Sym(sym) => Target::Direct(self.func_ref(sym.index() as u32, sig)),
            Callee::Code(code) => Target::Indirect(sig, self.val(code)),
        }
    }

    /// A call of a Go function that the IR does not name.
    pub fn call_runtime(
        &mut self,
        name: &'static str,
        args: &[clif::Value],
        results: &[clif::Type],
    ) -> Vec<clif::Value> {
        let mut sig = clif::Signature::new(CallConv::Tail);
        sig.params.extend(args.iter().map(|&v| clif::AbiParam::new(self.type_of(v))));
        sig.returns.extend(results.iter().map(|&t| clif::AbiParam::new(t)));
        let sig = self.helper_sig(sig);
        let sym = self.symbol(name);
        let callee = self.func_ref(sym, sig);
        self.emit_call(Target::Direct(callee), args, results)
    }

    /// A call without arguments that does not return, so that it need not keep anything either.
    pub fn call_panic(&mut self, name: &'static str) {
        let sig = self.helper_sig(clif::Signature::new(CallConv::PreserveAll));
        let sym = self.symbol(name);
        let callee = self.func_ref(sym, sig);
        self.emit_call(Target::Direct(callee), &[], &[]);
    }

    fn emit_call(
        &mut self,
        target: Target,
        args: &[clif::Value],
        results: &[clif::Type],
    ) -> Vec<clif::Value> {
        let Some(handler) = self.func.handler else {
            let inst = match target {
                Target::Direct(callee) => self.cur.ins().call(callee, args),
                Target::Indirect(sig, callee) => self.cur.ins().call_indirect(sig, callee, args),
            };
            return self.cur.func.dfg.inst_results(inst).to_vec();
        };
        let handler = self.target(handler);
        let here = self.cur.current_block().expect("a block is open");
        let next = self.new_block();
        if self.cur.func.layout.is_cold(here) {
            self.cur.func.layout.set_cold(next);
        }
        let got: Vec<clif::Value> =
            results.iter().map(|&t| self.cur.func.dfg.append_block_param(next, t)).collect();
        let sig = match target {
            Target::Direct(callee) => self.cur.func.dfg.ext_funcs[callee].signature,
            Target::Indirect(sig, _) => sig,
        };
        let dfg = &mut self.cur.func.dfg;
        let returned = (0..results.len() as u32).map(clif::BlockArg::TryCallRet);
        let normal = clif::BlockCall::new(next, returned, &mut dfg.value_lists);
        let raised = clif::BlockCall::new(handler, [], &mut dfg.value_lists);
        let table = clif::ExceptionTableData::new(sig, normal, [clif::ExceptionTableItem::Default(raised)]);
        let table = dfg.exception_tables.push(table);
        match target {
            Target::Direct(callee) => self.cur.ins().try_call(callee, args, table),
            Target::Indirect(_, callee) => self.cur.ins().try_call_indirect(callee, args, table),
        };
        self.cur.goto_bottom(next);
        got
    }

    fn sig(&mut self, sig: ir::SigRef) -> clif::SigRef {
        match self.sigs[sig] {
            Some(known) => known,
            None => {
                let new = self.cur.func.import_signature(signature(&self.func.sigs[sig]));
                self.sigs[sig] = Some(new);
                new
            }
        }
    }

    /// A signature of ours, once per function.
    pub fn helper_sig(&mut self, sig: clif::Signature) -> clif::SigRef {
        let known =
            self.cur.func.dfg.signatures.iter().find(|(_, have)| **have == sig).map(|(known, _)| known);
        known.unwrap_or_else(|| self.cur.func.import_signature(sig))
    }

    pub fn func_ref(&mut self, sym: u32, sig: clif::SigRef) -> clif::FuncRef {
        if let Some(&known) = self.funcs.get(&(sym, sig)) {
            return known;
        }
        let name = self.user_name(sym);
        let data = clif::ExtFuncData { name, signature: sig, colocated: true, patchable: false };
        let new = self.cur.func.import_function(data);
        self.funcs.insert((sym, sig), new);
        new
    }

    /// Compares the stack pointer with the guard, and asks for more when it is not above.
    pub fn poll(&mut self) {
        use cranelift_codegen::ir::condcodes::IntCC;
        let next = self.new_block();
        let cold = self.new_cold_block();
        let sp = self.cur.ins().get_stack_pointer(I64);
        let guard = self.layout.stackguard0;
        let guard = self.load_g(I64, guard);
        let ok = self.cur.ins().icmp(IntCC::UnsignedGreaterThan, sp, guard);
        self.cur.ins().brif(ok, next, &[], cold, &[]);
        self.cur.goto_bottom(cold);
        self.call_helper(crate::target::abi::helper::MORESTACK, &[]);
        self.cur.ins().jump(next, &[]);
        self.cur.goto_bottom(next);
    }
}
