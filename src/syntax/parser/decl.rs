//! Files and declarations.

use crate::syntax::constraint::parse_go_build;
use std::sync::Arc;

use super::Parser;
use crate::base::Pos;
use crate::syntax::ast::*;
use crate::syntax::directive;
use crate::syntax::token::Token;

/// How a parameter was written before it is known whether the list names its parameters.
struct Param {
    pos: Pos,
    name: Option<Ident>,
    ty: Option<Expr>,
}

impl<'a> Parser<'a> {
    pub(super) fn file(&mut self) -> File {
        self.next();
        let package_pos = self.pos();
        let mut decls = Vec::new();
        let has_clause = self.token() == Token::Package;
        let package = if has_clause {
            self.next();
            self.claim_directives();
            let name = self.name();
            self.want(Token::Semi);
            name
        } else {
            self.syntax_error("package statement must be first");
            let pos = self.pos();
            self.ident_at(pos, "_")
        };
        // A file with a mistake so early is not looked at further, as in gc.
        if has_clause && !self.has_first_error {
            self.top_level(&mut decls);
        }
        let directives = directive::directives(self.file, &self.scanner.comments);
        let go_version = directives
            .iter()
            .filter(|d| d.name == "go:build" && d.own_line && d.pos < package_pos)
            .find_map(|d| parse_go_build(&format!("//go:build {}", d.args))?.ok()?.go_version())
            .map(|minor| (1, minor));
        File {
            file: self.file,
            package,
            package_pos,
            decls,
            end: Pos::new(self.file, self.scanner.start),
            n_exprs: self.n_exprs,
            directives,
            go_version,
        }
    }

    fn top_level(&mut self, decls: &mut Vec<Decl>) {
        let mut previous = Token::Import;
        while self.token() != Token::Eof {
            if self.token() == Token::Import && previous != Token::Import {
                self.syntax_error("imports must appear before other declarations");
            }
            previous = self.token();
            match self.token() {
                Token::Import => {
                    self.next();
                    self.group(decls, |p, _, _| Decl::Import(p.import_decl()));
                }
                Token::Const => {
                    self.next();
                    self.group(decls, |p, group, iota| Decl::Const(p.const_decl(group, iota)));
                }
                Token::Type => {
                    self.next();
                    self.group(decls, |p, group, _| Decl::Type(p.type_decl(group)));
                }
                Token::Var => {
                    self.next();
                    self.group(decls, |p, group, _| Decl::Var(p.var_decl(group)));
                }
                Token::Func => {
                    let pos = self.pos();
                    self.next();
                    if let Some(decl) = self.func_decl(pos) {
                        decls.push(Decl::Func(Box::new(decl)));
                    }
                }
                _ => {
                    let empty_body = matches!(decls.last(), Some(Decl::Func(f)) if f.body.is_none());
                    if self.token() == Token::Lbrace && empty_body {
                        // The opening brace stands on the next line.
                        self.syntax_error("unexpected semicolon or newline before {");
                    } else {
                        self.syntax_error("non-declaration statement outside function body");
                    }
                    self.advance(&[Token::Import, Token::Const, Token::Type, Token::Var, Token::Func]);
                    continue;
                }
            }
            // Directives bind to the declaration they stand before.
            self.claim_directives();
            if self.token() != Token::Eof && !self.got(Token::Semi) {
                self.syntax_error("after top level declaration");
                self.advance(&[Token::Import, Token::Const, Token::Type, Token::Var, Token::Func]);
            }
        }
    }

    /// The directives met since the last call.
    fn claim_directives(&mut self) -> Vec<Directive> {
        let comments = &self.scanner.comments[self.claimed..];
        // The scanner is one token ahead: what stands after the current token's start is not ours yet.
        let n = comments.partition_point(|c| c.offset < self.scanner.start);
        let found = directive::directives(self.file, &comments[..n]);
        self.claimed += n;
        found.into_iter().filter(|d| d.own_line).collect()
    }

    /// `spec` or `( spec; … )`, after the keyword. `parse` gets the group's number and the spec's in it.
    pub(super) fn group(
        &mut self,
        out: &mut Vec<Decl>,
        mut parse: impl FnMut(&mut Self, Option<u32>, u32) -> Decl,
    ) {
        if self.token() != Token::Lparen {
            return out.push(parse(self, None, 0));
        }
        let group = self.n_groups;
        self.n_groups += 1;
        self.next();
        let mut n = 0;
        self.list("grouped declaration", Token::Semi, Token::Rparen, |p| {
            out.push(parse(p, Some(group), n));
            n += 1;
            false
        });
    }

    fn import_decl(&mut self) -> ImportDecl {
        let pos = self.pos();
        let name = match self.token() {
            Token::Name => Some(self.name()),
            Token::Dot => {
                let name = self.ident_at(pos, ".");
                self.next();
                Some(name)
            }
            _ => None,
        };
        let lit_pos = self.pos();
        let Token::Literal(kind) = self.token() else {
            self.syntax_error("missing import path");
            self.advance(&[Token::Semi, Token::Rparen]);
            let path_lit = self.bad_expr();
            return ImportDecl { pos, name, path_lit, path: "".into() };
        };
        let lit = self.literal(kind);
        let mut path: Arc<str> = "".into();
        if lit.bad {
            // Told already.
        } else if kind != LitKind::String {
            self.syntax_error_at(lit_pos, "import path must be a string");
        } else if let Some(bytes) = crate::syntax::literal::unquote(&lit.text) {
            path = String::from_utf8_lossy(&bytes).into();
        }
        let path_lit = self.expr_at(lit_pos, ExprKind::Lit(lit));
        ImportDecl { pos, name, path_lit, path }
    }

    pub(super) fn const_decl(&mut self, group: Option<u32>, iota: u32) -> ConstDecl {
        self.claim_directives();
        let pos = self.pos();
        let first = self.name();
        let names = self.name_list(first);
        let (mut ty, mut values) = (None, Vec::new());
        if !matches!(self.token(), Token::Eof | Token::Semi | Token::Rparen) {
            ty = self.type_or_none();
            if self.got_assign() {
                values = self.expr_list();
            }
        }
        ConstDecl { pos, group, iota, names, ty, values }
    }

    pub(super) fn var_decl(&mut self, group: Option<u32>) -> VarDecl {
        let directives = self.claim_directives();
        let pos = self.pos();
        let first = self.name();
        let names = self.name_list(first);
        let (mut ty, mut values) = (None, Vec::new());
        if self.got_assign() {
            values = self.expr_list();
        } else {
            ty = Some(self.type_());
            if self.got_assign() {
                values = self.expr_list();
            }
        }
        VarDecl { pos, group, names, ty, values, directives }
    }

    pub(super) fn type_decl(&mut self, group: Option<u32>) -> TypeDecl {
        let directives = self.claim_directives();
        let pos = self.pos();
        let name = self.name();
        let mut tparams = Vec::new();
        let mut alias = false;
        let ty;
        if self.token() == Token::Lbrack {
            // `name [` begins an array type, a slice type or type parameters.
            let bracket = self.pos();
            self.next();
            match self.token() {
                Token::Name => {
                    // An expression could follow (an array's length) or a type parameter's name. Parsing it as an
                    // expression first decides: `P *C`, `P (C)` and `P *C|Q` are the hard ones.
                    let first = self.name();
                    let mut x = self.ident_expr(&first);
                    if self.token() != Token::Lbrack {
                        // `P [` can only be followed by a constraint; anything else may be an expression.
                        self.expr_level += 1;
                        x = self.binary_from(x, 0);
                        self.expr_level -= 1;
                    }
                    match self.as_type_param(x, self.token() == Token::Comma) {
                        Ok((pname, ptype)) => {
                            tparams = self.param_list(Some((pname, ptype)), Token::Rbrack, true, false);
                            alias = self.got_assign_alias();
                            ty = self.type_decl_type();
                        }
                        Err(x) => {
                            ty = self.array_type(bracket, Some(x));
                        }
                    }
                }
                Token::Rbrack => {
                    self.next();
                    let elem = self.type_();
                    ty = self.expr_at(bracket, ExprKind::SliceType(Box::new(elem)));
                }
                _ => ty = self.array_type(bracket, None),
            }
        } else {
            alias = self.got_assign_alias();
            ty = self.type_decl_type();
        }
        TypeDecl { pos, group, name, tparams, alias, ty, directives }
    }

    fn got_assign_alias(&mut self) -> bool {
        self.got_assign()
    }

    fn type_decl_type(&mut self) -> Expr {
        match self.type_or_none() {
            Some(ty) => ty,
            None => {
                let bad = self.bad_expr();
                self.syntax_error("in type declaration");
                self.advance(&[Token::Semi, Token::Rparen]);
                bad
            }
        }
    }

    /// Whether `x`, parsed as an expression after `[`, is in truth a type parameter's name and the beginning of its
    /// constraint: `P *C` (a product), `P (C)` (a call), `P *C | Q` (a disjunction whose leftmost operand is one).
    /// `forced` says that a comma follows, so that nothing else makes sense.
    fn as_type_param(&mut self, x: Expr, forced: bool) -> Result<(Ident, Option<Expr>), Expr> {
        let as_ident = |x: &Expr| match &x.kind {
            ExprKind::Name(name) => Some(Ident { id: x.id, pos: x.pos, name: name.clone() }),
            _ => None,
        };
        match x.kind {
            ExprKind::Name(_) if self.token() != Token::Rbrack => Ok((as_ident(&x).expect("a name"), None)),
            ExprKind::Binary(BinaryOp::Mul, l, r) => {
                if let Some(name) = as_ident(&l)
                    && (forced || is_type_elem(&r))
                {
                    let star = self.expr_at(x.pos, ExprKind::Star(r));
                    return Ok((name, Some(star)));
                }
                Err(Expr { kind: ExprKind::Binary(BinaryOp::Mul, l, r), ..x })
            }
            ExprKind::Binary(BinaryOp::Or, l, r) => {
                match self.as_type_param(*l, forced || is_type_elem(&r)) {
                    Ok((name, Some(lhs))) => {
                        let union = Expr {
                            kind: ExprKind::Binary(BinaryOp::Or, Box::new(lhs), r),
                            id: x.id,
                            pos: x.pos,
                        };
                        Ok((name, Some(union)))
                    }
                    Ok((name, None)) => {
                        let l = self.ident_expr(&name);
                        Err(Expr {
                            kind: ExprKind::Binary(BinaryOp::Or, Box::new(l), r),
                            id: x.id,
                            pos: x.pos,
                        })
                    }
                    Err(l) => Err(Expr {
                        kind: ExprKind::Binary(BinaryOp::Or, Box::new(l), r),
                        id: x.id,
                        pos: x.pos,
                    }),
                }
            }
            ExprKind::Call(mut call) => {
                if let Some(name) = as_ident(&call.fun)
                    && call.args.len() == 1
                    && !call.has_dots
                    && (forced || is_type_elem(&call.args[0]))
                {
                    let arg = call.args.pop().expect("one argument");
                    let paren = self.expr_at(call.lparen, ExprKind::Paren(Box::new(arg)));
                    return Ok((name, Some(paren)));
                }
                Err(Expr { kind: ExprKind::Call(call), ..x })
            }
            _ => Err(x),
        }
    }

    fn func_decl(&mut self, pos: Pos) -> Option<FuncDecl> {
        let directives = self.claim_directives();
        let mut recv = None;
        let has_recv = self.token() == Token::Lparen;
        if has_recv {
            self.next();
            let mut params = self.param_list(None, Token::Rparen, false, false);
            // Told behind the list, as gc does.
            match params.len() {
                0 => self.error_at(self.pos(), "method has no receiver"),
                1 => (),
                _ => self.error_at(self.pos(), "method has multiple receivers"),
            }
            if !params.is_empty() {
                recv = Some(params.swap_remove(0));
            }
        }
        if self.token() != Token::Name {
            self.syntax_error(if has_recv { "expected name" } else { "expected name or (" });
            self.advance(&[Token::Lbrace, Token::Semi]);
            let name_pos = self.pos();
            let name = self.ident_at(name_pos, "_");
            let body = (self.token() == Token::Lbrace).then(|| self.func_body());
            let sig = FuncType { pos, params: Vec::new(), results: Vec::new() };
            return Some(FuncDecl { pos, recv, name, tparams: Vec::new(), sig, body, directives });
        }
        let name = self.name();
        let (tparams, sig) = self.func_type("");
        let body = (self.token() == Token::Lbrace).then(|| self.func_body());
        Some(FuncDecl { pos, recv, name, tparams, sig, body, directives })
    }

    pub(super) fn func_body(&mut self) -> Block {
        self.fn_depth += 1;
        let outer = std::mem::replace(&mut self.expr_level, 0);
        let block = self.block("");
        self.expr_level = outer;
        self.fn_depth -= 1;
        block
    }

    /// `[tparams](params) results`. With a `context` type parameters are an error that names it.
    pub(super) fn func_type(&mut self, context: &str) -> (Vec<Field>, FuncType) {
        let pos = self.pos();
        let mut tparams = Vec::new();
        if self.token() == Token::Lbrack {
            self.next();
            if !context.is_empty() {
                self.syntax_error_at(pos, &format!("{context} must have no type parameters"));
            }
            if self.token() == Token::Rbrack {
                self.syntax_error("empty type parameter list");
                self.next();
            } else {
                tparams = self.param_list(None, Token::Rbrack, true, false);
                if !context.is_empty() {
                    tparams.clear();
                }
            }
        }
        self.want(Token::Lparen);
        let params = self.param_list(None, Token::Rparen, false, true);
        let results = self.func_result();
        (tparams, FuncType { pos, params, results })
    }

    fn func_result(&mut self) -> Vec<Field> {
        if self.got(Token::Lparen) {
            return self.param_list(None, Token::Rparen, false, false);
        }
        let pos = self.pos();
        match self.type_or_none() {
            Some(ty) => vec![Field { pos, name: None, ty: Arc::new(ty) }],
            None => Vec::new(),
        }
    }

    /// Parameters up to `close`, the opening token being taken. `first`: a type parameter already begun.
    /// `require_names`: type parameters. `dots_ok`: the last may be `...T`.
    pub(super) fn param_list(
        &mut self,
        mut first: Option<(Ident, Option<Expr>)>,
        close: Token,
        require_names: bool,
        dots_ok: bool,
    ) -> Vec<Field> {
        // A type parameter that is whole and alone leaves nothing for the list.
        if self.token() == close
            && let Some((name, Some(ty))) = first
        {
            self.next();
            return vec![Field { pos: name.pos, name: Some(name), ty: Arc::new(ty) }];
        }
        let mut list: Vec<Param> = Vec::new();
        let (mut named, mut typed) = (0, 0);
        let end = self.list("parameter list", Token::Comma, close, |p| {
            let param = match first.take() {
                Some((name, Some(ty))) => Some(Param { pos: name.pos, name: Some(name), ty: Some(ty) }),
                Some((name, None)) => p.param(Some(name), close),
                None => p.param(None, close),
            };
            if let Some(param) = param {
                named += usize::from(param.name.is_some() && param.ty.is_some());
                typed += usize::from(param.ty.is_some());
                list.push(param);
            }
            false
        });
        let mut fields = self.distribute(list, named, typed, end, require_names);
        self.check_dots(&mut fields, dots_ok);
        fields
    }

    /// One parameter: `name`, `type`, `name type`, `name ...type`, `...type`; before `]` a constraint for a type.
    /// `name` may have been parsed already.
    fn param(&mut self, name: Option<Ident>, close: Token) -> Option<Param> {
        let sets_ok = close == Token::Rbrack;
        let pos = name.as_ref().map_or_else(|| self.pos(), |name| name.pos);
        let unnamed = |ty: Expr| Some(Param { pos, name: None, ty: Some(ty) });
        if name.is_none() && sets_ok && self.token() == Token::Tilde {
            let ty = self.constraint();
            return unnamed(ty);
        }
        let name = match name {
            None if self.token() == Token::Name => Some(self.name()),
            name => name,
        };
        if let Some(name) = &name {
            match self.token() {
                Token::Lbrack => {
                    // `name []E`, `name [n]E` or the instantiated type `name[T]`.
                    let x = self.ident_expr(name);
                    let (name, ty) = match self.array_or_type_args(x) {
                        Ok(instance) => (None, instance),
                        Err(array) => (Some(name.clone()), array),
                    };
                    let ty = if sets_ok { self.constraint_rest(ty) } else { ty };
                    return Some(Param { pos, name, ty: Some(ty) });
                }
                Token::Dot => {
                    let x = self.ident_expr(name);
                    let ty = self.qualified_rest(x);
                    let ty = if sets_ok { self.constraint_rest(ty) } else { ty };
                    return unnamed(ty);
                }
                Token::Op(BinaryOp::Or) if sets_ok => {
                    let x = self.ident_expr(name);
                    let ty = self.constraint_rest(x);
                    return unnamed(ty);
                }
                _ => {}
            }
        }
        if self.token() == Token::DotDotDot {
            let ty = self.dots_type();
            return Some(Param { pos, name, ty: Some(ty) });
        }
        if sets_ok && self.token() == Token::Tilde {
            let ty = self.constraint();
            return Some(Param { pos, name, ty: Some(ty) });
        }
        let mut ty = self.type_or_none();
        if sets_ok && let Some(x) = ty {
            ty = Some(self.constraint_rest(x));
        }
        if name.is_some() || ty.is_some() {
            return Some(Param { pos, name, ty });
        }
        self.syntax_error(&format!("expected {}", close.word()));
        self.advance(&[Token::Comma, close]);
        None
    }

    fn dots_type(&mut self) -> Expr {
        let pos = self.pos();
        self.next();
        match self.type_or_none() {
            Some(elem) => self.expr_at(pos, ExprKind::Ellipsis(Some(Box::new(elem)))),
            None => {
                let bad = self.bad_expr();
                self.syntax_error("... is missing type");
                bad
            }
        }
    }

    /// Now that the list is whole: `a, b int` shares types leftwards; `int, string` are types without names.
    fn distribute(
        &mut self,
        list: Vec<Param>,
        named: usize,
        typed: usize,
        end: Pos,
        require_names: bool,
    ) -> Vec<Field> {
        let n = list.len();
        if n == 0 {
            return Vec::new();
        }
        let mut fields = Vec::with_capacity(n);
        if named == 0 && !require_names {
            for param in list {
                let ty = match (param.ty, param.name) {
                    (Some(ty), _) => ty,
                    (None, Some(name)) => self.ident_expr(&name),
                    (None, None) => unreachable!("a parameter has a name or a type"),
                };
                fields.push(Field { pos: param.pos, name: None, ty: Arc::new(ty) });
            }
        } else {
            let mut error = None;
            let mut shared: Option<Arc<Expr>> = None;
            for param in list.into_iter().rev() {
                let (ty, name) = match (param.ty, param.name) {
                    (Some(ty), name) => {
                        let ty = Arc::new(ty);
                        shared = Some(ty.clone());
                        let name = name.unwrap_or_else(|| {
                            error = Some(ty.start());
                            self.ident_at(ty.start(), "_")
                        });
                        (ty, name)
                    }
                    (None, Some(name)) => match &shared {
                        Some(ty) => (ty.clone(), name),
                        None => {
                            error = Some(name.pos);
                            (Arc::new(self.expr_at(name.pos, ExprKind::Bad)), name)
                        }
                    },
                    (None, None) => unreachable!("a parameter has a name or a type"),
                };
                fields.push(Field { pos: param.pos, name: Some(name), ty });
            }
            fields.reverse();
            if let Some(pos) = error {
                let (pos, words) = match (named == typed, require_names) {
                    (true, true) => (end, "missing type constraint".to_owned()),
                    (true, false) => (end, "missing parameter type".to_owned()),
                    (false, true) if n == 1 => {
                        (pos, "missing type parameter name or invalid array length".to_owned())
                    }
                    (false, true) => (pos, "missing type parameter name".to_owned()),
                    (false, false) => (pos, "missing parameter name".to_owned()),
                };
                self.syntax_error_at(pos, &words);
            }
        }
        fields
    }

    /// `...` only before the last parameter's type, and in parameters only. What is misplaced is taken out.
    fn check_dots(&mut self, fields: &mut [Field], dots_ok: bool) {
        let n = fields.len();
        let mut told = false;
        for (i, field) in fields.iter_mut().enumerate() {
            let ExprKind::Ellipsis(elem) = &field.ty.kind else { continue };
            if dots_ok && i + 1 == n {
                continue;
            }
            if !told {
                told = true;
                let words =
                    if dots_ok { "can only use ... with final parameter" } else { "invalid use of ..." };
                self.error_at(field.ty.pos, words);
            }
            if let Some(elem) = elem {
                field.ty = Arc::new((**elem).clone());
            }
        }
    }
}

/// Whether `x` can only be a type: a type literal, a `~T`, a union with one.
fn is_type_elem(x: &Expr) -> bool {
    match &x.kind {
        ExprKind::ArrayType(..)
        | ExprKind::StructType(_)
        | ExprKind::FuncType(_)
        | ExprKind::InterfaceType(_)
        | ExprKind::SliceType(_)
        | ExprKind::MapType(..)
        | ExprKind::ChanType(..) => true,
        ExprKind::Binary(_, l, r) => is_type_elem(l) || is_type_elem(r),
        ExprKind::Unary(UnaryOp::Tilde, _) => true,
        ExprKind::Paren(x) => is_type_elem(x),
        _ => false,
    }
}
