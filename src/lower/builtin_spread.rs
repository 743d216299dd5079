//! Built-ins whose arguments are the results of one call: `copy(f())`.

use super::func::Fx;
use super::layout;
use super::val::{TyExt, Val};
use crate::syntax::ast::{self, ExprKind};
use crate::types::{BuiltinId, Kind, Ty};

impl<'a> Fx<'_, 'a> {
    /// The results of `g()` in `f(g())`, if there are several.
    pub(super) fn spread(&mut self, args: &'a [ast::Expr]) -> Option<Vec<(Val, Ty)>> {
        let [arg] = args else { return None };
        let is_call = matches!(&arg.unparen().kind, ExprKind::Call(_));
        let tuple = self.info().types.get(arg.id).is_some_and(|tv| matches!(tv.ty.kind(), Kind::Tuple(_)));
        (is_call && tuple).then(|| self.multi(arg))
    }

    /// The built-in `id` of these values; None when it has no value.
    pub(super) fn builtin_of_results(
        &mut self,
        id: BuiltinId,
        vals: Vec<(Val, Ty)>,
        result: Option<Ty>,
    ) -> Option<Val> {
        let first = vals[0].clone();
        let value = || result.unwrap_or_else(|| panic!("{id:?} has a value"));
        let out = match id {
            BuiltinId::Append => {
                let elem = value().elem();
                let mut more = Vec::new();
                for (val, from) in vals.into_iter().skip(1) {
                    more.push(self.assignable(val, from, elem));
                }
                self.append_vals(&first.0, &more, elem)
            }
            BuiltinId::Complex => Val::S(vec![first.0.single(), vals[1].0.single()]),
            BuiltinId::Copy => Val::one(self.copy_vals(first.1.elem(), &first.0, &vals[1].0)),
            BuiltinId::Delete => {
                let Kind::Map(map) = first.1.under() else {
                    panic!("{}: delete from {:?}", self.name, first.1)
                };
                let (key, from) = vals[1].clone();
                let key = self.assignable(key, from, map.key);
                self.map_delete(first.1, first.0.single(), &key);
                return None;
            }
            BuiltinId::Max | BuiltinId::Min => {
                let rest = vals.into_iter().skip(1);
                rest.fold(first.0, |best, (next, _)| self.min_max_of(id, best, next, value()))
            }
            BuiltinId::Print | BuiltinId::Println => {
                self.print(&vals, id == BuiltinId::Println);
                return None;
            }
            BuiltinId::Add => {
                let n = self.widen(vals[1].0.single(), vals[1].1);
                Val::one(self.b.ptr_add(first.0.single(), n))
            }
            BuiltinId::Slice | BuiltinId::String => {
                let p = first.0.single();
                let n = self.widen(vals[1].0.single(), vals[1].1);
                if id == BuiltinId::String {
                    self.check_unsafe_len(p, n, 1, "string");
                    return Some(Val::S(vec![p, n]));
                }
                self.check_unsafe_len(p, n, layout::size(first.1.elem()), "slice");
                Val::S(vec![p, n, n])
            }
            other => panic!("{}: {other:?} of {} values", self.name, vals.len()),
        };
        Some(out)
    }
}
