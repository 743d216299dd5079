//! Runs a stage once per key, in parallel, and says why it ran.
//!
//! ```text
//! Input ──digest──▶ Key ──store──▶ hit:  decode the output
//!                                  miss: Stage::run ──encode──▶ store; a line in the run's record
//! ```
//!
//! # What holds
//! - The key is the compiler's identity, the stage's name and version, and every field of the input.
//! - A dependant's input names outputs by content id, so a stage that runs again and makes the same
//!   bytes stops the change there.
//! - An output that cannot be read, decoded or whose parts are gone is a miss.
//! - A panic inside a stage is an [`InternalError`] of that stage; other stages go on.
//!
//! # What is not here
//! Any stage: `build/stages.rs` lists them. The bytes' place: `store`.

mod panics;
mod record;
mod stage;
#[cfg(test)]
mod tests;

pub use panics::InternalError;
pub use record::{Change, Counts, History, Ran, RunRecord, changes};
pub use stage::{Env, Stage};

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::base::{ContentId, Digest, Hasher, Key, digest, trace, wire};
use crate::store::Store;

/// The output of a stage.
pub struct Done<T> {
    pub value: Arc<T>,
    /// Of the encoded output: what a dependant's input takes.
    pub content: ContentId,
    /// False: it came from the store.
    pub ran: bool,
}

/// One build's use of the store.
pub struct Engine {
    store: Arc<Store>,
    /// `-a`: run everything, whatever the store has.
    force: bool,
    /// What each subject's inputs were the last time, for the reasons.
    history: History,
    log: Mutex<Log>,
}

#[derive(Default)]
struct Log {
    ran: Vec<Ran>,
    counts: BTreeMap<&'static str, Counts>,
}

impl Engine {
    pub fn new(store: Arc<Store>, history: History, force: bool) -> Engine {
        Engine { store, force, history, log: Mutex::default() }
    }

    pub fn store(&self) -> &Store {
        &self.store
    }

    pub fn shared_store(&self) -> Arc<Store> {
        self.store.clone()
    }

    /// Whether everything is to run, whatever the store has.
    pub fn forced(&self) -> bool {
        self.force
    }

    /// The output for `input`: from the store, else by running the stage.
    pub fn get<S: Stage>(&self, input: &S::Input) -> Result<Done<S::Output>, InternalError> {
        let key = key_of::<S>(input);
        match self.hit::<S>(key) {
            Some(done) => Ok(done),
            None => {
                let value = self.run::<S>(input, key)?;
                let bytes = wire::encode(&value);
                let content = match S::is_final(&value) {
                    true => self.store.put(key, S::NAME, bytes),
                    false => ContentId::of(&bytes),
                };
                self.note::<S>(input, &[], key);
                Ok(Done { value: Arc::new(value), content, ran: true })
            }
        }
    }

    /// As [`Engine::get`], for a stage that finds out on the way what else it depends on.
    ///
    /// The names it found are kept under the key of the input; the output under a key made of that key, these names and
    /// what each stands for now. So a hit had the same input and asked for the same things, with the same answers.
    pub fn get_discovering<S: Stage>(
        &self,
        input: &S::Input,
        value_of: &dyn Fn(&str) -> Option<ContentId>,
    ) -> Result<Done<S::Output>, InternalError> {
        let asked = key_of::<S>(input);
        let whole = |names: &[String]| {
            let found: Vec<(String, Option<ContentId>)> =
                names.iter().map(|name| (name.clone(), value_of(name))).collect();
            let mut hasher = Hasher::new("thermos stage, with what it found");
            hasher.bytes(&asked.0);
            hasher.field("found", &found);
            (Key(hasher.finish()), found)
        };
        let before: Option<Vec<String>> =
            self.store.get(asked).and_then(|(_, bytes)| wire::decode(&bytes).ok());
        if let Some(names) = before
            && let Some(done) = self.hit::<S>(whole(&names).0)
        {
            return Ok(done);
        }
        let value = self.run::<S>(input, asked)?;
        let names = S::discovered(&value);
        let (key, found) = whole(&names);
        self.store.put(asked, S::NAME, wire::encode(&names));
        let content = self.store.put(key, S::NAME, wire::encode(&value));
        self.note::<S>(input, &found, key);
        Ok(Done { value: Arc::new(value), content, ran: true })
    }

    fn hit<S: Stage>(&self, key: Key) -> Option<Done<S::Output>> {
        let done = if self.force { None } else { self.from_store::<S>(key) }?;
        self.log().counts.entry(S::NAME).or_default().cached += 1;
        Some(done)
    }

    fn run<S: Stage>(&self, input: &S::Input, key: Key) -> Result<S::Output, InternalError> {
        let subject = S::subject(input);
        let _span = trace::span(S::NAME, || subject.clone());
        panics::caught(S::NAME, &subject, key, || S::run(input, &Env { store: &self.store }))
    }

    /// What was kept under `key` by [`Engine::remember`]; not when everything is to run.
    pub fn recall<T: wire::Wire>(&self, key: Key) -> Option<T> {
        if self.force {
            return None;
        }
        wire::decode(&self.store.get(key)?.1).ok()
    }

    /// Keeps a value that follows from what the key was made of, so that stages need not be asked one by one.
    pub fn remember<T: wire::Wire>(&self, key: Key, name: &'static str, value: &T) {
        self.store.put(key, name, wire::encode(value));
    }

    fn from_store<S: Stage>(&self, key: Key) -> Option<Done<S::Output>> {
        let (content, bytes) = self.store.get(key)?;
        let value: S::Output = wire::decode(&bytes).ok()?;
        if !S::parts(&value).into_iter().all(|part| self.store.contains(part)) {
            return None;
        }
        Some(Done { value: Arc::new(value), content, ran: false })
    }

    fn note<S: Stage>(&self, input: &S::Input, found: &[(String, Option<ContentId>)], key: Key) {
        let subject = S::subject(input);
        let mut inputs = S::inputs(input);
        inputs.extend(found.iter().map(|(name, value)| {
            let mut text = value.map(|id| id.to_string()).unwrap_or_default();
            text.truncate(12);
            (name.clone(), text)
        }));
        let before = self.history.inputs_of(S::NAME, &subject);
        let ran = Ran {
            stage: S::NAME.to_owned(),
            key: key.to_string(),
            changes: before.map(|before| record::changes(before, &inputs)),
            subject,
            inputs,
        };
        let mut log = self.log();
        log.counts.entry(S::NAME).or_default().ran += 1;
        log.ran.push(ran);
    }

    /// Notes a hit that needed no stage, such as a whole build found unchanged.
    pub fn note_cached(&self, stage: &'static str, n: u64) {
        self.log().counts.entry(stage).or_default().cached += n;
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// What this engine did so far, in an order that does not depend on threads, and the history with it.
    pub fn finish(self) -> (RunRecord, History) {
        let log = self.log.into_inner().unwrap_or_else(|e| e.into_inner());
        let mut ran = log.ran;
        ran.sort_by(|a, b| (&a.stage, &a.subject, &a.key).cmp(&(&b.stage, &b.subject, &b.key)));
        let mut history = self.history;
        for one in &ran {
            history.set(&one.stage, &one.subject, one.inputs.clone());
        }
        let counts = log.counts.into_iter().map(|(stage, counts)| (stage.to_owned(), counts)).collect();
        (RunRecord { ran, counts, ..RunRecord::default() }, history)
    }
}

/// The name of the computation `S` on `input`.
pub fn key_of<S: Stage>(input: &S::Input) -> Key {
    let mut hasher = Hasher::new("thermos stage");
    hasher.field("compiler", digest::COMPILER_ID).field("stage", S::NAME).field("version", &S::VERSION);
    input.digest(&mut hasher);
    Key(hasher.finish())
}
