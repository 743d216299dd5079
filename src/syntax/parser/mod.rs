//! Tokens to the tree, in one pass of recursive descent, with gc's words for what is wrong.
//!
//! # What holds
//! - Every input gives a tree; an error is reported once and parsing goes on at the next place that makes sense.
//! - Nesting is bounded by [`MAX_NESTING`], so that no input overflows the stack here or in a later stage.
//!
//! # What is not here
//! Checks that need names or types; misplaced `break`, `continue` and labels (`check`).

mod decl;
mod expr;
mod stmt;
mod types;

use std::sync::Arc;

use super::ast::{self, Expr, ExprId, ExprKind, Ident};
use super::scanner::Scanner;
use super::token::Token;
use crate::base::{Diagnostics, FileId, Pos, SourceFile};

/// How deep expressions, types and statements may nest. Real programs stay below 100; generated ones have been
/// seen with long chains, which are parsed without recursion. A level costs every later stage some stack.
pub const MAX_NESTING: u32 = 10_000;

/// How high a chain such as `a + a + …` or `f()()…` may make a tree. gc's own stack ends not far above.
pub const MAX_CHAIN: u32 = 50_000;

/// What [`parse`] gives: always a file, and what was wrong with it.
pub struct Parsed {
    pub file: ast::File,
    pub source: SourceFile,
    pub diags: Diagnostics,
}

/// Parses one Go file. `name` is shown in messages. Total: any bytes give a tree.
pub fn parse(file: FileId, name: &str, text: &[u8]) -> Parsed {
    let mut parser = Parser::new(file, text);
    let tree = parser.file();
    let mut source = SourceFile::new(name, text);
    parser.take_complaints();
    source.line_directives = super::directive::line_directives(&parser.scanner.comments, &source);
    Parsed { file: tree, source, diags: parser.diags }
}

/// Parses one expression, as a tool's argument or a constraint's test may hold.
pub fn parse_expr(text: &[u8]) -> (Expr, Diagnostics) {
    let mut parser = Parser::new(FileId(0), text);
    parser.next();
    let expr = parser.expr();
    if parser.token() != Token::Semi && parser.token() != Token::Eof {
        parser.syntax_error("at end of expression");
    }
    parser.take_complaints();
    (expr, parser.diags)
}

struct Parser<'a> {
    file: FileId,
    scanner: Scanner<'a>,
    diags: Diagnostics,
    n_exprs: u32,
    /// How many functions the current place is in; statements' keywords are places to recover at inside one only.
    fn_depth: u32,
    /// Below 0 in the header of `if`, `for` and `switch`, where `{` opens the body; above in brackets.
    expr_level: i32,
    nesting: u32,
    /// How many links of chains lie on the longest way down the expression parsed last.
    links: u32,
    too_deep: bool,
    names: rustc_hash::FxHashMap<&'a str, Arc<str>>,
    /// Directives met and not yet claimed by a declaration: how many of the scanner's comments were looked at.
    claimed: usize,
    n_groups: u32,
    has_first_error: bool,
}

impl<'a> Parser<'a> {
    fn new(file: FileId, text: &'a [u8]) -> Parser<'a> {
        Parser {
            file,
            scanner: Scanner::new(text),
            diags: Diagnostics::default(),
            n_exprs: 0,
            fn_depth: 0,
            expr_level: 0,
            nesting: 0,
            links: 0,
            too_deep: false,
            names: Default::default(),
            claimed: 0,
            n_groups: 0,
            has_first_error: false,
        }
    }

    // Tokens.

    fn token(&self) -> Token {
        self.scanner.token
    }

    fn pos(&self) -> Pos {
        Pos::new(self.file, self.scanner.start)
    }

    fn next(&mut self) {
        self.scanner.next();
        if !self.scanner.complaints.is_empty() {
            self.take_complaints();
        }
    }

    fn got(&mut self, token: Token) -> bool {
        let found = self.token() == token;
        if found {
            self.next();
        }
        found
    }

    fn want(&mut self, token: Token) {
        if !self.got(token) {
            self.syntax_error(&format!("expected {}", token.word()));
            self.advance(&[]);
        }
    }

    /// Like `want(Assign)`, but takes `:=` for `=` with an error.
    fn got_assign(&mut self) -> bool {
        match self.token() {
            Token::Define => {
                self.syntax_error("expected =");
                self.next();
                true
            }
            Token::Assign => {
                self.next();
                true
            }
            _ => false,
        }
    }

    /// Skips to a token of `follow`, or to the start of a statement inside a function. Without `follow` one token goes.
    fn advance(&mut self, follow: &[Token]) {
        while self.token() != Token::Eof && !follow.contains(&self.token()) {
            if follow.is_empty() {
                self.next();
                return;
            }
            if self.fn_depth > 0 && self.token().starts_statement() {
                return;
            }
            self.next();
        }
    }

    // Errors.

    fn take_complaints(&mut self) {
        for (offset, text) in std::mem::take(&mut self.scanner.complaints) {
            self.has_first_error = true;
            self.diags.error(Pos::new(self.file, offset), text);
        }
    }

    /// Reports at `pos`. gc's front end shows one syntax error a line; the caller that prints drops the others.
    fn error_at(&mut self, pos: Pos, text: impl Into<String>) {
        self.has_first_error = true;
        self.diags.error(pos, text);
    }

    fn syntax_error(&mut self, words: &str) {
        self.syntax_error_at(self.pos(), words);
    }

    /// `words` that begin with `in`, `at`, `after` or `expected` are put behind `unexpected TOKEN`.
    fn syntax_error_at(&mut self, pos: Pos, words: &str) {
        if self.token() == Token::Eof && self.has_first_error {
            return; // What is missing at the end follows from the first error.
        }
        let tail = if words.is_empty() {
            String::new()
        } else if ["in ", "at ", "after "].iter().any(|w| words.starts_with(w)) {
            format!(" {words}")
        } else if words.starts_with("expected ") {
            format!(", {words}")
        } else {
            return self.error_at(pos, format!("syntax error: {words}"));
        };
        let found = match self.token() {
            Token::Name => format!("name {}", self.scanner.lit),
            Token::Semi => self.scanner.lit.to_owned(),
            Token::Literal(_) => format!("literal {}", self.scanner.lit),
            Token::AssignOp(op) => format!("{}=", op.text()),
            Token::Inc => "++".to_owned(),
            Token::Dec => "--".to_owned(),
            other => other.word(),
        };
        self.error_at(pos, format!("syntax error: unexpected {found}{tail}"));
    }

    /// Runs `parse` one level deeper; past the limit everything is skipped with one error.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> T, bad: impl FnOnce(&mut Self) -> T) -> T {
        if self.nesting >= MAX_NESTING {
            self.give_up();
            return bad(self);
        }
        self.nesting += 1;
        let value = parse(self);
        self.nesting -= 1;
        value
    }

    /// Skips everything, with one error.
    fn give_up(&mut self) {
        if !self.too_deep {
            self.too_deep = true;
            self.error_at(self.pos(), "syntax error: nesting depth exceeds the limit of the parser");
        }
        while self.token() != Token::Eof {
            self.next();
        }
        self.diags.list.truncate(self.diags.list.iter().position(is_depth_error).map_or(0, |i| i + 1));
    }

    /// One more link on a chain whose parts have `links` and what was parsed last.
    fn link(&mut self, links: u32) -> u32 {
        let links = links.max(self.links) + 1;
        if links > MAX_CHAIN {
            self.give_up();
        }
        links
    }

    // Nodes.

    fn id(&mut self) -> ExprId {
        let id = ExprId { file: self.file.0, index: self.n_exprs };
        self.n_exprs += 1;
        id
    }

    fn expr_at(&mut self, pos: Pos, kind: ExprKind) -> Expr {
        Expr { id: self.id(), pos, kind }
    }

    fn bad_expr(&mut self) -> Expr {
        let pos = self.pos();
        self.expr_at(pos, ExprKind::Bad)
    }

    fn intern(&mut self, name: &'a str) -> Arc<str> {
        self.names.entry(name).or_insert_with(|| name.into()).clone()
    }

    fn ident_at(&mut self, pos: Pos, name: &'a str) -> Ident {
        Ident { id: self.id(), pos, name: self.intern(name) }
    }

    /// A name, or `_` and an error.
    fn name(&mut self) -> Ident {
        let pos = self.pos();
        if self.token() == Token::Name {
            let ident = self.ident_at(pos, self.scanner.lit);
            self.next();
            return ident;
        }
        let ident = self.ident_at(pos, "_");
        self.syntax_error("expected name");
        self.advance(&[]);
        ident
    }

    fn name_list(&mut self, first: Ident) -> Vec<Ident> {
        let mut names = vec![first];
        while self.got(Token::Comma) {
            names.push(self.name());
        }
        names
    }

    /// A name as an expression; same id space, so the ident's id is kept.
    fn ident_expr(&self, ident: &Ident) -> Expr {
        Expr { id: ident.id, pos: ident.pos, kind: ExprKind::Name(ident.name.clone()) }
    }

    /// `[ element { sep element } [ sep ] ] close`. `element` returns true to end the list. Gives the closing token's place.
    fn list(
        &mut self,
        context: &str,
        sep: Token,
        close: Token,
        mut element: impl FnMut(&mut Self) -> bool,
    ) -> Pos {
        let mut done = false;
        while self.token() != Token::Eof && self.token() != close && !done {
            done = element(self);
            if !self.got(sep) && self.token() != close {
                self.syntax_error(&format!(
                    "in {context}; possibly missing {} or {}",
                    sep.word(),
                    close.word()
                ));
                self.advance(&[Token::Rparen, Token::Rbrack, Token::Rbrace]);
                if self.token() != close {
                    return self.pos();
                }
            }
        }
        let pos = self.pos();
        self.want(close);
        pos
    }
}

fn is_depth_error(diagnostic: &crate::base::Diagnostic) -> bool {
    diagnostic.text.starts_with("syntax error: nesting depth")
}
