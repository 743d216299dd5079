//! What a build did and why: the record `thermos why` prints, and the inputs the next build compares with.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use crate::base::{ContentId, wire};
use crate::store::Store;

/// One stage that ran.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Ran {
    pub stage: String,
    pub subject: String,
    pub key: String,
    /// Names and short values.
    pub inputs: Vec<(String, String)>,
    /// Against the last time this subject ran; `None`: there was no such time.
    pub changes: Option<Vec<Change>>,
}

/// One input that is not what it was.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Change {
    pub name: String,
    /// `None`: there was no such input before.
    pub old: Option<String>,
    /// `None`: there is no such input now.
    pub new: Option<String>,
}

/// How often a stage ran and how often its output was there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Counts {
    pub ran: u64,
    pub cached: u64,
}

/// One build.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct RunRecord {
    /// The command line, without the program's name.
    pub command: Vec<String>,
    /// Seconds since 1970.
    pub started: u64,
    pub ran: Vec<Ran>,
    pub counts: BTreeMap<String, Counts>,
}

impl RunRecord {
    /// Stages run and stages found, over all kinds.
    pub fn totals(&self) -> Counts {
        self.counts.values().fold(Counts::default(), |sum, one| Counts {
            ran: sum.ran + one.ran,
            cached: sum.cached + one.cached,
        })
    }
}

/// What the history is called in the store.
const HISTORY: &str = "history";

/// With more recent subjects than this all are written as one.
const MAX_RECENT: usize = 256;

/// By stage, then by subject.
type Last = BTreeMap<String, BTreeMap<String, Vec<(String, String)>>>;

/// The inputs of each subject when it last ran: those of the last builds, and an object with all others that is read when
/// a subject is not among them.
#[derive(Default)]
pub struct History {
    kept: Kept,
    old: OnceLock<Last>,
    store: Option<Arc<Store>>,
    changed: bool,
}

#[derive(Clone, Default, Serialize, Deserialize)]
struct Kept {
    old: Option<ContentId>,
    recent: Last,
}

impl History {
    /// As the builds before left it.
    pub fn open(store: &Arc<Store>) -> History {
        let kept = store.name(HISTORY).and_then(|id| wire::decode(&store.read(id)?).ok());
        let kept = kept.unwrap_or_default();
        History { kept, old: OnceLock::new(), store: Some(store.clone()), changed: false }
    }

    fn old(&self) -> &Last {
        self.old.get_or_init(|| {
            let read = |store: &Arc<Store>| wire::decode(&store.read(self.kept.old?)?).ok();
            self.store.as_ref().and_then(read).unwrap_or_default()
        })
    }

    pub fn inputs_of(&self, stage: &str, subject: &str) -> Option<&[(String, String)]> {
        let of = |last: &'_ Last| last.get(stage).is_some_and(|subjects| subjects.contains_key(subject));
        let last = if of(&self.kept.recent) { &self.kept.recent } else { self.old() };
        last.get(stage)?.get(subject).map(Vec::as_slice)
    }

    pub fn set(&mut self, stage: &str, subject: &str, inputs: Vec<(String, String)>) {
        self.changed = true;
        self.kept.recent.entry(stage.to_owned()).or_default().insert(subject.to_owned(), inputs);
    }

    /// Keeps it for the next build.
    pub fn save(mut self, store: &Store) {
        if !self.changed {
            return;
        }
        if self.kept.recent.values().map(BTreeMap::len).sum::<usize>() > MAX_RECENT {
            let mut all = self.old().clone();
            for (stage, subjects) in std::mem::take(&mut self.kept.recent) {
                all.entry(stage).or_default().extend(subjects);
            }
            self.kept.old = Some(store.put_object(wire::encode(&all)));
        }
        store.set_name(HISTORY, store.put_object(wire::encode(&self.kept)));
    }
}

/// The inputs that differ, by name in the order of the new ones; vanished ones last.
pub fn changes(before: &[(String, String)], now: &[(String, String)]) -> Vec<Change> {
    let value_in = |list: &[(String, String)], name: &str| {
        list.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone())
    };
    let changed = now.iter().filter_map(|(name, value)| {
        let old = value_in(before, name);
        (old.as_ref() != Some(value)).then(|| Change { name: name.clone(), old, new: Some(value.clone()) })
    });
    let gone = before.iter().filter(|(name, _)| value_in(now, name).is_none()).map(|(name, value)| Change {
        name: name.clone(),
        old: Some(value.clone()),
        new: None,
    });
    changed.chain(gone).collect()
}
