//! The build that has nothing to do: a record of what the last one looked at leads straight to its result.
//!
//! ```text
//! words, flags, settings, directory ──▶ name ──store──▶ BuildRecord { looks, result }
//!                                                        every look still sees the same? ──▶ result
//! ```
//! [`Watch`] stands between a build and the world and notes every look: files read, directories
//! listed, names asked for. The next build of the same words repeats the looks instead of the work.
//!
//! # What holds
//! - Content decides. Size, times and inode number of a file are a hint that saves reading it again, and
//!   only when it was last changed well before it was looked at: then a later change must show, at the
//!   latest, in its change time, which no program can set.
//! - The standard library is not visited: its place has a stamp (see `goroot.rs`).
//! - A record that cannot be read, or whose executables are gone, is no record.
//! - A copy of an executable that has not changed since it was compared is not compared again, under the same rule.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};

use super::driver::{Program, Request};
use super::goroot;
use crate::base::digest::COMPILER_ID;
use crate::base::world::{DirEntry, FileKind, Stat};
use crate::base::{ContentId, Hasher, World, wire};
use crate::store::Store;

/// Coarsest clock of a file system in use (FAT, some network ones): a change within it need not show.
const GRANULARITY_NS: i64 = 2_000_000_000;

/// What a build saw and what came of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BuildRecord {
    /// Nanoseconds since 1970, before the first look.
    began_ns: i64,
    goroot: String,
    looks: Vec<(PathBuf, Look)>,
    warnings: Vec<String>,
    programs: Vec<Program>,
    /// Stages that would be asked for.
    n_stages: u64,
}

/// One look at a path.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
enum Look {
    /// `None`: it could not be read.
    Read(Option<(ContentId, Hint)>),
    /// Digest of names and kinds; `None`: it could not be listed.
    List(Option<(Listing, Hint)>),
    /// `None`: nothing is there.
    Kind(Option<u8>),
}

/// What is in a directory. Where nothing is embedded only sources and directories count, so that the
/// executable a build writes there is no change.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Listing {
    all: ContentId,
    sources: ContentId,
    exact: bool,
}

/// What tells a changed file from an unchanged one most of the time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Hint {
    size: u64,
    mtime_ns: i64,
    ctime_ns: i64,
    inode: u64,
}

impl Hint {
    pub(super) fn of(stat: &Stat) -> Hint {
        Hint { size: stat.size, mtime_ns: stat.mtime_ns, ctime_ns: stat.ctime_ns, inode: stat.inode }
    }

    /// Whether an equal hint now means equal content, given when the content was read.
    pub(super) fn is_safe(&self, looked_ns: i64) -> bool {
        self.mtime_ns.max(self.ctime_ns) < looked_ns - GRANULARITY_NS
    }
}

/// A world that remembers what it was asked.
pub struct Watch<'a> {
    world: &'a dyn World,
    /// Below it nothing is noted.
    goroot: &'a Path,
    looks: Mutex<BTreeMap<(PathBuf, u8), Look>>,
    began_ns: i64,
}

impl<'a> Watch<'a> {
    pub fn new(world: &'a dyn World, goroot: &'a Path, now_ns: i64) -> Watch<'a> {
        Watch { world, goroot, looks: Mutex::default(), began_ns: now_ns }
    }

    fn note(&self, path: &Path, look: impl FnOnce() -> Look) {
        if path.starts_with(self.goroot) {
            return;
        }
        let look = look();
        let kind = match look {
            Look::Read(_) => 0,
            Look::List(_) => 1,
            Look::Kind(_) => 2,
        };
        self.looks.lock().unwrap_or_else(|e| e.into_inner()).insert((path.to_path_buf(), kind), look);
    }

    fn hint(&self, path: &Path) -> Hint {
        self.world.stat(path).map(|stat| Hint::of(&stat)).unwrap_or_default()
    }

    /// The record of a build that gave `programs`; `embedding` are the directories of packages that embed files.
    pub fn record(
        self,
        world: &dyn World,
        embedding: &[PathBuf],
        warnings: Vec<String>,
        programs: Vec<Program>,
        n_stages: u64,
    ) -> BuildRecord {
        let mut looks = self.looks.into_inner().unwrap_or_else(|e| e.into_inner());
        for ((path, _), look) in &mut looks {
            if let Look::List(Some((listing, _))) = look {
                listing.exact = embedding.iter().any(|dir| path.starts_with(dir));
            }
        }
        BuildRecord {
            began_ns: self.began_ns,
            goroot: goroot::stamp(self.goroot, world),
            looks: looks.into_iter().map(|((path, _), look)| (path, look)).collect(),
            warnings,
            programs,
            n_stages,
        }
    }
}

/// Ends of names that go itself looks at in a directory.
const SOURCES: &[&str] = &[
    ".go", ".c", ".cc", ".cxx", ".cpp", ".m", ".s", ".S", ".h", ".hh", ".hpp", ".hxx", ".f", ".F", ".for",
    ".f90", ".swig", ".swigcxx", ".syso", ".mod", ".sum", ".work",
];

impl Listing {
    fn of(entries: &[DirEntry]) -> Listing {
        let id = |keep: &dyn Fn(&DirEntry) -> bool| {
            let mut hasher = Hasher::new("listing");
            for entry in entries.iter().filter(|e| keep(e)) {
                hasher.bytes(entry.name.as_bytes());
                hasher.number(entry.kind as u64);
            }
            ContentId(hasher.finish())
        };
        let is_source =
            |e: &DirEntry| e.kind != FileKind::File || SOURCES.iter().any(|end| e.name.ends_with(end));
        Listing { all: id(&|_| true), sources: id(&is_source), exact: false }
    }

    fn is_same(&self, now: &Listing) -> bool {
        if self.exact { self.all == now.all } else { self.sources == now.sources }
    }
}

impl World for Watch<'_> {
    fn read(&self, path: &Path) -> io::Result<Arc<[u8]>> {
        // The hint before the content: a change in between leaves an old hint, and the content is read again.
        let hint = self.hint(path);
        let result = self.world.read(path);
        self.note(path, || Look::Read(result.as_ref().ok().map(|text| (ContentId::of(text), hint))));
        result
    }

    fn read_dir(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        let hint = self.hint(path);
        let result = self.world.read_dir(path);
        self.note(path, || Look::List(result.as_ref().ok().map(|list| (Listing::of(list), hint))));
        result
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        let result = self.world.stat(path);
        self.note(path, || Look::Kind(result.as_ref().ok().map(|stat| kind_number(stat.kind))));
        result
    }

    fn env(&self, name: &str) -> Option<String> {
        self.world.env(name)
    }

    fn cwd(&self) -> PathBuf {
        self.world.cwd()
    }

    fn real_path(&self, path: &Path) -> PathBuf {
        self.world.real_path(path)
    }

    fn handle(&self) -> Arc<dyn World> {
        self.world.handle()
    }
}

fn kind_number(kind: FileKind) -> u8 {
    kind as u8
}

/// What the record of this request is called in the store.
pub fn name_of(req: &Request<'_>) -> String {
    let mut h = Hasher::new("build record");
    h.field("compiler", COMPILER_ID).field("cwd", &req.config.cwd.display().to_string());
    h.field("words", &req.words.to_vec()).field("target", &req.target.to_string());
    h.field("goroot", &req.goroot.display().to_string());
    h.field("flags", &format!("{:?} {:?}", req.flags.without_reports(), req.purpose));
    for name in [
        "GO111MODULE",
        "GOEXPERIMENT",
        "GOFIPS140",
        "GODEBUG",
        "GOMODCACHE",
        "GOPATH",
        "GOPROXY",
        "GOWORK",
        "GOAMD64",
    ] {
        h.field(name, &req.config.value(name));
    }
    format!("build {}", ContentId(h.finish()))
}

/// The result of the same build before, if everything it saw is as it was.
///
/// The executables' files are there; their content is looked at by whoever copies them.
pub fn find(req: &Request<'_>, world: &dyn World, store: &Store) -> Option<(Vec<Program>, Vec<String>, u64)> {
    let name = name_of(req);
    let mut record: BuildRecord = wire::decode(&store.note(&name)?).ok()?;
    if record.goroot != goroot::stamp(req.goroot, world) {
        return None;
    }
    let mut rehashed = false;
    for (path, look) in &mut record.looks {
        match repeat(path, look, record.began_ns, world)? {
            Seen::ByHint => {}
            Seen::ByContent => rehashed = true,
        }
    }
    if !record.programs.iter().filter_map(|p| p.exe).all(|exe| store.file_of(exe).is_some()) {
        return None;
    }
    if rehashed {
        // With the hints of now, so that files which were merely touched are not read the next time.
        record.began_ns = req.now_ns;
        save(&name, &record, store);
    }
    Some((record.programs, record.warnings, record.n_stages))
}

/// Keeps the record for the next build of the same words.
pub fn save(name: &str, record: &BuildRecord, store: &Store) {
    store.set_note(name, &wire::encode(record));
}

/// A copy of an executable, when it was last made or compared.
#[derive(Serialize, Deserialize)]
struct Placed {
    exe: ContentId,
    hint: Hint,
    /// Nanoseconds since 1970, before the comparison.
    looked_ns: i64,
}

fn placed_name(to: &Path) -> String {
    format!("placed {}", to.display())
}

/// Whether the file `to`, an absolute path, is known to hold the executable.
pub fn is_placed(store: &Store, exe: ContentId, to: &Path, world: &dyn World) -> bool {
    let placed = store.note(&placed_name(to)).and_then(|note| wire::decode::<Placed>(&note).ok());
    placed.is_some_and(|placed| {
        placed.exe == exe
            && placed.hint.is_safe(placed.looked_ns)
            && world.stat(to).is_ok_and(|now| now.is_file() && Hint::of(&now) == placed.hint)
    })
}

/// Notes that `to` was found to hold the executable at `looked_ns`: what is safe to say, the next build relies on.
pub fn note_placed(store: &Store, exe: ContentId, to: &Path, world: &dyn World, looked_ns: i64) {
    let Ok(now) = world.stat(to) else { return };
    let hint = Hint::of(&now);
    if hint.is_safe(looked_ns) {
        store.set_note(&placed_name(to), &wire::encode(&Placed { exe, hint, looked_ns }));
    }
}

enum Seen {
    ByHint,
    ByContent,
}

/// Looks again; `None`: it is not as it was.
fn repeat(path: &Path, look: &mut Look, began_ns: i64, world: &dyn World) -> Option<Seen> {
    match look {
        Look::Kind(kind) => {
            let now = world.stat(path).ok().map(|stat| kind_number(stat.kind));
            (now == *kind).then_some(Seen::ByHint)
        }
        Look::Read(None) => world.read(path).is_err().then_some(Seen::ByHint),
        Look::List(None) => world.read_dir(path).is_err().then_some(Seen::ByHint),
        Look::Read(Some((id, hint))) => {
            let now = Hint::of(&world.stat(path).ok()?);
            if now == *hint && hint.is_safe(began_ns) {
                return Some(Seen::ByHint);
            }
            *hint = now;
            (ContentId::of(&world.read(path).ok()?) == *id).then_some(Seen::ByContent)
        }
        Look::List(Some((listing, hint))) => {
            let now = Hint::of(&world.stat(path).ok()?);
            if now == *hint && hint.is_safe(began_ns) {
                return Some(Seen::ByHint);
            }
            *hint = now;
            listing.is_same(&Listing::of(&world.read_dir(path).ok()?)).then_some(Seen::ByContent)
        }
    }
}
