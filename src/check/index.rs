//! Index and slice expressions.

use super::Checker;
use super::codes::Code;
use super::operand::Operand;
use crate::base::Pos;
use crate::syntax::ast::{self, SliceExpr};
use crate::types::{Const, Kind, Mode, Ty};

/// What indexing a type gives.
struct Indexed {
    elem: Ty,
    /// Of maps.
    key: Option<Ty>,
    /// Known of arrays and constant strings; else negative.
    len: i64,
    mode: Mode,
}

impl<'a> Checker<'a> {
    /// Checks `x[indices]`. True: `x` is a generic function, to be instantiated by the caller.
    pub(super) fn index_expr(
        &mut self,
        e: &'a ast::Expr,
        inner: &'a ast::Expr,
        indices: &'a [ast::Expr],
    ) -> (Operand<'a>, bool) {
        let mut x = self.expr_or_type(inner, true);
        match x.mode {
            Mode::Invalid => {
                self.use_all(indices);
                return (x, false);
            }
            Mode::TypeExpr => {
                x.invalidate();
                x.ty = self.var_type(e);
                if x.ty.is_valid() {
                    x.mode = Mode::TypeExpr;
                }
                return (x, false);
            }
            Mode::Value if x.ty.underlying().as_signature().is_some_and(|sig| !sig.tparams.is_empty()) => {
                return (x, true);
            }
            _ => (),
        }
        self.non_generic(None, &mut x);
        if !x.is_valid() {
            return (x, false);
        }
        let under = x.ty.underlying();
        let complete = self.is_complete(x.ty)
            && under.as_pointer().is_none_or(|base| self.is_complete(base))
            && under.as_map().is_none_or(|map| self.is_complete(map.elem));
        if !complete {
            x.invalidate();
            return (x, false);
        }
        let Some(indexed) = self.indexed(&x) else {
            let text = format!("cannot index {}", self.show(&x));
            self.error(e.pos, Code::NonSliceableOperand, text);
            self.use_all(indices);
            x.invalidate();
            return (x, false);
        };
        let index = self.single_index(indices);
        if let Some(key) = indexed.key {
            let mut k = self.generic_expr(index, None);
            self.assignment(&mut k, Some(key), "map index");
            return (Operand::new(Mode::MapIndex, indexed.elem, e), false);
        }
        self.index_value(index, indexed.len);
        x.mode = indexed.mode;
        x.ty = indexed.elem;
        x.val = None;
        (x, false)
    }

    fn indexed(&mut self, x: &Operand<'a>) -> Option<Indexed> {
        let under = x.ty.underlying();
        if under.as_interface().is_none() {
            return self.indexed_by_kind(x, under);
        }
        if !self.is_tparam(x.ty) {
            return None;
        }
        // All types of the type set must have the same elements, and be all maps or none.
        let mut all: Option<Indexed> = None;
        for (_, under) in self.type_set_of(x.ty) {
            let mut one = self.indexed_by_kind(x, under?)?;
            if under.is_some_and(|u| self.is_string(u)) {
                one.len = -1;
            }
            let Some(all) = &mut all else {
                all = Some(one);
                continue;
            };
            let same_key = match (all.key, one.key) {
                (None, None) => true,
                (Some(a), Some(b)) => self.identical(a, b),
                _ => false,
            };
            if !same_key || !self.identical(all.elem, one.elem) {
                return None;
            }
            if one.len >= 0 && one.len < all.len {
                all.len = one.len;
            }
            if one.mode == Mode::Value {
                all.mode = Mode::Value;
            }
        }
        all
    }

    fn indexed_by_kind(&mut self, x: &Operand<'a>, under: Ty) -> Option<Indexed> {
        let by_value = if x.mode == Mode::Variable { Mode::Variable } else { Mode::Value };
        match under.kind() {
            Kind::Basic(b) if b.kind.is_string() => {
                let len = match (&x.val, x.is_const()) {
                    (Some(Const::Str(s)), true) => s.len() as i64,
                    _ => -1,
                };
                // Always a byte, never a constant.
                Some(Indexed { elem: Ty::BYTE, key: None, len, mode: Mode::Value })
            }
            Kind::Array(a) => Some(Indexed { elem: a.elem, key: None, len: a.len(), mode: by_value }),
            Kind::Pointer(base) => {
                let a = base.underlying().as_array()?;
                Some(Indexed { elem: a.elem, key: None, len: a.len(), mode: Mode::Variable })
            }
            Kind::Slice(elem) => Some(Indexed { elem: *elem, key: None, len: -1, mode: Mode::Variable }),
            Kind::Map(m) => Some(Indexed { elem: m.elem, key: Some(m.key), len: -1, mode: Mode::MapIndex }),
            _ => None,
        }
    }

    fn single_index(&mut self, indices: &'a [ast::Expr]) -> &'a ast::Expr {
        if let Some(second) = indices.get(1) {
            let text = "invalid operation: more than one index";
            self.error(second.start(), Code::InvalidIndex, text);
        }
        &indices[0]
    }

    pub(super) fn slice_expr(&mut self, e: &'a ast::Expr, s: &'a SliceExpr) -> Operand<'a> {
        let mut x = self.expr(None, &s.x);
        if !x.is_valid() {
            s.index.iter().flatten().for_each(|i| {
                self.use_expr(i);
            });
            return x;
        }
        let Some(common) = self.sliced_type(&x) else {
            x.invalidate();
            return x;
        };
        if x.ty.underlying().as_pointer().is_some_and(|base| !self.is_complete(base)) {
            x.invalidate();
            return x;
        }
        let mut len = -1;
        let mut valid = true;
        match common.kind() {
            Kind::Basic(b) if b.kind.is_string() => {
                if s.full {
                    let at = s.index[2].as_ref().map_or(e.start(), |i| i.start());
                    self.error(at, Code::InvalidSliceExpr, "invalid operation: 3-index slice of string");
                    x.invalidate();
                    return x;
                }
                if let (Some(Const::Str(text)), true) = (&x.val, x.is_const()) {
                    len = text.len() as i64;
                }
                // spec: "For untyped string operands the result is a non-constant value of type string."
                if self.is_untyped(x.ty) {
                    x.ty = Ty::STRING;
                }
            }
            Kind::Array(a) => {
                len = a.len();
                if x.mode != Mode::Variable {
                    let text = format!("cannot slice unaddressable value {}", self.show(&x));
                    self.error(x.at(), Code::NonSliceableOperand, text);
                    x.invalidate();
                    return x;
                }
                x.ty = Ty::slice(a.elem);
            }
            Kind::Pointer(base) => match base.underlying().as_array() {
                Some(a) => {
                    len = a.len();
                    x.ty = Ty::slice(a.elem);
                }
                None => valid = false,
            },
            Kind::Slice(_) => (),
            _ => valid = false,
        }
        if !valid {
            let text = format!("cannot slice {}", self.show(&x));
            self.error(x.at(), Code::NonSliceableOperand, text);
            x.invalidate();
            return x;
        }
        x.mode = Mode::Value;
        x.val = None;
        if s.full && (s.index[1].is_none() || s.index[2].is_none()) {
            // The parser has complained.
            x.invalidate();
            return x;
        }
        self.slice_indices(s, len);
        x
    }

    /// The underlying type that everything to be sliced shares; byte slices give way to strings.
    fn sliced_type(&mut self, x: &Operand<'a>) -> Option<Ty> {
        let mut common: Option<(Ty, Ty)> = None;
        let mut has_string = false;
        for (t, under) in self.type_set_of(x.ty) {
            let (Some(t), Some(mut under)) = (t, under) else {
                let text = format!("cannot slice {}: no specific type in {}", self.show(x), self.ts(x.ty));
                self.error(x.at(), Code::NonSliceableOperand, text);
                return None;
            };
            if self.is_string(under) {
                under = Ty::slice(Ty::BYTE);
                has_string = true;
            }
            match common {
                None => common = Some((t, under)),
                Some((first, first_under)) if !self.identical(first_under, under) => {
                    let text = format!(
                        "cannot slice {}: {} and {} have different underlying types",
                        self.show(x),
                        self.ts(first),
                        self.ts(t)
                    );
                    self.error(x.at(), Code::NonSliceableOperand, text);
                    return None;
                }
                Some(_) => (),
            }
        }
        if has_string {
            return Some(if self.is_tparam(x.ty) { Ty::STRING } else { x.ty.underlying() });
        }
        common.map(|(_, under)| under)
    }

    fn slice_indices(&mut self, s: &'a SliceExpr, len: i64) {
        let mut found = [-1i64; 3];
        for (i, index) in s.index.iter().enumerate() {
            found[i] = match index {
                Some(index) => self.index_value(index, if len >= 0 { len + 1 } else { -1 }).1,
                None if i == 0 => 0,
                None => len,
            };
        }
        for i in 0..2 {
            for j in i + 1..3 {
                if found[i] > 0 && found[j] >= 0 && found[j] < found[i] {
                    let at = s.index[j].as_ref().map_or(Pos::NONE, |e| e.start());
                    let text = format!("invalid slice indices: {} < {}", found[j], found[i]);
                    self.error(at, Code::SwappedSliceIndices, text);
                    return;
                }
            }
        }
    }

    /// Checks an index below `max` (if that is not negative); gives its type and, if it is constant, its value.
    pub(super) fn index_value(&mut self, e: &'a ast::Expr, max: i64) -> (Ty, i64) {
        let mut x = self.expr(None, e);
        if !self.valid_index(&mut x, Code::InvalidIndex, "index", false) {
            return (Ty::INVALID, -1);
        }
        if !x.is_const() {
            return (x.ty, -1);
        }
        let val = x.val.as_ref().expect("a constant has a value");
        if val.is_unknown() {
            return (Ty::INVALID, -1);
        }
        let v = val.as_i64().expect("an index fits an int");
        if max >= 0 && v >= max {
            let text = format!("invalid argument: index {val} out of bounds [0:{max}]");
            self.error(x.at(), Code::InvalidIndex, text);
            return (Ty::INVALID, -1);
        }
        (x.ty, v)
    }

    /// Whether `x` may be an index or a length.
    pub(super) fn valid_index(
        &mut self,
        x: &mut Operand<'a>,
        code: Code,
        what: &str,
        allow_negative: bool,
    ) -> bool {
        if !x.is_valid() {
            return false;
        }
        // spec: "a constant index that is untyped is given type int"
        self.convert_untyped(x, Ty::INT);
        if !x.is_valid() {
            return false;
        }
        let problem = if !self.all_integer(x.ty) {
            "must be integer"
        } else if let (true, Some(val)) = (x.is_const(), x.val.clone()) {
            if !allow_negative && val.sign() < 0 {
                "must not be negative"
            } else if let Some(rounded) = self.rounded(&val, Ty::INT) {
                x.val = Some(rounded);
                return true;
            } else {
                "overflows int"
            }
        } else {
            return true;
        };
        let text = format!("invalid argument: {what} {} {problem}", self.show(x));
        self.error(x.at(), code, text);
        false
    }
}
