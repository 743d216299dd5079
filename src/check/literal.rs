//! Basic literals, function literals and composite literals.

use rustc_hash::{FxHashMap, FxHashSet};

use super::Checker;
use super::basics::{const_key, deref};
use super::codes::Code;
use super::operand::Operand;
use super::resolve::eid;
use super::version::go1;
use crate::syntax::ast::{self, BasicLit, CompositeLit, ExprKind, FuncLit, LitKind};
use crate::types::{Const, Kind, Mode, ObjRef, Ty};

impl<'a> Checker<'a> {
    pub(super) fn basic_lit(&mut self, e: &'a ast::Expr, lit: &'a BasicLit) -> Operand<'a> {
        let mut x = Operand::new(Mode::Invalid, Ty::INVALID, e);
        if lit.bad {
            return x;
        }
        x.ty = match lit.kind {
            LitKind::Int => Ty::UNTYPED_INT,
            LitKind::Float => Ty::UNTYPED_FLOAT,
            LitKind::Imag => Ty::UNTYPED_COMPLEX,
            LitKind::Char => Ty::UNTYPED_RUNE,
            LitKind::String => Ty::UNTYPED_STRING,
        };
        if matches!(lit.kind, LitKind::Int | LitKind::Float | LitKind::Imag) {
            self.check_literal_version(e, lit);
            /// Numbers longer than this mean nothing and take long to convert.
            const LIMIT: usize = 10_000;
            if lit.text.len() > LIMIT {
                let text =
                    format!("excessively long constant: {}... ({} chars)", &lit.text[..10], lit.text.len());
                self.error(e.pos, Code::InvalidConstVal, text);
                return x;
            }
        }
        let val = Some(Const::literal(lit.kind, &lit.text));
        let Some(val) = val.filter(|v| !v.is_unknown()) else {
            // A literal with bytes that are no text has none, and the scanner has said why.
            if !lit.text.is_empty() {
                self.error(e.pos, Code::InvalidConstVal, format!("malformed constant: {}", lit.text));
            }
            return x;
        };
        x.mode = Mode::Constant;
        x.val = Some(val);
        self.overflow(&mut x, e.pos);
        x
    }

    fn check_literal_version(&mut self, e: &ast::Expr, lit: &BasicLit) {
        let text = lit.text.as_bytes();
        if text.len() <= 2 || self.allows(13) {
            return;
        }
        let what = match (text[0], text[1]) {
            _ if text.contains(&b'_') => "underscore in numeric literal",
            (b'0', b'b' | b'B') => "binary literal",
            (b'0', b'o' | b'O') => "0o/0O-style octal literal",
            (b'0', b'x' | b'X') if lit.kind != LitKind::Int => "hexadecimal floating-point literal",
            _ => return,
        };
        self.version_error(e.pos, go1(13), what);
    }

    pub(super) fn func_lit(&mut self, e: &'a ast::Expr, lit: &'a FuncLit) -> Operand<'a> {
        let (ty, scope) = self.func_type(None, &[], &lit.sig);
        if !self.options.ignore_func_bodies {
            // The literal belongs to the declaration around it. Its body must wait: it may mention what is still being
            // declared; but not longer than until the scope around it changes.
            let (decl, iota) = (self.env.decl, self.env.iota.clone());
            self.later(move |cx| {
                let sig = ty.as_signature().expect("a function has a signature");
                cx.func_body(decl, sig, scope, &lit.body, iota);
            });
        }
        Operand::new(Mode::Value, ty, e)
    }

    pub(super) fn composite_lit(
        &mut self,
        e: &'a ast::Expr,
        lit: &'a CompositeLit,
        hint: Option<Ty>,
    ) -> Operand<'a> {
        let mut x = Operand::new(Mode::Invalid, Ty::INVALID, e);
        let (ty, mut base) = match (&lit.ty, hint) {
            (Some(expr), _) => {
                let ty = match &expr.kind {
                    ExprKind::ArrayType(len, elem)
                        if len.as_ref().is_none_or(|l| matches!(l.kind, ExprKind::Ellipsis(None))) =>
                    {
                        // `[...]T`: the length follows from the elements.
                        Ty::array(self.var_type(elem), -1)
                    }
                    _ => self.typ(expr),
                };
                (ty, ty)
            }
            (None, Some(hint)) => {
                // `&T` may be left out as well.
                let base = self.common_under(hint).map_or(hint, |under| match deref(under) {
                    (base, true) => base,
                    _ => hint,
                });
                (hint, base)
            }
            (None, None) => {
                self.error(e.start(), Code::UntypedLit, "missing type in composite literal");
                (Ty::INVALID, Ty::INVALID)
            }
        };
        if !self.is_complete(base) {
            return x;
        }
        let under = self.common_under(base);
        match under.map(Ty::kind) {
            Some(Kind::Struct(_)) => self.struct_lit(lit, base, under.expect("it is a struct")),
            Some(Kind::Array(array)) => {
                let n = self.indexed_elements(&lit.elems, array.elem, array.len());
                if array.len() < 0 {
                    array.set_len(n);
                    if let Some(expr) = &lit.ty {
                        self.record_type(expr, Mode::TypeExpr, ty, None);
                    }
                }
            }
            Some(Kind::Slice(elem)) => {
                self.indexed_elements(&lit.elems, *elem, -1);
            }
            Some(Kind::Map(map)) => self.map_lit(lit, map.key, map.elem),
            _ => {
                for elem in &lit.elems {
                    match &elem.kind {
                        // The key may be a field's name, which means nothing here.
                        ExprKind::KeyValue(_, value) => self.use_expr(value),
                        _ => self.use_expr(elem),
                    };
                }
                if under.is_none_or(|u| u.is_valid()) {
                    let what = if lit.ty.is_none() { " element" } else { "" };
                    let cause = if under.is_none() { " (no common underlying type)" } else { "" };
                    let text = format!("invalid composite literal{what} type {}{cause}", self.ts(ty));
                    self.error(e.start(), Code::InvalidLit, text);
                    return x;
                }
            }
        }
        base = ty;
        x.mode = Mode::Value;
        x.ty = base;
        x
    }

    fn struct_lit(&mut self, lit: &'a CompositeLit, base: Ty, under: Ty) {
        let Some(first) = lit.elems.first() else { return };
        if matches!(first.kind, ExprKind::KeyValue(..)) {
            let mut seen = FieldPaths::default();
            for elem in &lit.elems {
                match &elem.kind {
                    ExprKind::KeyValue(key, value) => {
                        self.keyed_field(elem, key, value, base, under, &mut seen)
                    }
                    _ => {
                        let text = "mixture of field:value and value elements in struct literal";
                        self.error(elem.start(), Code::MixedStructLit, text);
                    }
                }
            }
            return;
        }
        let fields = &under.as_struct().expect("it is a struct").fields;
        for (i, elem) in lit.elems.iter().enumerate() {
            if let ExprKind::KeyValue(..) = elem.kind {
                let text = "mixture of field:value and value elements in struct literal";
                self.error(elem.start(), Code::MixedStructLit, text);
                continue;
            }
            let mut x = self.generic_expr(elem, None);
            let Some(field) = fields.get(i) else {
                let text = format!("too many values in struct literal of type {}", self.ts(base));
                self.error(x.at(), Code::InvalidStructLit, text);
                break;
            };
            if self.is_hidden(*field) {
                let text = format!(
                    "implicit assignment to unexported field {} in struct literal of type {}",
                    field.name,
                    self.ts(base)
                );
                self.error(x.at(), Code::UnexportedLitField, text);
                continue;
            }
            self.assignment(&mut x, Some(field.typ()), "struct literal");
        }
        if lit.elems.len() < fields.len() {
            let hidden = fields.iter().any(|f| self.is_hidden(*f));
            let hint = if hidden { " (type has unexported fields - use key:value pairs)" } else { "" };
            let text = format!("too few values in struct literal of type {}{hint}", self.ts(base));
            self.error(lit.rbrace, Code::InvalidStructLit, text);
        }
    }

    fn is_hidden(&self, field: ObjRef) -> bool {
        !field.exported() && field.pkg != Some(self.pkg)
    }

    fn keyed_field(
        &mut self,
        elem: &'a ast::Expr,
        key: &'a ast::Expr,
        value: &'a ast::Expr,
        base: Ty,
        under: Ty,
        seen: &mut FieldPaths,
    ) {
        let mut x = self.generic_expr(value, None);
        let ExprKind::Name(name) = &key.kind else {
            let text = format!("invalid field name {} in struct literal", self.es(key));
            self.error(elem.start(), Code::InvalidLitField, text);
            return;
        };
        let found = self.lookup_field_or_method(under, false, name, false);
        let Some(field) = found.obj else {
            let other = self.lookup_field_or_method(under, false, name, true).obj;
            let text = self.lookup_error(base, name, other, true);
            self.error(key.start(), Code::MissingLitField, text);
            return;
        };
        if !field.is_var() {
            let text = format!("{name} is not a field");
            self.error(key.start(), Code::MissingLitField, text);
            return;
        }
        if found.index.len() > 1 {
            let path = field_path(under, &found.index);
            let fine = self.verify_version(key.start(), 27, |cx| {
                format!("use of promoted field {path} in struct literal of type {}", cx.ts(base))
            });
            if !fine {
                return;
            }
        }
        if found.indirect {
            let text = format!("invalid implicit pointer indirection to reach {name}");
            self.error(key.start(), Code::InvalidLitField, text);
            return;
        }
        self.record_use(eid(key.id), field);
        self.info.selections.insert(
            eid(key.id),
            crate::types::Selection {
                kind: crate::types::SelectionKind::Field,
                recv: under,
                obj: field,
                index: found.index.to_vec(),
                indirect: false,
            },
        );
        self.assignment(&mut x, Some(field.typ()), "struct literal");
        if let Some((other, shared)) = seen.insert(&found.index, field) {
            let text = if other == field {
                format!("duplicate field name {} in struct literal", field.name)
            } else if shared < found.index.len() {
                format!(
                    "cannot specify promoted field {} and enclosing embedded field {}",
                    field.name, other.name
                )
            } else {
                format!(
                    "cannot specify embedded field {} and enclosed promoted field {}",
                    field.name, other.name
                )
            };
            self.error(elem.start(), Code::DuplicateLitField, text);
        }
    }

    fn map_lit(&mut self, lit: &'a CompositeLit, key_ty: Ty, elem_ty: Ty) {
        // In a map of interfaces, equal constants of different types are different keys.
        let by_type = self.is_plain_interface(key_ty);
        let mut seen: FxHashMap<String, Vec<Ty>> = FxHashMap::default();
        for elem in &lit.elems {
            let ExprKind::KeyValue(key, value) = &elem.kind else {
                self.error(elem.start(), Code::MissingLitKey, "missing key in map literal");
                continue;
            };
            let mut x = self.generic_expr(key, Some(key_ty));
            self.assignment(&mut x, Some(key_ty), "map literal");
            if !x.is_valid() {
                continue;
            }
            if let (true, Some(val)) = (x.is_const(), &x.val) {
                let types = seen.entry(const_key(val)).or_default();
                let duplicate = match by_type {
                    true => types.iter().any(|&t| crate::types::identical(t, x.ty)),
                    false => !types.is_empty(),
                };
                types.push(x.ty);
                if duplicate {
                    let text = format!("duplicate key {val} in map literal");
                    self.error(x.at(), Code::DuplicateLitKey, text);
                    continue;
                }
            }
            let mut x = self.generic_expr(value, Some(elem_ty));
            self.assignment(&mut x, Some(elem_ty), "map literal");
        }
    }

    /// Checks the elements of an array or slice literal; gives the literal's length.
    fn indexed_elements(&mut self, elems: &'a [ast::Expr], elem_ty: Ty, len: i64) -> i64 {
        let mut seen: FxHashSet<i64> = FxHashSet::default();
        let keyed = elems.iter().any(|e| matches!(e.kind, ExprKind::KeyValue(..)));
        let (mut index, mut max) = (0i64, 0i64);
        for elem in elems {
            let mut valid = false;
            let mut value = elem;
            if let ExprKind::KeyValue(key, v) = &elem.kind {
                value = v;
                let (ty, i) = self.index_value(key, len);
                if ty.is_valid() {
                    if i >= 0 {
                        index = i;
                        valid = true;
                    } else {
                        let text = format!("index {} must be integer constant", self.es(key));
                        self.error(elem.start(), Code::InvalidLitIndex, text);
                    }
                }
            } else if len >= 0 && index >= len {
                let text = format!("index {index} is out of bounds (>= {len})");
                self.error(elem.start(), Code::OversizeArrayLit, text);
            } else {
                valid = true;
            }
            if valid && keyed && !seen.insert(index) {
                let text = format!("duplicate index {index} in array or slice literal");
                self.error(elem.start(), Code::DuplicateLitKey, text);
            }
            index += 1;
            max = max.max(index);
            let mut x = self.generic_expr(value, Some(elem_ty));
            self.assignment(&mut x, Some(elem_ty), "array or slice literal");
        }
        max
    }
}

/// The dotted names of a field path.
fn field_path(ty: Ty, index: &[u32]) -> String {
    let mut names = Vec::new();
    let mut at = ty;
    for &i in index {
        let under = match at.underlying().as_pointer() {
            Some(base) => base.underlying(),
            None => at.underlying(),
        };
        let Some(field) = under.as_struct().and_then(|s| s.fields.get(i as usize)) else { break };
        names.push(field.name);
        at = field.typ();
    }
    names.join(".")
}

/// The fields a literal sets, by their paths; a field collides with the struct it is in.
#[derive(Default)]
struct FieldPaths {
    set: Vec<(Vec<u32>, ObjRef)>,
}

impl FieldPaths {
    /// The field that is in the way and the length of the shared path, if there is one.
    fn insert(&mut self, path: &[u32], field: ObjRef) -> Option<(ObjRef, usize)> {
        for (other, obj) in &self.set {
            let n = other.len().min(path.len());
            if other[..n] == path[..n] {
                return Some((*obj, n));
            }
        }
        self.set.push((path.to_vec(), field));
        None
    }
}
