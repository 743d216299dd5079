//! What a stage is, and the little it may use besides its input.

use crate::base::{ContentId, Digest, wire::Wire};
use crate::store::{Blob, Store};

/// A pure function the engine may skip.
pub trait Stage {
    /// Names the stage in keys, traces and records. Never reused.
    const NAME: &'static str;
    /// Part of every key; raised when an unchanged input may now give another output.
    const VERSION: u32;
    type Input: Digest + Send + Sync;
    type Output: Wire + Send + Sync + 'static;

    /// What the work is about, in words a user knows: a file, an import path, a symbol.
    fn subject(input: &Self::Input) -> String;

    /// The inputs one by one, with values short enough to show: asked for when the stage has run.
    fn inputs(input: &Self::Input) -> Vec<(String, String)>;

    /// Objects the output refers to, which must be there for a hit.
    fn parts(_output: &Self::Output) -> Vec<ContentId> {
        Vec::new()
    }

    /// Whether the output says something about the input: a failure of ours or of the store is not kept.
    fn is_final(_output: &Self::Output) -> bool {
        true
    }

    /// What the run turned out to depend on besides the input, by name: see [`super::Engine::get_discovering`].
    fn discovered(_output: &Self::Output) -> Vec<String> {
        Vec::new()
    }

    fn run(input: &Self::Input, env: &Env<'_>) -> Self::Output;
}

/// The store as a stage sees it: content by id, which is as pure as an argument.
pub struct Env<'a> {
    pub(super) store: &'a Store,
}

impl Env<'_> {
    /// Content named in the input.
    pub fn read(&self, id: ContentId) -> Option<Blob> {
        self.store.read(id)
    }

    /// Keeps a part of the output as an object of its own, so that a dependant can name and read it alone.
    pub fn keep(&self, bytes: impl Into<Blob>) -> ContentId {
        self.store.put_object(bytes)
    }

    /// As [`Env::keep`], for what is copied out as a file.
    pub fn keep_plain(&self, bytes: impl Into<Blob>) -> ContentId {
        self.store.put_plain(bytes)
    }
}
