//! What one file says about itself before it is parsed whole.
//!
//! Package clause, imports, build constraints, embeds: all that decides which packages and files a build needs.
//! Reading stops behind the imports (except for `//go:embed`, which may stand anywhere), so that a whole
//! standard library is scanned in milliseconds and a syntax error further down is left to `check`.
//!
//! # What is not here
//! Whether the file belongs to a build: that depends on its name and the tags (`modules`).

mod embed;
mod header;
mod lexer;
mod test_functions;

#[cfg(test)]
mod tests;

pub use test_functions::{Example, TestFunctions, test_functions};

use crate::syntax::{FileFacts, constraint};

/// Reads the head of a Go file. Total: mistakes are in [`FileFacts::error`], in go/parser's words.
pub fn scan(text: &[u8]) -> FileFacts {
    let mut facts = FileFacts { header: constraint::header(text), ..FileFacts::default() };
    header::read(text, &mut facts);
    if facts.imports.iter().any(|import| import.path == "embed") {
        facts.embeds = embed::find(text);
    }
    facts
}
