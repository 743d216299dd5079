//! Notes: small values under names, one plain file each, for what is asked before anything else.
//!
//! A build with nothing to do reads a note or two; opening the index alone would take it longer.
//!
//! ```text
//! notes/<BLAKE3 of the name, 64 hex digits> = BLAKE3 of the rest, 32 bytes; the value
//! ```
//! A note that is not whole is none.

#![allow(clippy::disallowed_methods, reason = "store is the door to the cache directory")]

use std::fs;
use std::path::{Path, PathBuf};

use super::objects;
use crate::base::ContentId;

fn path(dir: &Path, name: &str) -> PathBuf {
    dir.join("notes").join(ContentId::of(name.as_bytes()).to_string())
}

pub(super) fn read(dir: &Path, name: &str) -> Option<Vec<u8>> {
    let bytes = fs::read(path(dir, name)).ok()?;
    let (digest, value) = bytes.split_first_chunk::<32>()?;
    (ContentId::of(value).0 == *digest).then(|| value.to_vec())
}

pub(super) fn write(dir: &Path, name: &str, value: &[u8]) {
    let mut bytes = ContentId::of(value).0.to_vec();
    bytes.extend_from_slice(value);
    // What cannot be written is not there the next time, and is found out again.
    let _ = objects::place(dir, &path(dir, name), &bytes, 0o666);
}
