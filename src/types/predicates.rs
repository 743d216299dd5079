//! Yes-or-no questions about types that need no checker.

use super::named::TypeParam;
use super::ty::{BasicKind, Kind, Ty};
use super::type_set::TermSet;

/// Whether values of `t` can be compared with `==`; if not, why (may be empty). With `dynamic`, interfaces count as
/// comparable, although that may panic.
pub fn comparable_type(t: Ty, dynamic: bool) -> Result<(), String> {
    comparable(t, dynamic, &mut Vec::new())
}

fn comparable(t: Ty, dynamic: bool, seen: &mut Vec<Ty>) -> Result<(), String> {
    if seen.contains(&t) {
        return Ok(());
    }
    seen.push(t);
    let result = match t.under() {
        Kind::Basic(b) if b.kind == BasicKind::UntypedNil => Err(String::new()),
        Kind::Basic(_) | Kind::Pointer(_) | Kind::Chan(_) => Ok(()),
        Kind::Struct(s) => s.fields.iter().try_for_each(|f| {
            comparable(f.typ(), dynamic, seen)
                .map_err(|_| format!("struct containing {} cannot be compared", f.typ()))
        }),
        Kind::Array(a) => comparable(a.elem, dynamic, seen).map_err(|_| format!("{t} cannot be compared")),
        Kind::Interface(i) => {
            if dynamic && !is_type_param(t) || i.type_set().is_comparable() {
                Ok(())
            } else if is_type_param(t) {
                Err("incomparable types in type set".to_owned())
            } else {
                Err(String::new())
            }
        }
        _ => Err(String::new()),
    };
    seen.pop();
    result
}

pub fn is_type_param(t: Ty) -> bool {
    t.as_type_param().is_some()
}

impl TypeParam {
    /// The specific types of the constraint, if it has any.
    pub fn terms(&self) -> Option<&'static [super::Term]> {
        match &self.interface().type_set()?.terms {
            TermSet::List(list) if !list.is_empty() => Some(list),
            _ => None,
        }
    }
}
