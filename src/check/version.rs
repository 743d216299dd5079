//! Go language versions: what a go line or a `//go:build go1.N` line selects, and how two of them compare.

use std::fmt;

/// A language version such as go1.21; release numbers (`go1.21.3`) are dropped.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct GoVersion {
    pub major: u32,
    pub minor: u32,
}

/// The newest language this compiler speaks.
pub const CURRENT: GoVersion = go1(27);

/// `go1.minor`.
pub const fn go1(minor: u32) -> GoVersion {
    GoVersion { major: 1, minor }
}

impl GoVersion {
    /// Reads `go1`, `go1.21`, `go1.21rc1`, `go1.21.3`; a missing prefix `go` is accepted as go.mod writes it.
    pub fn parse(text: &str) -> Option<GoVersion> {
        let text = text.strip_prefix("go").unwrap_or(text);
        let (major, rest) = number(text)?;
        let Some(rest) = rest.strip_prefix('.') else {
            return (rest.is_empty()).then_some(GoVersion { major, minor: 0 });
        };
        let (minor, rest) = number(rest)?;
        let known_tail = rest.is_empty()
            || rest.starts_with('.')
            || rest.starts_with("rc")
            || rest.starts_with("beta")
            || rest.starts_with("alpha")
            || rest.starts_with('-');
        known_tail.then_some(GoVersion { major, minor })
    }
}

fn number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}

impl fmt::Display for GoVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.minor == 0 {
            write!(f, "go{}", self.major)
        } else {
            write!(f, "go{}.{}", self.major, self.minor)
        }
    }
}

/// The version a file is checked under: what its `//go:build` line asks for, but never below go1.21 (before that
/// release, such a line did not choose the language), and the package's own version where it says nothing.
pub fn of_file(package: Option<GoVersion>, file: Option<GoVersion>) -> Option<GoVersion> {
    match file {
        Some(file) => Some(file.max(go1(21))),
        None => package,
    }
}
