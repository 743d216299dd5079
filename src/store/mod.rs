//! The store: bytes under keys, shared by any number of processes; a damaged entry is a miss.
//!
//! ```text
//! Key ──index (SQLite)──▶ ContentId ──▶ small: bytes in the index   (checked against the id
//!                                   └─▶ large: objects/ab/abcd…      on every read)
//! ```
//!
//! Writes gather in memory, visible at once to this process, and reach the disk in a few large
//! transactions. A directory that cannot be written makes that memory the only place.
//!
//! # What holds
//! - No operation fails: what cannot be read is a miss, what cannot be written is kept in memory.
//!   [`Store::faults`] tells what went wrong, once.
//! - Bytes that come out have the digest that was asked for.
//! - A process killed at any point leaves an index and object files that others can use.
//!
//! # What is not here
//! What the bytes mean (`engine`, `build`), and Go. The layout is in `cache-format.md`.

mod index;
mod notes;
mod objects;
mod report;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::{Duration, SystemTime};

use crate::base::{ContentId, Key};
use index::Index;
use objects::Codec;
pub use report::{Entry, StageTotals};

/// The name of our directory inside `$GOCACHE`: go's own `clean -cache` leaves it alone.
pub const SUBDIR: &str = "thermos";

/// The layout's version, as in `cache-format.md`.
pub const FORMAT: &str = index::FORMAT;

/// Up to this many bytes (as kept) an object lies in the index. SQLite reads rows of this size faster
/// than the system opens a file, and small files waste half a block each.
const INLINE_UP_TO: usize = 64 << 10;

/// Memory is written out when it holds this much.
const FLUSH_AT_BYTES: usize = 16 << 20;
const FLUSH_AT_ENTRIES: usize = 4096;

/// Content that came out of the store.
pub type Blob = Arc<[u8]>;

/// An open cache directory.
pub struct Store {
    dir: Option<PathBuf>,
    /// Opened when first needed: a build with nothing to do does without.
    index: OnceLock<Mutex<Option<Index>>>,
    pending: Mutex<Pending>,
    faults: Mutex<Vec<String>>,
    /// How many damaged objects were forgotten.
    healed: AtomicU64,
    /// The last large object read: checked by one caller, copied out by the next.
    recent: Mutex<Option<(ContentId, Blob)>>,
    /// Days since 1970, for the recorded use.
    today: i64,
}

/// What is not in the index yet. Everything here can be read by this process.
#[derive(Default)]
struct Pending {
    objects: HashMap<ContentId, (Blob, bool)>,
    results: HashMap<Key, (&'static str, ContentId)>,
    names: HashMap<String, ContentId>,
    used: Vec<Key>,
    bytes: usize,
    /// Nothing can be written: what is here stays here.
    stuck: bool,
}

impl Pending {
    fn is_empty(&self) -> bool {
        let Pending { objects, results, names, used, bytes: _, stuck: _ } = self;
        objects.is_empty() && results.is_empty() && names.is_empty() && used.is_empty()
    }
}

/// How much the store holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Totals {
    pub results: u64,
    pub objects: u64,
    pub bytes: u64,
}

impl Store {
    /// Opens the store in `dir`, which is made if need be.
    pub fn open(dir: &Path) -> Store {
        Store {
            dir: Some(dir.to_path_buf()),
            index: OnceLock::new(),
            pending: Mutex::default(),
            faults: Mutex::default(),
            healed: AtomicU64::new(0),
            recent: Mutex::default(),
            today: days_since_1970(),
        }
    }

    /// A store that lasts as long as the process.
    pub fn in_memory() -> Store {
        Store {
            dir: None,
            index: OnceLock::from(Mutex::new(None)),
            pending: Mutex::new(Pending { stuck: true, ..Pending::default() }),
            faults: Mutex::new(Vec::new()),
            healed: AtomicU64::new(0),
            recent: Mutex::default(),
            today: days_since_1970(),
        }
    }

    fn index(&self) -> MutexGuard<'_, Option<Index>> {
        lock(self.index.get_or_init(|| {
            let mut faults = Vec::new();
            let index = self.dir.as_ref().and_then(|dir| Index::open(dir, &mut faults));
            if index.as_ref().is_none_or(|i| !i.writable) {
                lock(&self.pending).stuck = true;
            }
            lock(&self.faults).extend(faults);
            Mutex::new(index)
        }))
    }

    /// The note of that name: see `notes.rs`.
    pub fn note(&self, name: &str) -> Option<Vec<u8>> {
        notes::read(self.dir.as_ref()?, name)
    }

    /// Writes a note, if the directory can be written.
    pub fn set_note(&self, name: &str, value: &[u8]) {
        if let Some(dir) = &self.dir {
            notes::write(dir, name, value);
        }
    }

    /// The content id that `key` leads to. The object itself may be damaged: see [`Store::read`].
    pub fn lookup(&self, key: Key) -> Option<ContentId> {
        if let Some((_, id)) = lock(&self.pending).results.get(&key) {
            return Some(*id);
        }
        let (id, used) = self.index().as_ref()?.result(key)?;
        if used < self.today {
            lock(&self.pending).used.push(key);
        }
        Some(id)
    }

    /// What was put under `key`.
    pub fn get(&self, key: Key) -> Option<(ContentId, Blob)> {
        let id = self.lookup(key)?;
        Some((id, self.read(id)?))
    }

    /// The bytes with this id, checked.
    pub fn read(&self, id: ContentId) -> Option<Blob> {
        if let Some((blob, _)) = lock(&self.pending).objects.get(&id) {
            return Some(blob.clone());
        }
        if let Some((recent, blob)) = &*lock(&self.recent)
            && *recent == id
        {
            return Some(blob.clone());
        }
        let dir = self.dir.as_ref()?;
        let row = self.index().as_ref()?.object(id)?;
        let in_file = row.bytes.is_none();
        let kept = row.bytes.or_else(|| objects::read(dir, id, row.codec));
        match kept.and_then(|kept| objects::unpack(id, row.size, row.codec, kept)) {
            Some(bytes) => {
                let blob: Blob = bytes.into();
                if in_file {
                    *lock(&self.recent) = Some((id, blob.clone()));
                }
                Some(blob)
            }
            None => {
                self.heal(id, in_file.then_some(row.codec));
                None
            }
        }
    }

    /// As [`Store::read`], for what [`Store::put_plain`] kept: the index is not asked while the file is whole.
    pub fn read_plain(&self, id: ContentId) -> Option<Blob> {
        let here = lock(&self.recent).as_ref().is_some_and(|(recent, _)| *recent == id);
        if !here
            && let Some(dir) = &self.dir
            && let Some(bytes) = objects::read(dir, id, Codec::Raw)
        {
            if ContentId::of(&bytes) == id {
                let blob: Blob = bytes.into();
                *lock(&self.recent) = Some((id, blob.clone()));
                return Some(blob);
            }
            // Also without a row, as after an index was lost: whoever looks for the file must not find this one.
            self.heal(id, Some(Codec::Raw));
        }
        self.read(id)
    }

    /// True if the object is there, as far as the index knows.
    pub fn contains(&self, id: ContentId) -> bool {
        let here = lock(&self.pending).objects.contains_key(&id);
        here || self.index().as_ref().is_some_and(|index| index.has_object(id))
    }

    /// Keeps `bytes` as the result of `key`.
    pub fn put(&self, key: Key, stage: &'static str, bytes: impl Into<Blob>) -> ContentId {
        let id = self.put_object(bytes);
        lock(&self.pending).results.insert(key, (stage, id));
        id
    }

    /// Keeps `bytes` under their own id only.
    pub fn put_object(&self, bytes: impl Into<Blob>) -> ContentId {
        self.keep(bytes.into(), true)
    }

    /// As [`Store::put_object`], but large content is one plain file: see [`Store::file_of`].
    pub fn put_plain(&self, bytes: impl Into<Blob>) -> ContentId {
        self.keep(bytes.into(), false)
    }

    fn keep(&self, bytes: Blob, compress: bool) -> ContentId {
        let id = ContentId::of(&bytes);
        if self.contains(id) {
            return id;
        }
        let full = {
            let mut pending = lock(&self.pending);
            pending.bytes += bytes.len();
            pending.objects.insert(id, (bytes, compress));
            !pending.stuck && (pending.bytes >= FLUSH_AT_BYTES || pending.objects.len() >= FLUSH_AT_ENTRIES)
        };
        if full {
            self.flush();
        }
        id
    }

    /// The file that holds exactly this content, if it is kept so. The caller copies or links it; the
    /// content is not checked here.
    pub fn file_of(&self, id: ContentId) -> Option<PathBuf> {
        let path = objects::path(self.dir.as_ref()?, id, Codec::Raw);
        path.is_file().then_some(path)
    }

    /// A file that can be executed and bears `name`: a second name for the object, kept in the cache.
    /// `None` if the cache cannot be written or the object is not there.
    pub fn runnable(&self, id: ContentId, name: &str) -> Option<PathBuf> {
        if lock(&self.pending).stuck {
            return None;
        }
        let bytes = self.read_plain(id)?;
        objects::runnable(self.dir.as_ref()?, id, name, &bytes).ok()
    }

    /// What `name` stands for at present: the only thing in the store that changes.
    pub fn name(&self, name: &str) -> Option<ContentId> {
        if let Some(id) = lock(&self.pending).names.get(name) {
            return Some(*id);
        }
        self.index().as_ref()?.name(name)
    }

    /// Makes `name` stand for `id`.
    pub fn set_name(&self, name: &str, id: ContentId) {
        lock(&self.pending).names.insert(name.to_owned(), id);
    }

    /// Writes what is in memory. A disk that will not take it is a fault, and memory keeps it.
    pub fn flush(&self) {
        if self.index.get().is_none() && lock(&self.pending).is_empty() {
            return;
        }
        let mut index = self.index();
        let (Some(index), Some(dir)) = (index.as_mut(), self.dir.as_ref()) else { return };
        let mut batch = {
            let mut pending = lock(&self.pending);
            if pending.stuck || pending.is_empty() {
                return;
            }
            // Others still read from memory until the transaction is through.
            Pending {
                objects: pending.objects.clone(),
                results: pending.results.clone(),
                names: pending.names.clone(),
                used: std::mem::take(&mut pending.used),
                bytes: 0,
                stuck: false,
            }
        };
        match write_batch(index, dir, &mut batch, self.today) {
            Ok(()) => {
                let mut pending = lock(&self.pending);
                pending.objects.retain(|id, _| !batch.objects.contains_key(id));
                pending.results.retain(|key, value| batch.results.get(key) != Some(value));
                pending.names.retain(|name, id| batch.names.get(name) != Some(id));
                pending.bytes = pending.objects.values().map(|(blob, _)| blob.len()).sum();
            }
            Err(problem) => {
                lock(&self.pending).stuck = true;
                let dir = dir.display();
                self.fault(format!(
                    "cache directory {dir} cannot be written ({problem}); results of this build are not kept"
                ));
            }
        }
    }

    /// A damaged object is forgotten, so that the stage that made it runs again.
    fn heal(&self, id: ContentId, in_file: Option<Codec>) {
        if let Some(index) = self.index().as_ref() {
            index.forget(id);
        }
        if let (Some(dir), Some(codec)) = (&self.dir, in_file) {
            objects::remove(dir, id, codec);
        }
        self.healed.fetch_add(1, Ordering::Relaxed);
        self.fault(format!("cache object {id} was damaged; it is made again"));
    }

    /// How many damaged objects were met so far: whoever failed for want of one may try again.
    pub fn healed(&self) -> u64 {
        self.healed.load(Ordering::Relaxed)
    }

    fn fault(&self, text: String) {
        let mut faults = lock(&self.faults);
        if !faults.contains(&text) {
            faults.push(text);
        }
    }

    /// What went wrong so far; each is told once.
    pub fn faults(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.faults))
    }

    pub fn totals(&self) -> Totals {
        let pending = lock(&self.pending);
        let mut totals = Totals {
            results: pending.results.len() as u64,
            objects: pending.objects.len() as u64,
            bytes: pending.bytes as u64,
        };
        drop(pending);
        if let Some(index) = self.index().as_ref() {
            let (results, objects, bytes) = index.totals();
            totals.results += results;
            totals.objects += objects;
            totals.bytes += bytes;
        }
        totals
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.flush();
    }
}

/// Files before rows, so that a row never names a file that was never written.
fn write_batch(index: &mut Index, dir: &Path, batch: &mut Pending, today: i64) -> Result<(), String> {
    let mut rows = Vec::with_capacity(batch.objects.len());
    #[expect(clippy::iter_over_hash_type, reason = "sorted below")]
    for (id, (blob, compress)) in &batch.objects {
        let (codec, packed) = objects::pack(blob, *compress);
        let kept = packed.as_deref().unwrap_or(blob);
        let inline = kept.len() <= INLINE_UP_TO && *compress;
        if inline {
            rows.push((*id, blob.len(), codec, Some(kept.to_vec())));
        } else {
            objects::write(dir, *id, codec, kept).map_err(|e| e.to_string())?;
            rows.push((*id, blob.len(), codec, None));
        }
    }
    rows.sort_by_key(|row| row.0);
    let mut results: Vec<_> = batch.results.iter().collect();
    results.sort();
    let mut names: Vec<_> = batch.names.iter().collect();
    names.sort();
    index.transaction(|writer| {
        for (id, size, codec, bytes) in &rows {
            writer.object(*id, *size, *codec, bytes.as_deref())?;
        }
        for (key, (stage, id)) in results {
            writer.result(*key, stage, *id, today)?;
        }
        for (name, id) in names {
            writer.name(name, *id, today)?;
        }
        batch.used.iter().try_for_each(|key| writer.used(*key, today))
    })
}

/// Every path of the store in `dir`, in an order in which they can be removed.
pub fn files_of(dir: &Path) -> Vec<PathBuf> {
    let mut out = objects::ours(dir);
    if dir.is_dir() {
        out.push(dir.to_path_buf());
    }
    out
}

/// Removes exactly the store's own files; a directory that holds anything else stays.
pub fn clean(dir: &Path) -> std::io::Result<()> {
    for path in files_of(dir) {
        let result = if path.is_dir() {
            match std::fs::remove_dir(&path) {
                Err(e) if e.kind() == std::io::ErrorKind::DirectoryNotEmpty => Ok(()),
                other => other,
            }
        } else {
            std::fs::remove_file(&path)
        };
        match result {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
    }
    Ok(())
}

fn days_since_1970() -> i64 {
    const DAY: u64 = Duration::from_secs(24 * 3600).as_secs();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    (now.as_secs() / DAY) as i64
}

/// A panic in another thread leaves these maps whole: every change to them is one call.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|e| e.into_inner())
}
