//! Expressions and types: one tree, since the parser cannot always tell them apart.

use std::sync::Arc;

use crate::base::Pos;

use super::{Block, ExprId, Field, FuncType, Ident, Name};

/// An expression or a type.
#[derive(Clone, Debug)]
pub struct Expr {
    pub id: ExprId,
    /// gc's position of the node: see the module's header.
    pub pos: Pos,
    pub kind: ExprKind,
}

#[derive(Clone, Debug)]
pub enum ExprKind {
    /// What could not be parsed; an error has been reported.
    Bad,
    Name(Name),
    Lit(BasicLit),
    CompositeLit(Box<CompositeLit>),
    FuncLit(Box<FuncLit>),
    Paren(Box<Expr>),
    /// `x.sel`; also a qualified identifier.
    Selector(Box<Expr>, Ident),
    /// `x[indices]`: an index, or an instantiation with one or more types.
    Index(Box<Expr>, Vec<Expr>),
    Slice(Box<SliceExpr>),
    /// `x.(ty)`; `None`: `x.(type)`, allowed in a type switch's header only.
    TypeAssert(Box<Expr>, Option<Box<Expr>>),
    Call(Box<CallExpr>),
    /// `*x`: a dereference or a pointer type.
    Star(Box<Expr>),
    Unary(UnaryOp, Box<Expr>),
    /// Also a union `A | B` in a constraint.
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `key: value` in a composite literal.
    KeyValue(Box<Expr>, Box<Expr>),
    /// `...T` as the last parameter's type, `[...]T`'s length when the operand is `None`.
    Ellipsis(Option<Box<Expr>>),
    /// `[len]T`; the length `None` stands for `[...]T`.
    ArrayType(Option<Box<Expr>>, Box<Expr>),
    SliceType(Box<Expr>),
    StructType(Box<StructType>),
    FuncType(Box<FuncType>),
    InterfaceType(Box<InterfaceType>),
    MapType(Box<Expr>, Box<Expr>),
    ChanType(ChanDir, Box<Expr>),
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum LitKind {
    Int,
    Float,
    Imag,
    Char,
    String,
}

#[derive(Clone, Debug)]
pub struct BasicLit {
    pub kind: LitKind,
    /// As written.
    pub text: Arc<str>,
    /// The scanner found it malformed and said so.
    pub bad: bool,
}

/// `ty{elems}`.
#[derive(Clone, Debug)]
pub struct CompositeLit {
    /// `None` for an elided inner type.
    pub ty: Option<Expr>,
    /// Elements; those with keys are `KeyValue`.
    pub elems: Vec<Expr>,
    pub n_keyed: u32,
    pub lbrace: Pos,
    pub rbrace: Pos,
}

#[derive(Clone, Debug)]
pub struct FuncLit {
    pub sig: FuncType,
    pub body: Block,
}

/// `x[lo:hi]` or, with `full`, `x[lo:hi:max]`.
#[derive(Clone, Debug)]
pub struct SliceExpr {
    pub x: Expr,
    pub index: [Option<Expr>; 3],
    pub full: bool,
}

#[derive(Clone, Debug)]
pub struct CallExpr {
    pub fun: Expr,
    pub args: Vec<Expr>,
    /// `f(xs...)`.
    pub has_dots: bool,
    pub lparen: Pos,
    pub rparen: Pos,
}

#[derive(Clone, Debug)]
pub struct StructType {
    pub fields: Vec<StructField>,
    pub rbrace: Pos,
}

/// A struct's field; embedded when `name` is `None`.
#[derive(Clone, Debug)]
pub struct StructField {
    pub field: Field,
    /// The embedded field's own identifier, taken from its type (`T` of `*p.T[int]`), for the checker's tables.
    pub embedded: Option<Ident>,
    /// The tag's literal and its value.
    pub tag: Option<(BasicLit, Pos, Arc<[u8]>)>,
}

/// Methods in source order, mixed with embedded types and unions.
#[derive(Clone, Debug)]
pub struct InterfaceType {
    pub elems: Vec<InterfaceElem>,
    pub rbrace: Pos,
}

#[derive(Clone, Debug)]
pub enum InterfaceElem {
    Method {
        name: Ident,
        sig: FuncType,
    },
    /// A type, `~T`, or a union of them (`Binary(Or, …)`).
    Embedded(Expr),
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ChanDir {
    Both,
    Send,
    Recv,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum UnaryOp {
    Plus,
    Minus,
    Not,
    /// `^x`
    Xor,
    /// `&x`
    Addr,
    /// `<-x`
    Recv,
    /// `~T`
    Tilde,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum BinaryOp {
    OrOr,
    AndAnd,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Add,
    Sub,
    Or,
    Xor,
    Mul,
    Div,
    Rem,
    And,
    AndNot,
    Shl,
    Shr,
}

impl Expr {
    /// The leftmost byte that belongs to the expression.
    pub fn start(&self) -> Pos {
        let mut at = self;
        loop {
            at = match &at.kind {
                ExprKind::Binary(_, x, _) | ExprKind::KeyValue(x, _) | ExprKind::Selector(x, _) => x,
                ExprKind::Index(x, _) | ExprKind::TypeAssert(x, _) => x,
                ExprKind::Call(c) => &c.fun,
                ExprKind::CompositeLit(c) => match &c.ty {
                    Some(ty) => ty,
                    None => return at.pos,
                },
                _ => return at.pos,
            };
        }
    }

    /// The expression without parentheses around it.
    pub fn unparen(&self) -> &Expr {
        let mut at = self;
        while let ExprKind::Paren(x) = &at.kind {
            at = x;
        }
        at
    }

    pub fn as_name(&self) -> Option<&Name> {
        match &self.kind {
            ExprKind::Name(name) => Some(name),
            _ => None,
        }
    }
}

impl BinaryOp {
    /// As written.
    pub fn text(self) -> &'static str {
        match self {
            BinaryOp::OrOr => "||",
            BinaryOp::AndAnd => "&&",
            BinaryOp::Eq => "==",
            BinaryOp::Ne => "!=",
            BinaryOp::Lt => "<",
            BinaryOp::Le => "<=",
            BinaryOp::Gt => ">",
            BinaryOp::Ge => ">=",
            BinaryOp::Add => "+",
            BinaryOp::Sub => "-",
            BinaryOp::Or => "|",
            BinaryOp::Xor => "^",
            BinaryOp::Mul => "*",
            BinaryOp::Div => "/",
            BinaryOp::Rem => "%",
            BinaryOp::And => "&",
            BinaryOp::AndNot => "&^",
            BinaryOp::Shl => "<<",
            BinaryOp::Shr => ">>",
        }
    }

    /// From 1 (`||`) to 5 (`*`), as in the specification.
    pub fn precedence(self) -> u8 {
        match self {
            BinaryOp::OrOr => 1,
            BinaryOp::AndAnd => 2,
            BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge => 3,
            BinaryOp::Add | BinaryOp::Sub | BinaryOp::Or | BinaryOp::Xor => 4,
            _ => 5,
        }
    }

    pub fn is_comparison(self) -> bool {
        self.precedence() == 3
    }

    pub fn is_shift(self) -> bool {
        matches!(self, BinaryOp::Shl | BinaryOp::Shr)
    }
}

impl UnaryOp {
    /// As written.
    pub fn text(self) -> &'static str {
        match self {
            UnaryOp::Plus => "+",
            UnaryOp::Minus => "-",
            UnaryOp::Not => "!",
            UnaryOp::Xor => "^",
            UnaryOp::Addr => "&",
            UnaryOp::Recv => "<-",
            UnaryOp::Tilde => "~",
        }
    }
}
