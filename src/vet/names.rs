//! `tests`: what the names and signatures of tests and examples promise.

use super::Pass;
use crate::base::Pos;
use crate::syntax::ast::{Decl, ExprKind, FuncDecl};
use crate::types::{Checked, ObjRef, lookup_field_or_method};

/// Checks the functions of test files.
pub(super) fn tests(pass: &mut Pass<'_>) {
    let checked = pass.checked;
    for file in &checked.files {
        if !checked.sources.get(file.file).name.ends_with("_test.go") {
            continue;
        }
        for decl in &file.decls {
            if let Decl::Func(func) = decl
                && func.recv.is_none()
            {
                function(pass, func);
            }
        }
    }
}

fn function(pass: &mut Pass<'_>, func: &FuncDecl) {
    let name = func.name.name.to_string();
    if name.starts_with("Example") {
        return example(pass, func, &name);
    }
    for (prefix, ty) in [("Test", "T"), ("Benchmark", "B"), ("Fuzz", "F")] {
        let Some(rest) = name.strip_prefix(prefix) else { continue };
        if !takes(func, ty) {
            return;
        }
        if let Some(tparam) = func.tparams.first() {
            let text = format!(
                "{name} has type parameters: it will not be run by go test as a {prefix}XXX function"
            );
            // Of the bracket.
            pass.report(Pos::new(tparam.pos.file, tparam.pos.offset - 1), text);
        }
        if rest.chars().next().is_some_and(char::is_lowercase) {
            let text =
                format!("{name} has malformed name: first letter after '{prefix}' must not be lowercase");
            pass.report(func.name.pos, text);
        }
    }
}

/// One parameter `*testing.T`, no results.
fn takes(func: &FuncDecl, ty: &str) -> bool {
    let [param] = &func.sig.params[..] else { return false };
    let ExprKind::Star(of) = &param.ty.kind else { return false };
    let is_ty = match &of.kind {
        ExprKind::Name(name) => **name == *ty,
        ExprKind::Selector(_, sel) => *sel.name == *ty,
        _ => false,
    };
    is_ty && func.sig.results.is_empty()
}

fn example(pass: &mut Pass<'_>, func: &FuncDecl, name: &str) {
    if !func.sig.params.is_empty() {
        pass.report(func.pos, format!("{name} should be niladic"));
    }
    if !func.sig.results.is_empty() {
        pass.report(func.pos, format!("{name} should return nothing"));
    }
    if !func.tparams.is_empty() {
        pass.report(func.pos, format!("{name} should not have type params"));
    }
    let rest = &name["Example".len()..];
    if rest.is_empty() {
        return;
    }
    let parts: Vec<&str> = rest.splitn(3, '_').collect();
    let is_suffix = |text: &str| text.chars().next().is_some_and(char::is_lowercase);
    let malformed = |suffix: &str| format!("{name} has malformed example suffix: {suffix}");
    if parts[0].is_empty() {
        // `Example_suffix` is of the whole package.
        if !is_suffix(&rest[1..]) {
            pass.report(func.pos, malformed(&rest[1..]));
        }
        return;
    }
    let Some(obj) = find(pass.checked, parts[0]) else {
        return pass.report(func.pos, format!("{name} refers to unknown identifier: {}", parts[0]));
    };
    if let Some(member) = parts.get(1).filter(|member| !is_suffix(member)) {
        let found = obj.ty().and_then(|ty| lookup_field_or_method(ty, true, obj.pkg, member, false).obj);
        if found.is_none() {
            pass.report(func.pos, format!("{name} refers to unknown field or method: {}.{member}", parts[0]));
        }
    }
    if let Some(suffix) = parts.get(2).filter(|suffix| !is_suffix(suffix)) {
        pass.report(func.pos, malformed(suffix));
    }
}

/// The name in the package, or in the one that it tests from outside.
fn find(checked: &Checked, name: &str) -> Option<ObjRef> {
    let package = checked.package;
    if let Some(obj) = package.scope.lookup(name) {
        return Some(obj);
    }
    let tested = package.path.strip_suffix("_test")?;
    package.imports().into_iter().find(|p| p.path == tested)?.scope.lookup(name)
}
