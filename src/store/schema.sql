-- The index of the store; `cache-format.md` explains every column.
CREATE TABLE IF NOT EXISTS meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS result (
    key     BLOB PRIMARY KEY,
    stage   TEXT NOT NULL,
    content BLOB NOT NULL,
    used    INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS object (
    content BLOB NOT NULL UNIQUE,
    size    INTEGER NOT NULL,
    codec   INTEGER NOT NULL,
    bytes   BLOB
);
CREATE TABLE IF NOT EXISTS name (
    name    TEXT PRIMARY KEY,
    content BLOB NOT NULL,
    changed INTEGER NOT NULL
) WITHOUT ROWID;
