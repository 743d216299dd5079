//! What ends a command before it has a package graph.

use std::fmt;
use std::path::{Path, PathBuf};

/// A message for stderr, whole as it is; the command then exits with 1.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fatal(pub String);

impl fmt::Display for Fatal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `path` relative to `cwd` where that is shorter, as go shows it.
pub fn short_path(cwd: &Path, path: &Path) -> PathBuf {
    match relative(cwd, path) {
        Some(relative) if relative.as_os_str().len() < path.as_os_str().len() => relative,
        _ => path.to_path_buf(),
    }
}

/// The way from `from` to `to`, both absolute and clean.
pub fn relative(from: &Path, to: &Path) -> Option<PathBuf> {
    if from.is_absolute() != to.is_absolute() {
        return None;
    }
    let common = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let mut out = PathBuf::new();
    for _ in from.components().skip(common) {
        out.push("..");
    }
    out.extend(to.components().skip(common));
    if out.as_os_str().is_empty() { Some(PathBuf::from(".")) } else { Some(out) }
}

/// The words of the operating system as Go spells them: `no such file or directory`.
pub fn os_words(error: &std::io::Error) -> String {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::NotFound => "no such file or directory".to_owned(),
        ErrorKind::PermissionDenied => "permission denied".to_owned(),
        ErrorKind::IsADirectory => "is a directory".to_owned(),
        ErrorKind::NotADirectory => "not a directory".to_owned(),
        _ => {
            let text = error.to_string();
            let text = text.split(" (os error").next().unwrap_or(&text).to_owned();
            let mut chars = text.chars();
            match chars.next() {
                Some(first) => first.to_lowercase().chain(chars).collect(),
                None => text,
            }
        }
    }
}
