//! Reporting: how a mistake becomes a diagnostic, in gc's words and at gc's place.
//!
//! # What holds
//! - Messages that merely follow from an earlier one ("invalid operand", "invalid type" inside the text) are dropped
//!   once there is an error.
//! - While an inherited constant expression is evaluated, errors are placed at the constant, not at the expression.

use super::Checker;
use super::codes::Code;
use super::version::{self, GoVersion};
use crate::base::{Diagnostic, Pos, Severity};

/// A message under construction: the first part is the message, the others are further lines.
pub(super) struct Fault {
    pub code: Code,
    pub soft: bool,
    pub parts: Vec<(Pos, String)>,
}

impl Fault {
    pub fn new(code: Code) -> Fault {
        Fault { code, soft: false, parts: Vec::new() }
    }

    /// Adds a part; the first one decides where the error is.
    pub fn add(&mut self, at: Pos, text: impl Into<String>) -> &mut Fault {
        self.parts.push((at, text.into()));
        self
    }

    /// Points to the declaration this one collides with.
    pub fn other_declaration(&mut self, at: Pos, name: &str) -> &mut Fault {
        if !at.is_none() {
            self.add(at, format!("other declaration of {name}"));
        }
        self
    }

    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }
}

impl Checker<'_> {
    pub(super) fn error(&mut self, at: Pos, code: Code, text: impl Into<String>) {
        self.report(Fault { code, soft: false, parts: vec![(at, text.into())] });
    }

    pub(super) fn soft_error(&mut self, at: Pos, code: Code, text: impl Into<String>) {
        self.report(Fault { code, soft: true, parts: vec![(at, text.into())] });
    }

    pub(super) fn report(&mut self, fault: Fault) {
        let Fault { code, soft, parts } = fault;
        let mut parts = parts.into_iter();
        let (mut pos, mut text) = parts.next().expect("a fault needs a message");
        if self.has_error {
            let inside = |what: &str| text.find(what).is_some_and(|at| at > 0);
            if inside("invalid operand") || inside("invalid type") {
                return;
            }
        }
        self.has_error = true;
        if let Some(at) = self.env.errpos {
            pos = at;
        }
        let mut related = Vec::new();
        for (at, more) in parts {
            if at.is_none() {
                text.push_str("\n\t");
                text.push_str(&more);
            } else {
                related.push((at, more));
            }
        }
        if code == Code::InvalidSyntaxTree {
            text.insert_str(0, "invalid syntax tree: ");
        }
        let severity = if soft { Severity::Soft } else { Severity::Error };
        self.diags.push(Diagnostic { pos, severity, code: code.name().to_owned(), text, related });
    }

    pub(super) fn version_error(&mut self, at: Pos, wanted: GoVersion, what: &str) {
        self.error(at, Code::UnsupportedFeature, format!("{what} requires {wanted} or later"));
    }

    /// Whether the file at hand may use what came with go1.`minor`.
    pub(super) fn allows(&self, minor: u32) -> bool {
        self.env.version.is_none_or(|v| v >= version::go1(minor))
    }

    pub(super) fn allow_version(&self, minor: u32) -> bool {
        self.allows(minor)
    }

    /// The same, with an error if it may not.
    pub(super) fn verify_version(
        &mut self,
        at: Pos,
        minor: u32,
        what: impl FnOnce(&mut Self) -> String,
    ) -> bool {
        if self.allows(minor) {
            return true;
        }
        let what = what(self);
        self.version_error(at, version::go1(minor), &what);
        false
    }
}

/// `1 variable`, `2 variables`.
pub(super) fn measure(n: usize, unit: &str) -> String {
    if n == 1 { format!("{n} {unit}") } else { format!("{n} {unit}s") }
}
