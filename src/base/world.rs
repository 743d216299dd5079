//! The outside: files, directories and environment, behind one trait.
//!
//! Stages take bytes. Only `build`, `modules` and `cli` hold a `&dyn World`; the real one is in
//! `cli`, tests use [`MemoryWorld`].

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// What `stat` tells, links followed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stat {
    pub kind: FileKind,
    pub size: u64,
    /// Nanoseconds since 1970; a hint, never the truth.
    pub mtime_ns: i64,
    /// When content or attributes last changed, by the system's own clock: unlike `mtime_ns`, no program can set it.
    pub ctime_ns: i64,
    /// The file's number in its file system.
    pub inode: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum FileKind {
    File,
    Dir,
    /// A symbolic link, seen in a directory listing (`stat` follows links).
    Symlink,
    Other,
}

impl Stat {
    pub fn is_dir(&self) -> bool {
        self.kind == FileKind::Dir
    }

    pub fn is_file(&self) -> bool {
        self.kind == FileKind::File
    }
}

/// One name in a directory.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct DirEntry {
    pub name: String,
    pub kind: FileKind,
}

/// Everything the front of a build may ask of the machine.
pub trait World: Send + Sync {
    fn read(&self, path: &Path) -> io::Result<Arc<[u8]>>;

    /// Names in order; names that are not UTF-8 are left out (no import path can name them).
    fn read_dir(&self, path: &Path) -> io::Result<Vec<DirEntry>>;

    fn stat(&self, path: &Path) -> io::Result<Stat>;

    /// `None` if unset or not UTF-8.
    fn env(&self, name: &str) -> Option<String>;

    /// The working directory, absolute.
    fn cwd(&self) -> PathBuf;

    /// The path without links; the same path when it cannot be found out.
    fn real_path(&self, path: &Path) -> PathBuf {
        path.to_path_buf()
    }

    /// The same world for whoever outlives this borrow.
    fn handle(&self) -> Arc<dyn World>;

    fn is_dir(&self, path: &Path) -> bool {
        self.stat(path).is_ok_and(|s| s.is_dir())
    }

    fn is_file(&self, path: &Path) -> bool {
        self.stat(path).is_ok_and(|s| s.is_file())
    }
}

/// `path` with `.` and `..` worked out by name alone, as Go's `filepath.Clean` does.
pub fn clean_path(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => match out.components().next_back() {
                Some(Component::Normal(_)) => {
                    out.pop();
                }
                Some(Component::RootDir | Component::Prefix(_)) => {}
                _ => out.push(".."),
            },
            other => out.push(other),
        }
    }
    if out.as_os_str().is_empty() { PathBuf::from(".") } else { out }
}

/// A world in memory, for tests.
#[derive(Clone, Default, Debug)]
pub struct MemoryWorld {
    files: BTreeMap<PathBuf, Arc<[u8]>>,
    dirs: BTreeSet<PathBuf>,
    vars: BTreeMap<String, String>,
    cwd: PathBuf,
}

impl MemoryWorld {
    pub fn new(cwd: &str) -> MemoryWorld {
        let mut world = MemoryWorld { cwd: PathBuf::from(cwd), ..MemoryWorld::default() };
        world.add_dirs(Path::new(cwd));
        world
    }

    /// Adds a file and the directories above it; a relative name is below the working directory.
    pub fn file(mut self, path: &str, text: impl AsRef<[u8]>) -> MemoryWorld {
        let path = clean_path(&self.cwd.join(path));
        if let Some(parent) = path.parent() {
            self.add_dirs(parent);
        }
        self.files.insert(path, text.as_ref().into());
        self
    }

    pub fn dir(mut self, path: &str) -> MemoryWorld {
        let path = clean_path(&self.cwd.join(path));
        self.add_dirs(&path);
        self
    }

    pub fn var(mut self, name: &str, value: &str) -> MemoryWorld {
        self.vars.insert(name.to_owned(), value.to_owned());
        self
    }

    fn add_dirs(&mut self, path: &Path) {
        self.dirs.extend(path.ancestors().map(Path::to_path_buf));
    }

    fn at(&self, path: &Path) -> PathBuf {
        clean_path(&self.cwd.join(path))
    }
}

impl World for MemoryWorld {
    fn read(&self, path: &Path) -> io::Result<Arc<[u8]>> {
        let path = self.at(path);
        match self.files.get(&path) {
            Some(text) => Ok(text.clone()),
            None if self.dirs.contains(&path) => Err(io::ErrorKind::IsADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn read_dir(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        let path = self.at(path);
        if !self.dirs.contains(&path) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let inside = |p: &PathBuf, kind| match p.parent() {
            Some(parent) if parent == path => {
                Some(DirEntry { name: p.file_name()?.to_str()?.to_owned(), kind })
            }
            _ => None,
        };
        let files = self.files.keys().filter_map(|p| inside(p, FileKind::File));
        let dirs = self.dirs.iter().filter_map(|p| inside(p, FileKind::Dir));
        let mut out: Vec<DirEntry> = files.chain(dirs).collect();
        out.sort();
        Ok(out)
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        let path = self.at(path);
        if let Some(text) = self.files.get(&path) {
            return Ok(Stat {
                kind: FileKind::File,
                size: text.len() as u64,
                mtime_ns: 0,
                ctime_ns: 0,
                inode: 0,
            });
        }
        if self.dirs.contains(&path) {
            return Ok(Stat { kind: FileKind::Dir, size: 0, mtime_ns: 0, ctime_ns: 0, inode: 0 });
        }
        Err(io::ErrorKind::NotFound.into())
    }

    fn env(&self, name: &str) -> Option<String> {
        self.vars.get(name).cloned()
    }

    fn cwd(&self) -> PathBuf {
        self.cwd.clone()
    }

    fn handle(&self) -> Arc<dyn World> {
        Arc::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned_by_name() {
        for (from, to) in [("/a/../b/./c", "/b/c"), ("..", ".."), ("a/..", "."), ("/..", "/"), ("./x", "x")] {
            assert_eq!(clean_path(Path::new(from)), Path::new(to), "{from}");
        }
    }

    #[test]
    fn memory_world_lists_in_order() {
        let world = MemoryWorld::new("/m").file("b.go", "").file("a/x.go", "");
        let names: Vec<String> =
            world.read_dir(Path::new(".")).unwrap().into_iter().map(|e| e.name).collect();
        assert_eq!(names, ["a", "b.go"]);
        assert!(world.is_dir(Path::new("/m/a")));
    }
}
