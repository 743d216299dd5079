//! The tokens of Go, and how messages name them.

use super::ast::BinaryOp;

/// A token's kind. What was written stands beside it, in the scanner.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Token {
    Eof,
    Name,
    Literal(super::ast::LitKind),
    /// A binary or unary operator other than the ones that have a kind of their own.
    Op(BinaryOp),
    /// `!`
    Not,
    /// `~`
    Tilde,
    /// `op=`
    AssignOp(BinaryOp),
    Inc,
    Dec,
    Assign,
    Define,
    Arrow,
    Star,
    Lparen,
    Lbrack,
    Lbrace,
    Rparen,
    Rbrack,
    Rbrace,
    Comma,
    /// Written or inserted: the scanner's text says `semicolon`, `newline` or `EOF`.
    Semi,
    Colon,
    Dot,
    DotDotDot,
    Break,
    Case,
    Chan,
    Const,
    Continue,
    Default,
    Defer,
    Else,
    Fallthrough,
    For,
    Func,
    Go,
    Goto,
    If,
    Import,
    Interface,
    Map,
    Package,
    Range,
    Return,
    Select,
    Struct,
    Switch,
    Type,
    Var,
}

impl Token {
    /// The keyword that `name` spells, if it does.
    pub fn keyword(name: &[u8]) -> Option<Token> {
        Some(match name {
            b"break" => Token::Break,
            b"case" => Token::Case,
            b"chan" => Token::Chan,
            b"const" => Token::Const,
            b"continue" => Token::Continue,
            b"default" => Token::Default,
            b"defer" => Token::Defer,
            b"else" => Token::Else,
            b"fallthrough" => Token::Fallthrough,
            b"for" => Token::For,
            b"func" => Token::Func,
            b"go" => Token::Go,
            b"goto" => Token::Goto,
            b"if" => Token::If,
            b"import" => Token::Import,
            b"interface" => Token::Interface,
            b"map" => Token::Map,
            b"package" => Token::Package,
            b"range" => Token::Range,
            b"return" => Token::Return,
            b"select" => Token::Select,
            b"struct" => Token::Struct,
            b"switch" => Token::Switch,
            b"type" => Token::Type,
            b"var" => Token::Var,
            _ => return None,
        })
    }

    /// How the token is named where a message expects it: `comma`, `{`, `keyword else`.
    pub fn word(self) -> String {
        let text = match self {
            Token::Eof => "EOF",
            Token::Name => "name",
            Token::Literal(_) => "literal",
            Token::Op(op) => op.text(),
            Token::Not => "!",
            Token::Tilde => "~",
            Token::AssignOp(_) => "op=",
            Token::Inc | Token::Dec => "opop",
            Token::Assign => "=",
            Token::Define => ":=",
            Token::Arrow => "<-",
            Token::Star => "*",
            Token::Lparen => "(",
            Token::Lbrack => "[",
            Token::Lbrace => "{",
            Token::Rparen => ")",
            Token::Rbrack => "]",
            Token::Rbrace => "}",
            Token::Comma => "comma",
            Token::Semi => "semicolon or newline",
            Token::Colon => ":",
            Token::Dot => ".",
            Token::DotDotDot => "...",
            _ => return format!("keyword {}", self.keyword_text()),
        };
        text.to_owned()
    }

    /// As written; keywords only.
    fn keyword_text(self) -> String {
        format!("{self:?}").to_lowercase()
    }

    /// Whether the token begins a statement: a place to take up parsing again after an error.
    pub fn starts_statement(self) -> bool {
        matches!(
            self,
            Token::Break
                | Token::Const
                | Token::Continue
                | Token::Defer
                | Token::Fallthrough
                | Token::For
                | Token::Go
                | Token::Goto
                | Token::If
                | Token::Return
                | Token::Select
                | Token::Switch
                | Token::Type
                | Token::Var
        )
    }
}
