//! What the store holds, for people: totals by stage, entries, a check of every object.

use super::{Store, objects};
use crate::base::{ContentId, Key};

/// One stage's share.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StageTotals {
    pub stage: String,
    pub results: u64,
    /// Of the outputs; parts that outputs refer to are not counted.
    pub bytes: u64,
}

/// One result.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    pub key: Key,
    pub stage: String,
    pub content: ContentId,
    pub size: u64,
    /// Days since 1970.
    pub used: i64,
}

impl Store {
    /// By stage, in the order of names.
    pub fn stages(&self) -> Vec<StageTotals> {
        self.index().as_ref().map(|index| index.stages()).unwrap_or_default()
    }

    /// Every result of `stage`, or of all stages.
    pub fn entries(&self, stage: Option<&str>) -> Vec<Entry> {
        let entries = self.index().as_ref().map(|index| index.entries()).unwrap_or_default();
        entries.into_iter().filter(|e| stage.is_none_or(|s| e.stage == s)).collect()
    }

    /// Reads every object; how many there are, and which are damaged. They are forgotten, as by any reader.
    pub fn verify(&self) -> (u64, Vec<ContentId>) {
        let ids = self.index().as_ref().map(|index| index.object_ids()).unwrap_or_default();
        let n = ids.len() as u64;
        (n, ids.into_iter().filter(|id| self.read(*id).is_none()).collect())
    }

    /// Bytes on the disk: of the index and of all files.
    pub fn disk_bytes(&self) -> u64 {
        self.dir.as_deref().map_or(0, objects::disk_bytes)
    }
}
