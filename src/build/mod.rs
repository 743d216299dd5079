//! Names the packages, wraps each verb as a stage, plans the graph: where Go meets the engine.

pub mod analysis;
pub mod buildinfo;
pub mod config;
pub mod driver;
pub mod emit;
pub mod flags;
pub mod goroot;
pub mod library;
pub mod link_stage;
pub mod noop;
mod object_file;
pub mod outline;
pub mod pack;
pub mod planning;
pub mod program;
pub mod shelf;
pub mod stages;
#[cfg(test)]
mod stages_test;
pub mod test;
pub mod universe;
pub mod workspace;

pub use flags::{BuildFlags, LinkFlags, VcsStamp, Wanted};

/// The file name of a command's executable: the last element of its import path that is no major version.
pub fn default_name(import_path: &str) -> String {
    let is_version = |s: &str| {
        s.len() > 1
            && s.starts_with('v')
            && s[1..].bytes().all(|b| b.is_ascii_digit())
            && !s.starts_with("v0")
            && s != "v1"
    };
    let mut elements = import_path.rsplit('/');
    let last = elements.next().unwrap_or(import_path);
    match elements.next() {
        Some(before) if is_version(last) => before.to_owned(),
        _ => last.to_owned(),
    }
}
#[cfg(test)]
mod switch_tests;
