//! The standard library's directories as a build read them last: an archive in the store, checked against the disk by
//! what the system says of each directory and file.
//!
//! ```text
//! item 0: import paths, sorted     item i + 1: Entry { hints of directory and files, what was read }
//! ```
//!
//! # What holds
//! - A directory is taken from the shelf only if size, times and inode number of it and of every file that counted are
//!   what they were, and none was changed within the clock's granularity before it was read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use super::driver::Request;
use super::noop::Hint;
use crate::base::digest::COMPILER_ID;
use crate::base::{ContentId, Hasher, World, archive, wire};
use crate::modules::Shelved;
use crate::overlay;
use crate::store::{Blob, Store};

#[derive(Serialize, Deserialize)]
struct Entry {
    dir: Hint,
    files: Vec<(String, Hint)>,
    package: Shelved,
}

/// The shelf of one GOROOT and one way to select files.
pub struct Shelf<'a> {
    world: &'a dyn World,
    src: PathBuf,
    now_ns: i64,
    name: String,
    archive: Option<Blob>,
    paths: Vec<String>,
    new: Mutex<BTreeMap<String, Vec<u8>>>,
}

impl<'a> Shelf<'a> {
    pub fn open(req: &Request<'_>, world: &'a dyn World, store: &Store) -> Shelf<'a> {
        let mut h = Hasher::new("shelf");
        h.field("compiler", COMPILER_ID).field("goroot", &req.goroot.display().to_string());
        h.field("target", &req.target.to_string()).field("tags", &req.flags.tags);
        let experiments: Vec<String> = overlay::EXPERIMENTS.iter().map(|e| (*e).to_owned()).collect();
        h.field("experiments", &experiments);
        let name = format!("shelf {}", ContentId(h.finish()));
        let archive = store.name(&name).and_then(|id| store.read(id));
        let paths = archive.as_deref().and_then(|bytes| wire::decode(archive::item(bytes, 0)?).ok());
        Shelf {
            world,
            src: req.goroot.join("src"),
            now_ns: req.now_ns,
            name,
            archive,
            paths: paths.unwrap_or_default(),
            new: Mutex::default(),
        }
    }

    /// What the package's directory holds, if it was read before and is as it was.
    pub fn get(&self, import_path: &str) -> Option<Shelved> {
        let at = self.paths.binary_search_by(|path| path.as_str().cmp(import_path)).ok()?;
        let entry: Entry = wire::decode(archive::item(self.archive.as_deref()?, at + 1)?).ok()?;
        let dir = self.src.join(import_path);
        let same = |path: &Path, hint: &Hint| self.world.stat(path).is_ok_and(|now| Hint::of(&now) == *hint);
        let whole =
            same(&dir, &entry.dir) && entry.files.iter().all(|(name, hint)| same(&dir.join(name), hint));
        whole.then_some(entry.package)
    }

    /// Keeps what was read.
    pub fn put(&self, import_path: &str, dir: &Path, looked: &[String], package: Shelved) {
        let hint = |path: &Path| {
            let hint = Hint::of(&self.world.stat(path).ok()?);
            hint.is_safe(self.now_ns).then_some(hint)
        };
        let Some(of_dir) = hint(dir) else { return };
        let files: Option<Vec<(String, Hint)>> =
            looked.iter().map(|name| Some((name.clone(), hint(&dir.join(name))?))).collect();
        let Some(files) = files else { return };
        let entry = Entry { dir: of_dir, files, package };
        let mut new = self.new.lock().unwrap_or_else(|e| e.into_inner());
        new.insert(import_path.to_owned(), wire::encode(&entry));
    }

    /// Writes what is new.
    pub fn save(self, store: &Store) {
        let new = self.new.into_inner().unwrap_or_else(|e| e.into_inner());
        if new.is_empty() {
            return;
        }
        let mut all: BTreeMap<&str, &[u8]> = BTreeMap::new();
        for (i, path) in self.paths.iter().enumerate() {
            if let Some(item) = self.archive.as_deref().and_then(|bytes| archive::item(bytes, i + 1)) {
                all.insert(path, item);
            }
        }
        all.extend(new.iter().map(|(path, entry)| (path.as_str(), entry.as_slice())));
        let paths: Vec<&str> = all.keys().copied().collect();
        let head = wire::encode(&paths);
        let items: Vec<&[u8]> = std::iter::once(head.as_slice()).chain(all.into_values()).collect();
        store.set_name(&self.name, store.put_object(archive::pack(&items)));
    }
}
