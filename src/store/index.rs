//! The index: SQLite, spoken nowhere else.
//!
//! # What holds
//! - Opening never fails: a directory that cannot be written is read, one that cannot be read is
//!   empty, an index that is damaged is set aside and begun anew.
//! - Every statement that fails is a miss or a lost write, never an error for the build.

#![allow(clippy::disallowed_methods, reason = "store is the door to the cache directory")]

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, params};

use super::objects::Codec;
use super::report::{Entry, StageTotals};
use crate::base::{ContentId, Key};

/// The layout this code reads and writes; another number means another directory's worth of entries.
pub(super) const FORMAT: &str = "1";

/// How long a writer waits for another process's transaction, which lasts milliseconds.
const BUSY: Duration = Duration::from_secs(10);

pub(super) struct Index {
    db: Connection,
    pub(super) writable: bool,
}

/// What the index knows of an object.
pub(super) struct ObjectRow {
    pub(super) size: u64,
    pub(super) codec: Codec,
    /// `None`: the bytes are in a file.
    pub(super) bytes: Option<Vec<u8>>,
}

impl Index {
    /// Opens `dir`'s index; `None` if there is nothing to work with. Problems worth telling go to `faults`.
    pub(super) fn open(dir: &Path, faults: &mut Vec<String>) -> Option<Index> {
        let path = dir.join("index.db");
        let problem = match std::fs::create_dir_all(dir)
            .map_err(|e| e.to_string())
            .and_then(|()| Index::open_rw(&path))
        {
            Ok(index) => return Some(index),
            Err(problem) => problem,
        };
        if problem.contains("malformed") || problem.contains("not a database") || problem.contains("format") {
            faults.push(format!("cache index {} was damaged ({problem}); begun anew", path.display()));
            for suffix in ["", "-wal", "-shm", "-journal"] {
                let _ = std::fs::remove_file(dir.join(format!("index.db{suffix}")));
            }
            if let Ok(index) = Index::open_rw(&path) {
                return Some(index);
            }
        }
        match Index::open_ro(&path) {
            Ok(index) => Some(index),
            Err(_) => {
                faults.push(format!(
                    "cache directory {} cannot be used ({problem}); results of this build are not kept",
                    dir.display()
                ));
                None
            }
        }
    }

    fn open_rw(path: &Path) -> Result<Index, String> {
        let attempt = || -> rusqlite::Result<(Connection, Option<String>)> {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
                | OpenFlags::SQLITE_OPEN_CREATE
                | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let db = Connection::open_with_flags(path, flags)?;
            db.busy_timeout(BUSY)?;
            let format = |db: &Connection| {
                db.query_row("SELECT value FROM meta WHERE name = 'format'", [], |row| {
                    row.get::<_, String>(0)
                })
                .optional()
            };
            // The usual case first: the tables are there and nothing needs a write lock.
            // Nothing waits for the disk, which would take longer than most builds: what a row says stays true, so that an
            // older page after a power cut only misses some, and objects are checked when they are read.
            db.execute_batch("PRAGMA synchronous = OFF; PRAGMA mmap_size = 268435456;")?;
            if let Ok(Some(found)) = format(&db) {
                return Ok((db, Some(found)));
            }
            db.execute_batch("PRAGMA journal_mode = WAL;")?;
            db.execute_batch(include_str!("schema.sql"))?;
            db.execute("INSERT OR IGNORE INTO meta VALUES ('format', ?1)", [FORMAT])?;
            let found = format(&db)?;
            Ok((db, found))
        };
        match attempt() {
            Ok((db, Some(found))) if found == FORMAT => {
                let writable = !db.is_readonly(rusqlite::MAIN_DB).unwrap_or(true);
                Ok(Index { db, writable })
            }
            Ok((_, found)) => Err(format!("format {}", found.unwrap_or_default())),
            Err(e) => Err(e.to_string()),
        }
    }

    /// A directory we may not write: `immutable` keeps SQLite from wanting its shared-memory file.
    fn open_ro(path: &Path) -> Result<Index, String> {
        let mut uri = String::from("file:");
        for byte in path.to_string_lossy().bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => uri.push(byte as char),
                _ => uri.push_str(&format!("%{byte:02x}")),
            }
        }
        uri.push_str("?immutable=1");
        let flags =
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(uri, flags).map_err(|e| e.to_string())?;
        db.query_row("SELECT value FROM meta WHERE name = 'format' AND value = ?1", [FORMAT], |_| Ok(()))
            .map_err(|e| e.to_string())?;
        Ok(Index { db, writable: false })
    }

    pub(super) fn result(&self, key: Key) -> Option<(ContentId, i64)> {
        let mut statement = self.db.prepare_cached("SELECT content, used FROM result WHERE key = ?1").ok()?;
        statement.query_row([key.0], |row| Ok((ContentId(row.get(0)?), row.get(1)?))).ok()
    }

    pub(super) fn object(&self, id: ContentId) -> Option<ObjectRow> {
        let mut statement =
            self.db.prepare_cached("SELECT size, codec, bytes FROM object WHERE content = ?1").ok()?;
        let (size, codec, bytes) = statement
            .query_row([id.0], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get(2)?)))
            .ok()?;
        Some(ObjectRow { size: u64::try_from(size).ok()?, codec: Codec::from_number(codec)?, bytes })
    }

    pub(super) fn has_object(&self, id: ContentId) -> bool {
        let Ok(mut statement) = self.db.prepare_cached("SELECT 1 FROM object WHERE content = ?1") else {
            return false;
        };
        statement.exists([id.0]).unwrap_or(false)
    }

    pub(super) fn name(&self, name: &str) -> Option<ContentId> {
        let mut statement = self.db.prepare_cached("SELECT content FROM name WHERE name = ?1").ok()?;
        statement.query_row([name], |row| Ok(ContentId(row.get(0)?))).ok()
    }

    /// Forgets an object and whatever leads to it.
    pub(super) fn forget(&self, id: ContentId) {
        if self.writable {
            let _ = self.db.execute("DELETE FROM object WHERE content = ?1", [id.0]);
            let _ = self.db.execute("DELETE FROM result WHERE content = ?1", [id.0]);
            let _ = self.db.execute("DELETE FROM name WHERE content = ?1", [id.0]);
        }
    }

    /// Runs `write` in one transaction; false if the disk would not have it.
    pub(super) fn transaction(
        &mut self,
        write: impl FnOnce(&Writer<'_>) -> rusqlite::Result<()>,
    ) -> Result<(), String> {
        let attempt = || -> rusqlite::Result<()> {
            let tx = self.db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            write(&Writer { tx: &tx })?;
            tx.commit()
        };
        attempt().map_err(|e| e.to_string())
    }

    pub(super) fn stages(&self) -> Vec<StageTotals> {
        self.rows(
            "SELECT stage, count(*), coalesce(sum(size), 0) FROM result LEFT JOIN object USING (content)
             GROUP BY stage ORDER BY stage",
            |row| {
                Ok(StageTotals {
                    stage: row.get(0)?,
                    results: row.get::<_, i64>(1)? as u64,
                    bytes: row.get::<_, i64>(2)? as u64,
                })
            },
        )
    }

    pub(super) fn entries(&self) -> Vec<Entry> {
        self.rows(
            "SELECT key, stage, content, coalesce(size, 0), used FROM result LEFT JOIN object USING (content)
             ORDER BY stage, key",
            |row| {
                Ok(Entry {
                    key: Key(row.get(0)?),
                    stage: row.get(1)?,
                    content: ContentId(row.get(2)?),
                    size: row.get::<_, i64>(3)? as u64,
                    used: row.get(4)?,
                })
            },
        )
    }

    pub(super) fn object_ids(&self) -> Vec<ContentId> {
        self.rows("SELECT content FROM object ORDER BY content", |row| Ok(ContentId(row.get(0)?)))
    }

    /// What can be read of the rows; a damaged index has fewer.
    fn rows<T>(&self, sql: &str, read: impl Fn(&rusqlite::Row<'_>) -> rusqlite::Result<T>) -> Vec<T> {
        let Ok(mut statement) = self.db.prepare(sql) else { return Vec::new() };
        statement.query_map([], |row| read(row)).map(|rows| rows.flatten().collect()).unwrap_or_default()
    }

    /// Number of results, objects and bytes of objects.
    pub(super) fn totals(&self) -> (u64, u64, u64) {
        let one = |sql: &str| self.db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap_or(0) as u64;
        (
            one("SELECT count(*) FROM result"),
            one("SELECT count(*) FROM object"),
            one("SELECT coalesce(sum(size), 0) FROM object"),
        )
    }
}

/// An open transaction.
pub(super) struct Writer<'a> {
    tx: &'a rusqlite::Transaction<'a>,
}

impl Writer<'_> {
    pub(super) fn object(
        &self,
        id: ContentId,
        size: usize,
        codec: Codec,
        bytes: Option<&[u8]>,
    ) -> rusqlite::Result<()> {
        let mut statement =
            self.tx.prepare_cached("INSERT OR REPLACE INTO object VALUES (?1, ?2, ?3, ?4)")?;
        statement.execute(params![id.0, size as i64, codec as i64, bytes]).map(drop)
    }

    pub(super) fn result(&self, key: Key, stage: &str, id: ContentId, used: i64) -> rusqlite::Result<()> {
        let mut statement =
            self.tx.prepare_cached("INSERT OR REPLACE INTO result VALUES (?1, ?2, ?3, ?4)")?;
        statement.execute(params![key.0, stage, id.0, used]).map(drop)
    }

    pub(super) fn used(&self, key: Key, used: i64) -> rusqlite::Result<()> {
        let mut statement = self.tx.prepare_cached("UPDATE result SET used = ?2 WHERE key = ?1")?;
        statement.execute(params![key.0, used]).map(drop)
    }

    pub(super) fn name(&self, name: &str, id: ContentId, changed: i64) -> rusqlite::Result<()> {
        let mut statement = self.tx.prepare_cached("INSERT OR REPLACE INTO name VALUES (?1, ?2, ?3)")?;
        statement.execute(params![name, id.0, changed]).map(drop)
    }
}
