//! What a build did and why: the record `thermos why` prints, and the inputs the next build compares with.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

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

/// The inputs of each subject when it last ran.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct History {
    last: BTreeMap<String, BTreeMap<String, Vec<(String, String)>>>,
}

impl History {
    pub fn inputs_of(&self, stage: &str, subject: &str) -> Option<&[(String, String)]> {
        self.last.get(stage)?.get(subject).map(Vec::as_slice)
    }

    pub fn set(&mut self, stage: &str, subject: &str, inputs: Vec<(String, String)>) {
        self.last.entry(stage.to_owned()).or_default().insert(subject.to_owned(), inputs);
    }
}

/// The inputs that differ, by name in the order of the new ones; vanished ones last.
pub(super) fn changes(before: &[(String, String)], now: &[(String, String)]) -> Vec<Change> {
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
