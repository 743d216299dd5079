//! `//go:embed` patterns to files.

use std::path::Path;

use crate::base::World;
use crate::base::world::{DirEntry, FileKind};

use super::matching::glob_matches;

/// The files a pattern stands for, relative to `dir`, in order; or what is wrong, in go's words.
pub(super) fn resolve(world: &dyn World, dir: &Path, pattern: &str) -> Result<Vec<String>, String> {
    let (all, glob) = match pattern.strip_prefix("all:") {
        Some(glob) => (true, glob),
        None => (false, pattern),
    };
    if !is_valid(glob) || glob.split('/').any(|part| glob_matches(part, "").is_none()) {
        return Err("invalid pattern syntax".to_owned());
    }
    let mut files = Vec::new();
    for (name, kind) in expand(world, dir, glob) {
        check(world, dir, &name, kind)?;
        match kind {
            FileKind::File => files.push(name),
            FileKind::Dir => {
                let before = files.len();
                below(world, dir, &name, all, &mut files)?;
                if files.len() == before {
                    return Err(format!("cannot embed directory {name}: contains no embeddable files"));
                }
            }
            FileKind::Symlink | FileKind::Other => {
                return Err(format!("cannot embed irregular file {name}"));
            }
        }
    }
    if files.is_empty() {
        return Err("no matching files found".to_owned());
    }
    files.sort();
    files.dedup();
    Ok(files)
}

fn is_valid(glob: &str) -> bool {
    glob != "."
        && !glob.is_empty()
        && glob.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
}

/// Names the pattern matches, element by element.
fn expand(world: &dyn World, dir: &Path, glob: &str) -> Vec<(String, FileKind)> {
    let mut found = vec![(String::new(), FileKind::Dir)];
    for part in glob.split('/') {
        let mut next = Vec::new();
        for (base, kind) in found {
            if kind != FileKind::Dir {
                continue;
            }
            for DirEntry { name, kind } in world.read_dir(&dir.join(&base)).unwrap_or_default() {
                if glob_matches(part, &name) == Some(true) {
                    let path = if base.is_empty() { name } else { format!("{base}/{name}") };
                    next.push((path, kind));
                }
            }
        }
        found = next;
    }
    found
}

/// Whether a module made of the directory would hold the file.
fn check(world: &dyn World, dir: &Path, name: &str, kind: FileKind) -> Result<(), String> {
    let what = if kind == FileKind::Dir { "directory" } else { "file" };
    let mut path = name;
    loop {
        if world.stat(&dir.join(path).join("go.mod")).is_ok() {
            return Err(format!("cannot embed {what} {name}: in different module"));
        }
        let element = path.rsplit('/').next().unwrap_or(path);
        if is_bad_name(element) {
            return Err(match path == name {
                true => format!("cannot embed {what} {name}: invalid name {element}"),
                false => format!("cannot embed {what} {name}: in invalid directory {element}"),
            });
        }
        match path.rfind('/') {
            Some(slash) => path = &path[..slash],
            None => return Ok(()),
        }
    }
}

/// Names that no module may contain.
fn is_bad_name(name: &str) -> bool {
    let allowed = |c: char| c.is_alphanumeric() || " !#$%&()+,-.=@[]^_{}~".contains(c);
    name.is_empty()
        || matches!(name, ".bzr" | ".hg" | ".git" | ".svn")
        || name.ends_with('.')
        || !name.chars().all(allowed)
}

fn below(world: &dyn World, dir: &Path, base: &str, all: bool, out: &mut Vec<String>) -> Result<(), String> {
    for DirEntry { name, kind } in world.read_dir(&dir.join(base)).unwrap_or_default() {
        let path = format!("{base}/{name}");
        let hidden = name.starts_with(['.', '_']);
        if is_bad_name(&name) || (hidden && !all) {
            if kind != FileKind::Dir && !hidden {
                return Err(format!("cannot embed file {path}: invalid name {name}"));
            }
            continue;
        }
        match kind {
            FileKind::Dir if !world.is_file(&dir.join(&path).join("go.mod")) => {
                below(world, dir, &path, all, out)?
            }
            FileKind::File => out.push(path),
            _ => {}
        }
    }
    Ok(())
}
