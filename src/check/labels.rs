//! Labels and the branches to them.
//!
//! gc words these mistakes in its parser, unlike go/types; with [`super::Options::raw_diagnostics`] go/types' words are
//! used, for its tests.

use rustc_hash::FxHashMap;

use super::Checker;
use super::codes::Code;
use super::message::Fault;
use super::resolve::eid;
use crate::base::Pos;
use crate::syntax::ast::{AssignOp, Block, BranchKind, Decl, Ident, Stmt, StmtKind};
use crate::types::ObjRef;

/// All labels of a function.
#[derive(Default)]
struct Labels<'a> {
    /// With the start of the block that declares it.
    by_name: FxHashMap<&'a str, (ObjRef, Pos)>,
    in_order: Vec<ObjRef>,
}

/// A block on the way from the function's body to the statement at hand.
struct Level<'a> {
    /// The labelled statement that the block belongs to.
    labelled: Option<(&'a Ident, &'a Stmt)>,
    /// Labels seen in this block so far.
    labels: Vec<&'a str>,
    start: Pos,
}

/// A goto whose label has not been seen yet.
#[derive(Clone, Copy)]
struct Jump<'a> {
    label: &'a Ident,
}

/// What one block knows besides its level.
#[derive(Default)]
struct BlockState<'a> {
    forward: Vec<Jump<'a>>,
    /// The last variable declaration, what it declares, and the jumps open at it.
    var_decl: Option<(Pos, String, Vec<Pos>)>,
}

impl<'a> Checker<'a> {
    pub(super) fn check_labels(&mut self, body: &'a Block) {
        let mut labels = Labels::default();
        let mut levels = Vec::new();
        let gc = !self.options.raw_diagnostics;
        let open = self.label_block(&mut labels, &mut levels, None, body.lbrace, &body.stmts);
        for jump in open {
            let name = &jump.label.name;
            let (code, text) = match labels.by_name.get(&**name) {
                Some((label, start)) => {
                    label.set_used(true);
                    let mut text = format!("goto {name} jumps into block");
                    if gc {
                        text.push_str(&format!(" starting at {}", self.place(*start)));
                    }
                    (Code::JumpIntoBlock, text)
                }
                None if gc => (Code::UndeclaredLabel, format!("label {name} not defined")),
                None => (Code::UndeclaredLabel, format!("label {name} not declared")),
            };
            self.error(jump.label.pos, code, text);
        }
        for label in labels.in_order {
            if !label.used() {
                let what = if gc { "defined" } else { "declared" };
                let text = format!("label {} {what} and not used", label.name);
                self.soft_error(label.pos, Code::UnusedLabel, text);
            }
        }
    }

    /// Goes through a block; gives the jumps that leave it forward.
    fn label_block(
        &mut self,
        labels: &mut Labels<'a>,
        levels: &mut Vec<Level<'a>>,
        labelled: Option<(&'a Ident, &'a Stmt)>,
        start: Pos,
        list: &'a [Stmt],
    ) -> Vec<Jump<'a>> {
        levels.push(Level { labelled, labels: Vec::new(), start });
        let mut state = BlockState::default();
        for s in list {
            self.label_stmt(labels, levels, &mut state, None, s);
        }
        levels.pop();
        state.forward
    }

    fn label_stmt(
        &mut self,
        labels: &mut Labels<'a>,
        levels: &mut Vec<Level<'a>>,
        state: &mut BlockState<'a>,
        labelled: Option<(&'a Ident, &'a Stmt)>,
        s: &'a Stmt,
    ) {
        match &s.kind {
            StmtKind::Decl(decls) => {
                for d in decls {
                    if let Decl::Var(d) = d {
                        let name = d.names.first().map_or(String::new(), |n| n.name.to_string());
                        state.var_declared(d.pos, name);
                    }
                }
            }
            StmtKind::Assign(assign) if assign.op == AssignOp::Define => {
                let names: Vec<String> = assign.lhs.iter().map(|e| self.es(e)).collect();
                state.var_declared(s.pos, names.join(", "));
            }
            StmtKind::Labeled(label, inner) => {
                let mut labelled = labelled;
                if !label.is_blank() {
                    self.declare_label(labels, levels, state, label);
                    labelled = Some((label, inner));
                }
                self.label_stmt(labels, levels, state, labelled, inner);
            }
            StmtKind::Branch(kind, Some(label)) => self.label_branch(labels, levels, state, *kind, label),
            StmtKind::Block(block) => {
                let open = self.label_block(labels, levels, labelled, block.lbrace, &block.stmts);
                state.forward.extend(open);
            }
            StmtKind::If(s) => {
                let open = self.label_block(labels, levels, labelled, s.then.lbrace, &s.then.stmts);
                state.forward.extend(open);
                if let Some(els) = &s.els {
                    self.label_stmt(labels, levels, state, labelled, els);
                }
            }
            StmtKind::Switch(s) => {
                let bodies = s.clauses.iter().map(|c| (c.pos, &c.body[..]));
                self.label_clauses(labels, levels, state, labelled, bodies);
            }
            StmtKind::TypeSwitch(s) => {
                let bodies = s.clauses.iter().map(|c| (c.pos, &c.body[..]));
                self.label_clauses(labels, levels, state, labelled, bodies);
            }
            StmtKind::Select(s) => {
                let bodies = s.clauses.iter().map(|c| (c.pos, &c.body[..]));
                self.label_clauses(labels, levels, state, labelled, bodies);
            }
            StmtKind::For(s) => {
                let open = self.label_block(labels, levels, labelled, s.body.lbrace, &s.body.stmts);
                state.forward.extend(open);
            }
            StmtKind::Range(s) => {
                let open = self.label_block(labels, levels, labelled, s.body.lbrace, &s.body.stmts);
                state.forward.extend(open);
            }
            _ => (),
        }
    }

    fn label_clauses(
        &mut self,
        labels: &mut Labels<'a>,
        levels: &mut Vec<Level<'a>>,
        state: &mut BlockState<'a>,
        labelled: Option<(&'a Ident, &'a Stmt)>,
        bodies: impl Iterator<Item = (Pos, &'a [Stmt])>,
    ) {
        levels.push(Level { labelled, labels: Vec::new(), start: Pos::NONE });
        for (start, body) in bodies {
            let open = self.label_block(labels, levels, None, start, body);
            state.forward.extend(open);
        }
        levels.pop();
    }

    fn declare_label(
        &mut self,
        labels: &mut Labels<'a>,
        levels: &mut [Level<'a>],
        state: &mut BlockState<'a>,
        label: &'a Ident,
    ) {
        let obj = ObjRef::label(label.pos, Some(self.pkg), &label.name);
        if let Some(&(other, _)) = labels.by_name.get(&*label.name) {
            let mut fault = Fault::new(Code::DuplicateLabel);
            fault.soft = true;
            if self.options.raw_diagnostics {
                fault.add(label.pos, format!("label {} already declared", label.name));
                fault.other_declaration(other.pos, other.name);
            } else {
                let place = self.place(other.pos);
                fault.add(label.pos, format!("label {} already defined at {place}", label.name));
            }
            self.report(fault);
        } else {
            let level = levels.last_mut().expect("labels stand in blocks");
            labels.by_name.insert(&label.name, (obj, level.start));
            labels.in_order.push(obj);
            level.labels.push(&label.name);
            self.record_def(eid(label.id), Some(obj));
        }
        for jump in std::mem::take(&mut state.forward) {
            if jump.label.name != label.name {
                state.forward.push(jump);
                continue;
            }
            obj.set_used(true);
            self.record_use(eid(jump.label.id), obj);
            if let Some((at, names, over)) = &state.var_decl
                && over.contains(&jump.label.pos)
            {
                let text = if self.options.raw_diagnostics {
                    let line = self.sources.get(at.file).line_column(at.offset).0;
                    format!("goto {} jumps over variable declaration at line {line}", label.name)
                } else {
                    let place = self.place(*at);
                    format!("goto {} jumps over declaration of {names} at {place}", label.name)
                };
                self.soft_error(jump.label.pos, Code::JumpOverDecl, text);
            }
        }
    }

    fn label_branch(
        &mut self,
        labels: &Labels<'a>,
        levels: &[Level<'a>],
        state: &mut BlockState<'a>,
        kind: BranchKind,
        label: &'a Ident,
    ) {
        let name = &*label.name;
        if kind == BranchKind::Goto {
            if !levels.iter().any(|level| level.labels.contains(&name)) {
                state.forward.push(Jump { label });
                return;
            }
        } else {
            // spec: "If there is a label, it must be that of an enclosing "for", "switch", or "select" statement."
            let around =
                levels.iter().rev().filter_map(|l| l.labelled).find(|(ident, _)| *ident.name == *name);
            let is_loop = |s: &Stmt| matches!(s.kind, StmtKind::For(_) | StmtKind::Range(_));
            let is_switch = |s: &Stmt| {
                matches!(s.kind, StmtKind::Switch(_) | StmtKind::TypeSwitch(_) | StmtKind::Select(_))
            };
            let valid = around.is_some_and(|(_, s)| is_loop(s) || kind == BranchKind::Break && is_switch(s));
            if !valid {
                let what = if kind == BranchKind::Break { "break" } else { "continue" };
                let known = labels.by_name.get(name);
                let text = match known {
                    None if !self.options.raw_diagnostics => format!("{what} label not defined: {name}"),
                    _ => format!("invalid {what} label {name}"),
                };
                self.error(label.pos, Code::MisplacedLabel, text);
                if let (Some((label, _)), false) = (known, self.options.raw_diagnostics) {
                    label.set_used(true);
                }
                return;
            }
        }
        if let Some(&(obj, _)) = labels.by_name.get(name) {
            obj.set_used(true);
            self.record_use(eid(label.id), obj);
        }
    }
}

impl BlockState<'_> {
    /// Jumps open here jump over the declaration if their label follows in this block.
    fn var_declared(&mut self, at: Pos, names: String) {
        self.var_decl = Some((at, names, self.forward.iter().map(|j| j.label.pos).collect()));
    }
}
