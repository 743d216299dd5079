//! Calls: of functions, methods, func values; arguments and results.

use std::sync::Arc;

use super::closure::Home;
use super::cx::Instance;
use super::expr::{Operand, Sel};
use super::func::{self, Fx};
use super::intrinsics::is_intrinsic;
use super::layout;
use super::names;
use super::source;
use super::val::{Addr, TyExt, Val};
use crate::ir::{self, Value};
use crate::syntax::ast::{self, ExprKind};
use crate::types::{self, Kind, Mode, ObjKind, ObjRef, SelectionKind, Signature, Ty};

/// Whom a call calls, found before its arguments are evaluated.
pub enum Target {
    Symbol { symbol: Arc<str>, recv: Option<(Val, Ty)> },
    Interface { iface: Val, ty: Ty, method: ObjRef },
    FuncValue(Value),
}

/// A call ready to be made: what `go` and `defer` keep for later.
pub struct Prepared {
    pub target: Target,
    pub args: Vec<Val>,
    pub params: Vec<Ty>,
    pub results: Vec<Ty>,
}

impl<'a> Fx<'_, 'a> {
    /// The results of a call, one by one.
    pub fn call_expr(&mut self, e: &'a ast::Expr) -> Vec<Val> {
        let ExprKind::Call(call) = &e.unparen().kind else { panic!("{}: {e:?} is no call", self.name) };
        let e = e.unparen();
        if let Some(vals) = self.lowered_ahead(e) {
            return vals;
        }
        if self.is_type(&call.fun) {
            let to = self.ty(call.fun.id);
            return vec![self.conversion(&call.args[0], to)];
        }
        if let Some(Mode::Builtin(id)) = self.info().types.get(call.fun.unparen().id).map(|tv| tv.mode) {
            return self.builtin(e, call, id).into_iter().collect();
        }
        if let Some(obj) = self.callee_object(&call.fun)
            && let ObjKind::Builtin(id) = obj.kind
        {
            return self.builtin(e, call, id).into_iter().collect();
        }
        if let Some(out) = self.code_pointer_of(e, call) {
            return vec![out];
        }
        let prepared = self.prepare(call);
        // The call of a literal is on the line where the literal ends.
        self.at(if matches!(call.fun.kind, ExprKind::FuncLit(_)) { call.lparen } else { e.pos });
        self.make(prepared)
    }

    /// The signature of what a call calls.
    pub fn call_signature(&self, call: &ast::CallExpr) -> &'static Signature {
        let ty = self.ty(call.fun.id);
        match ty.under() {
            Kind::Signature(sig) => sig,
            other => panic!("{}: call of {other:?}", self.name),
        }
    }

    /// Evaluates the function and the arguments of a call.
    pub fn prepare(&mut self, call: &'a ast::CallExpr) -> Prepared {
        self.prepare_with(call, None)
    }

    /// As [`Fx::prepare`]; a function literal that is called itself goes to `home`.
    pub fn prepare_with(&mut self, call: &'a ast::CallExpr, home: Option<Home>) -> Prepared {
        let sig = self.call_signature(call);
        let (params, results) = func::sig_types(sig);
        let target = match (&call.fun.unparen().kind, home) {
            (ExprKind::FuncLit(_), Some(home)) => {
                Target::FuncValue(self.func_lit_at(call.fun.unparen(), home))
            }
            _ => self.call_target(call),
        };
        let args = self.arguments(call, sig, &params);
        Prepared { target, args, params, results }
    }

    /// Makes a prepared call.
    pub fn make(&mut self, p: Prepared) -> Vec<Val> {
        let Prepared { target, args, params, results } = p;
        match target {
            Target::Symbol { symbol, recv } => {
                let (mut all, mut tys) = (Vec::new(), Vec::new());
                if let Some((val, ty)) = recv {
                    all.push(val);
                    tys.push(ty);
                }
                all.extend(args);
                tys.extend(params);
                if let Some(out) = self.intrinsic(&symbol, &all, &tys, &results) {
                    return out;
                }
                let out = self.call_symbol(&symbol, &tys, &results, &all);
                if is_noreturn(&symbol) {
                    self.b.unreachable();
                    self.b.dead_block();
                    return results.iter().map(|&ty| self.zero_val(ty)).collect();
                }
                out
            }
            Target::Interface { iface, ty, method } => self.call_method_of(&iface, ty, method, &args),
            Target::FuncValue(f) => self.call_funcval(f, &params, &results, &args),
        }
    }

    /// A call that is a few instructions; None: an ordinary one.
    fn intrinsic(&mut self, symbol: &str, args: &[Val], tys: &[Ty], results: &[Ty]) -> Option<Vec<Val>> {
        if symbol == "internal/runtime/sys.GetClosurePtr" {
            let ctx = self.closure_context();
            return Some(vec![Val::one(self.b.convert(ir::Conv::PtrToInt, ir::Ty::I64, ctx))]);
        }
        if !is_intrinsic(symbol) {
            return None;
        }
        if !tys.iter().chain(results).all(|&ty| layout::of(ty).is_ssa()) {
            return None;
        }
        if matches!(symbol, "internal/runtime/sys.GetCallerPC" | "internal/runtime/sys.GetCallerSP") {
            self.b.func.attrs.noinline = true;
        }
        let flat: Vec<Value> = args.iter().flat_map(|a| a.parts().to_vec()).collect();
        let out = super::intrinsics::intrinsic(&mut self.b, symbol, &flat)?;
        let mut parts = out.into_iter();
        let vals = results.iter().map(|&ty| {
            let leaves = layout::of(ty).scalars().to_vec();
            let take = leaves.iter().map(|leaf| {
                let v = parts.next().unwrap_or_else(|| panic!("{symbol} gave too few values"));
                self.as_leaf(v, leaf.ty)
            });
            Val::S(take.collect())
        });
        Some(vals.collect())
    }

    /// An integer as a pointer or the other way round, where an instruction gives the one and the type says the other.
    fn as_leaf(&mut self, v: Value, to: ir::Ty) -> Value {
        match (self.b.func.ty(v), to) {
            (ir::Ty::I64, ir::Ty::Ptr) => self.b.convert(ir::Conv::IntToPtr, ir::Ty::Ptr, v),
            (ir::Ty::Ptr, ir::Ty::I64) => self.b.convert(ir::Conv::PtrToInt, ir::Ty::I64, v),
            _ => v,
        }
    }

    fn call_target(&mut self, call: &'a ast::CallExpr) -> Target {
        let fun = call.fun.unparen();
        // f[T](x): the name itself carries the arguments.
        let named = match &fun.kind {
            ExprKind::Index(x, _) if self.names_generic(x) => x.unparen(),
            _ => fun,
        };
        match &named.kind {
            ExprKind::Name(_) => {
                if let Some(obj) = self.callee_object(named)
                    && obj.is_func()
                {
                    return Target::Symbol { symbol: self.func_sym(obj, named.id), recv: None };
                }
            }
            ExprKind::Selector(x, sel) => match self.selection(named) {
                None => {
                    if let Some(obj) = self.callee_object(named)
                        && obj.is_func()
                    {
                        return Target::Symbol { symbol: self.func_sym(obj, sel.id), recv: None };
                    }
                }
                Some(s) if s.kind == SelectionKind::Method => {
                    let argument = call.args.first().and_then(|arg| self.const_of(arg));
                    self.note_reflection(s.obj, argument);
                    return self.method_target(x, sel, s);
                }
                Some(_) => {}
            },
            ExprKind::FuncLit(_) => {}
            _ => {}
        }
        Target::FuncValue(self.scalar(fun))
    }

    fn names_generic(&self, x: &ast::Expr) -> bool {
        match &x.unparen().kind {
            ExprKind::Name(_) => self.info().instances.contains(x.unparen().id),
            ExprKind::Selector(_, sel) => self.info().instances.contains(sel.id),
            _ => false,
        }
    }

    /// A use of `Method` or `MethodByName` of reflection may lead to any exported method, or to those of the name that is
    /// given as a constant.
    pub(super) fn note_reflection(&mut self, method: ObjRef, argument: Option<types::Const>) {
        if !matches!(method.name, "Method" | "MethodByName") {
            return;
        }
        // Reflection's own methods are in every program that has a `reflect.Type`, called or not.
        let own = ["(*rtype).", "(*interfaceType).", "Value."];
        if self.src.checked.package.path == "reflect"
            && own.iter().any(|recv| {
                *self.name == format!("reflect.{recv}Method")
                    || *self.name == format!("reflect.{recv}MethodByName")
            })
        {
            return;
        }
        let result = method.typ().as_signature().and_then(|sig| sig.results.first().copied());
        let found = result.and_then(|r| r.typ().as_named().map(|n| n.obj())).is_some_and(|obj| {
            matches!(obj.name, "Method" | "Value") && obj.pkg.is_some_and(|p| p.path == "reflect")
        });
        let used = match argument {
            Some(types::Const::Str(name)) if method.name == "MethodByName" => {
                ir::MethodUse::Named { name: String::from_utf8_lossy(&name).into() }
            }
            _ => ir::MethodUse::Any,
        };
        if found && !self.b.func.method_uses.contains(&used) {
            self.b.func.method_uses.push(used);
        }
    }

    fn method_target(&mut self, x: &'a ast::Expr, sel: &'a ast::Ident, s: Sel) -> Target {
        let (at, ty) = self.receiver_operand(x, &s);
        if self.is_interface_method(&s) {
            let iface = self.operand_val(at, ty);
            return Target::Interface { iface, ty, method: s.obj };
        }
        let targs: Vec<Ty> = match self.info().instances.get(sel.id) {
            Some(instance) => instance.targs.iter().map(|&t| self.subst(t)).collect(),
            None => Vec::new(),
        };
        let (recv, recv_ty, symbol) = self.bind_receiver(at, ty, s.obj, targs);
        Target::Symbol { symbol, recv: Some((recv, recv_ty)) }
    }

    /// The operand of a method selection, after the embedded fields on the way to the method.
    pub fn receiver_operand(&mut self, x: &'a ast::Expr, s: &Sel) -> (Operand, Ty) {
        let base = self.operand(x);
        let ty = self.ty(x.id);
        self.walk(base, ty, &s.index[..s.index.len() - 1])
    }

    /// The receiver a method takes, made from an operand: its address, what it points to, or itself; and the method's
    /// symbol.
    pub fn bind_receiver(
        &mut self,
        at: Operand,
        ty: Ty,
        method: ObjRef,
        targs: Vec<Ty>,
    ) -> (Val, Ty, Arc<str>) {
        let pointee = match ty.under() {
            // A named pointer type has no methods, so a pointer here is to the receiver's base.
            Kind::Pointer(elem) => Some(*elem),
            _ => None,
        };
        let base = pointee.unwrap_or(ty);
        let symbol = self.method_sym(base, method, targs);
        match (method.ptr_recv(), pointee) {
            (true, Some(_)) => (self.operand_val(at, ty), ty, symbol),
            (true, None) => {
                let a = match at {
                    Operand::P(a) | Operand::V(Val::M(a)) => a,
                    Operand::V(val) => {
                        if layout::size(ty) == 0 {
                            Addr::safe(self.b.sym_addr("runtime.zerobase", 0))
                        } else {
                            panic!("{}: the receiver of {symbol} has no address: {val:?}", self.name)
                        }
                    }
                };
                let p = self.addr_value(a);
                (Val::one(p), Ty::pointer(ty), symbol)
            }
            (false, Some(elem)) => {
                let p = self.operand_val(at, ty).single();
                let val = self.load(Addr::deref(p), elem);
                (self.own(val, elem), elem, symbol)
            }
            (false, None) => {
                let val = self.operand_val(at, ty);
                (self.own(val, ty), ty, symbol)
            }
        }
    }

    /// The symbol of a declared method of the type `base`.
    pub fn method_sym(&mut self, base: Ty, method: ObjRef, targs: Vec<Ty>) -> Arc<str> {
        let named =
            base.as_named().unwrap_or_else(|| panic!("{}: {base:?} declares no {}", self.name, method.name));
        if named.targs().is_empty() && targs.is_empty() {
            return self.cx.obj_sym(method.origin());
        }
        self.cx.method_instance(base, method, targs)
    }

    /// The arguments of a call, converted to the parameters' types, the variadic ones packed.
    fn arguments(&mut self, call: &'a ast::CallExpr, sig: &Signature, params: &[Ty]) -> Vec<Val> {
        let mut vals: Vec<(Val, Ty)> = Vec::new();
        // f(g()) with a g of several results.
        if let [arg] = &call.args[..]
            && let Kind::Tuple(tuple) = self.ty(arg.id).kind()
            && !self.is_comma_ok(arg)
        {
            let tys: Vec<Ty> = tuple.vars.iter().map(|v| self.obj_ty(*v)).collect();
            let results = self.call_expr(arg);
            vals.extend(results.into_iter().zip(tys));
        } else {
            let n_fixed = if sig.variadic && !call.has_dots { params.len() - 1 } else { params.len() };
            for (i, arg) in call.args.iter().enumerate() {
                let to = match params.get(i) {
                    Some(&ty) if i < n_fixed => ty,
                    _ => params.last().expect("a variadic function has a parameter").elem(),
                };
                let val = self.expr_as(arg, to);
                // A later argument's call may change the variable this one lies in.
                let val = if i + 1 < call.args.len() { self.own(val, to) } else { val };
                vals.push((val, to));
            }
        }
        let n_fixed = if sig.variadic && !call.has_dots { params.len() - 1 } else { params.len() };
        let rest = vals.split_off(n_fixed.min(vals.len()));
        let mut out: Vec<Val> = Vec::new();
        for ((val, from), &to) in vals.into_iter().zip(params) {
            out.push(self.assignable(val, from, to));
        }
        if sig.variadic && !call.has_dots {
            let slice = *params.last().expect("a variadic function has a parameter");
            out.push(self.pack(rest, slice.elem()));
        }
        out
    }

    /// Whether the second value of a comma-ok expression is asked for by the tuple type recorded.
    fn is_comma_ok(&self, e: &ast::Expr) -> bool {
        !matches!(&e.unparen().kind, ExprKind::Call(_))
    }

    /// A slice of these values.
    pub fn pack(&mut self, vals: Vec<(Val, Ty)>, elem: Ty) -> Val {
        let n = self.b.i64(vals.len() as i64);
        if vals.is_empty() {
            let nil = self.b.nil();
            return Val::S(vec![nil, n, n]);
        }
        let array = Ty::array(elem, vals.len() as i64);
        // In the runtime nobody keeps the slice of a variadic call, and many callers must not allocate.
        let at = if self.cx.runtime && layout::size(array) <= 64 * 1024 {
            let at = self.temp(array);
            self.zero(at, array);
            at
        } else {
            self.backing(array)
        };
        for (i, (val, from)) in vals.into_iter().enumerate() {
            let val = self.assignable(val, from, elem);
            self.store(at.plus(i as u64 * layout::size(elem)), elem, &val);
        }
        let ptr = self.addr_value(at);
        Val::S(vec![ptr, n, n])
    }

    /// Zeroed memory for something that may outlive the expression: the heap, as long as nobody knows better.
    pub fn backing(&mut self, ty: Ty) -> Addr {
        Addr::fresh(self.alloc(ty))
    }

    /// `abi.FuncPCABI0(f)` and its like: the address of a function's code.
    fn code_pointer_of(&mut self, _e: &'a ast::Expr, call: &'a ast::CallExpr) -> Option<Val> {
        let obj = self.callee_object(&call.fun)?;
        if obj.pkg?.path != "internal/abi" || !matches!(obj.name, "FuncPCABI0" | "FuncPCABIInternal") {
            return None;
        }
        let arg = call.args[0].unparen();
        let code = match self.call_target_symbol(arg) {
            Some(symbol) => self.b.sym_addr(&symbol, 0),
            None => {
                let f = match self.ty(arg.id).is_interface() {
                    true => self.expr(arg).parts()[1],
                    false => self.scalar(arg),
                };
                self.load_scalar(ir::Ty::Ptr, Addr::deref(f), 0)
            }
        };
        Some(Val::one(self.b.convert(ir::Conv::PtrToInt, ir::Ty::I64, code)))
    }

    fn call_target_symbol(&mut self, fun: &'a ast::Expr) -> Option<Arc<str>> {
        let obj = self.callee_object(fun)?;
        if !obj.is_func() {
            return None;
        }
        let id = match &fun.kind {
            ExprKind::Selector(_, sel) => sel.id,
            _ => fun.id,
        };
        Some(self.func_sym(obj, id))
    }
}

impl super::cx::Cx<'_> {
    /// The symbol of a method of an instantiated type, or of a generic method.
    pub fn method_instance(&mut self, base: Ty, method: ObjRef, targs: Vec<Ty>) -> Arc<str> {
        let named = base.as_named().unwrap_or_else(|| panic!("{base:?} declares no {}", method.name));
        let symbol = names::method_symbol(base, method.ptr_recv(), method.name, &targs);
        let package = named.obj().pkg.expect("a type with methods has a package").path;
        self.instance_sym(Instance {
            symbol: symbol.into(),
            package,
            key: source::method_key(base, method.name),
            recv_targs: named.targs().to_vec(),
            targs,
        })
    }

    /// As [`Cx::method_instance`](Self::method_instance), for a method without arguments of its own.
    pub fn method_instance_sym(&mut self, base: Ty, method: ObjRef) -> Arc<str> {
        self.method_instance(base, method, Vec::new())
    }
}

/// Functions whose calls are never followed by anything.
fn is_noreturn(symbol: &str) -> bool {
    matches!(
        symbol,
        "runtime.throw" | "runtime.fatal" | "runtime.fatalthrow" | "runtime.gopanic" | "runtime.abort"
    )
}
