//! Expressions.

use super::Parser;
use crate::base::Pos;
use crate::syntax::ast::*;
use crate::syntax::token::Token;

impl<'a> Parser<'a> {
    pub(super) fn expr(&mut self) -> Expr {
        self.nested(|p| p.binary(0), Self::bad_expr)
    }

    pub(super) fn expr_list(&mut self) -> Vec<Expr> {
        let mut list = vec![self.expr()];
        while self.got(Token::Comma) {
            list.push(self.expr());
        }
        list
    }

    fn binary(&mut self, above: u8) -> Expr {
        let x = self.unary();
        self.binary_rest(x, above)
    }

    /// Goes on with an expression whose first operand's beginning is already parsed.
    pub(super) fn binary_from(&mut self, operand: Expr, above: u8) -> Expr {
        let x = self.primary_rest(operand);
        self.binary_rest(x, above)
    }

    fn binary_operator(&self) -> Option<BinaryOp> {
        match self.token() {
            Token::Op(op) => Some(op),
            Token::Star => Some(BinaryOp::Mul),
            _ => None,
        }
    }

    fn binary_rest(&mut self, mut x: Expr, above: u8) -> Expr {
        let mut links = self.links;
        while let Some(op) = self.binary_operator() {
            let precedence = op.precedence();
            if precedence <= above {
                break;
            }
            let pos = self.pos();
            self.next();
            let y = self.nested(|p| p.binary(precedence), Self::bad_expr);
            links = self.link(links);
            x = self.expr_at(pos, ExprKind::Binary(op, Box::new(x), Box::new(y)));
        }
        self.links = links;
        x
    }

    pub(super) fn unary(&mut self) -> Expr {
        self.nested(Self::unary_inner, Self::bad_expr)
    }

    fn unary_inner(&mut self) -> Expr {
        let pos = self.pos();
        let op = match self.token() {
            Token::Star => {
                self.next();
                let x = self.unary();
                return self.expr_at(pos, ExprKind::Star(Box::new(x)));
            }
            Token::Op(BinaryOp::Add) => UnaryOp::Plus,
            Token::Op(BinaryOp::Sub) => UnaryOp::Minus,
            Token::Op(BinaryOp::Xor) => UnaryOp::Xor,
            Token::Op(BinaryOp::And) => UnaryOp::Addr,
            Token::Not => UnaryOp::Not,
            Token::Tilde => UnaryOp::Tilde,
            Token::Arrow => {
                self.next();
                let x = self.unary();
                return self.receive(pos, x);
            }
            _ => return self.primary(),
        };
        self.next();
        let mut x = self.unary();
        if op == UnaryOp::Addr {
            // &(T{}) is &T{}; the parentheses are kept otherwise.
            while let ExprKind::Paren(inner) = x.kind {
                if matches!(inner.unparen().kind, ExprKind::CompositeLit(_)) {
                    x = *inner;
                } else {
                    x.kind = ExprKind::Paren(inner);
                    break;
                }
            }
        }
        self.expr_at(pos, ExprKind::Unary(op, Box::new(x)))
    }

    /// `<-x`: a receive, or, if `x` turns out to be a channel type, the arrow belongs to the type:
    /// `<-chan T` directly, `<-chan chan T` as `<-chan (chan T)`, `<-chan<- T` … by moving the arrow inwards.
    fn receive(&mut self, pos: Pos, mut x: Expr) -> Expr {
        if !matches!(x.kind, ExprKind::ChanType(..)) {
            return self.expr_at(pos, ExprKind::Unary(UnaryOp::Recv, Box::new(x)));
        }
        let mut dir = ChanDir::Send;
        let mut at = &mut x;
        let mut complaint = None;
        while dir == ChanDir::Send {
            if !matches!(at.kind, ExprKind::ChanType(..)) {
                complaint = Some(format!("unexpected {}, expected chan", crate::syntax::print::expr(at)));
                break;
            }
            let ExprKind::ChanType(d, elem) = &mut at.kind else { unreachable!("checked above") };
            dir = *d;
            if dir == ChanDir::Recv {
                // <-(<-chan T)
                complaint = Some("unexpected <-, expected chan".to_owned());
                break;
            }
            *d = ChanDir::Recv;
            at = elem;
        }
        if let Some(words) = complaint {
            self.syntax_error(&words);
        }
        x.pos = pos;
        x
    }

    /// An operand and what follows it.
    pub(super) fn primary(&mut self) -> Expr {
        let x = self.operand();
        self.primary_rest(x)
    }

    pub(super) fn literal(&mut self, kind: LitKind) -> BasicLit {
        let lit = BasicLit { kind, text: self.scanner.lit.into(), bad: self.scanner.bad };
        self.next();
        lit
    }

    fn operand(&mut self) -> Expr {
        self.links = 0;
        let pos = self.pos();
        match self.token() {
            Token::Name => {
                let name = self.name();
                self.ident_expr(&name)
            }
            Token::Literal(kind) => {
                let lit = self.literal(kind);
                self.expr_at(pos, ExprKind::Lit(lit))
            }
            Token::Lparen => {
                self.next();
                self.expr_level += 1;
                let x = self.expr_or_type();
                self.expr_level -= 1;
                self.want(Token::Rparen);
                self.expr_at(pos, ExprKind::Paren(Box::new(x)))
            }
            Token::Func => {
                self.next();
                let paren = self.pos();
                let (_, mut sig) = self.func_type("function type");
                sig.pos = pos;
                if self.token() == Token::Lbrace {
                    self.expr_level += 1;
                    let body = self.func_body();
                    self.expr_level -= 1;
                    self.expr_at(pos, ExprKind::FuncLit(Box::new(FuncLit { sig, body })))
                } else {
                    self.expr_at(paren, ExprKind::FuncType(Box::new(sig)))
                }
            }
            Token::Lbrack | Token::Chan | Token::Map | Token::Struct | Token::Interface => self.type_(),
            _ => {
                let bad = self.bad_expr();
                self.syntax_error("expected expression");
                self.advance(&[Token::Rparen, Token::Rbrack, Token::Rbrace]);
                bad
            }
        }
    }

    /// An expression, or a type where one may stand for an expression (arguments, parentheses).
    pub(super) fn expr_or_type(&mut self) -> Expr {
        self.expr()
    }

    pub(super) fn primary_rest(&mut self, x: Expr) -> Expr {
        let mut links = self.links;
        let x = self.chain(x, &mut links);
        self.links = links;
        x
    }

    /// What follows an operand; counts the links.
    fn chain(&mut self, mut x: Expr, links: &mut u32) -> Expr {
        loop {
            let at = self.n_exprs;
            // As gc, the place of what follows the operand: its dot, bracket, parenthesis or brace.
            let start = self.pos();
            match self.token() {
                Token::Dot => {
                    self.next();
                    match self.token() {
                        Token::Name => {
                            let sel = self.name();
                            x = self.expr_at(start, ExprKind::Selector(Box::new(x), sel));
                        }
                        Token::Lparen => {
                            self.next();
                            let ty = if self.got(Token::Type) { None } else { Some(Box::new(self.type_())) };
                            x = self.expr_at(start, ExprKind::TypeAssert(Box::new(x), ty));
                            self.want(Token::Rparen);
                        }
                        _ => {
                            self.syntax_error("expected name or (");
                            self.advance(&[Token::Semi, Token::Rparen]);
                        }
                    }
                }
                Token::Lbrack => x = self.index_or_slice(x),
                Token::Lparen => {
                    let lparen = self.pos();
                    self.next();
                    self.expr_level += 1;
                    let (args, has_dots, rparen) = self.arguments();
                    self.expr_level -= 1;
                    let call = CallExpr { fun: x, args, has_dots, lparen, rparen };
                    x = self.expr_at(start, ExprKind::Call(Box::new(call)));
                }
                Token::Lbrace => {
                    // In a statement's header a brace after a plain name begins the body.
                    let named = match &x.unparen().kind {
                        ExprKind::Name(_) | ExprKind::Selector(..) => self.expr_level >= 0,
                        ExprKind::Index(..) => self.expr_level >= 0 && !is_value(&x),
                        ExprKind::ArrayType(..)
                        | ExprKind::SliceType(_)
                        | ExprKind::StructType(_)
                        | ExprKind::MapType(..) => true,
                        _ => false,
                    };
                    if !named {
                        return x;
                    }
                    if matches!(x.kind, ExprKind::Paren(_)) {
                        self.syntax_error("cannot parenthesize type in composite literal");
                    }
                    let lit = self.composite(Some(x));
                    x = self.expr_at(start, ExprKind::CompositeLit(Box::new(lit)));
                }
                _ => return x,
            }
            if self.n_exprs > at {
                *links = self.link(*links);
            }
        }
    }

    fn arguments(&mut self) -> (Vec<Expr>, bool, Pos) {
        let mut args = Vec::new();
        let mut has_dots = false;
        let rparen = self.list("argument list", Token::Comma, Token::Rparen, |p| {
            args.push(p.expr_or_type());
            has_dots = p.got(Token::DotDotDot);
            has_dots
        });
        (args, has_dots, rparen)
    }

    fn index_or_slice(&mut self, x: Expr) -> Expr {
        let start = self.pos();
        self.next();
        if self.token() == Token::Rbrack {
            self.syntax_error("expected operand");
            let bad = self.bad_expr();
            self.next();
            return self.expr_at(start, ExprKind::Index(Box::new(x), vec![bad]));
        }
        let mut first = None;
        if self.token() != Token::Colon {
            let (mut indices, comma) = self.type_list(false);
            if comma || self.token() == Token::Rbrack {
                self.want(Token::Rbrack);
                return self.expr_at(start, ExprKind::Index(Box::new(x), indices));
            }
            first = indices.pop();
        }
        if !self.got(Token::Colon) {
            self.syntax_error("expected comma, : or ]");
            self.advance(&[Token::Comma, Token::Colon, Token::Rbrack]);
        }
        self.expr_level += 1;
        let mut index = [first, None, None];
        let mut full = false;
        if self.token() != Token::Colon && self.token() != Token::Rbrack {
            index[1] = Some(self.expr());
        }
        if self.token() == Token::Colon {
            full = true;
            if index[1].is_none() {
                self.error_at(self.pos(), "middle index required in 3-index slice");
                index[1] = Some(self.bad_expr());
            }
            self.next();
            if self.token() != Token::Rbrack {
                index[2] = Some(self.expr());
            } else {
                self.error_at(self.pos(), "final index required in 3-index slice");
                index[2] = Some(self.bad_expr());
            }
        }
        self.expr_level -= 1;
        self.want(Token::Rbrack);
        self.expr_at(start, ExprKind::Slice(Box::new(SliceExpr { x, index, full })))
    }

    /// `{ elements }` after the type.
    fn composite(&mut self, ty: Option<Expr>) -> CompositeLit {
        let lbrace = self.pos();
        self.expr_level += 1;
        self.next();
        let mut elems = Vec::new();
        let mut n_keyed = 0;
        let rbrace = self.list("composite literal", Token::Comma, Token::Rbrace, |p| {
            let mut elem = p.bare_element();
            if p.token() == Token::Colon {
                let pos = p.pos();
                p.next();
                let value = p.bare_element();
                elem = p.expr_at(elem.start(), ExprKind::KeyValue(Box::new(elem), Box::new(value)));
                let _ = pos;
                n_keyed += 1;
            }
            elems.push(elem);
            false
        });
        self.expr_level -= 1;
        CompositeLit { ty, elems, n_keyed, lbrace, rbrace }
    }

    /// An element: an expression, or a literal whose type is left out.
    fn bare_element(&mut self) -> Expr {
        if self.token() == Token::Lbrace {
            let pos = self.pos();
            let lit = self.nested(
                |p| p.composite(None),
                |p| CompositeLit {
                    ty: None,
                    elems: Vec::new(),
                    n_keyed: 0,
                    lbrace: p.pos(),
                    rbrace: p.pos(),
                },
            );
            return self.expr_at(pos, ExprKind::CompositeLit(Box::new(lit)));
        }
        self.expr()
    }
}

/// Whether `x` by its form alone is a value and no type.
fn is_value(x: &Expr) -> bool {
    match &x.kind {
        ExprKind::Lit(_)
        | ExprKind::CompositeLit(_)
        | ExprKind::FuncLit(_)
        | ExprKind::Slice(_)
        | ExprKind::TypeAssert(..)
        | ExprKind::Call(_)
        | ExprKind::Unary(..)
        | ExprKind::Binary(..) => true,
        ExprKind::Paren(x) => is_value(x),
        ExprKind::Index(x, indices) => is_value(x) || (indices.len() == 1 && is_value(&indices[0])),
        _ => false,
    }
}
