//! Operands: what checking an expression yields, and how one is described in messages.

use super::Checker;
use crate::base::Pos;
use crate::syntax::ast;
use crate::types::{self, Const, Mode, Ty};

use super::words::expr_string;

/// The expression an operand came from.
#[derive(Clone, Default)]
pub(super) enum Source<'a> {
    #[default]
    None,
    Expr(&'a ast::Expr),
    /// Words in place of an expression: "2nd function result".
    Words(Pos, String),
}

#[derive(Clone)]
pub(super) struct Operand<'a> {
    pub mode: Mode,
    pub ty: Ty,
    /// Known for constants only.
    pub val: Option<Const>,
    pub from: Source<'a>,
}

impl Default for Operand<'_> {
    fn default() -> Self {
        Operand { mode: Mode::Invalid, ty: Ty::INVALID, val: None, from: Source::None }
    }
}

impl<'a> Operand<'a> {
    pub fn new(mode: Mode, ty: Ty, from: &'a ast::Expr) -> Operand<'a> {
        Operand { mode, ty, val: None, from: Source::Expr(from) }
    }

    pub fn worded(ty: Ty, at: Pos, words: String) -> Operand<'a> {
        Operand { mode: Mode::Value, ty, val: None, from: Source::Words(at, words) }
    }

    pub fn is_valid(&self) -> bool {
        self.mode != Mode::Invalid
    }

    pub fn invalidate(&mut self) {
        self.mode = Mode::Invalid;
    }

    pub fn is_nil(&self) -> bool {
        self.mode == Mode::NilValue
    }

    pub fn is_const(&self) -> bool {
        self.mode == Mode::Constant
    }

    pub fn expr(&self) -> Option<&'a ast::Expr> {
        match self.from {
            Source::Expr(e) => Some(e),
            _ => None,
        }
    }

    /// Where an error about the operand is shown: the start of its expression.
    pub fn at(&self) -> Pos {
        match &self.from {
            Source::Expr(e) => e.start(),
            Source::Words(at, _) => *at,
            Source::None => Pos::NONE,
        }
    }

    /// The place of the expression itself: of a binary expression, its operator.
    pub fn pos(&self) -> Pos {
        match &self.from {
            Source::Expr(e) => e.pos,
            Source::Words(at, _) => *at,
            Source::None => Pos::NONE,
        }
    }

    /// The expression as source text.
    pub fn text(&self) -> String {
        match &self.from {
            Source::Expr(e) => expr_string(e),
            Source::Words(_, words) => words.clone(),
            Source::None => String::new(),
        }
    }
}

fn mode_words(mode: Mode) -> &'static str {
    match mode {
        Mode::Invalid => "invalid operand",
        Mode::NoValue => "no value",
        Mode::Builtin(_) => "built-in",
        Mode::TypeExpr => "type",
        Mode::Constant => "constant",
        Mode::Variable => "variable",
        Mode::MapIndex => "map index expression",
        Mode::Value => "value",
        Mode::NilValue => "nil",
        Mode::CommaOk => "comma, ok expression",
        Mode::CgoFunc => "cgo function",
    }
}

impl<'a> Checker<'a> {
    /// An operand in messages: `x (variable of type T)`, `1 (untyped int constant)`.
    pub(super) fn show(&mut self, x: &Operand<'a>) -> String {
        if x.is_nil() {
            return if x.ty == Ty::INVALID {
                "nil (with invalid type)".to_owned()
            } else if x.ty == Ty::UNTYPED_NIL {
                "nil".to_owned()
            } else {
                format!("nil (of type {})", self.ts(x.ty))
            };
        }
        let mut expr = x.text();
        if expr.is_empty() {
            match x.mode {
                Mode::Builtin(id) => expr = id.facts().name.to_owned(),
                Mode::TypeExpr => expr = self.ts(x.ty),
                Mode::Constant => expr = x.val.as_ref().map_or(String::new(), |v| v.to_string()),
                _ => (),
            }
        }
        let mut out = String::new();
        if !expr.is_empty() {
            out.push_str(&expr);
            out.push_str(" (");
        }
        let mut typed = false;
        if !matches!(x.mode, Mode::Invalid | Mode::NoValue | Mode::Builtin(_) | Mode::TypeExpr) {
            if self.is_untyped(x.ty) {
                out.push_str(&self.ts(x.ty));
                out.push(' ');
            } else {
                typed = true;
            }
        }
        out.push_str(mode_words(x.mode));
        if let (Mode::Constant, Some(val)) = (x.mode, &x.val) {
            let val = val.to_string();
            if val != expr {
                out.push(' ');
                out.push_str(&val);
            }
        }
        if typed {
            self.show_type_of(x, &mut out);
        }
        if !expr.is_empty() {
            out.push(')');
        }
        out
    }

    fn show_type_of(&mut self, x: &Operand<'a>, out: &mut String) {
        if !x.ty.is_valid() {
            out.push_str(" with invalid type");
            return;
        }
        out.push_str(" of ");
        if x.ty.is_generic() {
            out.push_str("generic ");
        }
        let tparam = x.ty.unalias().as_type_param();
        if tparam.is_none() && (x.ty.as_alias().is_some() || x.ty.as_named().is_some()) {
            let what = composite_kind(x.ty);
            if what.is_empty() {
                out.push_str(&self.ts(x.ty.underlying()));
            } else {
                out.push_str(what);
            }
            out.push(' ');
        }
        out.push_str("type ");
        out.push_str(&self.ts(x.ty));
        if let Some(tparam) = tparam {
            out.push_str(" constrained by ");
            out.push_str(&self.ts(tparam.bound().unwrap_or(Ty::INVALID)));
            if self.has_empty_type_set(x.ty) {
                out.push_str(" with empty type set");
            }
        }
    }
}

/// The kind of a composite type in words, "" for a basic one.
pub(super) fn composite_kind(ty: Ty) -> &'static str {
    use types::Kind::*;
    match ty.underlying().kind() {
        Array(_) => "array",
        Slice(_) => "slice",
        Struct(_) => "struct",
        Pointer(_) => "pointer",
        Signature(_) => "func",
        Interface(_) => "interface",
        Map(_) => "map",
        Chan(_) => "chan",
        Tuple(_) => "tuple",
        Union(_) => "union",
        _ => "",
    }
}
