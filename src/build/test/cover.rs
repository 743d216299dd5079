//! Statement coverage: a file's text with a counter at the head of each block, and where the blocks are.
//!
//! Blocks are go's: a run of statements up to one that moves control, cut where blank lines or comments stand between
//! them. Text is inserted, and never a line, so that lines in messages and tracebacks stay what they are.

use crate::base::FileId;
use crate::syntax::ast::{self, Block, Decl, Expr, ExprKind, Stmt, StmtKind, walk};

/// What is counted at a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// Whether it was reached.
    Set,
    /// How often.
    Count,
}

impl Mode {
    /// As `-covermode` names it.
    pub fn parse(text: &str) -> Option<Mode> {
        match text {
            "set" => Some(Mode::Set),
            "count" => Some(Mode::Count),
            _ => None,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Mode::Set => "set",
            Mode::Count => "count",
        }
    }
}

/// A file that counts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Instrumented {
    pub text: String,
    /// In the order of the counters.
    pub blocks: Vec<CoverBlock>,
}

/// Line and column of both ends, and how many statements begin in between.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct CoverBlock {
    pub start: (u32, u32),
    pub end: (u32, u32),
    pub n_stmts: u32,
}

/// Puts counters into a file; they are in the array `counters`, which is declared at the end.
pub(super) fn instrument(text: &str, counters: &str, mode: Mode) -> Instrumented {
    let parsed = crate::syntax::parse(FileId(0), "", text.as_bytes());
    let units = units(text.as_bytes());
    let mut cover =
        Cover { text, units, counters, mode, source: &parsed.source, edits: Vec::new(), blocks: Vec::new() };
    for decl in &parsed.file.decls {
        match decl {
            Decl::Func(func) if func.name.is_blank() => {}
            Decl::Func(func) => func.body.iter().for_each(|body| cover.block(body)),
            Decl::Var(var) => var.values.iter().for_each(|x| cover.expr(x)),
            Decl::Import(_) | Decl::Const(_) | Decl::Type(_) => {}
        }
    }
    let Cover { mut edits, blocks, .. } = cover;
    edits.sort_by_key(|(at, _)| *at);
    let mut out = String::with_capacity(text.len() + 32 * edits.len());
    let mut done = 0;
    for (at, inserted) in edits {
        out += &text[done..at];
        out += &inserted;
        done = at;
    }
    out += &text[done..];
    out += &format!("\nvar {counters} [{}]uint32\n", blocks.len());
    Instrumented { text: out, blocks }
}

/// A piece of code: a literal, or one byte of anything else that is neither blank nor comment.
struct Unit {
    start: usize,
    end: usize,
    is_brace: bool,
}

fn units(text: &[u8]) -> Vec<Unit> {
    let mut out = Vec::new();
    let mut at = 0;
    let find = |from: usize, what: &[u8]| {
        memchr::memmem::find(&text[from.min(text.len())..], what).map(|n| from + n)
    };
    while let Some(&byte) = text.get(at) {
        let rest = &text[at..];
        let start = at;
        at = match byte {
            b' ' | b'\t' | b'\r' | b'\n' => {
                at += 1;
                continue;
            }
            _ if rest.starts_with(b"//") => {
                at = find(at, b"\n").unwrap_or(text.len());
                continue;
            }
            _ if rest.starts_with(b"/*") => {
                at = find(at + 2, b"*/").map_or(text.len(), |n| n + 2);
                continue;
            }
            b'`' => find(at + 1, b"`").map_or(text.len(), |n| n + 1),
            b'"' | b'\'' => {
                let mut end = at + 1;
                while end < text.len() && text[end] != byte && text[end] != b'\n' {
                    end += if text[end] == b'\\' { 2 } else { 1 };
                }
                (end + 1).min(text.len())
            }
            _ => at + 1,
        };
        out.push(Unit { start, end: at, is_brace: matches!(byte, b'{' | b'}') });
    }
    out
}

struct Cover<'a> {
    text: &'a str,
    units: Vec<Unit>,
    counters: &'a str,
    mode: Mode,
    source: &'a crate::base::SourceFile,
    edits: Vec<(usize, String)>,
    blocks: Vec<CoverBlock>,
}

/// Statements with the bytes at which they begin and end.
struct Listed<'s> {
    stmt: &'s Stmt,
    start: usize,
    end: usize,
    /// A label whose statement is listed behind it.
    label_only: bool,
}

impl Cover<'_> {
    fn line(&self, at: usize) -> u32 {
        self.source.line_column(at as u32).0
    }

    /// `{ stmts }`, as it stands.
    fn block(&mut self, block: &Block) {
        let (open, close) = (block.lbrace.offset as usize, block.rbrace.offset as usize);
        self.counters(open, open + 1, close + 1, &block.stmts, close, true);
        block.stmts.iter().for_each(|s| self.stmt(s));
    }

    /// The units that lie in a range.
    fn units_in(&self, start: usize, end: usize) -> &[Unit] {
        let from = self.units.partition_point(|u| u.start < start);
        let to = self.units.partition_point(|u| u.start < end);
        &self.units[from..to.max(from)]
    }

    fn listed<'s>(&self, stmts: &'s [Stmt], limit: usize) -> Vec<Listed<'s>> {
        let mut out: Vec<Listed<'s>> = Vec::new();
        for (i, stmt) in stmts.iter().enumerate() {
            let start = start_of(stmt);
            let limit = stmts.get(i + 1).map_or(limit, start_of);
            let is_separator = |u: &&Unit| &self.text[u.start..u.end] == ";";
            let last = self.units_in(start, limit).iter().rev().find(|u| !is_separator(u));
            let end = last.map_or(start, |u| u.end);
            out.push(Listed { stmt, start, end, label_only: false });
        }
        out
    }

    /// Counts the blocks of a list of statements between `pos` and `end`; the last goes up to `end` if it `extends`.
    /// `limit` is where the statements are over.
    fn counters(
        &mut self,
        pos: usize,
        insert: usize,
        end: usize,
        stmts: &[Stmt],
        limit: usize,
        extends: bool,
    ) {
        if stmts.is_empty() {
            let (start, end) = self.code_ranges(insert, end)[0];
            return self.counter(start, start, end, 0);
        }
        let mut list = self.listed(stmts, limit);
        let (mut pos, mut insert, mut extends) = (pos, insert, extends);
        loop {
            let mut boundary = end;
            let mut n = 0;
            while n < list.len() {
                let Listed { stmt, end: stmt_end, label_only, start } = list[n];
                boundary = if label_only { stmt_end } else { boundary_of(stmt).unwrap_or(stmt_end) };
                n += 1;
                if label_only || ends_block(stmt) {
                    if let StmtKind::Labeled(_, inner) = &stmt.kind
                        && !label_only
                        && !is_control(inner)
                    {
                        // A goto may come here: what is labelled begins a block of its own.
                        boundary = start;
                        let at = start_of(inner);
                        list[n - 1] = Listed { stmt, start, end: at, label_only: true };
                        list.insert(n, Listed { stmt: inner, start: at, end: stmt_end, label_only: false });
                    }
                    extends = false;
                    break;
                }
            }
            if extends {
                boundary = end;
            }
            if pos != boundary {
                for (i, (start, end, n_stmts)) in
                    self.merged_ranges(pos, boundary, &list[..n]).into_iter().enumerate()
                {
                    self.counter(if i == 0 { insert } else { start }, start, end, n_stmts);
                }
            }
            list.drain(..n);
            let Some(next) = list.first() else { return };
            (pos, insert) = (next.start, next.start);
        }
    }

    fn counter(&mut self, insert: usize, start: usize, end: usize, n_stmts: u32) {
        let place = |at: usize| self.source.line_column(at as u32);
        let block = CoverBlock { start: place(start), end: place(end), n_stmts };
        let n = self.blocks.len();
        let text = match self.mode {
            Mode::Set => format!("{}[{n}] = 1;", self.counters),
            Mode::Count => format!("{}[{n}]++;", self.counters),
        };
        self.blocks.push(block);
        self.edits.push((insert, text));
    }

    /// Where there is code without a blank or comment line in between.
    fn code_ranges(&self, start: usize, end: usize) -> Vec<(usize, usize)> {
        let line_start = |line: u32| self.source.line_starts[line as usize - 1] as usize;
        let mut out = Vec::new();
        let mut from = start;
        let mut last_line = 0;
        for unit in self.units_in(start, end).iter().filter(|u| !u.is_brace) {
            let line = self.line(unit.start);
            if last_line == 0 {
                from = unit.start;
            } else if line > last_line + 1 {
                out.push((from, line_start(last_line + 1)));
                from = unit.start;
            }
            last_line = last_line.max(self.line(unit.end - 1));
        }
        if last_line == 0 {
            return vec![(start, start)];
        }
        let to = if last_line < self.line(end) { line_start(last_line + 1) } else { end };
        out.push((from, to));
        out
    }

    /// Those ranges, where none begins inside a statement, with the number of statements that begin in each.
    fn merged_ranges(&self, start: usize, end: usize, list: &[Listed<'_>]) -> Vec<(usize, usize, u32)> {
        let mut out: Vec<(usize, usize, u32)> = Vec::new();
        for (from, to) in self.code_ranges(start, end) {
            let n = list.iter().filter(|l| from <= l.start && l.start < to).count() as u32;
            let inside = list.iter().any(|l| l.start < from && from < l.end);
            match out.last_mut() {
                Some(last) if inside => {
                    last.1 = to;
                    last.2 += n;
                }
                _ => out.push((from, to, n)),
            }
        }
        out
    }

    fn expr(&mut self, x: &Expr) {
        match &x.kind {
            ExprKind::FuncLit(lit) => self.block(&lit.body),
            _ => walk::children(x, &mut |x| self.expr(x)),
        }
    }

    fn stmt(&mut self, s: &Stmt) {
        match &s.kind {
            StmtKind::Empty | StmtKind::Bad | StmtKind::Branch(..) => {}
            StmtKind::Labeled(_, s) => self.stmt(s),
            StmtKind::Expr(x) | StmtKind::IncDec(x, _) | StmtKind::Go(x) | StmtKind::Defer(x) => self.expr(x),
            StmtKind::Send(x, y) => {
                self.expr(x);
                self.expr(y);
            }
            StmtKind::Assign(assign) => assign.lhs.iter().chain(&assign.rhs).for_each(|x| self.expr(x)),
            StmtKind::Return(xs) => xs.iter().for_each(|x| self.expr(x)),
            StmtKind::Block(block) => self.block(block),
            StmtKind::If(s) => self.if_stmt(s),
            StmtKind::Switch(s) => {
                s.init.iter().for_each(|s| self.stmt(s));
                s.tag.iter().for_each(|x| self.expr(x));
                s.clauses.iter().for_each(|clause| self.clause(clause));
            }
            StmtKind::TypeSwitch(s) => {
                s.init.iter().for_each(|s| self.stmt(s));
                self.expr(&s.x);
                s.clauses.iter().for_each(|clause| self.clause(clause));
            }
            StmtKind::Select(s) => {
                for clause in &s.clauses {
                    clause.comm.iter().for_each(|s| self.stmt(s));
                    self.body(clause.colon.offset as usize, &clause.body, clause.end.offset as usize);
                }
            }
            StmtKind::For(s) => {
                s.init.iter().for_each(|s| self.stmt(s));
                s.cond.iter().for_each(|x| self.expr(x));
                s.post.iter().for_each(|s| self.stmt(s));
                self.block(&s.body);
            }
            StmtKind::Range(s) => {
                self.expr(&s.x);
                self.block(&s.body);
            }
            StmtKind::Decl(decls) => {
                for decl in decls {
                    if let Decl::Var(var) = decl {
                        var.values.iter().for_each(|x| self.expr(x));
                    }
                }
            }
        }
    }

    fn clause(&mut self, clause: &ast::CaseClause) {
        clause.exprs.iter().for_each(|x| self.expr(x));
        self.body(clause.colon.offset as usize, &clause.body, clause.end.offset as usize);
    }

    /// The statements behind the colon of a clause.
    fn body(&mut self, colon: usize, stmts: &[Stmt], limit: usize) {
        self.counters(colon + 1, colon + 1, colon + 1, stmts, limit, false);
        stmts.iter().for_each(|s| self.stmt(s));
    }

    /// `else` gets braces of its own, where the condition of an `else if` is counted.
    fn if_stmt(&mut self, s: &ast::IfStmt) {
        s.init.iter().for_each(|s| self.stmt(s));
        self.expr(&s.cond);
        self.block(&s.then);
        let Some(els) = &s.els else { return };
        let behind = s.then.rbrace.offset as usize + 1;
        let word = self.units_in(behind, self.text.len()).first().map_or(behind, |u| u.start);
        let open = word + "else".len();
        let end = end_of_else(els);
        self.edits.push((open, "{".to_owned()));
        match &els.kind {
            StmtKind::Block(block) => {
                let close = block.rbrace.offset as usize;
                self.counters(open, open + 1, close + 1, &block.stmts, close, true);
                block.stmts.iter().for_each(|s| self.stmt(s));
            }
            _ => {
                self.counters(open, open + 1, end + 1, std::slice::from_ref(els), end, true);
                self.stmt(els);
            }
        }
        self.edits.push((end, "}".to_owned()));
    }
}

/// Behind the last brace of an `else`.
fn end_of_else(els: &Stmt) -> usize {
    match &els.kind {
        StmtKind::If(s) => match &s.els {
            Some(els) => end_of_else(els),
            None => s.then.rbrace.offset as usize + 1,
        },
        StmtKind::Block(block) => block.rbrace.offset as usize + 1,
        _ => els.pos.offset as usize,
    }
}

fn start_of(stmt: &Stmt) -> usize {
    let pos = match &stmt.kind {
        StmtKind::Labeled(label, _) => label.pos,
        StmtKind::Expr(x) | StmtKind::Send(x, _) | StmtKind::IncDec(x, _) => x.start(),
        StmtKind::Assign(assign) => assign.lhs.first().map_or(stmt.pos, Expr::start),
        _ => stmt.pos,
    };
    pos.offset as usize
}

/// The brace of the first function literal in an expression.
fn literal(x: &Expr) -> Option<usize> {
    if let ExprKind::FuncLit(lit) = &x.kind {
        return Some(lit.body.lbrace.offset as usize);
    }
    let mut found = None;
    walk::children(x, &mut |x| {
        if found.is_none() {
            found = literal(x);
        }
    });
    found
}

fn literal_in(stmt: &Stmt) -> Option<usize> {
    match &stmt.kind {
        StmtKind::Expr(x) | StmtKind::IncDec(x, _) | StmtKind::Go(x) | StmtKind::Defer(x) => literal(x),
        StmtKind::Send(x, y) => literal(x).or_else(|| literal(y)),
        StmtKind::Assign(assign) => assign.lhs.iter().chain(&assign.rhs).find_map(literal),
        StmtKind::Return(xs) => xs.iter().find_map(literal),
        StmtKind::Decl(decls) => decls.iter().find_map(|decl| match decl {
            Decl::Var(var) => var.values.iter().find_map(literal),
            _ => None,
        }),
        _ => None,
    }
}

/// Where a statement ends the block it stands in, if not at its own end.
fn boundary_of(stmt: &Stmt) -> Option<usize> {
    let init = |init: &Option<Stmt>| init.as_ref().and_then(literal_in);
    let (found, brace) = match &stmt.kind {
        StmtKind::Block(block) => (None, block.lbrace),
        StmtKind::If(s) => (init(&s.init).or_else(|| literal(&s.cond)), s.then.lbrace),
        StmtKind::For(s) => {
            let cond = s.cond.as_ref().and_then(literal);
            (init(&s.init).or(cond).or_else(|| init(&s.post)), s.body.lbrace)
        }
        StmtKind::Range(s) => (literal(&s.x), s.body.lbrace),
        StmtKind::Switch(s) => (init(&s.init).or_else(|| s.tag.as_ref().and_then(literal)), s.lbrace),
        StmtKind::TypeSwitch(s) => (init(&s.init), s.lbrace),
        StmtKind::Select(s) => (None, s.lbrace),
        StmtKind::Labeled(_, s) => return boundary_of(s),
        _ => return literal_in(stmt),
    };
    Some(found.unwrap_or(brace.offset as usize))
}

fn ends_block(stmt: &Stmt) -> bool {
    match &stmt.kind {
        StmtKind::Block(_) | StmtKind::Branch(..) | StmtKind::If(_) | StmtKind::Labeled(..) => true,
        StmtKind::Expr(x) if is_panic(x) => true,
        _ => is_control(stmt) || literal_in(stmt).is_some(),
    }
}

fn is_control(stmt: &Stmt) -> bool {
    matches!(
        stmt.kind,
        StmtKind::For(_)
            | StmtKind::Range(_)
            | StmtKind::Switch(_)
            | StmtKind::Select(_)
            | StmtKind::TypeSwitch(_)
    )
}

fn is_panic(x: &Expr) -> bool {
    let ExprKind::Call(call) = &x.kind else { return false };
    call.args.len() == 1 && matches!(&call.fun.kind, ExprKind::Name(name) if **name == *"panic")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_end_where_control_moves() {
        let text = "package p\n\nfunc f(n int) int {\n\tn++\n\tif n > 1 {\n\t\treturn 2\n\t} else if n < 0 {\n\t\tpanic(n)\n\t}\n\n\t// why\n\tgo func() { n = 3 }()\n\treturn n\n}\n";
        let got = instrument(text, "C", Mode::Set);
        let shown: Vec<(u32, u32, u32, u32, u32)> =
            got.blocks.iter().map(|b| (b.start.0, b.start.1, b.end.0, b.end.1, b.n_stmts)).collect();
        assert_eq!(
            shown,
            [
                (4, 2, 5, 11, 2),
                (12, 2, 12, 12, 1),
                (13, 2, 13, 10, 1),
                (6, 3, 7, 1, 1),
                (7, 9, 7, 18, 1),
                (8, 3, 8, 11, 1),
                (12, 14, 12, 21, 1),
            ]
        );
        // No line moves: an empty one and the counters come after.
        assert_eq!(got.text.lines().count(), text.lines().count() + 2);
        assert!(got.text.contains("} else{ C[4] = 1;if n < 0 {C[5] = 1;"), "{}", got.text);
        assert!(got.text.ends_with("\nvar C [7]uint32\n"));
        // What comes out is Go.
        assert!(crate::syntax::parse(FileId(0), "", got.text.as_bytes()).diags.list.is_empty());
    }
}
