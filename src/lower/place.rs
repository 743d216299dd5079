//! What can be assigned to, and assignments.

use super::closure::Home;
use super::expr::Operand;
use super::func::{Fx, Local};
use super::val::{Addr, TyExt, Val};
use crate::base::Pos;
use crate::ir::{self, BoundsKind, Value, Var};
use crate::syntax::ast::{self, AssignOp, ExprKind};
use crate::types::{Kind, SelectionKind, Ty};

/// The left side of an assignment, its operands evaluated, its checks still to be made.
#[derive(Clone, Debug)]
pub enum Place {
    Blank,
    /// Scalars of a variable in SSA form.
    Vars(Vec<Var>),
    Mem(Addr),
    /// An element whose index is checked when it is stored to, since the right side's panics come first.
    Elem {
        base: Addr,
        len: Value,
        index: Value,
        elem: Ty,
        unsigned: bool,
    },
    MapElem {
        map_ty: Ty,
        map: Value,
        key: Val,
    },
}

impl<'a> Fx<'_, 'a> {
    pub fn place(&mut self, e: &'a ast::Expr) -> Place {
        let e = e.unparen();
        match &e.kind {
            ExprKind::Name(name) if &**name == "_" => Place::Blank,
            ExprKind::Name(_) | ExprKind::Selector(..) => {
                if let Some(place) = self.ssa_place(e) {
                    return place;
                }
                Place::Mem(self.lvalue_addr(e))
            }
            ExprKind::Index(x, index) => {
                let xt = self.ty(x.id);
                match xt.under() {
                    Kind::Map(m) => {
                        let map = self.scalar(x);
                        let key = self.expr_as(&index[0], m.key);
                        let key = self.own(key, m.key);
                        Place::MapElem { map_ty: xt, map, key }
                    }
                    Kind::Slice(elem) => {
                        let s = self.expr(x);
                        let i = self.index_value(&index[0]);
                        Place::Elem {
                            base: Addr::safe(s.parts()[0]),
                            len: s.parts()[1],
                            index: i,
                            elem: *elem,
                            unsigned: self.is_unsigned_index(&index[0]),
                        }
                    }
                    Kind::Array(a) => {
                        if let Some(place @ Place::Vars(_)) = self.ssa_place(x) {
                            let i = self.index_value(&index[0]);
                            self.at(e.pos);
                            let len = self.b.i64(a.len());
                            self.b.bounds_check(BoundsKind::Index, i, len, self.is_unsigned_index(&index[0]));
                            return place;
                        }
                        Place::Mem(self.lvalue_addr(e))
                    }
                    _ => Place::Mem(self.lvalue_addr(e)),
                }
            }
            _ => Place::Mem(self.lvalue_addr(e)),
        }
    }

    /// The scalars an expression names, if it is a variable in SSA form or a part of one.
    fn ssa_place(&mut self, e: &'a ast::Expr) -> Option<Place> {
        let e = e.unparen();
        match &e.kind {
            ExprKind::Name(_) => {
                let obj = self.info().object_of(e.id)?;
                match obj.var_kind()? {
                    crate::types::VarKind::Package | crate::types::VarKind::Field => None,
                    _ => match self.local(self.facts.key(obj)) {
                        Local::Ssa(vars) => Some(Place::Vars(vars)),
                        _ => None,
                    },
                }
            }
            ExprKind::Selector(x, _) => {
                let s = self.selection(e)?;
                if s.kind != SelectionKind::Field {
                    return None;
                }
                let mut ty = self.ty(x.id);
                if matches!(ty.under(), Kind::Pointer(_)) {
                    return None;
                }
                let Place::Vars(mut vars) = self.ssa_place(x)? else { return None };
                for (n, &i) in s.index.iter().enumerate() {
                    if let Kind::Pointer(elem) = ty.under() {
                        let p = self.b.get(vars[0]);
                        let at = Operand::P(Addr::deref(p));
                        return match self.walk(at, *elem, &s.index[n..]).0 {
                            Operand::P(a) => Some(Place::Mem(a)),
                            other => panic!("{}: {other:?} behind a pointer", self.name),
                        };
                    }
                    let (start, len) = self.field_range(ty, i as usize);
                    vars = vars[start..start + len].to_vec();
                    ty = ty.under_struct().fields[i as usize].typ();
                }
                Some(Place::Vars(vars))
            }
            ExprKind::Index(x, index) => {
                let Kind::Array(a) = self.ty(x.id).under() else { return None };
                let Place::Vars(vars) = self.ssa_place(x)? else { return None };
                let i = self.index_value(&index[0]);
                self.at(e.pos);
                let len = self.b.i64(a.len());
                self.b.bounds_check(BoundsKind::Index, i, len, self.is_unsigned_index(&index[0]));
                if a.len() == 0 {
                    // Never reached, but what follows wants something to name.
                    return Some(match self.zero_val(a.elem) {
                        Val::S(parts) => Place::Vars(parts.into_iter().map(|part| self.keep(part)).collect()),
                        Val::M(at) => Place::Mem(at),
                    });
                }
                Some(Place::Vars(vars))
            }
            _ => None,
        }
    }

    pub fn write(&mut self, place: &Place, ty: Ty, val: &Val) {
        match place {
            Place::Blank => {}
            Place::Vars(vars) => {
                for (&var, &part) in vars.iter().zip(val.parts()) {
                    self.b.set(var, part);
                }
            }
            Place::Mem(a) => self.store(*a, ty, val),
            Place::Elem { .. } => {
                let a = self.elem_place(place);
                self.store(a, ty, val);
            }
            Place::MapElem { map_ty, map, key } => {
                let a = self.map_assign(*map_ty, *map, key);
                self.store(a, ty, val);
            }
        }
    }

    fn elem_place(&mut self, place: &Place) -> Addr {
        let Place::Elem { base, len, index, elem, unsigned } = place else {
            panic!("{place:?} is no element")
        };
        self.b.bounds_check(BoundsKind::Index, *index, *len, *unsigned);
        self.elem_addr(*base, *elem, *index)
    }

    fn read_place(&mut self, place: &Place, ty: Ty) -> Val {
        match place {
            Place::Blank => panic!("{}: the blank identifier has no value", self.name),
            Place::Vars(vars) => Val::S(vars.iter().map(|&v| self.b.get(v)).collect()),
            Place::Mem(a) => self.load(*a, ty),
            Place::Elem { .. } => {
                let a = self.elem_place(place);
                self.load(a, ty)
            }
            Place::MapElem { map_ty, map, key } => {
                let a = self.map_access(*map_ty, *map, key, false).0;
                self.load(a, ty)
            }
        }
    }

    // ── Assignments ──

    pub fn assign_stmt(&mut self, pos: Pos, a: &'a ast::AssignStmt) {
        match a.op {
            AssignOp::Op(op) => self.op_assign(pos, op, &a.lhs[0], &a.rhs[0]),
            AssignOp::Plain | AssignOp::Define => {
                let define = a.op == AssignOp::Define;
                match (&a.lhs[..], &a.rhs[..]) {
                    ([x], [y]) => self.assign_one(x, y, define),
                    (lhs, [y]) => self.assign_from_one(lhs, y, define),
                    (lhs, rhs) => self.assign_all(lhs, rhs, define),
                }
            }
        }
    }

    /// Whether a left side declares a new variable.
    fn declares(&self, x: &ast::Expr, define: bool) -> bool {
        define && matches!(self.info().defs.get(x.id), Some(Some(_)))
    }

    fn is_blank(&self, x: &ast::Expr) -> bool {
        matches!(&x.unparen().kind, ExprKind::Name(n) if &**n == "_")
    }

    /// The type a left side takes; for `_` that of the value.
    fn lhs_ty(&self, x: &ast::Expr, value: Ty) -> Ty {
        if self.is_blank(x) {
            return match value.basic_kind() {
                Some(kind) if kind.is_untyped() => default_of(value),
                _ => value,
            };
        }
        match self.info().defs.get(x.id) {
            Some(Some(obj)) => self.obj_ty(*obj),
            _ => self.ty(x.id),
        }
    }

    pub fn declare_obj(&mut self, x: &ast::Expr, ty: Ty, val: Option<&Val>) {
        let obj = self.info().defs.get(x.id).copied().flatten();
        let obj = obj.unwrap_or_else(|| panic!("{}: {x:?} declares nothing", self.name));
        let key = self.facts.key(obj);
        self.declare(key, ty, val);
    }

    fn assign_one(&mut self, x: &'a ast::Expr, y: &'a ast::Expr, define: bool) {
        if self.is_blank(x) {
            return self.discard(y);
        }
        if self.declares(x, define) {
            let ty = self.lhs_ty(x, Ty::INVALID);
            let val = self.expr_as(y, ty);
            return self.declare_obj(x, ty, Some(&val));
        }
        let place = self.place(x);
        let ty = self.ty(x.id);
        // A method value that is kept in memory outlives the frame, in the runtime as well.
        let is_kept = matches!(y.kind, ExprKind::Selector(..)) && !matches!(x.kind, ExprKind::Name(_));
        let home = if is_kept { Home::Heap } else { self.lit_home };
        let before = std::mem::replace(&mut self.lit_home, home);
        let val = self.expr_as(y, ty);
        self.lit_home = before;
        self.at(x.pos);
        match (&place, self.shortens(x, y)) {
            // Neither pointer nor capacity changes: without the barrier, which the runtime counts on.
            (Place::Mem(a), true) => self.store_scalar(*a, 8, val.parts()[1], false),
            _ => self.write(&place, ty, &val),
        }
    }

    /// Whether `x = y` is `x = x[:n]` of a slice.
    fn shortens(&self, x: &'a ast::Expr, y: &'a ast::Expr) -> bool {
        let ExprKind::Slice(s) = &y.unparen().kind else { return false };
        s.index[0].is_none()
            && s.index[2].is_none()
            && matches!(self.ty(x.id).under(), Kind::Slice(_))
            && self.is_same_place(x, &s.x)
    }

    /// Whether two expressions without calls name one variable or a field of it.
    fn is_same_place(&self, x: &'a ast::Expr, y: &'a ast::Expr) -> bool {
        let (x, y) = (x.unparen(), y.unparen());
        match (&x.kind, &y.kind) {
            (ExprKind::Name(_), ExprKind::Name(_)) => {
                let (a, b) = (self.info().object_of(x.id), self.info().object_of(y.id));
                a.is_some() && a == b
            }
            (ExprKind::Selector(a, _), ExprKind::Selector(b, _)) => {
                let path = |e: &'a ast::Expr| self.info().selections.get(e.id);
                let same = |a: &[u32], b: &[u32]| a == b;
                match (path(x), path(y)) {
                    (Some(p), Some(q)) => {
                        p.kind == SelectionKind::Field
                            && q.kind == SelectionKind::Field
                            && same(&p.index, &q.index)
                            && self.is_same_place(a, b)
                    }
                    _ => false,
                }
            }
            (ExprKind::Star(a), ExprKind::Star(b)) => self.is_same_place(a, b),
            _ => false,
        }
    }

    /// Evaluates an expression for its effects, which include the faults of loading it.
    pub fn discard(&mut self, e: &'a ast::Expr) {
        if self.const_of(e).is_some() || self.is_nil(e) || self.is_type(e) {
            return;
        }
        if let Some(tv) = self.info().types.get(e.id)
            && matches!(tv.ty.kind(), Kind::Tuple(_))
            && matches!(e.unparen().kind, ExprKind::Call(_))
        {
            self.call_expr(e);
            return;
        }
        match self.operand(e) {
            Operand::V(_) => {}
            Operand::P(a) => {
                self.checked(a);
            }
        }
    }

    fn assign_all(&mut self, lhs: &'a [ast::Expr], rhs: &'a [ast::Expr], define: bool) {
        let places: Vec<Option<Place>> =
            lhs.iter().map(|x| if self.declares(x, define) { None } else { Some(self.place(x)) }).collect();
        let mut vals = Vec::new();
        for (x, y) in lhs.iter().zip(rhs) {
            if self.is_blank(x) && (self.is_nil(y) || self.is_type(y)) {
                vals.push((Val::S(Vec::new()), Ty::UNTYPED_NIL));
                continue;
            }
            let from = self.ty(y.id);
            let ty = self.lhs_ty(x, from);
            let val = self.expr_as(y, ty);
            vals.push((self.own(val, ty), ty));
        }
        for ((x, place), (val, ty)) in lhs.iter().zip(places).zip(vals) {
            match place {
                Some(place) => {
                    self.at(x.pos);
                    self.write(&place, ty, &val);
                }
                None => self.declare_obj(x, ty, Some(&val)),
            }
        }
    }

    /// Several left sides, one call or comma-ok expression.
    fn assign_from_one(&mut self, lhs: &'a [ast::Expr], y: &'a ast::Expr, define: bool) {
        let places: Vec<Option<Place>> =
            lhs.iter().map(|x| if self.declares(x, define) { None } else { Some(self.place(x)) }).collect();
        let vals = self.multi(y);
        for ((x, place), (val, from)) in lhs.iter().zip(places).zip(vals) {
            let to = self.lhs_ty(x, from);
            let val = self.assignable(val, from, to);
            match place {
                Some(place) => {
                    self.at(x.pos);
                    self.write(&place, to, &val);
                }
                None => self.declare_obj(x, to, Some(&val)),
            }
        }
    }

    /// The values of an expression with several: a call, or `v, ok`.
    pub fn multi(&mut self, e: &'a ast::Expr) -> Vec<(Val, Ty)> {
        let e = e.unparen();
        let tys: Vec<Ty> = match self.ty(e.id).kind() {
            Kind::Tuple(t) => t.vars.iter().map(|v| self.obj_ty(*v)).collect(),
            // The table says what one value would be: the other is the bool.
            _ => vec![self.ty(e.id), Ty::BOOL],
        };
        let vals = match &e.kind {
            ExprKind::Call(_) => {
                let vals = self.call_expr(e);
                let own: Vec<Val> = vals.into_iter().zip(&tys).map(|(v, &ty)| self.own(v, ty)).collect();
                own
            }
            ExprKind::TypeAssert(x, _) => {
                let (val, ok) = self.type_assert(x, tys[0], true);
                vec![val, Val::one(ok)]
            }
            ExprKind::Unary(ast::UnaryOp::Recv, x) => {
                let (val, ok) = self.receive(x, true);
                vec![val, Val::one(ok)]
            }
            ExprKind::Index(x, index) => {
                let xt = self.ty(x.id);
                let Kind::Map(m) = xt.under() else { panic!("{}: v, ok of {e:?}", self.name) };
                let map = self.scalar(x);
                let key = self.expr_as(&index[0], m.key);
                self.at(e.pos);
                let (a, ok) = self.map_access(xt, map, &key, true);
                let val = self.load(a, tys[0]);
                vec![self.own(val, tys[0]), Val::one(ok.expect("asked for"))]
            }
            other => panic!("{}: two values of {other:?}", self.name),
        };
        vals.into_iter().zip(tys).collect()
    }

    fn op_assign(&mut self, pos: Pos, op: ast::BinaryOp, x: &'a ast::Expr, y: &'a ast::Expr) {
        let place = self.place(x);
        let ty = self.ty(x.id);
        self.at(pos);
        // An element's index is checked once: from here on it is plain memory.
        let place = match &place {
            Place::Elem { .. } => Place::Mem(self.elem_place(&place)),
            _ => place,
        };
        let val = if op.is_shift() {
            let (count, count_ty) = self.shift_count(y);
            let a = self.read_place(&place, ty).single();
            self.at(pos);
            Val::one(self.shift(op, a, ty, count, count_ty))
        } else {
            let b = self.expr_as(y, ty);
            let b = self.own(b, ty);
            let a = self.read_place(&place, ty);
            self.at(pos);
            self.arith(op, &a, &b, ty)
        };
        self.write(&place, ty, &val);
    }

    pub fn inc_dec(&mut self, pos: Pos, x: &'a ast::Expr, inc: bool) {
        let place = self.place(x);
        let place = match &place {
            Place::Elem { .. } => Place::Mem(self.elem_place(&place)),
            _ => place,
        };
        let ty = self.ty(x.id);
        self.at(pos);
        let a = self.read_place(&place, ty);
        let one = self.constant(&crate::types::Const::Int(1), ty);
        let op = if inc { ast::BinaryOp::Add } else { ast::BinaryOp::Sub };
        let val = self.arith(op, &a, &one, ty);
        self.write(&place, ty, &val);
    }

    /// `var x, y T = …` inside a function.
    pub fn var_decl(&mut self, d: &'a ast::VarDecl) {
        self.at(d.pos);
        let ty_of = |fx: &Self, n: &ast::Ident| -> Option<(super::vars::Key, Ty)> {
            let obj = fx.info().defs.get(n.id).copied().flatten()?;
            Some((fx.facts.key(obj), fx.obj_ty(obj)))
        };
        if d.values.is_empty() {
            for n in &d.names {
                if let Some((key, ty)) = ty_of(self, n).filter(|_| !n.is_blank()) {
                    self.declare(key, ty, None);
                }
            }
            return;
        }
        let vals: Vec<(Val, Ty)> = if d.values.len() == d.names.len() {
            let mut vals = Vec::new();
            for (n, y) in d.names.iter().zip(&d.values) {
                let ty = match ty_of(self, n) {
                    Some((_, ty)) => ty,
                    None => self.blank_ty(d, y),
                };
                let val = self.expr_as(y, ty);
                vals.push((self.own(val, ty), ty));
            }
            vals
        } else {
            self.multi(&d.values[0])
        };
        for (n, (val, from)) in d.names.iter().zip(vals) {
            if n.is_blank() {
                continue;
            }
            let Some((key, ty)) = ty_of(self, n) else { continue };
            let val = self.assignable(val, from, ty);
            self.declare(key, ty, Some(&val));
        }
    }

    fn blank_ty(&self, d: &ast::VarDecl, y: &ast::Expr) -> Ty {
        let declared = d.ty.as_ref().map(|t| self.ty(t.id));
        declared.unwrap_or_else(|| {
            let ty = self.ty(y.id);
            if ty.basic_kind().is_some_and(|k| k.is_untyped()) { default_of(ty) } else { ty }
        })
    }

    /// A scalar variable to count with.
    pub fn counter(&mut self, ty: ir::Ty) -> Var {
        let zero = self.b.zero(ty);
        self.keep(zero)
    }
}

/// The type an untyped value takes where none is asked for.
pub fn default_of(ty: Ty) -> Ty {
    use crate::types::BasicKind::*;
    match ty.basic_kind() {
        Some(UntypedBool) => Ty::BOOL,
        Some(UntypedInt) => Ty::INT,
        Some(UntypedRune) => Ty::RUNE,
        Some(UntypedFloat) => Ty::FLOAT64,
        Some(UntypedComplex) => Ty::COMPLEX128,
        Some(UntypedString) => Ty::STRING,
        Some(UntypedNil) => Ty::UNSAFE_POINTER,
        _ => ty,
    }
}
