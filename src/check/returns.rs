//! Terminating statements: whether control can reach the end of a function.

use super::Checker;
use crate::syntax::ast::{Block, BranchKind, ExprKind, Stmt, StmtKind};

impl<'a> Checker<'a> {
    /// spec: "A terminating statement interrupts the regular flow of control in a block."
    fn is_terminating(&self, s: &'a Stmt, label: &str) -> bool {
        match &s.kind {
            StmtKind::Labeled(label, inner) => self.is_terminating(inner, &label.name),
            StmtKind::Expr(e) => {
                let call = e.unparen();
                matches!(call.kind, ExprKind::Call(_)) && self.env.panics.contains(&call.id)
            }
            StmtKind::Return(_) | StmtKind::Branch(BranchKind::Goto | BranchKind::Fallthrough, _) => true,
            StmtKind::Block(block) => self.is_terminating_list(&block.stmts, ""),
            StmtKind::If(s) => {
                let els = s.els.as_ref();
                els.is_some_and(|els| self.is_terminating_block(&s.then) && self.is_terminating(els, ""))
            }
            StmtKind::Switch(s) => {
                let bodies = s.clauses.iter().map(|c| (&c.body[..], c.is_default));
                self.is_terminating_switch(bodies, label)
            }
            StmtKind::TypeSwitch(s) => {
                let bodies = s.clauses.iter().map(|c| (&c.body[..], c.is_default));
                self.is_terminating_switch(bodies, label)
            }
            StmtKind::Select(s) => s
                .clauses
                .iter()
                .all(|c| self.is_terminating_list(&c.body, "") && !breaks_list(&c.body, label, true)),
            StmtKind::For(s) => s.cond.is_none() && !breaks_list(&s.body.stmts, label, true),
            _ => false,
        }
    }

    fn is_terminating_block(&self, block: &'a Block) -> bool {
        self.is_terminating_list(&block.stmts, "")
    }

    pub(super) fn is_terminating_list(&self, list: &'a [Stmt], label: &str) -> bool {
        let last = list.iter().rev().find(|s| !matches!(s.kind, StmtKind::Empty));
        last.is_some_and(|s| self.is_terminating(s, label))
    }

    fn is_terminating_switch(&self, bodies: impl Iterator<Item = (&'a [Stmt], bool)>, label: &str) -> bool {
        let mut has_default = false;
        for (body, is_default) in bodies {
            has_default |= is_default;
            if !self.is_terminating_list(body, "") || breaks_list(body, label, true) {
                return false;
            }
        }
        has_default
    }
}

/// Whether a break in `s` ends the statement labelled `label`; or, with `implicit`, the innermost one around `s`.
fn breaks(s: &Stmt, label: &str, implicit: bool) -> bool {
    match &s.kind {
        StmtKind::Labeled(_, inner) => breaks(inner, label, implicit),
        StmtKind::Branch(BranchKind::Break, None) => implicit,
        StmtKind::Branch(BranchKind::Break, Some(to)) => *to.name == *label,
        StmtKind::Block(block) => breaks_list(&block.stmts, label, implicit),
        StmtKind::If(s) => {
            breaks_list(&s.then.stmts, label, implicit)
                || s.els.as_ref().is_some_and(|els| breaks(els, label, implicit))
        }
        StmtKind::Switch(s) => breaks_labelled(s.clauses.iter().map(|c| &c.body[..]), label),
        StmtKind::TypeSwitch(s) => breaks_labelled(s.clauses.iter().map(|c| &c.body[..]), label),
        StmtKind::Select(s) => breaks_labelled(s.clauses.iter().map(|c| &c.body[..]), label),
        StmtKind::For(s) => breaks_labelled(std::iter::once(&s.body.stmts[..]), label),
        StmtKind::Range(s) => breaks_labelled(std::iter::once(&s.body.stmts[..]), label),
        _ => false,
    }
}

fn breaks_list(list: &[Stmt], label: &str, implicit: bool) -> bool {
    list.iter().any(|s| breaks(s, label, implicit))
}

/// Whether a break inside other breakable statements ends the one labelled `label`.
fn breaks_labelled<'s>(mut bodies: impl Iterator<Item = &'s [Stmt]>, label: &str) -> bool {
    !label.is_empty() && bodies.any(|body| breaks_list(body, label, false))
}
