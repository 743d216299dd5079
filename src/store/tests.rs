//! The store: what comes back, what happens to damage, what happens without a disk.

#![allow(clippy::disallowed_methods, reason = "these tests damage files on purpose")]

use std::path::Path;

use super::*;

fn key(n: u8) -> Key {
    Key([n; 32])
}

fn big(n: u8) -> Vec<u8> {
    // Does not compress, so it is a plain file.
    let mut bytes = Vec::new();
    let mut reader = blake3::Hasher::new().update(&[n]).finalize_xof();
    bytes.resize(200_000, 0);
    reader.fill(&mut bytes);
    bytes
}

#[test]
fn small_and_large_come_back_in_another_process() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path());
    store.put(key(1), "scan", b"small".to_vec());
    store.put(key(2), "link", big(2));
    store.put(key(3), "lower", vec![7u8; 100_000]);
    drop(store);

    let store = Store::open(dir.path());
    assert_eq!(&*store.get(key(1)).unwrap().1, b"small");
    assert_eq!(&*store.get(key(2)).unwrap().1, &big(2)[..]);
    assert_eq!(&*store.get(key(3)).unwrap().1, &[7u8; 100_000][..]);
    assert!(store.get(key(4)).is_none());
    assert!(store.faults().is_empty());
    assert_eq!(store.totals().objects, 3);
}

#[test]
fn damaged_file_is_a_miss_and_heals() {
    let dir = tempfile::tempdir().unwrap();
    let id = Store::open(dir.path()).put(key(2), "link", big(2));
    let path = objects::path(dir.path(), id, Codec::Raw);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[77] ^= 1;
    std::fs::write(&path, bytes).unwrap();

    let store = Store::open(dir.path());
    assert!(store.get(key(2)).is_none());
    assert_eq!(store.faults(), [format!("cache object {id} was damaged; it is made again")]);
    store.put(key(2), "link", big(2));
    drop(store);
    assert_eq!(&*Store::open(dir.path()).get(key(2)).unwrap().1, &big(2)[..]);
}

#[test]
fn every_damaged_byte_of_the_index_is_survived() {
    let dir = tempfile::tempdir().unwrap();
    Store::open(dir.path()).put(key(1), "scan", b"some content".to_vec());
    let path = dir.path().join("index.db");
    let whole = std::fs::read(&path).unwrap();
    for at in (0..whole.len()).step_by(whole.len() / 97) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0xff;
        for suffix in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(dir.path().join(format!("index.db{suffix}")));
        }
        std::fs::write(&path, &bytes).unwrap();
        let store = Store::open(dir.path());
        if let Some((_, blob)) = store.get(key(1)) {
            assert_eq!(&*blob, b"some content");
        }
        store.put(key(1), "scan", b"some content".to_vec());
        assert_eq!(&*store.get(key(1)).unwrap().1, b"some content");
    }
}

#[test]
fn truncated_index_is_begun_anew() {
    let dir = tempfile::tempdir().unwrap();
    Store::open(dir.path()).put(key(1), "scan", b"x".to_vec());
    std::fs::write(dir.path().join("index.db"), b"not a database at all, but long enough to be read as one")
        .unwrap();
    let store = Store::open(dir.path());
    assert!(store.get(key(1)).is_none());
    assert_eq!(store.faults().len(), 1);
    store.put(key(1), "scan", b"x".to_vec());
    drop(store);
    assert!(Store::open(dir.path()).get(key(1)).is_some());
}

#[test]
fn a_directory_that_cannot_be_made_still_serves_this_process() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    let store = Store::open(&file.join("cache"));
    store.put(key(1), "scan", b"x".to_vec());
    store.flush();
    assert_eq!(&*store.get(key(1)).unwrap().1, b"x");
    assert_eq!(store.faults().len(), 1);
}

#[test]
fn clean_removes_exactly_ours() {
    let dir = tempfile::tempdir().unwrap();
    let ours = dir.path().join(SUBDIR);
    std::fs::create_dir(dir.path().join("ab")).unwrap();
    std::fs::write(dir.path().join("ab/entry-a"), "go's").unwrap();
    let store = Store::open(&ours);
    store.put(key(2), "link", big(2));
    drop(store);
    std::fs::write(ours.join("objects/notes.txt"), "the user's").unwrap();
    clean(&ours).unwrap();
    assert!(ours.join("objects/notes.txt").exists());
    assert!(dir.path().join("ab/entry-a").exists());
    std::fs::remove_file(ours.join("objects/notes.txt")).unwrap();
    clean(&ours).unwrap();
    assert!(!ours.exists());
    assert!(Store::open(&ours).get(key(2)).is_none());
}

#[test]
fn names_change() {
    let dir = tempfile::tempdir().unwrap();
    for text in ["one", "two"] {
        let store = Store::open(dir.path());
        let id = store.put_object(text.as_bytes().to_vec());
        store.set_name("last", id);
    }
    let store = Store::open(dir.path());
    let id = store.name("last").unwrap();
    assert_eq!(&*store.read(id).unwrap(), b"two");
}

#[test]
fn many_writers_share_a_directory() {
    let dir = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for writer in 0..4u8 {
            let path: &Path = dir.path();
            scope.spawn(move || {
                for n in 0..25 {
                    let store = Store::open(path);
                    store.put(key(writer * 25 + n), "scan", vec![n; 10]);
                    assert!(store.faults().is_empty());
                }
            });
        }
    });
    let store = Store::open(dir.path());
    assert!((0..100).all(|n| store.get(key(n)).is_some()));
}

#[test]
fn a_note_that_is_not_whole_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path());
    store.set_note("a", b"value");
    assert_eq!(Store::open(dir.path()).note("a").as_deref(), Some(&b"value"[..]));
    assert_eq!(store.note("b"), None);
    let path = std::fs::read_dir(dir.path().join("notes")).unwrap().next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    assert_eq!(store.note("a"), None);
    std::fs::write(&path, b"short").unwrap();
    assert_eq!(store.note("a"), None);
    assert!(!dir.path().join("index.db").exists(), "notes need no index");
}
