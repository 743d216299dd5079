//! What the user did wrong, as values: a stage returns them beside its result, `cli` prints them.

use serde::{Deserialize, Serialize};

use super::span::Pos;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Severity {
    Error,
    /// gc calls these "soft" errors: reported, and checking goes on as if nothing had happened.
    Soft,
    Warning,
}

/// One message. `text` may hold further lines, each begun by a tab, as gc prints them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Diagnostic {
    pub pos: Pos,
    pub severity: Severity,
    /// The stable name of the mistake, as in go/types' error codes (`UnusedVar`); "" for syntax errors.
    pub code: String,
    pub text: String,
    /// More places: `other declaration of x`.
    pub related: Vec<(Pos, String)>,
}

/// Messages in the order they were found.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Diagnostics {
    pub list: Vec<Diagnostic>,
}

impl Diagnostics {
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.list.push(diagnostic);
    }

    pub fn error(&mut self, pos: Pos, text: impl Into<String>) {
        self.push(Diagnostic {
            pos,
            severity: Severity::Error,
            code: String::new(),
            text: text.into(),
            related: Vec::new(),
        });
    }

    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|d| d.severity != Severity::Warning)
    }

    pub fn extend(&mut self, other: Diagnostics) {
        self.list.extend(other.list);
    }
}
