//! Writing into [`Info`]: what each expression and identifier turned out to be.

use super::version::GoVersion;
use super::Checker;
use crate::base::{Diagnostic, Diagnostics, Pos};
use crate::syntax::ast::{self, ExprKind, Ident};
use crate::types::{Const, ExprId, Info, InstanceInfo, Mode, ObjRef, Selection, SelectionKind, Ty, TypeAndValue};

impl<'a> Checker<'a> {
    pub(super) fn record_type(&mut self, e: &ast::Expr, mode: Mode, ty: Ty, value: Option<Const>) {
        if mode != Mode::Invalid {
            self.info.types.insert(e.id, TypeAndValue { mode, ty, value });
        }
    }

    pub(super) fn record_def(&mut self, id: ExprId, obj: Option<ObjRef>) {
        if let Some(obj) = obj {
            obj.set_ident(id);
        }
        self.info.defs.insert(id, obj);
    }

    pub(super) fn record_use(&mut self, id: ExprId, obj: ObjRef) {
        self.info.uses.insert(id, obj);
    }

    pub(super) fn record_implicit(&mut self, at: Pos, obj: ObjRef) {
        self.info.implicits.insert(at, obj);
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of a Selection")]
    pub(super) fn record_selection(
        &mut self,
        e: &ast::Expr,
        sel: &Ident,
        kind: SelectionKind,
        recv: Ty,
        obj: ObjRef,
        index: &[u32],
        indirect: bool,
    ) {
        self.record_use(sel.id, obj);
        self.info.selections.insert(e.id, Selection { kind, recv, obj, index: index.to_vec(), indirect });
    }

    /// Notes the type arguments of the generic function or type that `e` names.
    pub(super) fn record_instance(&mut self, e: &ast::Expr, targs: &[Ty], ty: Ty) {
        let mut at = e;
        let id = loop {
            match &at.kind {
                ExprKind::Index(x, _) => at = x,
                ExprKind::Paren(x) => at = x,
                ExprKind::Selector(_, sel) => break sel.id,
                ExprKind::Name(_) => break at.id,
                _ => return,
            }
        };
        self.info.instances.insert(id, InstanceInfo { targs: targs.to_vec(), ty });
    }

    /// `v, ok = e`: the type of `e` becomes the pair.
    pub(super) fn record_comma_ok(&mut self, e: &ast::Expr, value: Ty, ok: Ty) {
        let var = |ty| ObjRef::var(crate::types::VarKind::Local, e.pos, Some(self.pkg), "", Some(ty));
        let pair = Ty::tuple(vec![var(value), var(ok)]);
        let mut at = e;
        loop {
            if let Some(tv) = self.info.types.get_mut(at.id) {
                tv.ty = pair;
            }
            match &at.kind {
                ExprKind::Paren(x) => at = x,
                _ => return,
            }
        }
    }

    /// The results: what was found out, and the diagnostics as gc prints them.
    pub(super) fn finish(self) -> (Info, Diagnostics) {
        let mut diags = self.diags;
        if !self.options.raw_diagnostics {
            let versions: Vec<_> =
                self.files.iter().map(|f| f.go_version.map(|(major, minor)| GoVersion { major, minor })).collect();
            for d in &mut diags.list {
                explain_version(d, self.go_version, &versions);
            }
            diags.list.sort_by_key(|d| d.pos);
            let line = |d: &Diagnostic| match d.pos.is_none() {
                true => (u32::MAX, 0),
                false => (d.pos.file.0, self.sources.get(d.pos.file).line_column(d.pos.offset).0),
            };
            // The same words twice on one line say nothing new.
            let mut kept: Vec<Diagnostic> = Vec::with_capacity(diags.list.len());
            for d in diags.list {
                let same = |k: &Diagnostic| line(k) == line(&d) && k.text == d.text;
                if !kept.iter().rev().take_while(|k| line(k) == line(&d)).any(same) {
                    kept.push(d);
                }
            }
            diags.list = kept;
        }
        (self.info, diags)
    }
}

/// Says where the version that forbids something comes from.
fn explain_version(d: &mut Diagnostic, go_version: Option<GoVersion>, of_files: &[Option<GoVersion>]) {
    if !d.text.ends_with(" or later") || !d.text.contains("requires go1.") || d.pos.is_none() {
        return;
    }
    match (of_files.get(d.pos.file.0 as usize).copied().flatten(), go_version) {
        (Some(file), _) => d.text.push_str(&format!(" (file declares //go:build {file})")),
        (None, Some(lang)) => d.text.push_str(&format!(" (-lang was set to {lang}; check go.mod)")),
        (None, None) => (),
    }
}
