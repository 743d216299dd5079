//! The noun of `scan`: what a file says about itself before it is parsed whole.

use serde::{Deserialize, Serialize};

use super::constraint::Header;

/// Line and column in bytes, both from 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Place {
    pub line: u32,
    pub column: u32,
}

#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct FileFacts {
    /// Empty when the clause is missing or broken.
    pub package: String,
    pub imports: Vec<Import>,
    pub header: Header,
    /// Patterns of `//go:embed`, in source order; only in files that import `embed`.
    pub embeds: Vec<Embed>,
    /// `//go:debug` lines before the package clause, without the slashes.
    pub debug: Vec<(String, Place)>,
    /// The first mistake in the part that was read, in go/parser's words.
    pub error: Option<FactError>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Import {
    pub path: String,
    /// `.`, `_` or a name.
    pub local: Option<String>,
    /// Of the name, or of the path where there is no name.
    pub at: Place,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Embed {
    pub pattern: String,
    pub at: Place,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum FactError {
    /// `name:line:column: text`
    Syntax { at: Place, text: String },
    /// `/dir/name:line:column: text`: go shows these with the whole path.
    Import { at: Place, text: String },
    /// `read /dir/name: text`
    Read { text: String },
}

impl FileFacts {
    /// The file imports `"C"`.
    pub fn uses_cgo(&self) -> bool {
        self.imports.iter().any(|import| import.path == "C")
    }
}
