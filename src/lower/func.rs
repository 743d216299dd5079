//! One function: its variables, parameters and results, entry and exits.

use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::closure::{Capture, Home};
use super::cx::Cx;
use super::layout;
use super::rangefunc::{Exits, RangeBody};
use super::source::{FuncSource, Source};
use super::val::{Addr, Val};
use super::vars::{self, Facts, FuncKey, Key, TypeOf};
use crate::base::Pos;
use crate::ir::{self, Block, Builder, Call, Callee, Op, Slot, Value, Var};
use crate::syntax::ast;
use crate::target::abi;
use crate::types::{ExprId, Info, ObjRef, Signature, Subst, Ty};

/// Variables larger than this are on the heap, whoever uses them (cmd/compile/internal/ir: MaxStackVarSize).
const MAX_STACK_VAR: u64 = 128 * 1024;

/// Where a variable lives.
#[derive(Clone, Debug)]
pub enum Local {
    /// Its scalars are SSA variables.
    Ssa(Vec<Var>),
    Slot(Slot),
    /// Behind a pointer.
    Boxed(Var),
    /// Behind a pointer that is kept in the frame, for the handler.
    BoxedSlot(Slot),
}

/// The type arguments a function is lowered with.
#[derive(Default)]
pub struct TypeArgs {
    pub tparams: Vec<Ty>,
    pub targs: Vec<Ty>,
}

/// A result of the function being lowered.
#[derive(Clone, Debug)]
pub struct ResultVar {
    pub ty: Ty,
    pub key: Key,
}

/// Where `break` and `continue` lead.
#[derive(Clone, Debug)]
pub struct Target {
    pub id: u32,
    pub label: Option<ast::Name>,
    pub brk: Block,
    /// None: no loop.
    pub cont: Option<Block>,
}

/// A function being lowered.
pub struct Fx<'c, 'a> {
    pub cx: &'c mut Cx<'a>,
    pub src: &'a Source<'a>,
    pub b: Builder,
    pub args: Rc<TypeArgs>,
    pub facts: Rc<Facts>,
    pub key: FuncKey,
    pub(super) vars: FxHashMap<Key, Local>,
    pub results: Vec<ResultVar>,
    /// The register and memory places of the function's own results.
    assigned: abi::Assigned,
    overflow: Option<Local>,
    /// The closure context, in functions that ask for it.
    pub(super) context: Option<Value>,
    pub(super) handler: Option<Block>,
    pub(super) targets: Vec<Target>,
    pub(super) labels: FxHashMap<ast::Name, Block>,
    /// The label of the statement about to be lowered.
    pub(super) pending_label: Option<ast::Name>,
    /// How many loops enclose the current statement.
    pub(super) loop_depth: u32,
    /// The linker name, from which those of closures are made.
    pub name: Arc<str>,
    pub(super) is_lit: bool,
    pub(super) n_lits: u32,
    pub(super) n_ranges: u32,
    pub(super) n_thunks: u32,
    start: Pos,
    start_line: u32,
    /// This function is the body of a range over a function.
    pub(super) range: Option<RangeBody>,
    /// Shared by a real function and its range bodies.
    pub(super) exits: Exits,
    /// In a range body: the labels declared inside it.
    pub(super) own_labels: Vec<ast::Name>,
    /// Results of the functions around this one, which it may capture.
    pub(super) enclosing_results: Vec<ResultVar>,
    /// Where function literals go that are met now.
    pub(super) lit_home: Home,
    /// The blocks after a `fallthrough`.
    pub(super) fallthrough: Option<Block>,
    /// The values of calls lowered before the rest of their statement.
    pub(super) ahead: FxHashMap<ExprId, Vec<Val>>,
    /// While the arguments of a `go` or `defer` are evaluated: the pointers that `uintptr(p)` hides from the collector.
    pub(super) hidden_pointers: Option<Vec<Value>>,
    /// For the comma-ok temporaries: what a switch clause binds.
    pub(super) is_wrapper: bool,
}

struct Types<'s> {
    info: &'s Info,
    args: &'s TypeArgs,
}

impl TypeOf for Types<'_> {
    fn info(&self) -> &Info {
        self.info
    }

    fn subst(&self, ty: Ty) -> Ty {
        subst(self.args, ty)
    }
}

pub fn subst(args: &TypeArgs, ty: Ty) -> Ty {
    if args.tparams.is_empty() { ty } else { Subst::new(&args.tparams, &args.targs).ty(ty) }
}

/// How a function is declared to the builder: everything but its body.
pub struct Head {
    pub name: Arc<str>,
    pub key: FuncKey,
    /// Parameter types, the receiver first, with the objects they declare.
    pub params: Vec<(Option<ObjRef>, Ty)>,
    pub results: Vec<(Option<ObjRef>, Ty)>,
    pub start: Pos,
    pub is_lit: bool,
}

/// Lowers a declared function, or an instance of a generic one.
pub fn lower_decl<'a>(
    cx: &mut Cx<'a>,
    src: &'a Source<'a>,
    func: FuncSource<'a>,
    symbol: Arc<str>,
    args: TypeArgs,
) {
    let Some(body) = &func.decl.body else { return };
    let is_instance = !args.tparams.is_empty();
    let args = Rc::new(args);
    let facts = Rc::new(facts_of(src, vars::Root::Func(func.decl), &args));
    let (params, results) = declared(src, &args, &func.decl.sig, func.decl.recv.as_ref());
    let head = Head { name: symbol, key: None, params, results, start: func.decl.pos, is_lit: false };
    let mut fx = Fx::open(cx, src, args, facts, head, Exits::default(), &[]);
    if fx.cx.runtime && mentions_context(func.decl) {
        fx.b.func.attrs.needs_ctx = true;
        fx.context = Some(fx.b.special(Op::ClosurePtr));
    }
    fx.b.func.attrs.dup_ok = is_instance;
    // Reflection's ways into Go code hide a deferred call from recover no more than wrappers do.
    fx.b.func.attrs.wrapper = matches!(&*fx.name, "reflect.callReflect" | "reflect.callMethod");
    fx.pragmas(&func.decl.directives);
    fx.body(body);
    fx.at(body.rbrace);
    fx.close();
}

/// Functions of the runtime that read their own closure context (`sys.GetClosurePtr`).
fn mentions_context(decl: &ast::FuncDecl) -> bool {
    matches!(&*decl.name.name, "memhash_varlen" | "memequal_varlen")
}

/// The facts about a function's variables.
pub fn facts_of(src: &Source<'_>, root: vars::Root<'_>, args: &TypeArgs) -> Facts {
    vars::collect(root, &Types { info: &src.checked.info, args })
}

/// The types of a source's expressions.
pub fn types_of<'s>(src: &'s Source<'_>, args: &'s TypeArgs) -> impl TypeOf + 's {
    Types { info: &src.checked.info, args }
}

/// A list of parameters or results with the objects they declare.
pub type Declared = Vec<(Option<ObjRef>, Ty)>;

/// The parameters, receiver first, and results of a function as written, with what they declare.
pub fn declared(
    src: &Source<'_>,
    args: &TypeArgs,
    sig: &ast::FuncType,
    recv: Option<&ast::Field>,
) -> (Declared, Declared) {
    let info = &src.checked.info;
    let one = |f: &ast::Field, variadic: bool| {
        let obj = f.name.as_ref().and_then(|n| info.defs.get(n.id).copied().flatten());
        let ty = match obj {
            Some(obj) => obj.typ(),
            None => match info.implicits.get(&f.pos) {
                Some(obj) => obj.typ(),
                None => field_ty(info, &f.ty, variadic),
            },
        };
        (obj.filter(|o| o.name != "_"), subst(args, ty))
    };
    let params = recv.into_iter().map(|f| one(f, false)).chain(sig.params.iter().map(|f| one(f, true)));
    (params.collect(), sig.results.iter().map(|f| one(f, false)).collect())
}

/// The type of a parameter nobody named.
fn field_ty(info: &Info, ty: &ast::Expr, variadic: bool) -> Ty {
    match &ty.kind {
        ast::ExprKind::Ellipsis(Some(elem)) if variadic => Ty::slice(field_ty(info, elem, false)),
        ast::ExprKind::Paren(inner) if info.type_of(ty.id).is_none() => field_ty(info, inner, variadic),
        _ => info.type_of(ty.id).unwrap_or_else(|| panic!("the type {ty:?} was not recorded")),
    }
}

impl<'c, 'a> Fx<'c, 'a> {
    /// Opens a function: parameters are bound, results are zero.
    pub fn open(
        cx: &'c mut Cx<'a>,
        src: &'a Source<'a>,
        args: Rc<TypeArgs>,
        facts: Rc<Facts>,
        head: Head,
        exits: Exits,
        captures: &[Capture],
    ) -> Fx<'c, 'a> {
        let mut fx = Fx::bare(cx, src, args, facts, &head, exits);
        fx.enter(&head.params, captures);
        fx
    }

    /// As [`Fx::open`], for the body of a range over a function.
    pub fn open_range(
        cx: &'c mut Cx<'a>,
        src: &'a Source<'a>,
        args: Rc<TypeArgs>,
        facts: Rc<Facts>,
        head: Head,
        exits: Exits,
        captures: &[Capture],
        range: RangeBody,
        enclosing: Vec<ResultVar>,
    ) -> Fx<'c, 'a> {
        let mut fx = Fx::bare(cx, src, args, facts, &head, exits);
        fx.range = Some(range);
        fx.enclosing_results = enclosing;
        fx.enter(&head.params, captures);
        fx
    }

    fn bare(
        cx: &'c mut Cx<'a>,
        src: &'a Source<'a>,
        args: Rc<TypeArgs>,
        facts: Rc<Facts>,
        head: &Head,
        exits: Exits,
    ) -> Fx<'c, 'a> {
        let param_tys: Vec<Ty> = head.params.iter().map(|p| p.1).collect();
        let result_tys: Vec<Ty> = head.results.iter().map(|r| r.1).collect();
        let (sig, assigned) = signature(&param_tys, &result_tys, &head.name);
        let mut b = Builder::new(head.name.clone(), sig);
        b.func.attrs.runtime = cx.runtime;
        let meta = Cx::meta(src, head.start);
        let results = (0..head.results.len())
            .map(|i| ResultVar { ty: head.results[i].1, key: Key::Result(head.key, i as u32) })
            .collect();
        Fx {
            cx,
            src,
            b,
            args,
            facts,
            key: head.key,
            vars: FxHashMap::default(),
            results,
            assigned,
            overflow: None,
            context: None,
            handler: None,
            targets: Vec::new(),
            labels: FxHashMap::default(),
            pending_label: None,
            loop_depth: 0,
            name: head.name.clone(),
            is_lit: head.is_lit,
            n_lits: 0,
            n_ranges: 0,
            n_thunks: 0,
            start: head.start,
            start_line: meta.start_line,
            range: None,
            exits,
            own_labels: Vec::new(),
            enclosing_results: Vec::new(),
            lit_home: Home::Any,
            fallthrough: None,
            ahead: FxHashMap::default(),
            hidden_pointers: None,
            is_wrapper: false,
        }
    }

    /// `//go:…` lines of a declaration.
    fn pragmas(&mut self, directives: &[ast::Directive]) {
        let attrs = &mut self.b.func.attrs;
        for d in directives {
            match d.name.as_str() {
                "go:nosplit" => attrs.nosplit = true,
                "go:noinline" => attrs.noinline = true,
                "go:systemstack" => attrs.systemstack = true,
                "go:nowritebarrier" => attrs.nowritebarrier = true,
                "go:nowritebarrierrec" => attrs.nowritebarrierrec = true,
                "go:yeswritebarrierrec" => attrs.yeswritebarrierrec = true,
                "go:uintptrkeepalive" | "go:uintptrescapes" => attrs.uintptr_keepalive = true,
                _ => {}
            }
        }
    }

    /// Parameters and results as written.
    pub fn declared(&self, sig: &ast::FuncType, recv: Option<&ast::Field>) -> (Declared, Declared) {
        declared(self.src, &self.args, sig, recv)
    }

    /// Whether each iteration of a for loop has its own variables, by the file's language version.
    pub fn fresh_loop_vars(&self) -> bool {
        let file = self.src.checked.files.iter().find(|f| f.file == self.start.file);
        let version = file.and_then(|f| f.go_version).unwrap_or(self.cx.env.go_version);
        version >= (1, 22)
    }

    fn func_facts(&self) -> &vars::FuncFacts {
        self.facts.func(self.key)
    }

    pub fn has_handler(&self) -> bool {
        self.handler.is_some()
    }

    fn enter(&mut self, params: &[(Option<ObjRef>, Ty)], captures: &[Capture]) {
        self.bind_captures(captures);
        if self.func_facts().has_defer && self.range.is_none() {
            self.handler = Some(self.b.cold_block());
            self.b.func.handler = self.handler;
        }
        let incoming = self.b.params().to_vec();
        if self.assigned.overflow.size > 0 {
            let ptr = self.b.special(Op::OverflowPtr);
            self.b.func.attrs.overflow = true;
            let local = if self.has_handler() {
                let slot = self.b.slot(8, 8);
                let at = self.b.slot_addr(slot, 0);
                self.b.store(at, ptr, 0, ir::MemFlags::SAFE);
                Local::BoxedSlot(slot)
            } else {
                let var = self.b.var(ir::Ty::Ptr);
                self.b.set(var, ptr);
                Local::Boxed(var)
            };
            self.overflow = Some(local);
        }
        let mut next = 0;
        for (i, (obj, ty)) in params.iter().enumerate() {
            let layout = layout::of(*ty);
            let val = match self.assigned.params[i] {
                abi::Place::Nowhere => self.zero_val(*ty),
                abi::Place::Registers => {
                    let n = layout.scalars().len();
                    let parts = incoming[next..next + n].to_vec();
                    next += n;
                    match obj {
                        None => continue,
                        Some(_) => self.assemble(*ty, parts),
                    }
                }
                abi::Place::Memory { offset } => {
                    let at = self.overflow_addr().plus(offset);
                    self.load(at, *ty)
                }
            };
            if let Some(obj) = obj {
                let key = self.facts.key(*obj);
                self.declare(key, *ty, Some(&val));
            }
        }
        for i in 0..self.results.len() {
            let ResultVar { ty, key } = self.results[i].clone();
            self.declare_result(key, ty);
        }
    }

    fn overflow_addr(&mut self) -> Addr {
        let base = match self.overflow.clone() {
            Some(Local::Boxed(var)) => self.b.get(var),
            Some(Local::BoxedSlot(slot)) => {
                let at = self.b.slot_addr(slot, 0);
                self.b.load(ir::Ty::Ptr, at, 0, ir::MemFlags::SAFE)
            }
            _ => panic!("{} has no overflow area", self.name),
        };
        Addr::stack(base)
    }

    /// The closure context the function was called with.
    pub fn closure_context(&mut self) -> Value {
        self.context.unwrap_or_else(|| panic!("{}: no closure context", self.name))
    }

    // ── Types ──

    pub fn info(&self) -> &'a Info {
        &self.src.checked.info
    }

    pub fn subst(&self, ty: Ty) -> Ty {
        subst(&self.args, ty)
    }

    /// The type of an expression, with the function's type arguments put in.
    pub fn ty(&self, id: ExprId) -> Ty {
        let ty = self.info().type_of(id);
        self.subst(ty.unwrap_or_else(|| panic!("{}: expression {id:?} has no type", self.name)))
    }

    pub fn obj_ty(&self, obj: ObjRef) -> Ty {
        self.subst(obj.typ())
    }

    /// Sets the place the next instructions belong to.
    pub fn at(&mut self, pos: Pos) {
        if pos.is_none() || pos.file != self.start.file {
            return;
        }
        let (_, line, _) = self.src.checked.sources.get(pos.file).shown(pos.offset);
        self.b.set_loc(0, line as i32 - self.start_line as i32);
    }

    // ── Variables ──

    /// Declares a variable and sets it to `val`, or to zero.
    pub fn declare(&mut self, key: Key, ty: Ty, val: Option<&Val>) {
        let layout = layout::of(ty);
        if self.facts.needs_address(key, ty) || layout.size > MAX_STACK_VAR {
            let on_stack = self.cx.runtime && layout.size <= MAX_STACK_VAR;
            let (local, addr) = if on_stack {
                let slot = self.b.slot((layout.size as u32).max(1), layout.align as u32);
                (Local::Slot(slot), Addr::stack(self.b.slot_addr(slot, 0)))
            } else {
                let ptr = self.alloc(ty);
                let var = self.b.var(ir::Ty::Ptr);
                self.b.set(var, ptr);
                (Local::Boxed(var), Addr::fresh(ptr))
            };
            match val {
                Some(val) => self.store(addr, ty, val),
                None => self.zero(addr, ty),
            }
            self.vars.insert(key, local);
            return;
        }
        if layout.is_ssa() {
            let parts: Vec<Value> = match val {
                Some(val) => val.parts().to_vec(),
                None => self.zero_val(ty).parts().to_vec(),
            };
            let vars = parts.iter().map(|&p| {
                let var = self.b.var(self.b.func.ty(p));
                self.b.set(var, p);
                var
            });
            let local = Local::Ssa(vars.collect());
            self.vars.insert(key, local);
            return;
        }
        let slot = self.b.slot((layout.size as u32).max(1), layout.align as u32);
        let addr = Addr::stack(self.b.slot_addr(slot, 0));
        match val {
            Some(val) => self.store(addr, ty, val),
            None => self.zero(addr, ty),
        }
        self.vars.insert(key, Local::Slot(slot));
    }

    fn declare_result(&mut self, key: Key, ty: Ty) {
        if !self.has_handler() {
            return self.declare(key, ty, None);
        }
        let layout = layout::of(ty);
        if self.facts.needs_address(key, ty) && !self.cx.runtime {
            let ptr = self.alloc(ty);
            let slot = self.b.slot(8, 8);
            let at = self.b.slot_addr(slot, 0);
            self.b.store(at, ptr, 0, ir::MemFlags::SAFE);
            self.vars.insert(key, Local::BoxedSlot(slot));
        } else {
            let slot = self.b.slot((layout.size as u32).max(1), layout.align as u32);
            let addr = Addr::stack(self.b.slot_addr(slot, 0));
            self.zero(addr, ty);
            self.vars.insert(key, Local::Slot(slot));
        }
    }

    pub fn local(&self, key: Key) -> Local {
        self.vars.get(&key).cloned().unwrap_or_else(|| panic!("{}: {key:?} was not declared", self.name))
    }

    /// The address of a variable that is not in SSA form.
    pub fn local_addr(&mut self, local: &Local) -> Addr {
        match local {
            Local::Ssa(_) => panic!("{}: the address of an SSA variable", self.name),
            Local::Slot(slot) => Addr::stack(self.b.slot_addr(*slot, 0)),
            Local::Boxed(var) => Addr::safe(self.b.get(*var)),
            Local::BoxedSlot(slot) => {
                let at = self.b.slot_addr(*slot, 0);
                Addr::safe(self.b.load(ir::Ty::Ptr, at, 0, ir::MemFlags::SAFE))
            }
        }
    }

    pub fn read_local(&mut self, key: Key, ty: Ty) -> Val {
        match self.local(key) {
            Local::Ssa(vars) => Val::S(vars.iter().map(|&v| self.b.get(v)).collect()),
            other => {
                let a = self.local_addr(&other);
                self.load(a, ty)
            }
        }
    }

    pub fn write_local(&mut self, key: Key, ty: Ty, val: &Val) {
        match self.local(key) {
            Local::Ssa(vars) => {
                for (var, &part) in vars.into_iter().zip(val.parts()) {
                    self.b.set(var, part);
                }
            }
            other => {
                let a = self.local_addr(&other);
                self.store(a, ty, val);
            }
        }
    }

    /// A zeroed object: on the heap, unless it is found not to escape.
    pub fn alloc(&mut self, ty: Ty) -> Value {
        let layout = layout::of(ty);
        if layout.size == 0 {
            return self.b.sym_addr("runtime.zerobase", 0);
        }
        let desc = self.cx.type_sym(ty);
        self.b.alloc(&desc, layout.size, layout.align as u32, !layout.pointers)
    }

    // ── Calls of the runtime ──

    /// Calls `runtime.<name>`.
    pub fn rt(&mut self, name: &str, args: &[Value], results: &[ir::Ty]) -> Vec<Value> {
        self.rt_sym(&format!("runtime.{name}"), args, results)
    }

    pub fn rt_sym(&mut self, symbol: &str, args: &[Value], results: &[ir::Ty]) -> Vec<Value> {
        let params: Vec<ir::Ty> = args.iter().map(|&a| self.b.func.ty(a)).collect();
        let ints = params.iter().filter(|ty| ty.is_int()).count();
        assert!(ints <= abi::INT_REGS, "{symbol} takes {ints} words, which do not all fit registers");
        let mut sig = ir::Signature::go(&params, results);
        if abi::is_winch(symbol) {
            sig.conv = ir::CallConv::Winch;
        }
        self.b.call_sym(symbol, sig, args.to_vec())
    }

    pub fn rt1(&mut self, name: &str, args: &[Value], result: ir::Ty) -> Value {
        self.rt(name, args, &[result])[0]
    }

    /// The address of a type's descriptor.
    pub fn type_addr(&mut self, ty: Ty) -> Value {
        let sym = self.cx.type_sym(ty);
        self.b.sym_addr(&sym, 0)
    }

    // ── Calls ──

    /// Calls Go code. `params` are the parameters' types, the receiver first; the results come one by one.
    pub fn call(
        &mut self,
        callee: Callee,
        ctx: Option<Value>,
        params: &[Ty],
        results: &[Ty],
        args: &[Val],
    ) -> Vec<Val> {
        assert_eq!(params.len(), args.len(), "{}: arguments of a call", self.name);
        let name = match callee {
            Callee::Sym(sym) => self.b.func.syms[sym].clone(),
            Callee::Code(_) => "".into(),
        };
        let (sig, assigned) = signature(params, results, &name);
        let mut regs = Vec::new();
        let overflow = (assigned.overflow.size > 0).then(|| self.temp_bytes(assigned.overflow.size, 8));
        for (i, arg) in args.iter().enumerate() {
            match assigned.params[i] {
                abi::Place::Nowhere => {}
                abi::Place::Registers => regs.extend(self.disassemble(arg, params[i])),
                abi::Place::Memory { offset } => {
                    let area = overflow.expect("a parameter in memory makes an area");
                    self.store(area.plus(offset), params[i], arg);
                }
            }
        }
        if let Some(area) = overflow
            && assigned.results.iter().any(|p| matches!(p, abi::Place::Memory { .. }))
        {
            // The callee's own stores may be seen by the collector's barrier through reflection's frames: start from zero.
            let size = assigned.overflow.size - assigned.overflow.ret_offset;
            let at = self.addr_value(area.plus(assigned.overflow.ret_offset));
            self.b.mem_zero(at, size, 8);
        }
        let sig = self.b.sig(sig);
        let area = overflow.map(|a| a.base);
        let out = self.b.call(Call { callee, sig, args: regs, ctx, overflow: area });
        let mut next = 0;
        results
            .iter()
            .enumerate()
            .map(|(i, &ty)| match assigned.results[i] {
                abi::Place::Nowhere => self.zero_val(ty),
                abi::Place::Registers => {
                    let n = layout::of(ty).scalars().len();
                    let parts = out[next..next + n].to_vec();
                    next += n;
                    self.assemble(ty, parts)
                }
                abi::Place::Memory { offset } => {
                    let area = overflow.expect("a result in memory makes an area");
                    self.load(area.plus(offset), ty)
                }
            })
            .collect()
    }

    pub fn call_symbol(&mut self, symbol: &str, params: &[Ty], results: &[Ty], args: &[Val]) -> Vec<Val> {
        let callee = Callee::Sym(self.b.sym(symbol));
        self.call(callee, None, params, results, args)
    }

    /// Calls a func value.
    pub fn call_funcval(&mut self, f: Value, params: &[Ty], results: &[Ty], args: &[Val]) -> Vec<Val> {
        let code = self.load_scalar(ir::Ty::Ptr, Addr::deref(f), 0);
        self.call(Callee::Code(code), Some(f), params, results, args)
    }

    // ── Exits ──

    /// Returns what the result variables hold, deferred calls first.
    pub fn leave(&mut self) {
        if self.has_handler() {
            self.rt("deferreturn", &[], &[]);
        }
        self.return_results();
    }

    fn return_results(&mut self) {
        let mut vals = Vec::new();
        for r in self.results.clone() {
            let val = self.read_local(r.key, r.ty);
            vals.push(val);
        }
        self.return_values(&vals);
    }

    /// Returns these values, one per result.
    pub fn return_values(&mut self, vals: &[Val]) {
        let mut regs = Vec::new();
        for (i, val) in vals.iter().enumerate() {
            let ty = self.results[i].ty;
            match self.assigned.results[i] {
                abi::Place::Nowhere => {}
                abi::Place::Registers => regs.extend(self.disassemble(val, ty)),
                abi::Place::Memory { offset } => {
                    let at = self.overflow_addr().plus(offset);
                    self.store(at, ty, val);
                }
            }
        }
        self.b.ret(regs);
    }

    /// Ends the function: falls off its end, fills the handler, hands it over.
    pub fn close(mut self) {
        if self.b.reachable() {
            self.leave();
        }
        let mut labels: Vec<Block> = self.labels.values().copied().collect();
        labels.sort();
        for block in labels {
            self.b.seal(block);
        }
        if let Some(handler) = self.handler {
            self.b.start(handler);
            self.rt("deferreturn", &[], &[]);
            self.return_results();
        }
        let mut meta = Cx::meta(self.src, self.start);
        if self.is_wrapper {
            self.b.func.attrs.wrapper = true;
            meta.start_line = meta.start_line.max(1);
        }
        let func = self.b.finish();
        self.cx.add_func(func, meta);
    }

    /// A temporary's address is needed later: kept in a variable, since blocks may come between.
    pub fn keep(&mut self, v: Value) -> Var {
        let var = self.b.var(self.b.func.ty(v));
        self.b.set(var, v);
        var
    }
}

/// The IR signature of a Go function type, with the places of its values.
pub fn signature(params: &[Ty], results: &[Ty], symbol: &str) -> (ir::Signature, abi::Assigned) {
    let shapes = |tys: &[Ty]| -> Vec<abi::Shape> { tys.iter().map(|&ty| layout::of(ty).shape()).collect() };
    let assigned = abi::assign(&shapes(params), &shapes(results), layout::WORD);
    let leaves = |tys: &[Ty], places: &[abi::Place]| -> Vec<ir::Ty> {
        let in_regs = tys.iter().zip(places).filter(|(_, p)| **p == abi::Place::Registers);
        in_regs
            .flat_map(|(&ty, _)| layout::of(ty).scalars().iter().map(|l| l.ty).collect::<Vec<_>>())
            .collect()
    };
    let mut sig = ir::Signature::go(&leaves(params, &assigned.params), &leaves(results, &assigned.results));
    if abi::is_winch(symbol) {
        sig.conv = ir::CallConv::Winch;
    }
    (sig, assigned)
}

/// Parameter and result types of a signature, without receiver.
pub fn sig_types(sig: &Signature) -> (Vec<Ty>, Vec<Ty>) {
    (sig.params.iter().map(|p| p.typ()).collect(), sig.results.iter().map(|r| r.typ()).collect())
}
