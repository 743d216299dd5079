//! Writing into [`Info`]: what each expression and identifier turned out to be.

use super::Checker;
use super::version::GoVersion;
use crate::base::{Diagnostic, Diagnostics, Pos, Severity, Sources};
use crate::syntax::ast::{self, ExprKind, Ident};
use crate::types::{
    Const, ExprId, Info, InstanceInfo, Mode, ObjRef, Selection, SelectionKind, Ty, TypeAndValue,
};

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

    /// A place inside a message. Who prints it shows it as the place in front of the message: it comes between
    /// [`PLACE_BEGINS`] and [`PLACE_ENDS`].
    pub(super) fn place(&self, pos: Pos) -> String {
        marked_place(self.sources, pos, self.options.raw_diagnostics)
    }

    /// The results: what was found out, and the diagnostics as gc prints them.
    pub(super) fn finish(self) -> (Info, Diagnostics) {
        let mut diags = self.diags;
        if !self.options.raw_diagnostics {
            let versions: Vec<_> = self
                .files
                .iter()
                .map(|f| f.go_version.map(|(major, minor)| GoVersion { major, minor }))
                .collect();
            for d in &mut diags.list {
                explain_version(d, self.go_version, &versions);
            }
            diags.list = as_gc_shows(diags.list, self.sources);
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

/// Around a place (`file:line:column`) inside a message's text.
pub const PLACE_BEGINS: char = '\u{1}';
pub const PLACE_ENDS: char = '\u{2}';

/// gc stops after so many errors.
const MAX_ERRORS: usize = 10;

/// What gc says when it stops; printed at the place of the last error it found.
pub const TOO_MANY_ERRORS: &str = "too many errors";

pub(super) fn marked_place(sources: &Sources, pos: Pos, raw: bool) -> String {
    let place = sources.show(pos);
    if raw { place } else { format!("{PLACE_BEGINS}{place}{PLACE_ENDS}") }
}

/// The parser's messages and the checker's for one package, as gc prints them: after a syntax error, types are not
/// looked at; after the parser's other complaints, they are.
pub fn with_parser_messages(parser: Diagnostics, checked: Diagnostics, sources: &Sources) -> Diagnostics {
    if parser.list.is_empty() {
        return checked;
    }
    let mut list = parser.list;
    let syntax_error = list.iter().any(|d| d.text.starts_with("syntax error"));
    if syntax_error {
        // Labels and branches are looked at by gc's parser.
        list.extend(checked.list.into_iter().filter(is_about_branches));
        list.sort_by_key(|d| (d.pos.file.0, d.pos.offset));
    } else {
        list.extend(checked.list.into_iter().filter(|d| d.text != TOO_MANY_ERRORS));
        list = as_gc_shows(list, sources);
    }
    Diagnostics { list }
}

/// Orders messages as gc prints them: it sorts by place what it has found when it ends, or when it has found enough. In
/// that case there is a message that says so behind these, and the others follow, for those who want them all.
fn as_gc_shows(found: Vec<Diagnostic>, sources: &Sources) -> Vec<Diagnostic> {
    let line = |d: &Diagnostic| match d.pos.is_none() {
        true => (u32::MAX, 0),
        false => (d.pos.file.0, sources.get(d.pos.file).line_column(d.pos.offset).0),
    };
    // Branches are looked at by gc's parser, before everything else.
    let (mut ordered, others): (Vec<_>, Vec<_>) = found.into_iter().partition(is_about_branches);
    ordered.extend(others);
    let mut list: Vec<Diagnostic> = Vec::with_capacity(ordered.len());
    for d in ordered {
        // The same words twice on one line say nothing new.
        if !list.last().is_some_and(|last| line(last) == line(&d) && last.text == d.text) {
            list.push(d);
        }
    }
    let rest = if list.len() >= MAX_ERRORS { list.split_off(MAX_ERRORS) } else { Vec::new() };
    let stopped_at = list.get(MAX_ERRORS - 1).map(|d| d.pos);
    let sorted = |mut list: Vec<Diagnostic>| {
        list.sort_by_key(|d| d.pos);
        list.dedup_by(|a, b| a.pos == b.pos && a.text == b.text);
        list
    };
    let mut out = sorted(list);
    if let Some(pos) = stopped_at {
        let text = TOO_MANY_ERRORS.to_owned();
        out.push(Diagnostic {
            pos,
            severity: Severity::Error,
            code: String::new(),
            text,
            related: Vec::new(),
        });
    }
    out.extend(sorted(rest));
    out
}

fn is_about_branches(d: &Diagnostic) -> bool {
    matches!(
        d.code.as_str(),
        "UnusedLabel"
            | "UndeclaredLabel"
            | "JumpIntoBlock"
            | "JumpOverDecl"
            | "DuplicateLabel"
            | "MisplacedLabel"
            | "MisplacedBreak"
            | "MisplacedContinue"
            | "MisplacedFallthrough"
    )
}
