//! The real world: the machine's files and environment.

#![allow(clippy::disallowed_methods, reason = "this is the door to files and environment")]

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::base::World;
use crate::base::world::{DirEntry, FileKind, Stat, clean_path};

/// Files and environment as they are.
#[derive(Clone)]
pub(super) struct OsWorld {
    cwd: PathBuf,
}

impl OsWorld {
    pub(super) fn new() -> OsWorld {
        let real = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
        // As a shell sees it: $PWD may go through links, and messages should show that name.
        let cwd = std::env::var_os("PWD")
            .map(PathBuf::from)
            .filter(|pwd| {
                clean_path(pwd) == *pwd
                    && pwd.is_absolute()
                    && fs::canonicalize(pwd).ok() == fs::canonicalize(&real).ok()
            })
            .unwrap_or(real);
        OsWorld { cwd }
    }

    /// Nanoseconds since 1970.
    pub(super) fn now_ns(&self) -> i64 {
        let now = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH);
        i64::try_from(now.unwrap_or_default().as_nanos()).unwrap_or(i64::MAX)
    }

    pub(super) fn set_cwd(&mut self, cwd: PathBuf) {
        self.cwd = cwd;
    }
}

fn kind_of(kind: fs::FileType) -> FileKind {
    match kind {
        k if k.is_dir() => FileKind::Dir,
        k if k.is_file() => FileKind::File,
        k if k.is_symlink() => FileKind::Symlink,
        _ => FileKind::Other,
    }
}

impl World for OsWorld {
    fn read(&self, path: &Path) -> io::Result<Arc<[u8]>> {
        fs::read(path).map(Arc::from)
    }

    fn read_dir(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        let mut out = Vec::new();
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            if let Ok(name) = entry.file_name().into_string() {
                out.push(DirEntry { name, kind: kind_of(entry.file_type()?) });
            }
        }
        out.sort();
        Ok(out)
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        let meta = fs::metadata(path)?;
        Ok(Stat {
            kind: kind_of(meta.file_type()),
            size: meta.len(),
            mtime_ns: meta.mtime().saturating_mul(1_000_000_000).saturating_add(meta.mtime_nsec()),
            ctime_ns: meta.ctime().saturating_mul(1_000_000_000).saturating_add(meta.ctime_nsec()),
            inode: meta.ino(),
        })
    }

    fn env(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn cwd(&self) -> PathBuf {
        self.cwd.clone()
    }

    fn handle(&self) -> Arc<dyn World> {
        Arc::new(self.clone())
    }

    fn real_path(&self, path: &Path) -> PathBuf {
        fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf())
    }
}
