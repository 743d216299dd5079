//! Statements.

use crate::base::Pos;

use super::{BinaryOp, Decl, Expr, Ident};

/// `{ stmts }`.
#[derive(Clone, Debug)]
pub struct Block {
    pub lbrace: Pos,
    pub stmts: Vec<Stmt>,
    pub rbrace: Pos,
}

#[derive(Clone, Debug)]
pub struct Stmt {
    /// gc's position: the operator of an assignment, the keyword or first byte of everything else.
    pub pos: Pos,
    pub kind: StmtKind,
}

#[derive(Clone, Debug)]
pub enum StmtKind {
    Empty,
    /// What could not be parsed.
    Bad,
    Labeled(Ident, Box<Stmt>),
    Expr(Expr),
    Send(Expr, Expr),
    /// `x++` and `x--`.
    IncDec(Expr, bool),
    Assign(Box<AssignStmt>),
    Go(Expr),
    Defer(Expr),
    Return(Vec<Expr>),
    Branch(BranchKind, Option<Ident>),
    Block(Block),
    If(Box<IfStmt>),
    Switch(Box<SwitchStmt>),
    TypeSwitch(Box<TypeSwitchStmt>),
    Select(Box<SelectStmt>),
    For(Box<ForStmt>),
    Range(Box<RangeStmt>),
    /// Declarations of a `const`, `type` or `var` statement: one for each spec.
    Decl(Vec<Decl>),
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum BranchKind {
    Break,
    Continue,
    Goto,
    Fallthrough,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum AssignOp {
    /// `=`
    Plain,
    /// `:=`
    Define,
    /// `op=`
    Op(BinaryOp),
}

/// `lhs op rhs`. With [`AssignOp::Define`] the left sides that declare are `ExprKind::Name`.
#[derive(Clone, Debug)]
pub struct AssignStmt {
    pub op: AssignOp,
    pub lhs: Vec<Expr>,
    pub rhs: Vec<Expr>,
}

#[derive(Clone, Debug)]
pub struct IfStmt {
    pub init: Option<Stmt>,
    pub cond: Expr,
    pub then: Block,
    /// A block or another `if`.
    pub els: Option<Stmt>,
}

#[derive(Clone, Debug)]
pub struct SwitchStmt {
    pub init: Option<Stmt>,
    pub tag: Option<Expr>,
    pub clauses: Vec<CaseClause>,
    pub lbrace: Pos,
    pub rbrace: Pos,
}

/// `case exprs:` or `default:`.
#[derive(Clone, Debug)]
pub struct CaseClause {
    pub pos: Pos,
    pub colon: Pos,
    pub is_default: bool,
    pub exprs: Vec<Expr>,
    pub body: Vec<Stmt>,
    /// Where the clause ends: the next `case` or the closing brace.
    pub end: Pos,
}

/// `switch init; bind := x.(type)`.
#[derive(Clone, Debug)]
pub struct TypeSwitchStmt {
    pub init: Option<Stmt>,
    pub bind: Option<Ident>,
    /// The operand, without `.(type)`.
    pub x: Expr,
    /// The whole `x.(type)`'s place.
    pub guard_pos: Pos,
    pub clauses: Vec<CaseClause>,
    pub lbrace: Pos,
    pub rbrace: Pos,
}

#[derive(Clone, Debug)]
pub struct SelectStmt {
    pub clauses: Vec<CommClause>,
    pub lbrace: Pos,
    pub rbrace: Pos,
}

/// `case comm:`; `None`: `default:`.
#[derive(Clone, Debug)]
pub struct CommClause {
    pub pos: Pos,
    pub colon: Pos,
    /// A send, a receive expression statement, or an assignment from a receive.
    pub comm: Option<Stmt>,
    pub body: Vec<Stmt>,
    pub end: Pos,
}

#[derive(Clone, Debug)]
pub struct ForStmt {
    pub init: Option<Stmt>,
    pub cond: Option<Expr>,
    pub post: Option<Stmt>,
    pub body: Block,
}

/// `for key, value op range x`. `define` tells `:=` from `=`.
#[derive(Clone, Debug)]
pub struct RangeStmt {
    pub key: Option<Expr>,
    pub value: Option<Expr>,
    /// A third and later variable, which is an error the checker words.
    pub extra: Option<Expr>,
    pub define: bool,
    pub x: Expr,
    pub body: Block,
    /// The `range` keyword.
    pub range_pos: Pos,
}
