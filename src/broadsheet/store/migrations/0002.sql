-- Readers and what they do. Everything here belongs to a reader, and is found by reader_no.

-- Without accounts there is one reader, number 1, who needs no login and owns the library.
-- state_no grows with everything a reader, or a fellow of one of their groups, does: a page
-- kept for them is theirs while it stands.
CREATE TABLE readers (
    reader_no   INTEGER PRIMARY KEY AUTOINCREMENT,
    name        TEXT NOT NULL,
    email       TEXT UNIQUE,           -- lower case; NULL without an account
    password    TEXT,                  -- argon2id; NULL where only links are mailed
    role        TEXT NOT NULL,         -- owner, reader
    state_no    INTEGER NOT NULL DEFAULT 0,
    created_at  TEXT NOT NULL,
    disabled_at TEXT
);
INSERT INTO readers (reader_no, name, role, created_at)
    VALUES (1, 'You', 'owner', strftime('%Y-%m-%dT%H:%M:%S+00:00', 'now'));
INSERT INTO about (name, value) VALUES ('secret', lower(hex(randomblob(32))));

-- Papers that become one keep their rows: what was done to either is read for both, and
-- undoing the merge gives each its own back.
CREATE INDEX documents_merged ON documents (merged_into) WHERE merged_into IS NOT NULL;

-- kind: liked, disliked, saved, dismissed, read.
CREATE TABLE marks (
    reader_no INTEGER NOT NULL REFERENCES readers (reader_no),
    doc_no    INTEGER NOT NULL REFERENCES documents (doc_no),
    kind      TEXT NOT NULL,
    marked_at TEXT NOT NULL,
    PRIMARY KEY (reader_no, doc_no, kind)
) WITHOUT ROWID;
CREATE INDEX marks_of_document ON marks (doc_no, kind);
CREATE INDEX marks_by_kind ON marks (reader_no, kind, marked_at);

CREATE TABLE groups (
    group_no   INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT NOT NULL,
    created_at TEXT NOT NULL
);

-- role: lead (invites, removes), member (adds, writes), guest (reads).
CREATE TABLE members (
    group_no  INTEGER NOT NULL REFERENCES groups (group_no),
    reader_no INTEGER NOT NULL REFERENCES readers (reader_no),
    role      TEXT NOT NULL,
    joined_at TEXT NOT NULL,
    PRIMARY KEY (group_no, reader_no)
) WITHOUT ROWID;
CREATE INDEX groups_of_reader ON members (reader_no);

-- A reader's own, or a group's where group_no is given. A dropped one can be brought back.
CREATE TABLE collections (
    collection_no INTEGER PRIMARY KEY AUTOINCREMENT,
    reader_no     INTEGER NOT NULL REFERENCES readers (reader_no),
    group_no      INTEGER REFERENCES groups (group_no),
    name          TEXT NOT NULL,
    created_at    TEXT NOT NULL,
    dropped_at    TEXT
);
CREATE INDEX collections_of_reader ON collections (reader_no);
CREATE INDEX collections_of_group ON collections (group_no) WHERE group_no IS NOT NULL;

CREATE TABLE collected (
    collection_no INTEGER NOT NULL REFERENCES collections (collection_no),
    doc_no        INTEGER NOT NULL REFERENCES documents (doc_no),
    reader_no     INTEGER NOT NULL REFERENCES readers (reader_no),
    collected_at  TEXT NOT NULL,
    PRIMARY KEY (collection_no, doc_no)
) WITHOUT ROWID;
CREATE INDEX collections_of_document ON collected (doc_no);

CREATE TABLE tags (
    reader_no INTEGER NOT NULL REFERENCES readers (reader_no),
    tag       TEXT NOT NULL,
    doc_no    INTEGER NOT NULL REFERENCES documents (doc_no),
    tagged_at TEXT NOT NULL,
    PRIMARY KEY (reader_no, tag, doc_no)
) WITHOUT ROWID;
CREATE INDEX tags_of_document ON tags (reader_no, doc_no);

-- Every text a note ever had, newest revision last: nothing that was written is lost.
-- group_no 0 is a private note. An empty text is a note taken away.
CREATE TABLE notes (
    note_no   INTEGER PRIMARY KEY AUTOINCREMENT,
    doc_no    INTEGER NOT NULL REFERENCES documents (doc_no),
    owner_no  INTEGER NOT NULL,        -- the reader of a private note, else 0
    group_no  INTEGER NOT NULL,
    revision  INTEGER NOT NULL,
    reader_no INTEGER NOT NULL REFERENCES readers (reader_no),
    text      TEXT NOT NULL,
    edited_at TEXT NOT NULL,
    UNIQUE (doc_no, owner_no, group_no, revision)
);
CREATE INDEX notes_of_reader ON notes (owner_no, group_no);

-- kind: author (value: author key), search (value: the query).
CREATE TABLE follows (
    reader_no   INTEGER NOT NULL REFERENCES readers (reader_no),
    kind        TEXT NOT NULL,
    value       TEXT NOT NULL,
    name        TEXT NOT NULL,
    followed_at TEXT NOT NULL,
    PRIMARY KEY (reader_no, kind, value)
) WITHOUT ROWID;
CREATE INDEX followers ON follows (kind, value);

-- What a reader did, and the deed that would take it back (JSON).
CREATE TABLE deeds (
    deed_no   INTEGER PRIMARY KEY AUTOINCREMENT,
    reader_no INTEGER NOT NULL REFERENCES readers (reader_no),
    verb      TEXT NOT NULL,
    deed      TEXT NOT NULL,
    inverse   TEXT NOT NULL,
    done_at   TEXT NOT NULL,
    undone_at TEXT
);
CREATE INDEX deeds_of_reader ON deeds (reader_no, deed_no);

-- Of every secret only its hash is kept.
CREATE TABLE sessions (
    session_no  INTEGER PRIMARY KEY AUTOINCREMENT,
    secret_hash BLOB NOT NULL UNIQUE,
    reader_no   INTEGER NOT NULL REFERENCES readers (reader_no),
    device      TEXT NOT NULL,
    created_at  TEXT NOT NULL,
    seen_at     TEXT NOT NULL,
    expires_at  TEXT NOT NULL
);
CREATE INDEX sessions_of_reader ON sessions (reader_no);

-- Mailed links, good once. kind: login, invitation (reader_no: who invites).
CREATE TABLE links (
    link_no     INTEGER PRIMARY KEY AUTOINCREMENT,
    secret_hash BLOB NOT NULL UNIQUE,
    kind        TEXT NOT NULL,
    email       TEXT NOT NULL,
    reader_no   INTEGER REFERENCES readers (reader_no),
    group_no    INTEGER REFERENCES groups (group_no),
    role        TEXT NOT NULL,
    created_at  TEXT NOT NULL,
    expires_at  TEXT NOT NULL,
    used_at     TEXT
);

CREATE TABLE tokens (
    token_no    INTEGER PRIMARY KEY AUTOINCREMENT,
    secret_hash BLOB NOT NULL UNIQUE,
    reader_no   INTEGER NOT NULL REFERENCES readers (reader_no),
    name        TEXT NOT NULL,
    scopes      TEXT NOT NULL,         -- one a line: read, write
    created_at  TEXT NOT NULL,
    used_at     TEXT,
    revoked_at  TEXT
);
CREATE INDEX tokens_of_reader ON tokens (reader_no);

-- Tries that are limited: logins, mails.
CREATE TABLE tries (
    try_no   INTEGER PRIMARY KEY AUTOINCREMENT,
    kind     TEXT NOT NULL,
    who      TEXT NOT NULL,
    tried_at TEXT NOT NULL
);
CREATE INDEX tries_of ON tries (kind, who, tried_at);
