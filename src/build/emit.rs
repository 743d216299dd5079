//! `-emit`: the forms of a package's functions, as each stage left them.

use std::fmt::Write;
use std::sync::Arc;

use super::analysis::Plan;
use super::workspace::Workspace;
use crate::codegen::{self, Backend, Scratch};
use crate::modules::PackageId;

/// What can be asked for, in the order it is printed.
pub const FORMS: &[&str] = &["ast", "types", "ir", "ir-opt", "clif", "asm"];

/// The text of the forms of package `id`.
pub fn text(
    workspace: &Workspace,
    id: PackageId,
    plan: &Plan,
    backend: &Arc<Backend>,
    forms: &[String],
) -> Result<String, String> {
    if let Some(bad) = forms.iter().find(|f| !FORMS.contains(&f.as_str())) {
        return Err(format!("-emit={bad} not supported (can be {})", FORMS.join(", ")));
    }
    let wants = |form: &str| forms.iter().any(|f| f == form);
    let mut out = String::new();
    let checked = workspace.checked(id);
    if wants("ast") {
        checked.files.iter().for_each(|file| writeln!(out, "{:#?}", file.decls).expect("a string takes all"));
    }
    if wants("types") {
        for obj in checked.package.scope.objects() {
            let ty = obj.ty().map(|ty| format!(" {ty}")).unwrap_or_default();
            writeln!(out, "{}{ty}", obj.name).expect("a string takes all");
        }
    }
    let mut scratch = Scratch::default();
    for at in plan.funcs_of(id) {
        let func = plan.body(at);
        if wants("ir") {
            writeln!(out, "{func}").expect("a string takes all");
        }
        if !["ir-opt", "clif", "asm"].iter().any(|f| wants(f)) {
            continue;
        }
        let optimized = plan.optimized(at);
        if wants("ir-opt") {
            writeln!(out, "{optimized}").expect("a string takes all");
        }
        if wants("clif") {
            writeln!(out, "{}", codegen::clif(&optimized, backend)).expect("a string takes all");
        }
        if wants("asm") {
            let code = codegen::compile(&optimized, backend, &mut scratch);
            writeln!(out, "{}", codegen::asm(&code)).expect("a string takes all");
        }
    }
    Ok(out)
}
