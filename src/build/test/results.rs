//! Results of tests that still hold: the executable, its arguments, and the content of all it looked at are the same.
//!
//! A test binary tells which variables it asked for and which files and directories it opened or looked at.
//! A result is found in two steps: what was asked (the executable and its arguments) names the list of
//! things that were looked at the last time; the state of these things names the result.
//!
//! # What holds
//! - Content counts, never the time of a change. Of what lies outside the package's module or GOROOT, as of a
//!   temporary directory, only go's rule holds: it does not count.
//! - Only passes are kept.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::base::digest::COMPILER_ID;
use crate::base::world::{FileKind, clean_path};
use crate::base::{ContentId, Hasher, World, wire};
use crate::store::Store;

/// What makes one run of a test the same as another, before anything is looked at.
pub struct Asked {
    pub exe: ContentId,
    /// The arguments that may change the output, in order.
    pub args: Vec<String>,
    /// Where the test runs.
    pub dir: PathBuf,
    /// Files below count.
    pub tree: PathBuf,
}

/// A pass, for showing it again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Saved {
    pub output: Vec<u8>,
    /// How long it took then, in seconds, as shown.
    pub elapsed: String,
}

impl Asked {
    fn name(&self) -> String {
        let Asked { exe, args, dir, tree } = self;
        let mut h = Hasher::new("test");
        h.field("compiler", COMPILER_ID).field("exe", exe).field("args", args);
        h.field("dir", &dir.display().to_string()).field("tree", &tree.display().to_string());
        format!("test {}", ContentId(h.finish()))
    }

    /// The name of the result for the state that the things in `log` are in; `None`: they cannot be told.
    fn state(&self, log: &str, world: &dyn World) -> Option<String> {
        let mut h = Hasher::new("test state");
        h.field("asked", &self.name());
        // Variables that the runtime reads by itself.
        for name in ["GODEBUG", "GOGC", "GOMAXPROCS", "GOMEMLIMIT", "GOTRACEBACK"] {
            h.field(name, &world.env(name));
        }
        let mut cwd = self.dir.clone();
        for line in log.lines() {
            let Some((what, name)) = line.split_once(' ') else { continue };
            match what {
                "getenv" => _ = h.field(name, &world.env(name)),
                "chdir" => {
                    cwd = clean_path(&cwd.join(name));
                    self.look(&mut h, &cwd, false, world);
                }
                "open" => self.look(&mut h, &clean_path(&cwd.join(name)), true, world),
                "stat" => self.look(&mut h, &clean_path(&cwd.join(name)), false, world),
                _ => return None,
            }
        }
        Some(format!("test result {}", ContentId(h.finish())))
    }

    fn look(&self, h: &mut Hasher, path: &Path, opened: bool, world: &dyn World) {
        if !path.starts_with(&self.tree) && !path.starts_with(&self.dir) {
            return;
        }
        let name = path.display().to_string();
        let Ok(stat) = world.stat(path) else {
            h.field(&name, "missing");
            return;
        };
        match stat.kind {
            FileKind::Dir => {
                let entries = world.read_dir(path).unwrap_or_default();
                let list: Vec<String> =
                    entries.iter().map(|entry| format!("{:?} {}", entry.kind, entry.name)).collect();
                h.field(&name, &list);
            }
            FileKind::File if opened => {
                h.field(&name, &world.read(path).ok().map(|text| ContentId::of(&text)));
            }
            // Who asks for a file's size or time, and does not open it, is answered by its content too.
            FileKind::File => {
                h.field(&name, &stat.size.to_string());
                h.field(&name, &world.read(path).ok().map(|text| ContentId::of(&text)));
            }
            _ => _ = h.field(&name, "other"),
        }
    }
}

/// The pass that still holds.
pub fn lookup(asked: &Asked, world: &dyn World, store: &Store) -> Option<Saved> {
    let log = store.read(store.name(&asked.name())?)?;
    let state = asked.state(std::str::from_utf8(&log).ok()?, world)?;
    wire::decode(&store.read(store.name(&state)?)?).ok()
}

/// Keeps a pass. `log` is what the test binary wrote about what it looked at.
pub fn remember(asked: &Asked, log: &[u8], saved: &Saved, world: &dyn World, store: &Store) {
    let Ok(text) = std::str::from_utf8(log) else { return };
    let Some(text) = text.strip_prefix(LOG_HEADER) else { return };
    // Each thing once: what a test does a thousand times is looked at once.
    let mut seen = std::collections::BTreeSet::new();
    let moves = text.contains("\nchdir ") || text.starts_with("chdir ");
    let lines: Vec<&str> = text.lines().filter(|line| moves || seen.insert(*line)).collect();
    let log = lines.join("\n");
    let Some(state) = asked.state(&log, world) else { return };
    store.set_name(&asked.name(), store.put_object(log.into_bytes()));
    store.set_name(&state, store.put_object(wire::encode(saved)));
}

/// How the list of a test binary begins.
const LOG_HEADER: &str = "# test log\n";
