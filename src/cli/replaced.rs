//! `-overlay`: the world with some files replaced, as a JSON file says: `{"Replace": {"a.go": "elsewhere.go", "b.go": ""}}`.
//!
//! # What holds
//! - A replaced file exists, with the other's content, whatever is on the disk; with an empty name it does not.
//! - Directories that only replaced files are in exist.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Failure, io_words, world::OsWorld};
use crate::base::world::{DirEntry, FileKind, Stat, clean_path};
use crate::base::{ContentId, World};

/// The real world, seen through the replacements.
#[derive(Clone)]
pub(super) struct Replaced {
    world: OsWorld,
    /// `None`: the file is not to be there.
    files: BTreeMap<PathBuf, Option<PathBuf>>,
}

impl Replaced {
    /// Reads the JSON file `name`; the errors are go's.
    pub(super) fn read_from(world: &OsWorld, name: &str) -> Result<Replaced, Failure> {
        let fail = |text: String| Failure::new(1, format!("go: {text}"));
        let cwd = world.cwd();
        let text = world
            .read(&cwd.join(name))
            .map_err(|e| fail(format!("reading overlay: open {name}: {}", io_words(&e))))?;
        let json: serde_json::Value = serde_json::from_slice(&text).map_err(|e| {
            let words = if e.is_eof() { "unexpected end of JSON input".to_owned() } else { e.to_string() };
            fail(format!("parsing overlay JSON: {words}"))
        })?;
        let mut files = BTreeMap::new();
        for (from, to) in json.get("Replace").and_then(|v| v.as_object()).into_iter().flatten() {
            let to = to.as_str().ok_or_else(|| {
                fail(
                    "parsing overlay JSON: json: cannot unmarshal a value of Replace into a string"
                        .to_owned(),
                )
            })?;
            if from.is_empty() {
                return Err(fail("empty string key in overlay map".to_owned()));
            }
            let to = if to.is_empty() { None } else { Some(clean_path(&cwd.join(to))) };
            if let Some(Err(e)) = to.as_ref().map(|to| world.stat(to)) {
                let to = to.unwrap_or_default();
                return Err(Failure::new(1, format!("stat {}: {}", to.display(), io_words(&e))));
            }
            let from = clean_path(&cwd.join(from));
            if files.insert(from.clone(), to).is_some() {
                return Err(fail(format!("duplicate paths {} in overlay map", from.display())));
            }
        }
        let world = Replaced { world: world.clone(), files };
        if let Some((file, below)) = world.conflict() {
            return Err(fail(format!(
                "invalid overlay: file {} is under file {}",
                below.display(),
                file.display()
            )));
        }
        Ok(world)
    }

    fn conflict(&self) -> Option<(&Path, &Path)> {
        let present = |path: &Path| self.files.get(path).is_some_and(Option::is_some);
        self.files.iter().filter(|(_, to)| to.is_some()).find_map(|(path, _)| {
            let above = path.ancestors().skip(1).find(|dir| present(dir))?;
            Some((above, path.as_path()))
        })
    }

    /// What the replacements are, for the name of a build: with the content of those in `unwatched`,
    /// which the build's record does not look at.
    pub(super) fn digest(&self, unwatched: &Path) -> String {
        let mut text = String::new();
        for (from, to) in &self.files {
            text += &format!("{from:?} {to:?}");
            if from.starts_with(unwatched)
                && let Some(content) = to.as_ref().and_then(|to| self.world.read(to).ok())
            {
                text += &ContentId::of(&content).to_string();
            }
            text.push('\n');
        }
        ContentId::of(text.as_bytes()).to_string()
    }

    fn absolute(&self, path: &Path) -> PathBuf {
        clean_path(&self.world.cwd().join(path))
    }

    /// Whether a replaced file is somewhere below `dir`.
    fn is_dir_of_replaced(&self, dir: &Path) -> bool {
        self.files.iter().any(|(path, to)| to.is_some() && path.starts_with(dir) && path != dir)
    }

    fn not_found() -> io::Error {
        io::ErrorKind::NotFound.into()
    }
}

impl World for Replaced {
    fn read(&self, path: &Path) -> io::Result<Arc<[u8]>> {
        match self.files.get(&self.absolute(path)) {
            Some(Some(to)) => self.world.read(to),
            Some(None) => Err(Self::not_found()),
            None => self.world.read(path),
        }
    }

    fn read_dir(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        let dir = self.absolute(path);
        let mut entries: BTreeMap<String, FileKind> = match self.world.read_dir(path) {
            Ok(entries) => entries.into_iter().map(|e| (e.name, e.kind)).collect(),
            Err(_) if self.is_dir_of_replaced(&dir) => BTreeMap::new(),
            Err(e) => return Err(e),
        };
        for (file, to) in &self.files {
            let Ok(below) = file.strip_prefix(&dir) else { continue };
            let mut names = below.iter().map(|name| name.to_string_lossy().into_owned());
            match (names.next(), names.next(), to) {
                (Some(name), None, Some(_)) => _ = entries.insert(name, FileKind::File),
                (Some(name), None, None) => _ = entries.remove(&name),
                (Some(name), Some(_), Some(_)) => _ = entries.insert(name, FileKind::Dir),
                _ => {}
            }
        }
        Ok(entries.into_iter().map(|(name, kind)| DirEntry { name, kind }).collect())
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        let full = self.absolute(path);
        match self.files.get(&full) {
            Some(Some(to)) => self.world.stat(to),
            Some(None) => Err(Self::not_found()),
            None if self.is_dir_of_replaced(&full) => {
                Ok(Stat { kind: FileKind::Dir, size: 0, mtime_ns: 0, ctime_ns: 0, inode: 0 })
            }
            None => self.world.stat(path),
        }
    }

    fn env(&self, name: &str) -> Option<String> {
        self.world.env(name)
    }

    fn cwd(&self) -> PathBuf {
        self.world.cwd()
    }

    fn handle(&self) -> Arc<dyn World> {
        Arc::new(self.clone())
    }

    fn real_path(&self, path: &Path) -> PathBuf {
        if self.files.contains_key(&self.absolute(path)) {
            path.to_path_buf()
        } else {
            self.world.real_path(path)
        }
    }
}
