//! Types and constraints.

use std::sync::Arc;

use super::Parser;
use crate::base::Pos;
use crate::syntax::ast::*;
use crate::syntax::token::Token;

impl<'a> Parser<'a> {
    pub(super) fn type_(&mut self) -> Expr {
        match self.type_or_none() {
            Some(ty) => ty,
            None => {
                let bad = self.bad_expr();
                self.syntax_error("expected type");
                self.advance(&[
                    Token::Comma,
                    Token::Colon,
                    Token::Semi,
                    Token::Rparen,
                    Token::Rbrack,
                    Token::Rbrace,
                ]);
                bad
            }
        }
    }

    pub(super) fn type_or_none(&mut self) -> Option<Expr> {
        self.nested(Self::type_inner, |p| Some(p.bad_expr()))
    }

    fn type_inner(&mut self) -> Option<Expr> {
        let pos = self.pos();
        let kind = match self.token() {
            Token::Star => {
                self.next();
                ExprKind::Star(Box::new(self.type_()))
            }
            Token::Arrow => {
                self.next();
                self.want(Token::Chan);
                ExprKind::ChanType(ChanDir::Recv, Box::new(self.chan_elem()))
            }
            Token::Func => {
                self.next();
                // gc's place of a function type is its parameter list.
                let paren = self.pos();
                let (_, mut sig) = self.func_type("function type");
                sig.pos = pos;
                return Some(self.expr_at(paren, ExprKind::FuncType(Box::new(sig))));
            }
            Token::Lbrack => {
                self.next();
                if self.got(Token::Rbrack) {
                    ExprKind::SliceType(Box::new(self.type_()))
                } else {
                    return Some(self.array_type(pos, None));
                }
            }
            Token::Chan => {
                self.next();
                let dir = if self.got(Token::Arrow) { ChanDir::Send } else { ChanDir::Both };
                ExprKind::ChanType(dir, Box::new(self.chan_elem()))
            }
            Token::Map => {
                self.next();
                self.want(Token::Lbrack);
                let key = self.type_();
                self.want(Token::Rbrack);
                ExprKind::MapType(Box::new(key), Box::new(self.type_()))
            }
            Token::Struct => ExprKind::StructType(Box::new(self.struct_type())),
            Token::Interface => ExprKind::InterfaceType(Box::new(self.interface_type())),
            Token::Name => {
                let name = self.name();
                let x = self.ident_expr(&name);
                return Some(self.qualified_rest(x));
            }
            Token::Lparen => {
                self.next();
                let ty = self.type_();
                self.want(Token::Rparen);
                ExprKind::Paren(Box::new(ty))
            }
            _ => return None,
        };
        Some(self.expr_at(pos, kind))
    }

    /// After a type's name: `.Name` and `[arguments]`.
    pub(super) fn qualified_rest(&mut self, mut x: Expr) -> Expr {
        let start = self.pos();
        if self.got(Token::Dot) {
            let sel = self.name();
            x = self.expr_at(start, ExprKind::Selector(Box::new(x), sel));
        }
        if self.token() == Token::Lbrack {
            x = self.instance(x);
        }
        x
    }

    fn instance(&mut self, x: Expr) -> Expr {
        let start = self.pos();
        self.next();
        let args = if self.token() == Token::Rbrack {
            self.syntax_error("expected type argument list");
            vec![self.bad_expr()]
        } else {
            self.type_list(true).0
        };
        self.want(Token::Rbrack);
        self.expr_at(start, ExprKind::Index(Box::new(x), args))
    }

    /// Types with commas between, one perhaps behind the last; whether there was any comma. Not `strict`: the first may be
    /// any expression.
    pub(super) fn type_list(&mut self, strict: bool) -> (Vec<Expr>, bool) {
        self.expr_level += 1;
        let mut list = vec![if strict { self.type_() } else { self.expr() }];
        let mut comma = false;
        while self.got(Token::Comma) {
            comma = true;
            let Some(ty) = self.type_or_none() else { break };
            list.push(ty);
        }
        self.expr_level -= 1;
        (list, comma)
    }

    /// `len] elem`; the opening bracket and perhaps the length are taken.
    pub(super) fn array_type(&mut self, pos: Pos, len: Option<Expr>) -> Expr {
        let mut len = len;
        if len.is_none() && !self.got(Token::DotDotDot) {
            self.expr_level += 1;
            len = Some(self.expr());
            self.expr_level -= 1;
        }
        if self.token() == Token::Comma {
            // A second index: this was meant as type parameters.
            self.syntax_error("unexpected comma; expected ]");
            self.next();
        }
        self.want(Token::Rbrack);
        let elem = self.type_();
        self.expr_at(pos, ExprKind::ArrayType(len.map(Box::new), Box::new(elem)))
    }

    /// After a parameter's name `x` and at `[`: `Err` the array or slice type that follows it, or `Ok` `x[types]`.
    pub(super) fn array_or_type_args(&mut self, x: Expr) -> Result<Expr, Expr> {
        let bracket = self.pos();
        self.next();
        if self.got(Token::Rbrack) {
            let elem = self.type_();
            return Err(self.expr_at(bracket, ExprKind::SliceType(Box::new(elem))));
        }
        let (mut args, comma) = self.type_list(false);
        self.want(Token::Rbrack);
        if args.len() == 1
            && !comma
            && let Some(elem) = self.type_or_none()
        {
            // name [len]elem
            let len = args.pop().map(Box::new);
            return Err(self.expr_at(bracket, ExprKind::ArrayType(len, Box::new(elem))));
        }
        Ok(self.expr_at(bracket, ExprKind::Index(Box::new(x), args)))
    }

    fn chan_elem(&mut self) -> Expr {
        match self.type_or_none() {
            Some(ty) => ty,
            None => {
                let bad = self.bad_expr();
                self.syntax_error("missing channel element type");
                bad
            }
        }
    }

    fn struct_type(&mut self) -> StructType {
        self.next();
        self.want(Token::Lbrace);
        let mut fields = Vec::new();
        let rbrace = self.list("struct type", Token::Semi, Token::Rbrace, |p| {
            p.field_decl(&mut fields);
            false
        });
        StructType { fields, rbrace }
    }

    fn tag(&mut self) -> Option<(BasicLit, Pos, Arc<[u8]>)> {
        let pos = self.pos();
        let Token::Literal(kind) = self.token() else { return None };
        if kind != LitKind::String {
            // gc leaves it to the type checker to stumble over this.
            let text = format!("invalid syntax tree: incorrect tag syntax: {:?}", self.scanner.lit);
            self.error_at(pos, text);
            self.next();
            return None;
        }
        let lit = self.literal(kind);
        let value = crate::syntax::literal::unquote(&lit.text).unwrap_or_default();
        Some((lit, pos, value.into()))
    }

    fn add_embedded(&mut self, fields: &mut Vec<StructField>, ty: Expr) {
        let ident = embedded_name(&ty).map(|(pos, name)| Ident { id: self.id(), pos, name });
        let tag = self.tag();
        let pos = ty.start();
        let field = Field { pos, name: None, ty: Arc::new(ty) };
        fields.push(StructField { field, embedded: ident, tag });
    }

    fn field_decl(&mut self, fields: &mut Vec<StructField>) {
        let pos = self.pos();
        match self.token() {
            Token::Name => {
                let name = self.name();
                if matches!(self.token(), Token::Dot | Token::Literal(_) | Token::Semi | Token::Rbrace) {
                    let x = self.ident_expr(&name);
                    let ty = self.qualified_rest(x);
                    return self.add_embedded(fields, ty);
                }
                let mut names = vec![name];
                let ty;
                if self.token() == Token::Lbrack {
                    // `name []E`, `name [n]E`, or the embedded instance `name[T]`.
                    let x = self.ident_expr(&names[0]);
                    match self.array_or_type_args(x) {
                        Ok(instance) => return self.add_embedded(fields, instance),
                        Err(array) => ty = array,
                    }
                } else {
                    while self.got(Token::Comma) {
                        names.push(self.name());
                    }
                    ty = self.type_();
                }
                let ty = Arc::new(ty);
                let tag = self.tag();
                for name in names {
                    let field = Field { pos: name.pos, name: Some(name), ty: ty.clone() };
                    fields.push(StructField { field, embedded: None, tag: tag.clone() });
                }
            }
            Token::Star => {
                self.next();
                let ty = if self.token() == Token::Lparen {
                    self.syntax_error("cannot parenthesize embedded type");
                    self.next();
                    let ty = self.named_type();
                    self.got(Token::Rparen);
                    ty
                } else {
                    self.named_type()
                };
                let ty = self.expr_at(pos, ExprKind::Star(Box::new(ty)));
                self.add_embedded(fields, ty);
            }
            Token::Lparen => {
                self.syntax_error("cannot parenthesize embedded type");
                self.next();
                let star = self.pos();
                let ty = if self.got(Token::Star) {
                    let ty = self.named_type();
                    self.expr_at(star, ExprKind::Star(Box::new(ty)))
                } else {
                    self.named_type()
                };
                self.got(Token::Rparen);
                self.add_embedded(fields, ty);
            }
            _ => {
                self.syntax_error("expected field name or embedded type");
                self.advance(&[Token::Semi, Token::Rbrace]);
            }
        }
    }

    fn named_type(&mut self) -> Expr {
        let name = self.name();
        let x = self.ident_expr(&name);
        self.qualified_rest(x)
    }

    fn interface_type(&mut self) -> InterfaceType {
        self.next();
        self.want(Token::Lbrace);
        let mut elems = Vec::new();
        let rbrace = self.list("interface type", Token::Semi, Token::Rbrace, |p| {
            p.interface_elem(&mut elems);
            false
        });
        InterfaceType { elems, rbrace }
    }

    fn interface_elem(&mut self, elems: &mut Vec<InterfaceElem>) {
        if self.token() != Token::Name {
            let x = self.constraint();
            return elems.push(InterfaceElem::Embedded(x));
        }
        let name = self.name();
        let x = match self.token() {
            Token::Lparen => return self.method(name, elems),
            Token::Lbrack => match self.method_or_instance(name, elems) {
                Some(x) => x,
                None => return,
            },
            _ => {
                let x = self.ident_expr(&name);
                self.qualified_rest(x)
            }
        };
        let x = self.constraint_rest(x);
        elems.push(InterfaceElem::Embedded(x));
    }

    fn method(&mut self, name: Ident, elems: &mut Vec<InterfaceElem>) {
        let (_, mut sig) = self.func_type("interface method");
        sig.pos = name.pos;
        elems.push(InterfaceElem::Method { name, sig });
    }

    /// `name[`: an instantiated embedded type; a method with type parameters is an error.
    fn method_or_instance(&mut self, name: Ident, elems: &mut Vec<InterfaceElem>) -> Option<Expr> {
        let bracket = self.pos();
        self.next();
        if self.token() == Token::Rbrack {
            let pos = self.pos();
            self.next();
            if self.token() == Token::Lparen {
                self.error_at(pos, "empty type parameter list");
                self.method(name, elems);
                return None;
            }
            self.error_at(pos, "empty type argument list");
            return Some(self.ident_expr(&name));
        }
        // A list of type arguments looks like parameters without names.
        let list = self.param_list(None, Token::Rbrack, false, false);
        match list.first() {
            None if self.token() == Token::Lparen => {
                self.method(name, elems);
                None
            }
            None => Some(self.ident_expr(&name)),
            Some(first) if first.name.is_some() => {
                self.method(name, elems);
                self.error_at(bracket, "interface method must have no type parameters");
                None
            }
            Some(_) => {
                let x = self.ident_expr(&name);
                let args = list.into_iter().map(|field| Arc::unwrap_or_clone(field.ty)).collect();
                Some(self.expr_at(name.pos, ExprKind::Index(Box::new(x), args)))
            }
        }
    }

    /// A type parameter's constraint: a type, `~T`, or a union.
    pub(super) fn constraint(&mut self) -> Expr {
        let first = self.term();
        self.constraint_rest(first)
    }

    fn term(&mut self) -> Expr {
        let pos = self.pos();
        if self.got(Token::Tilde) {
            let ty = self.type_();
            return self.expr_at(pos, ExprKind::Unary(UnaryOp::Tilde, Box::new(ty)));
        }
        if let Some(ty) = self.type_or_none() {
            return ty;
        }
        let bad = self.bad_expr();
        self.syntax_error("expected ~ term or type");
        // Any operator may be where the next term begins.
        while !matches!(self.token(), Token::Op(_) | Token::Not | Token::Tilde) {
            let before = self.scanner.start;
            let stops = [Token::Semi, Token::Rparen, Token::Rbrack, Token::Rbrace, Token::Eof];
            if stops.contains(&self.token()) || (self.fn_depth > 0 && self.token().starts_statement()) {
                break;
            }
            self.next();
            debug_assert!(self.scanner.start > before, "every token but the last has a length");
        }
        bad
    }

    /// `| term …` after the first term.
    pub(super) fn constraint_rest(&mut self, mut x: Expr) -> Expr {
        while self.token() == Token::Op(BinaryOp::Or) {
            let pos = self.pos();
            self.next();
            let term = self.term();
            x = self.expr_at(pos, ExprKind::Binary(BinaryOp::Or, Box::new(x), Box::new(term)));
        }
        x
    }
}

/// The name that an embedded type gives its field.
fn embedded_name(ty: &Expr) -> Option<(Pos, Name)> {
    match &ty.kind {
        ExprKind::Name(name) => Some((ty.pos, name.clone())),
        ExprKind::Selector(_, sel) => Some((sel.pos, sel.name.clone())),
        ExprKind::Star(x) | ExprKind::Paren(x) | ExprKind::Index(x, _) => embedded_name(x),
        _ => None,
    }
}
