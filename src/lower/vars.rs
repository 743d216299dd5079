//! What a function does with its variables, found before it is lowered: which ones need an address, which ones function
//! literals capture and how.
//!
//! One pass over a declared function covers the literals inside it. The body of a range over a function counts as a
//! literal: it becomes one.
//!
//! # What holds
//! - A variable is captured by value if it is never assigned after its declaration, its address is never taken and it is
//!   no larger than [`MAX_BY_VALUE`]; otherwise by reference, and then lives in memory.

use rustc_hash::{FxHashMap, FxHashSet};

use super::layout;
use crate::base::Pos;
use crate::syntax::ast::{self, ExprKind, StmtKind};
use crate::types::{self, ExprId, Kind, Mode, ObjRef, SelectionKind, Ty, VarKind};

/// As in gc's escape analysis.
const MAX_BY_VALUE: u64 = 128;

/// A function of the source: the declared one, or a literal or range body by its expression.
pub type FuncKey = Option<ExprId>;

/// The key of a range over a function's body: that of what is ranged over, which may itself be a literal, with a bit set.
pub fn body_key(r: &ast::RangeStmt) -> ExprId {
    ExprId { index: r.x.id.index | 1 << 31, ..r.x.id }
}

/// A variable of a function.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Key {
    Obj(ObjRef),
    /// A result of the function.
    Result(FuncKey, u32),
    /// Of a range over a function: the state of its loop, by the body's key.
    State(ExprId),
    /// Where to go after a range over a function: one for each real function.
    Next(FuncKey),
    /// The token of `deferrangefunc`: one for each real function.
    Defers(FuncKey),
}

/// A function's own facts.
#[derive(Clone, Default, Debug)]
pub struct FuncFacts {
    /// Variables of enclosing functions it mentions, in order of first mention.
    pub captures: Vec<Key>,
    /// Holds a defer statement of its own (for range bodies: counted at the real function too).
    pub has_defer: bool,
    /// A range over a function inside it defers, so that the token is needed.
    pub range_defer: bool,
    /// Holds a range over a function whose body returns or branches out.
    pub has_range_func: bool,
    /// Has labels that a goto names: any code may run again.
    pub has_goto: bool,
}

/// The facts of a declared function and of all literals in it.
#[derive(Default, Debug)]
pub struct Facts {
    pub funcs: FxHashMap<FuncKey, FuncFacts>,
    addr_taken: FxHashSet<Key>,
    assigned: FxHashSet<Key>,
    captured: FxHashSet<Key>,
    /// Named results are variables too.
    results: FxHashMap<ObjRef, Key>,
}

impl Facts {
    pub fn key(&self, obj: ObjRef) -> Key {
        self.results.get(&obj).copied().unwrap_or(Key::Obj(obj))
    }

    /// Whether closures hold the variable's address.
    pub fn by_ref(&self, key: Key, ty: Ty) -> bool {
        match key {
            Key::Defers(_) => false,
            Key::State(_) | Key::Next(_) => true,
            Key::Result(..) => self.captured.contains(&key),
            Key::Obj(_) => {
                self.captured.contains(&key)
                    && (self.assigned.contains(&key)
                        || self.addr_taken.contains(&key)
                        || layout::size(ty) > MAX_BY_VALUE)
            }
        }
    }

    /// Whether the variable needs an address that outlives one expression.
    pub fn needs_address(&self, key: Key, ty: Ty) -> bool {
        self.addr_taken.contains(&key) || self.by_ref(key, ty)
    }

    pub fn func(&self, key: FuncKey) -> &FuncFacts {
        &self.funcs[&key]
    }
}

/// The way types are read: with a generic function's arguments put in.
pub trait TypeOf {
    fn info(&self) -> &types::Info;
    fn subst(&self, ty: Ty) -> Ty;
}

/// The facts about several expressions outside functions, as one function's.
pub fn collect_all<'e>(list: impl Iterator<Item = &'e ast::Expr>, types: &dyn TypeOf) -> Facts {
    let mut w = Walker { types, facts: Facts::default(), home: FxHashMap::default(), frames: Vec::new() };
    w.push(None, None);
    list.for_each(|e| w.expr(e));
    w.facts
}

/// What to look at.
pub enum Root<'a> {
    Func(&'a ast::FuncDecl),
    /// A function literal outside functions.
    Lit(&'a ast::Expr),
}

/// Collects the facts of a declared function, or of a package variable's initial value.
pub fn collect(root: Root<'_>, types: &dyn TypeOf) -> Facts {
    let mut w = Walker { types, facts: Facts::default(), home: FxHashMap::default(), frames: Vec::new() };
    w.push(None, None);
    match root {
        Root::Func(decl) => {
            if let Some(recv) = &decl.recv {
                w.declare_field(recv);
            }
            w.signature(None, &decl.sig);
            if let Some(body) = &decl.body {
                w.block(body);
            }
        }
        Root::Lit(e) => w.expr(e),
    }
    w.facts
}

struct Frame {
    key: FuncKey,
    /// For range bodies: the function whose results, defers and branches they use.
    real: FuncKey,
}

struct Walker<'t> {
    types: &'t dyn TypeOf,
    facts: Facts,
    /// Which frame declares a variable, as an index into `frames`.
    home: FxHashMap<Key, usize>,
    frames: Vec<Frame>,
}

impl Walker<'_> {
    fn push(&mut self, key: FuncKey, real: Option<FuncKey>) {
        self.facts.funcs.insert(key, FuncFacts::default());
        self.frames.push(Frame { key, real: real.unwrap_or(key) });
    }

    fn top(&mut self) -> &mut FuncFacts {
        let key = self.frames.last().expect("a frame is open").key;
        self.facts.funcs.get_mut(&key).expect("every frame has facts")
    }

    fn real(&self) -> FuncKey {
        self.frames.last().expect("a frame is open").real
    }

    fn facts_of(&mut self, key: FuncKey) -> &mut FuncFacts {
        self.facts.funcs.get_mut(&key).expect("every frame has facts")
    }

    fn info(&self) -> &types::Info {
        self.types.info()
    }

    fn ty(&self, e: &ast::Expr) -> Option<Ty> {
        self.info().types.get(e.id).map(|tv| self.types.subst(tv.ty))
    }

    // ── Declarations ──

    fn declare_key(&mut self, key: Key) {
        self.home.insert(key, self.frames.len() - 1);
    }

    fn declare(&mut self, ident: &ast::Ident) {
        self.declare_id(ident.id);
    }

    fn declare_id(&mut self, id: ExprId) {
        if let Some(Some(obj)) = self.info().defs.get(id).copied()
            && obj.is_var()
        {
            self.declare_key(Key::Obj(obj));
        }
    }

    fn declare_field(&mut self, field: &ast::Field) {
        if let Some(name) = &field.name {
            self.declare(name);
        }
    }

    fn signature(&mut self, key: FuncKey, sig: &ast::FuncType) {
        for p in &sig.params {
            self.declare_field(p);
        }
        for (i, r) in sig.results.iter().enumerate() {
            let result = Key::Result(key, i as u32);
            self.declare_key(result);
            if let Some(name) = &r.name
                && let Some(Some(obj)) = self.info().defs.get(name.id).copied()
            {
                self.facts.results.insert(obj, result);
            }
        }
    }

    // ── Uses ──

    fn mention(&mut self, key: Key) {
        let here = self.frames.len() - 1;
        let Some(&home) = self.home.get(&key) else { return };
        if home == here {
            return;
        }
        self.facts.captured.insert(key);
        for i in home + 1..=here {
            let frame = self.frames[i].key;
            let captures = &mut self.facts_of(frame).captures;
            if !captures.contains(&key) {
                captures.push(key);
            }
        }
    }

    /// The variable an identifier mentions, unless it is a package's.
    fn var_of(&self, e: &ast::Expr) -> Option<Key> {
        let ExprKind::Name(_) = &e.kind else { return None };
        let obj = self.info().object_of(e.id)?;
        match obj.var_kind()? {
            VarKind::Package | VarKind::Field => None,
            _ => Some(self.facts.key(obj)),
        }
    }

    /// The variable whose memory an addressable expression is part of.
    fn base_var(&self, e: &ast::Expr) -> Option<Key> {
        match &e.kind {
            ExprKind::Paren(x) => self.base_var(x),
            ExprKind::Name(_) => self.var_of(e),
            ExprKind::Selector(x, _) => {
                let sel = self.info().selections.get(e.id)?;
                let recv = self.types.subst(sel.recv);
                let through_pointer = matches!(recv.under(), Kind::Pointer(_));
                if through_pointer { None } else { self.base_var(x) }
            }
            ExprKind::Index(x, _) => match self.ty(x)?.under() {
                Kind::Array(_) => self.base_var(x),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether the receiver of a method found by `index` is reached through a pointer.
    fn through_pointer(&self, x: &ast::Expr, index: &[u32]) -> bool {
        let Some(mut ty) = self.ty(x) else { return false };
        for &i in index.split_last().map_or(&[][..], |(_, path)| path) {
            let Kind::Struct(s) = ty.under() else { return matches!(ty.under(), Kind::Pointer(_)) };
            let Some(field) = s.fields.get(i as usize) else { return false };
            ty = field.typ();
        }
        matches!(ty.under(), Kind::Pointer(_))
    }

    fn take_address(&mut self, e: &ast::Expr) {
        if let Some(key) = self.base_var(e) {
            self.facts.addr_taken.insert(key);
        }
    }

    fn assign(&mut self, e: &ast::Expr) {
        if let Some(key) = self.base_var(e) {
            self.facts.assigned.insert(key);
        }
        self.expr(e);
    }

    // ── Expressions ──

    fn exprs(&mut self, list: &[ast::Expr]) {
        list.iter().for_each(|e| self.expr(e));
    }

    fn expr(&mut self, e: &ast::Expr) {
        if let Some(tv) = self.info().types.get(e.id)
            && (tv.value.is_some() || tv.mode == Mode::TypeExpr)
        {
            return;
        }
        match &e.kind {
            ExprKind::Name(_) => {
                if let Some(key) = self.var_of(e) {
                    self.mention(key);
                }
            }
            ExprKind::Paren(x) | ExprKind::Star(x) => self.expr(x),
            ExprKind::Selector(x, _) => {
                let Some(sel) = self.info().selections.get(e.id).cloned() else {
                    return; // a qualified identifier
                };
                if sel.kind == SelectionKind::Method
                    && sel.obj.ptr_recv()
                    && !self.through_pointer(x, &sel.index)
                {
                    self.take_address(x);
                }
                if sel.kind != SelectionKind::MethodExpr {
                    self.expr(x);
                }
            }
            ExprKind::Index(x, indices) => {
                self.expr(x);
                self.exprs(indices);
            }
            ExprKind::Slice(s) => {
                if self.ty(&s.x).is_some_and(|t| matches!(t.under(), Kind::Array(_))) {
                    self.take_address(&s.x);
                }
                self.expr(&s.x);
                s.index.iter().flatten().for_each(|i| self.expr(i));
            }
            ExprKind::TypeAssert(x, _) => self.expr(x),
            ExprKind::Call(call) => {
                self.expr(&call.fun);
                self.exprs(&call.args);
            }
            ExprKind::Unary(op, x) => {
                if *op == ast::UnaryOp::Addr {
                    self.take_address(x);
                }
                self.expr(x);
            }
            ExprKind::Binary(_, x, y) => {
                self.expr(x);
                self.expr(y);
            }
            ExprKind::CompositeLit(lit) => {
                let is_struct = self.ty(e).is_some_and(|t| match t.under() {
                    Kind::Pointer(elem) => matches!(elem.under(), Kind::Struct(_)),
                    under => matches!(under, Kind::Struct(_)),
                });
                for elem in &lit.elems {
                    match &elem.kind {
                        ExprKind::KeyValue(k, v) => {
                            if !is_struct {
                                self.expr(k);
                            }
                            self.expr(v);
                        }
                        _ => self.expr(elem),
                    }
                }
            }
            ExprKind::KeyValue(k, v) => {
                self.expr(k);
                self.expr(v);
            }
            ExprKind::FuncLit(lit) => {
                self.push(Some(e.id), None);
                self.signature(Some(e.id), &lit.sig);
                self.block(&lit.body);
                self.frames.pop();
            }
            ExprKind::Lit(_)
            | ExprKind::Bad
            | ExprKind::Ellipsis(_)
            | ExprKind::ArrayType(..)
            | ExprKind::SliceType(_)
            | ExprKind::StructType(_)
            | ExprKind::FuncType(_)
            | ExprKind::InterfaceType(_)
            | ExprKind::MapType(..)
            | ExprKind::ChanType(..) => {}
        }
    }

    // ── Statements ──

    fn block(&mut self, block: &ast::Block) {
        self.stmts(&block.stmts);
    }

    fn stmts(&mut self, list: &[ast::Stmt]) {
        list.iter().for_each(|s| self.stmt(s));
    }

    fn opt(&mut self, s: &Option<ast::Stmt>) {
        if let Some(s) = s {
            self.stmt(s);
        }
    }

    fn stmt(&mut self, s: &ast::Stmt) {
        match &s.kind {
            StmtKind::Empty | StmtKind::Bad => {}
            StmtKind::Labeled(_, s) => self.stmt(s),
            StmtKind::Expr(e) => self.expr(e),
            StmtKind::Send(c, v) => {
                self.expr(c);
                self.expr(v);
            }
            StmtKind::IncDec(x, _) => self.assign(x),
            StmtKind::Assign(a) => {
                self.exprs(&a.rhs);
                for x in &a.lhs {
                    if a.op == ast::AssignOp::Define && matches!(self.info().defs.get(x.id), Some(Some(_))) {
                        self.declare_id(x.id);
                    } else {
                        self.assign(x);
                    }
                }
            }
            StmtKind::Go(e) => self.expr(e),
            StmtKind::Defer(e) => {
                self.expr(e);
                self.top().has_defer = true;
                let real = self.real();
                if self.frames.last().is_some_and(|f| f.key != f.real) {
                    self.facts_of(real).has_defer = true;
                    self.facts_of(real).range_defer = true;
                    self.mention(Key::Defers(real));
                }
            }
            StmtKind::Return(values) => {
                self.exprs(values);
                let (key, real) = (self.frames.last().expect("a frame is open").key, self.real());
                if key != real {
                    let n = self.home.keys().filter(|k| matches!(k, Key::Result(f, _) if *f == real)).count();
                    for i in 0..n {
                        let result = Key::Result(real, i as u32);
                        self.facts.assigned.insert(result);
                        self.mention(result);
                    }
                    self.mention(Key::Next(real));
                }
            }
            StmtKind::Branch(kind, label) => {
                if *kind == ast::BranchKind::Goto {
                    self.top().has_goto = true;
                    let real = self.real();
                    self.facts_of(real).has_goto = true;
                }
                if label.is_some() {
                    self.mention(Key::Next(self.real()));
                }
            }
            StmtKind::Block(b) => self.block(b),
            StmtKind::If(i) => {
                self.opt(&i.init);
                self.expr(&i.cond);
                self.block(&i.then);
                self.opt(&i.els);
            }
            StmtKind::Switch(s) => {
                self.opt(&s.init);
                s.tag.iter().for_each(|e| self.expr(e));
                for c in &s.clauses {
                    self.exprs(&c.exprs);
                    self.stmts(&c.body);
                }
            }
            StmtKind::TypeSwitch(s) => {
                self.opt(&s.init);
                self.expr(&s.x);
                for c in &s.clauses {
                    self.declare_implicit(c.pos);
                    self.stmts(&c.body);
                }
            }
            StmtKind::Select(s) => {
                for c in &s.clauses {
                    self.opt(&c.comm);
                    self.stmts(&c.body);
                }
            }
            StmtKind::For(f) => {
                self.opt(&f.init);
                f.cond.iter().for_each(|e| self.expr(e));
                self.opt(&f.post);
                self.block(&f.body);
            }
            StmtKind::Range(r) => self.range(r),
            StmtKind::Decl(decls) => {
                for d in decls {
                    if let ast::Decl::Var(v) = d {
                        self.exprs(&v.values);
                        v.names.iter().for_each(|n| self.declare(n));
                    }
                }
            }
        }
    }

    fn declare_implicit(&mut self, pos: Pos) {
        if let Some(&obj) = self.info().implicits.get(&pos) {
            self.declare_key(Key::Obj(obj));
        }
    }

    fn range(&mut self, r: &ast::RangeStmt) {
        self.expr(&r.x);
        let over_func = self.ty(&r.x).is_some_and(|t| matches!(t.under(), Kind::Signature(_)));
        if over_func {
            let real = self.real();
            self.facts_of(real).has_range_func = true;
            if !self.home.contains_key(&Key::Next(real)) {
                // Declared by the real function, whichever frame we are in now.
                let at = self.frames.iter().position(|f| f.key == real).expect("the real function is open");
                self.home.insert(Key::Next(real), at);
                self.home.insert(Key::Defers(real), at);
            }
            self.declare_key(Key::State(body_key(r)));
            self.push(Some(body_key(r)), Some(real));
            self.mention(Key::State(body_key(r)));
            self.mention(Key::Next(real));
        }
        for x in r.key.iter().chain(&r.value) {
            if r.define {
                self.declare_id(x.id);
            } else {
                self.assign(x);
            }
        }
        self.block(&r.body);
        if over_func {
            self.frames.pop();
        }
    }
}
