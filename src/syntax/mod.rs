//! Turns text into a tree and back; total, never fails.
//!
//! ```text
//! bytes ──scanner──▶ tokens ──parser──▶ ast::File + Diagnostics ──print──▶ text in messages
//! ```

pub mod ast;
pub mod constraint;
mod directive;
mod facts;
mod literal;
mod parser;
pub mod print;
mod scanner;
#[cfg(test)]
mod tests;
mod token;

pub use facts::{Embed, FactError, FileFacts, Import, Place};
pub use literal::{unquote, unquote_rune};
pub use parser::{MAX_NESTING, Parsed, parse, parse_expr};
pub use scanner::{Complaint, Scanner, is_letter, unicode_digit};
pub use token::Token;
