//! Digests: BLAKE3 over named fields, and the two kinds of 32-byte name that must never be mixed.
//!
//! A [`Key`] names what was asked (a stage and its inputs), a [`ContentId`] what came out (bytes).
//! The index maps one to the other; a downstream key is made from content ids, never from keys, so
//! that a stage which comes to the same bytes by another way does not disturb its dependants.
//!
//! # What holds
//! - Every field is hashed with its name and its length, so no two different inputs run together.
//! - An implementation of [`Digest`] destructures its struct without `..`: a new field that is not
//!   hashed does not compile.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Names a computation: the stage, its version, the compiler and all inputs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key(pub [u8; 32]);

/// Names bytes by what they are: BLAKE3 of the content. The default names nothing.
#[derive(Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ContentId(pub [u8; 32]);

impl ContentId {
    /// The id of `bytes`.
    pub fn of(bytes: &[u8]) -> ContentId {
        ContentId(*blake3::hash(bytes).as_bytes())
    }

    /// Reads 64 hexadecimal digits.
    pub fn parse(hex: &str) -> Option<ContentId> {
        parse_hex(hex).map(ContentId)
    }
}

impl Key {
    /// Reads 64 hexadecimal digits.
    pub fn parse(hex: &str) -> Option<Key> {
        parse_hex(hex).map(Key)
    }
}

fn parse_hex(hex: &str) -> Option<[u8; 32]> {
    Some(*blake3::Hash::from_hex(hex).ok()?.as_bytes())
}

fn write_hex(bytes: &[u8; 32], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, f)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(")?;
        write_hex(&self.0, f)?;
        f.write_str(")")
    }
}

impl fmt::Display for ContentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, f)
    }
}

impl fmt::Debug for ContentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContentId(")?;
        write_hex(&self.0, f)?;
        f.write_str(")")
    }
}

/// What a value contributes to a key.
pub trait Digest {
    fn digest(&self, h: &mut Hasher);
}

/// Collects named fields.
pub struct Hasher {
    inner: blake3::Hasher,
    /// When set, every top-level field's own digest is kept, so that two runs can be compared field by field.
    fields: Option<Vec<(String, [u8; 32])>>,
}

impl Hasher {
    /// `domain` keeps digests of different things apart, whatever their fields.
    pub fn new(domain: &str) -> Hasher {
        let mut hasher = Hasher { inner: blake3::Hasher::new(), fields: None };
        hasher.bytes(domain.as_bytes());
        hasher
    }

    /// As [`Hasher::new`]; [`Hasher::finish_with_fields`] then tells what each field was.
    pub fn with_fields(domain: &str) -> Hasher {
        let mut hasher = Hasher::new(domain);
        hasher.fields = Some(Vec::new());
        hasher
    }

    /// Adds one field: its name, then its value.
    pub fn field<T: Digest + ?Sized>(&mut self, name: &str, value: &T) -> &mut Hasher {
        let Some(mut fields) = self.fields.take() else {
            self.bytes(name.as_bytes());
            value.digest(self);
            return self;
        };
        // One digest per field, then the digests: the key differs from the plain form, so a stage
        // chooses one form for good.
        let mut inner = Hasher::new(name);
        value.digest(&mut inner);
        let digest = inner.finish();
        self.bytes(name.as_bytes());
        self.inner.update(&digest);
        fields.push((name.to_owned(), digest));
        self.fields = Some(fields);
        self
    }

    /// Adds a length and that many bytes.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.inner.update(&(bytes.len() as u64).to_le_bytes());
        self.inner.update(bytes);
    }

    /// Adds a number.
    pub fn number(&mut self, n: u64) {
        self.inner.update(&n.to_le_bytes());
    }

    pub fn finish(self) -> [u8; 32] {
        *self.inner.finalize().as_bytes()
    }

    /// The digest, and the digest of each field in order.
    pub fn finish_with_fields(self) -> ([u8; 32], Vec<(String, [u8; 32])>) {
        (*self.inner.finalize().as_bytes(), self.fields.unwrap_or_default())
    }
}

/// The digest of one value in a domain of its own.
pub fn digest_of<T: Digest + ?Sized>(domain: &str, value: &T) -> [u8; 32] {
    let mut hasher = Hasher::new(domain);
    value.digest(&mut hasher);
    hasher.finish()
}

/// A digest of the compiler's own sources and lock file, made when it was built: two builds of
/// Thermos never share results. 64 hexadecimal digits.
pub const COMPILER_ID: &str = env!("THERMOS_COMPILER_ID");

impl Digest for str {
    fn digest(&self, h: &mut Hasher) {
        h.bytes(self.as_bytes());
    }
}

impl Digest for String {
    fn digest(&self, h: &mut Hasher) {
        h.bytes(self.as_bytes());
    }
}

impl Digest for ContentId {
    fn digest(&self, h: &mut Hasher) {
        h.inner.update(&self.0);
    }
}

impl Digest for bool {
    fn digest(&self, h: &mut Hasher) {
        h.number(u64::from(*self));
    }
}

macro_rules! digest_numbers {
    ($($t:ty),*) => {$(
        impl Digest for $t {
            fn digest(&self, h: &mut Hasher) {
                h.number(*self as u64);
            }
        }
    )*};
}
// No u8: a Vec<u8> is bytes, and says so with [`Bytes`].
digest_numbers!(u16, u32, u64, usize, i32, i64);

/// A run of bytes, hashed as one.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Bytes(pub Vec<u8>);

impl Digest for Bytes {
    fn digest(&self, h: &mut Hasher) {
        h.bytes(&self.0);
    }
}

impl<T: Digest + ?Sized> Digest for &T {
    fn digest(&self, h: &mut Hasher) {
        (**self).digest(h);
    }
}

impl<T: Digest + ?Sized> Digest for Arc<T> {
    fn digest(&self, h: &mut Hasher) {
        (**self).digest(h);
    }
}

impl<T: Digest + ?Sized> Digest for Box<T> {
    fn digest(&self, h: &mut Hasher) {
        (**self).digest(h);
    }
}

impl<T: Digest> Digest for Option<T> {
    fn digest(&self, h: &mut Hasher) {
        h.number(u64::from(self.is_some()));
        if let Some(value) = self {
            value.digest(h);
        }
    }
}

impl<T: Digest> Digest for [T] {
    fn digest(&self, h: &mut Hasher) {
        h.number(self.len() as u64);
        self.iter().for_each(|item| item.digest(h));
    }
}

impl<T: Digest> Digest for Vec<T> {
    fn digest(&self, h: &mut Hasher) {
        self.as_slice().digest(h);
    }
}

impl<K: Digest, V: Digest> Digest for BTreeMap<K, V> {
    fn digest(&self, h: &mut Hasher) {
        h.number(self.len() as u64);
        for (key, value) in self {
            key.digest(h);
            value.digest(h);
        }
    }
}

impl<T: Digest> Digest for BTreeSet<T> {
    fn digest(&self, h: &mut Hasher) {
        h.number(self.len() as u64);
        self.iter().for_each(|item| item.digest(h));
    }
}

impl<A: Digest, B: Digest> Digest for (A, B) {
    fn digest(&self, h: &mut Hasher) {
        self.0.digest(h);
        self.1.digest(h);
    }
}

impl<A: Digest, B: Digest, C: Digest> Digest for (A, B, C) {
    fn digest(&self, h: &mut Hasher) {
        self.0.digest(h);
        self.1.digest(h);
        self.2.digest(h);
    }
}
