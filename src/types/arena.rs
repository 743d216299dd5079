//! Where types, objects, scopes and packages live: in the process, for ever, readable from every thread without a lock.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, OnceLock, RwLock};

use rustc_hash::FxBuildHasher;

/// Log2 of the size of the first chunk. Each further chunk is twice the one before.
const FIRST_BITS: u32 = 10;
const CHUNKS: usize = (32 - FIRST_BITS) as usize;

/// An append-only vector: a slot is written once, and found by two array accesses.
pub(super) struct Arena<T: 'static> {
    chunks: [OnceLock<Box<[OnceLock<T>]>>; CHUNKS],
    len: AtomicU32,
}

impl<T> Arena<T> {
    pub(super) const fn new() -> Arena<T> {
        Arena { chunks: [const { OnceLock::new() }; CHUNKS], len: AtomicU32::new(0) }
    }

    pub(super) fn push(&self, value: T) -> u32 {
        let id = self.len.fetch_add(1, Ordering::Relaxed);
        let (chunk, at) = Self::place(id);
        let slots = self.chunks[chunk]
            .get_or_init(|| (0..1usize << (FIRST_BITS as usize + chunk)).map(|_| OnceLock::new()).collect());
        if slots[at].set(value).is_err() {
            panic!("arena slot {id} was written twice");
        }
        id
    }

    pub(super) fn get(&'static self, id: u32) -> &'static T {
        let (chunk, at) = Self::place(id);
        self.chunks[chunk]
            .get()
            .and_then(|slots| slots[at].get())
            .expect("an arena id that was never handed out")
    }

    fn place(id: u32) -> (usize, usize) {
        let n = id as u64 + (1 << FIRST_BITS);
        let top = 63 - n.leading_zeros();
        ((top - FIRST_BITS) as usize, (n - (1 << top)) as usize)
    }
}

static NAMES: LazyLock<RwLock<HashSet<&'static str, FxBuildHasher>>> = LazyLock::new(Default::default);

/// The one copy of `name` that lives as long as the process.
pub fn intern(name: &str) -> &'static str {
    if let Some(known) = NAMES.read().unwrap().get(name) {
        return known;
    }
    let mut names = NAMES.write().unwrap();
    if let Some(known) = names.get(name) {
        return known;
    }
    let kept: &'static str = Box::leak(name.into());
    names.insert(kept);
    kept
}

static BYTES: LazyLock<RwLock<HashSet<&'static [u8], FxBuildHasher>>> = LazyLock::new(Default::default);

/// As [`intern`], for struct tags, which may hold any bytes.
pub fn intern_bytes(bytes: &[u8]) -> &'static [u8] {
    if bytes.is_empty() {
        return b"";
    }
    if let Some(known) = BYTES.read().unwrap().get(bytes) {
        return known;
    }
    let mut all = BYTES.write().unwrap();
    if let Some(known) = all.get(bytes) {
        return known;
    }
    let kept: &'static [u8] = Box::leak(bytes.into());
    all.insert(kept);
    kept
}
