//! Statements.

use super::Parser;
use crate::base::Pos;
use crate::syntax::ast::*;
use crate::syntax::token::Token;

/// What stands between a statement's keyword and its `{`.
#[derive(Default)]
struct Header {
    init: Option<Stmt>,
    cond: Option<Stmt>,
    post: Option<Stmt>,
    range: Option<Box<RangeHeader>>,
}

struct RangeHeader {
    pos: Pos,
    lhs: Vec<Expr>,
    define: bool,
    x: Expr,
    range_pos: Pos,
}

/// A simple statement, or a `range` clause, which only a `for` header may hold.
enum Simple {
    Stmt(Stmt),
    Range(Box<RangeHeader>),
    /// `bind := x.(type)`
    TypeSwitch {
        pos: Pos,
        bind: Option<Ident>,
        x: Expr,
    },
}

impl<'a> Parser<'a> {
    fn stmt_at(&self, pos: Pos, kind: StmtKind) -> Stmt {
        Stmt { pos, kind }
    }

    /// `{ statements }`; `context` says after what the brace was expected.
    pub(super) fn block(&mut self, context: &str) -> Block {
        let lbrace = self.pos();
        if !self.got(Token::Lbrace) {
            self.syntax_error(&format!("expected {{ after {context}"));
            self.advance(&[Token::Name, Token::Rbrace]);
            if self.got(Token::Rbrace) {
                return Block { lbrace, stmts: Vec::new(), rbrace: self.pos() };
            }
        }
        let stmts = self.nested(Self::stmt_list, |_| Vec::new());
        let rbrace = self.pos();
        self.want(Token::Rbrace);
        Block { lbrace, stmts, rbrace }
    }

    fn stmt_list(&mut self) -> Vec<Stmt> {
        let mut list = Vec::new();
        while !matches!(self.token(), Token::Eof | Token::Rbrace | Token::Case | Token::Default) {
            let Some(stmt) = self.stmt_or_none() else { break };
            list.push(stmt);
            // ";" is optional before "}" and before ")" of a damaged list.
            if !self.got(Token::Semi) && self.token() != Token::Rbrace {
                self.syntax_error("at end of statement");
                self.advance(&[Token::Semi, Token::Rbrace, Token::Case, Token::Default]);
                self.got(Token::Semi);
            }
        }
        list
    }

    fn stmt_or_none(&mut self) -> Option<Stmt> {
        let pos = self.pos();
        if self.token() == Token::Name {
            let lhs = self.expr_list();
            if let ([Expr { kind: ExprKind::Name(name), id, pos: label_pos }], Token::Colon) =
                (&lhs[..], self.token())
            {
                let label = Ident { id: *id, pos: *label_pos, name: name.clone() };
                return self.labeled(label);
            }
            let simple = self.simple_from(lhs, pos, false);
            return Some(self.plain(simple));
        }
        Some(match self.token() {
            Token::Var => self.decl_stmt(|p, group, _| Decl::Var(p.var_decl(group))),
            Token::Const => self.decl_stmt(|p, group, iota| Decl::Const(p.const_decl(group, iota))),
            Token::Type => self.decl_stmt(|p, group, _| Decl::Type(p.type_decl(group))),
            Token::Op(BinaryOp::Add | BinaryOp::Sub | BinaryOp::Xor | BinaryOp::And)
            | Token::Not
            | Token::Star
            | Token::Arrow
            | Token::Literal(_)
            | Token::Func
            | Token::Lparen
            | Token::Lbrack
            | Token::Struct
            | Token::Map
            | Token::Chan
            | Token::Interface => {
                let simple = self.simple(false);
                self.plain(simple)
            }
            Token::Lbrace => {
                let block = self.block("");
                self.stmt_at(pos, StmtKind::Block(block))
            }
            Token::For => self.for_stmt(),
            Token::Switch => self.switch_stmt(),
            Token::Select => self.select_stmt(),
            Token::If => self.if_stmt(),
            Token::Fallthrough => {
                self.next();
                self.stmt_at(pos, StmtKind::Branch(BranchKind::Fallthrough, None))
            }
            Token::Break | Token::Continue => {
                let kind =
                    if self.token() == Token::Break { BranchKind::Break } else { BranchKind::Continue };
                self.next();
                let label = (self.token() == Token::Name).then(|| self.name());
                self.stmt_at(pos, StmtKind::Branch(kind, label))
            }
            Token::Goto => {
                self.next();
                let label = self.name();
                self.stmt_at(pos, StmtKind::Branch(BranchKind::Goto, Some(label)))
            }
            Token::Go | Token::Defer => self.call_stmt(),
            Token::Return => {
                self.next();
                let results = if matches!(self.token(), Token::Semi | Token::Rbrace) {
                    Vec::new()
                } else {
                    self.expr_list()
                };
                self.stmt_at(pos, StmtKind::Return(results))
            }
            Token::Semi => self.stmt_at(pos, StmtKind::Empty),
            // Something that cannot begin a statement: whoever reads the list misses its end here.
            _ => return None,
        })
    }

    fn plain(&mut self, simple: Simple) -> Stmt {
        match simple {
            Simple::Stmt(stmt) => stmt,
            Simple::Range(range) => {
                self.syntax_error_at(range.range_pos, "cannot use range outside a for statement");
                Stmt { pos: range.pos, kind: StmtKind::Bad }
            }
            Simple::TypeSwitch { pos, bind, x } => {
                // `x.(type)` outside a switch: the checker words the error.
                let guard = self.expr_at(x.start(), ExprKind::TypeAssert(Box::new(x), None));
                match bind {
                    Some(bind) => {
                        let lhs = vec![self.ident_expr(&bind)];
                        let assign = AssignStmt { op: AssignOp::Define, lhs, rhs: vec![guard] };
                        Stmt { pos, kind: StmtKind::Assign(Box::new(assign)) }
                    }
                    None => Stmt { pos, kind: StmtKind::Expr(guard) },
                }
            }
        }
    }

    fn decl_stmt(&mut self, parse: impl FnMut(&mut Self, Option<u32>, u32) -> Decl) -> Stmt {
        let pos = self.pos();
        self.next();
        let mut decls = Vec::new();
        self.group(&mut decls, parse);
        self.stmt_at(pos, StmtKind::Decl(decls))
    }

    fn labeled(&mut self, label: Ident) -> Option<Stmt> {
        let pos = label.pos;
        let colon = self.pos();
        self.want(Token::Colon);
        if self.token() == Token::Rbrace {
            // A label before the closing brace labels an empty statement.
            let empty = Stmt { pos: self.pos(), kind: StmtKind::Empty };
            return Some(Stmt { pos, kind: StmtKind::Labeled(label, Box::new(empty)) });
        }
        let Some(stmt) = self.nested(Self::stmt_or_none, |_| None) else {
            self.syntax_error_at(colon, "missing statement after label");
            return None;
        };
        Some(Stmt { pos, kind: StmtKind::Labeled(label, Box::new(stmt)) })
    }

    fn simple(&mut self, in_header: bool) -> Simple {
        let pos = self.pos();
        if in_header && self.token() == Token::Range {
            return self.range(pos, Vec::new(), false);
        }
        let lhs = self.expr_list();
        self.simple_from(lhs, pos, in_header)
    }

    fn range(&mut self, pos: Pos, lhs: Vec<Expr>, define: bool) -> Simple {
        let range_pos = self.pos();
        self.next();
        let x = self.expr();
        Simple::Range(Box::new(RangeHeader { pos, lhs, define, x, range_pos }))
    }

    /// A simple statement whose left side is parsed.
    fn simple_from(&mut self, mut lhs: Vec<Expr>, start: Pos, in_header: bool) -> Simple {
        let pos = self.pos();
        let single = lhs.len() == 1;
        let kind = match self.token() {
            Token::AssignOp(op) if single => {
                self.next();
                let rhs = vec![self.expr()];
                StmtKind::Assign(Box::new(AssignStmt { op: AssignOp::Op(op), lhs, rhs }))
            }
            Token::Inc | Token::Dec if single => {
                let up = self.token() == Token::Inc;
                self.next();
                StmtKind::IncDec(lhs.pop().expect("one operand"), up)
            }
            Token::Arrow if single => {
                self.next();
                let value = self.expr();
                StmtKind::Send(lhs.pop().expect("one operand"), value)
            }
            Token::Assign | Token::Define => {
                let define = self.token() == Token::Define;
                self.next();
                if in_header && self.token() == Token::Range {
                    return self.range(start, lhs, define);
                }
                let mut rhs = self.expr_list();
                if let ([Expr { kind: ExprKind::TypeAssert(_, None), .. }], true) = (&rhs[..], define) {
                    let guard = rhs.pop().expect("one operand");
                    if let (
                        ExprKind::TypeAssert(x, None),
                        [Expr { kind: ExprKind::Name(name), id, pos: at }],
                    ) = (&guard.kind, &lhs[..])
                    {
                        let bind = Ident { id: *id, pos: *at, name: name.clone() };
                        return Simple::TypeSwitch { pos, bind: Some(bind), x: (**x).clone() };
                    }
                    rhs.push(guard);
                }
                let op = if define { AssignOp::Define } else { AssignOp::Plain };
                StmtKind::Assign(Box::new(AssignStmt { op, lhs, rhs }))
            }
            _ if single => {
                let x = lhs.pop().expect("one operand");
                if let ExprKind::TypeAssert(inner, None) = x.kind {
                    return Simple::TypeSwitch { pos: start, bind: None, x: *inner };
                }
                return Simple::Stmt(Stmt { pos: start, kind: StmtKind::Expr(x) });
            }
            _ => {
                self.syntax_error("expected := or = or comma");
                self.advance(&[Token::Semi, Token::Rbrace]);
                return Simple::Stmt(Stmt {
                    pos: start,
                    kind: StmtKind::Expr(lhs.into_iter().next().expect("a list has an element")),
                });
            }
        };
        let at = match &kind {
            StmtKind::Send(..) => start,
            _ => pos,
        };
        Simple::Stmt(Stmt { pos: at, kind })
    }

    fn call_stmt(&mut self) -> Stmt {
        let pos = self.pos();
        let is_go = self.token() == Token::Go;
        let word = if is_go { "go" } else { "defer" };
        self.next();
        let x = self.primary();
        let mut at = x;
        if let ExprKind::Paren(_) = at.kind {
            let start = at.pos;
            self.error_at(start, format!("expression in {word} must not be parenthesized"));
            while let ExprKind::Paren(inner) = at.kind {
                at = *inner;
            }
        }
        self.stmt_at(pos, if is_go { StmtKind::Go(at) } else { StmtKind::Defer(at) })
    }

    /// What stands before `{` in `if`, `for` and `switch`.
    fn header(&mut self, keyword: Token) -> (Header, Option<Simple>) {
        let word = keyword.word();
        let mut header = Header::default();
        if self.token() == Token::Lbrace {
            if keyword == Token::If {
                self.syntax_error("missing condition in if statement");
                let bad = self.bad_expr();
                header.cond = Some(Stmt { pos: bad.pos, kind: StmtKind::Expr(bad) });
            }
            return (header, None);
        }
        let outer = std::mem::replace(&mut self.expr_level, -1);
        let mut first = None;
        if self.token() != Token::Semi {
            // `if var x = …` and the like.
            if self.token() == Token::Var {
                let name = word.trim_start_matches("keyword ");
                self.syntax_error(&format!("var declaration not allowed in {name} initializer"));
                self.next();
            }
            let simple = self.simple(keyword == Token::For);
            if let Simple::Range(range) = simple {
                header.range = Some(range);
                self.expr_level = outer;
                return (header, None);
            }
            first = Some(simple);
        }
        if self.token() == Token::Lbrace {
            // A single statement is the condition.
            self.expr_level = outer;
            return (header, first);
        }
        let mut guard = None;
        let mut semi = None;
        if self.token() == Token::Semi {
            semi = Some((self.pos(), self.scanner.lit));
            self.next();
        } else {
            // Asking for the brace rather than for a semicolon makes the better message.
            self.want(Token::Lbrace);
            if self.token() != Token::Lbrace {
                self.advance(&[Token::Lbrace, Token::Rbrace]);
            }
        }
        header.init = first.map(|simple| self.plain(simple));
        if keyword == Token::For {
            if self.token() == Token::Lbrace {
                self.syntax_error("expected for loop condition");
                self.expr_level = outer;
                return (header, None);
            }
            if self.token() != Token::Semi {
                guard = Some(self.simple(false));
            }
            self.want(Token::Semi);
            if self.token() != Token::Lbrace {
                let post = self.simple(false);
                let post = self.plain(post);
                if let StmtKind::Assign(assign) = &post.kind
                    && assign.op == AssignOp::Define
                {
                    self.syntax_error_at(post.pos, "cannot declare in post statement of for loop");
                }
                header.post = Some(post);
            }
        } else if self.token() != Token::Lbrace {
            guard = Some(self.simple(false));
        }
        if let (None, Token::If, Some((semi_pos, semi_lit))) = (&guard, keyword, semi) {
            if semi_lit == "semicolon" {
                self.syntax_error_at(semi_pos, "missing condition in if statement");
            } else {
                let words = format!("unexpected {semi_lit}, expected {{ after if clause");
                self.syntax_error_at(semi_pos, &words);
            }
            let bad = Expr { id: self.id(), pos: semi_pos, kind: ExprKind::Bad };
            header.cond = Some(Stmt { pos: semi_pos, kind: StmtKind::Expr(bad) });
        }
        self.expr_level = outer;
        (header, guard)
    }

    /// The header's condition as an expression; an assignment there is an error that shows it.
    fn condition(&mut self, stmt: Stmt) -> Expr {
        match stmt.kind {
            StmtKind::Expr(x) => x,
            kind => {
                let shown = match &kind {
                    // A common mistake: `if x = y`.
                    StmtKind::Assign(a)
                        if a.op == AssignOp::Plain && a.lhs.len() == 1 && a.rhs.len() == 1 =>
                    {
                        let (lhs, rhs) = (&a.lhs[0], &a.rhs[0]);
                        format!(
                            "assignment {} = {}",
                            crate::syntax::print::emphasized(lhs),
                            crate::syntax::print::emphasized(rhs)
                        )
                    }
                    kind => crate::syntax::print::stmt(kind),
                };
                self.syntax_error_at(stmt.pos, &format!("cannot use {shown} as value"));
                Expr { id: self.id(), pos: stmt.pos, kind: ExprKind::Bad }
            }
        }
    }

    fn if_stmt(&mut self) -> Stmt {
        let pos = self.pos();
        self.next();
        let (header, guard) = self.header(Token::If);
        let cond = match guard.map(|g| self.plain(g)).or(header.cond) {
            Some(stmt) => self.condition(stmt),
            None => self.bad_expr(),
        };
        let then = self.block("if clause");
        let mut els = None;
        if self.got(Token::Else) {
            match self.token() {
                Token::If => {
                    let at = self.pos();
                    els = Some(self.nested(Self::if_stmt, |_| Stmt { pos: at, kind: StmtKind::Bad }));
                }
                Token::Lbrace => {
                    let at = self.pos();
                    let block = self.block("");
                    els = Some(Stmt { pos: at, kind: StmtKind::Block(block) });
                }
                _ => {
                    self.syntax_error("else must be followed by if or statement block");
                    self.advance(&[Token::Name, Token::Rbrace]);
                }
            }
        }
        Stmt { pos, kind: StmtKind::If(Box::new(IfStmt { init: header.init, cond, then, els })) }
    }

    fn for_stmt(&mut self) -> Stmt {
        let pos = self.pos();
        self.next();
        let (header, guard) = self.header(Token::For);
        let cond = match guard {
            Some(guard) => {
                let stmt = self.plain(guard);
                Some(self.condition(stmt))
            }
            None => None,
        };
        let body = self.block("for clause");
        let kind = match header.range {
            Some(range) => {
                let RangeHeader { lhs, define, x, range_pos, .. } = *range;
                let mut lhs = lhs.into_iter();
                let (key, value, extra) = (lhs.next(), lhs.next(), lhs.next());
                StmtKind::Range(Box::new(RangeStmt { key, value, extra, define, x, body, range_pos }))
            }
            None => StmtKind::For(Box::new(ForStmt { init: header.init, cond, post: header.post, body })),
        };
        Stmt { pos, kind }
    }

    fn switch_stmt(&mut self) -> Stmt {
        let pos = self.pos();
        self.next();
        let (header, guard) = self.header(Token::Switch);
        let mut tag = None;
        let mut type_guard = None;
        match guard {
            Some(Simple::TypeSwitch { pos, bind, x }) => type_guard = Some((pos, bind, x)),
            Some(guard) => {
                let stmt = self.plain(guard);
                tag = Some(self.condition(stmt));
            }
            None => {}
        }
        let lbrace = self.pos();
        if !self.got(Token::Lbrace) {
            self.syntax_error("missing { after switch clause");
            self.advance(&[Token::Case, Token::Default, Token::Rbrace]);
        }
        let mut clauses = Vec::new();
        while !matches!(self.token(), Token::Eof | Token::Rbrace) {
            clauses.push(self.case_clause());
        }
        let rbrace = self.pos();
        self.want(Token::Rbrace);
        let kind = match type_guard {
            Some((guard_pos, bind, x)) => {
                let guard_pos = if bind.is_some() { guard_pos } else { x.start() };
                StmtKind::TypeSwitch(Box::new(TypeSwitchStmt {
                    init: header.init,
                    bind,
                    x,
                    guard_pos,
                    clauses,
                    lbrace,
                    rbrace,
                }))
            }
            None => {
                StmtKind::Switch(Box::new(SwitchStmt { init: header.init, tag, clauses, lbrace, rbrace }))
            }
        };
        Stmt { pos, kind }
    }

    fn case_clause(&mut self) -> CaseClause {
        let pos = self.pos();
        let mut exprs = Vec::new();
        let mut is_default = false;
        match self.token() {
            Token::Case => {
                self.next();
                exprs = self.expr_list();
            }
            Token::Default => {
                self.next();
                is_default = true;
            }
            _ => {
                self.syntax_error("expected case or default or }");
                self.advance(&[Token::Colon, Token::Case, Token::Default, Token::Rbrace]);
            }
        }
        let colon = self.pos();
        self.want(Token::Colon);
        let body = self.nested(Self::stmt_list, |_| Vec::new());
        CaseClause { pos, colon, is_default, exprs, body, end: self.pos() }
    }

    fn select_stmt(&mut self) -> Stmt {
        let pos = self.pos();
        self.next();
        let lbrace = self.pos();
        if !self.got(Token::Lbrace) {
            self.syntax_error("missing { after select clause");
            self.advance(&[Token::Case, Token::Default, Token::Rbrace]);
        }
        let mut clauses = Vec::new();
        while !matches!(self.token(), Token::Eof | Token::Rbrace) {
            clauses.push(self.comm_clause());
        }
        let rbrace = self.pos();
        self.want(Token::Rbrace);
        Stmt { pos, kind: StmtKind::Select(Box::new(SelectStmt { clauses, lbrace, rbrace })) }
    }

    fn comm_clause(&mut self) -> CommClause {
        let pos = self.pos();
        let mut comm = None;
        match self.token() {
            Token::Case => {
                self.next();
                let simple = self.simple(false);
                comm = Some(self.plain(simple));
            }
            Token::Default => self.next(),
            _ => {
                self.syntax_error("expected case or default or }");
                self.advance(&[Token::Colon, Token::Case, Token::Default, Token::Rbrace]);
            }
        }
        let colon = self.pos();
        self.want(Token::Colon);
        let body = self.nested(Self::stmt_list, |_| Vec::new());
        CommClause { pos, colon, comm, body, end: self.pos() }
    }
}
