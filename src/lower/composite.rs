//! Composite literals: built in SSA form where the type is, else piece by piece in memory.

use super::consts;
use super::func::Fx;
use super::layout;
use super::val::{Addr, Mem, TyExt, Val};
use crate::ir::Value;
use crate::syntax::ast::{self, ExprKind};
use crate::types::{self, Kind, Ty};

impl<'a> Fx<'_, 'a> {
    /// The value of a literal of type `ty`; an elided `&T{…}` has a pointer type.
    pub fn composite(&mut self, e: &'a ast::Expr, ty: Ty) -> Val {
        let ExprKind::CompositeLit(lit) = &e.unparen().kind else {
            panic!("{}: {e:?} is no literal", self.name)
        };
        match ty.under() {
            Kind::Pointer(elem) => Val::one(self.new_composite(e, *elem)),
            Kind::Struct(_)
                if layout::of(ty).is_ssa() && self.struct_elems(lit, ty).iter().all(|e| e.0.len() == 1) =>
            {
                self.ssa_struct(lit, ty)
            }
            Kind::Struct(_) | Kind::Array(_) => {
                let at = self.temp(ty);
                if self.is_complete(lit, ty) {
                    self.fill(at, lit, ty);
                } else {
                    self.zero(at, ty);
                    self.fill(at, lit, ty);
                }
                self.load(at, ty)
            }
            Kind::Slice(elem) => self.slice_literal(lit, *elem),
            Kind::Map(_) => self.map_literal(lit, ty),
            other => panic!("{}: literal of {other:?}", self.name),
        }
    }

    /// `&T{…}`: a new object.
    pub fn new_composite(&mut self, e: &'a ast::Expr, ty: Ty) -> Value {
        let ExprKind::CompositeLit(lit) = &e.unparen().kind else {
            panic!("{}: {e:?} is no literal", self.name)
        };
        match ty.under() {
            Kind::Struct(_) | Kind::Array(_) => {
                let at = self.backing(ty);
                let base = self.addr_value(at);
                self.fill(at, lit, ty);
                base
            }
            _ => {
                let val = self.composite(e, ty);
                let at = self.backing(ty);
                self.store(at, ty, &val);
                self.addr_value(at)
            }
        }
    }

    /// Whether a literal sets every byte of the value that is read before it is overwritten: every field of a struct.
    fn is_complete(&self, lit: &'a ast::CompositeLit, ty: Ty) -> bool {
        match ty.under() {
            Kind::Struct(s) => {
                lit.elems.len() == s.fields.len()
                    && self.struct_elems(lit, ty).iter().all(|e| e.0.len() == 1)
                    && !s.fields.is_empty()
                    && s.fields.iter().all(|f| f.name != "_")
            }
            Kind::Array(a) => lit.n_keyed == 0 && lit.elems.len() as i64 == a.len(),
            _ => false,
        }
    }

    /// The fields a struct literal sets, in source order, each by its path: more than one step for a promoted field.
    fn struct_elems(&self, lit: &'a ast::CompositeLit, ty: Ty) -> Vec<(Vec<usize>, &'a ast::Expr)> {
        let fields = &ty.under_struct().fields;
        let place = |i: usize, elem: &'a ast::Expr| match &elem.kind {
            ExprKind::KeyValue(key, value) => {
                let name = key.unparen().as_name().unwrap_or_else(|| panic!("{}: field {key:?}", self.name));
                if let Some(at) = fields.iter().position(|f| f.name == &**name) {
                    return (vec![at], &**value);
                }
                // Go 1.27: the key may name a field of an embedded struct.
                let found =
                    types::lookup_field_or_method(ty, true, Some(self.src.checked.package), name, false);
                assert!(found.obj.is_some_and(|o| o.is_field()), "{}: no field {name}", self.name);
                (found.index.iter().map(|&i| i as usize).collect(), &**value)
            }
            _ => (vec![i], elem),
        };
        lit.elems.iter().enumerate().map(|(i, elem)| place(i, elem)).collect()
    }

    fn ssa_struct(&mut self, lit: &'a ast::CompositeLit, ty: Ty) -> Val {
        let fields = &ty.under_struct().fields;
        let mut parts: Vec<Option<Val>> = vec![None; fields.len()];
        for (i, value) in self.struct_elems(lit, ty) {
            let val = self.element(value, fields[i[0]].typ());
            // A blank field stays zero, whatever is written for it.
            if fields[i[0]].name != "_" {
                parts[i[0]] = Some(val);
            }
        }
        let mut all = Vec::new();
        for (part, field) in parts.into_iter().zip(fields) {
            let val = match part {
                Some(val) => val,
                None => self.zero_val(field.typ()),
            };
            all.extend_from_slice(val.parts());
        }
        Val::S(all)
    }

    /// An element's value; literals inside literals may leave their type out.
    fn element(&mut self, e: &'a ast::Expr, ty: Ty) -> Val {
        match &e.unparen().kind {
            ExprKind::CompositeLit(lit) if lit.ty.is_none() => self.composite(e, ty),
            _ => self.expr_as(e, ty),
        }
    }

    /// Puts an element into its place; inner literals are built there.
    fn element_into(&mut self, at: Addr, e: &'a ast::Expr, ty: Ty) {
        if let ExprKind::CompositeLit(lit) = &e.unparen().kind
            && matches!(ty.under(), Kind::Struct(_) | Kind::Array(_))
            && !layout::of(ty).is_ssa()
            && (lit.ty.is_none() || crate::types::identical(self.ty(e.id), ty))
        {
            if at.mem != Mem::Fresh && !self.is_complete(lit, ty) {
                self.zero(at, ty);
            }
            return self.fill(at, lit, ty);
        }
        let val = self.element(e, ty);
        self.store(at, ty, &val);
    }

    /// Writes a struct's or array's literal to memory that is zero, or that it fills.
    fn fill(&mut self, at: Addr, lit: &'a ast::CompositeLit, ty: Ty) {
        match ty.under() {
            Kind::Struct(s) => {
                for (path, value) in self.struct_elems(lit, ty) {
                    if s.fields[path[0]].name == "_" {
                        self.element(value, s.fields[path[0]].typ());
                        continue;
                    }
                    let (mut place, mut field) = (at, ty);
                    for i in path {
                        place = place.plus(layout::of(field).fields[i]);
                        field = field.under_struct().fields[i].typ();
                    }
                    self.element_into(place, value, field);
                }
            }
            Kind::Array(array) => self.fill_array(at, lit, array.elem),
            other => panic!("{}: fill {other:?}", self.name),
        }
    }

    fn fill_array(&mut self, at: Addr, lit: &'a ast::CompositeLit, elem: Ty) {
        let size = layout::size(elem);
        for (i, value) in self.indexed(lit) {
            self.element_into(at.plus(i as u64 * size), value, elem);
        }
    }

    /// The elements of an array literal with their indexes.
    fn indexed(&self, lit: &'a ast::CompositeLit) -> Vec<(i64, &'a ast::Expr)> {
        let mut next = 0;
        let place = |elem: &'a ast::Expr| {
            let (at, value) = match &elem.kind {
                ExprKind::KeyValue(key, value) => {
                    let c = self.const_of(key).unwrap_or_else(|| panic!("{}: index {key:?}", self.name));
                    (consts::to_bits(&c), &**value)
                }
                _ => (next, elem),
            };
            next = at + 1;
            (at, value)
        };
        lit.elems.iter().map(place).collect()
    }

    fn slice_literal(&mut self, lit: &'a ast::CompositeLit, elem: Ty) -> Val {
        let len = self.indexed(lit).iter().map(|(i, _)| i + 1).max().unwrap_or(0);
        let n = self.b.i64(len);
        if len == 0 {
            // Not nil: an empty slice points somewhere.
            let ptr = self.b.sym_addr("runtime.zerobase", 0);
            return Val::S(vec![ptr, n, n]);
        }
        let array = Ty::array(elem, len);
        let at = self.backing(array);
        let ptr = self.addr_value(at);
        self.fill_array(at, lit, elem);
        Val::S(vec![ptr, n, n])
    }

    fn map_literal(&mut self, lit: &'a ast::CompositeLit, ty: Ty) -> Val {
        let Kind::Map(m) = ty.under() else { panic!("{}: map literal of {ty:?}", self.name) };
        let hint = self.b.i64(lit.elems.len() as i64);
        let map = self.make_map(ty, hint);
        let kept = self.keep(map);
        for elem in &lit.elems {
            let ExprKind::KeyValue(key, value) = &elem.kind else {
                panic!("{}: map element {elem:?}", self.name)
            };
            let k = self.element(key, m.key);
            let k = self.own(k, m.key);
            let v = self.element(value, m.elem);
            self.at(elem.pos);
            let map = self.b.get(kept);
            let at = self.map_assign(ty, map, &k);
            self.store(at, m.elem, &v);
        }
        Val::one(self.b.get(kept))
    }
}
