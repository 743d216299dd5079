//! Checks of one expression.

use super::Pass;
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, walk};
use crate::types::{BasicKind, Checked, Mode, ObjRef, Ty};

/// `f == nil` where f is a function that was declared.
pub(super) fn nilfunc(pass: &mut Pass<'_>) {
    let checked = pass.checked;
    let info = &checked.info;
    let is_nil = |x: &Expr| info.types.get(x.id).is_some_and(|tv| tv.mode == Mode::NilValue);
    let mut found = Vec::new();
    for file in &checked.files {
        walk::exprs_of_file(file, &mut |x| {
            let ExprKind::Binary(op @ (BinaryOp::Eq | BinaryOp::Ne), a, b) = &x.kind else { return };
            let other = match (is_nil(a), is_nil(b)) {
                (false, true) => a,
                (true, false) => b,
                _ => return,
            };
            if let Some(obj) = function(checked, other) {
                let (op, always) = if *op == BinaryOp::Eq { ("==", "false") } else { ("!=", "true") };
                let text = format!("comparison of function {} {op} nil is always {always}", obj.name);
                found.push((x.start(), text));
            }
        });
    }
    found.into_iter().for_each(|(pos, text)| pass.report(pos, text));
}

/// The declared function that `x` names.
fn function(checked: &Checked, x: &Expr) -> Option<ObjRef> {
    let info = &checked.info;
    let obj = match &x.kind {
        ExprKind::Paren(x) => return function(checked, x),
        ExprKind::Name(_) => *info.uses.get(x.id)?,
        ExprKind::Selector(_, sel) => *info.uses.get(sel.id)?,
        _ => return None,
    };
    obj.is_func().then_some(obj)
}

/// `string(n)` of an integer that is neither a byte nor a rune.
pub(super) fn stringintconv(pass: &mut Pass<'_>) {
    let checked = pass.checked;
    let info = &checked.info;
    let mut found = Vec::new();
    for file in &checked.files {
        walk::exprs_of_file(file, &mut |x| {
            let ExprKind::Call(call) = &x.kind else { return };
            let [arg] = &call.args[..] else { return };
            let Some(to) = info.types.get(call.fun.id).filter(|tv| tv.mode == Mode::TypeExpr) else { return };
            let Some(from) = info.types.get(arg.id) else { return };
            let plain = |ty: Ty| ty.as_type_param().is_none().then(|| ty.underlying().basic_kind()).flatten();
            let is_number = |kind: BasicKind| {
                use BasicKind::*;
                matches!(kind, Int | Int8 | Int16 | Int64 | Uint | Uint16 | Uint32 | Uint64 | Uintptr)
            };
            if plain(to.ty) == Some(BasicKind::String)
                && from.value.is_none()
                && plain(from.ty).is_some_and(is_number)
            {
                let shown = |ty: Ty| {
                    let name = ty.unalias().as_named().map(|named| named.obj().name.to_owned());
                    let basic = crate::types::type_string(ty.underlying(), &|_| None);
                    name.map_or(basic.clone(), |name| format!("{name} ({basic})"))
                };
                let text = format!(
                    "conversion from {} to {} yields a string of one rune, not a string of digits",
                    shown(from.ty),
                    shown(to.ty)
                );
                found.push((x.start(), text));
            }
        });
    }
    found.into_iter().for_each(|(pos, text)| pass.report(pos, text));
}
