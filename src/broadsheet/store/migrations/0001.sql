-- The library. Dates are ISO text, moments ISO text in UTC.

CREATE TABLE about (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- What a source sent, last heard. `content` is the record as JSON (content.py).
CREATE TABLE records (
    record_no  INTEGER PRIMARY KEY,
    source     TEXT NOT NULL,
    key        TEXT NOT NULL,
    doc_no     INTEGER NOT NULL REFERENCES documents (doc_no),
    digest     BLOB NOT NULL,
    datestamp  TEXT NOT NULL,
    deleted    INTEGER NOT NULL DEFAULT 0,
    first_seen TEXT NOT NULL,
    content    TEXT NOT NULL,
    UNIQUE (source, key)
);
CREATE INDEX records_of_document ON records (doc_no);

-- What a record said before: the versions of a document are read from here.
CREATE TABLE record_history (
    history_no  INTEGER PRIMARY KEY,
    record_no   INTEGER NOT NULL REFERENCES records (record_no),
    digest      BLOB NOT NULL,
    replaced_at TEXT NOT NULL,
    content     TEXT NOT NULL,
    UNIQUE (record_no, digest)
);

-- What SQL must filter and sort by; the document itself is composed from its records.
-- change_no grows with every change: the outbox that the indexes follow.
-- merged_into: this document is part of another now, and its doc_id an alias.
CREATE TABLE documents (
    doc_no       INTEGER PRIMARY KEY AUTOINCREMENT,
    doc_id       TEXT NOT NULL UNIQUE,
    title        TEXT NOT NULL,
    title_key    INTEGER NOT NULL,
    year         INTEGER,
    surnames     TEXT NOT NULL,
    announced    TEXT,
    categories   TEXT NOT NULL, -- one a line
    attention    REAL NOT NULL,
    change_no    INTEGER NOT NULL UNIQUE,
    merged_into  INTEGER REFERENCES documents (doc_no)
);
CREATE INDEX documents_by_title ON documents (title_key) WHERE title_key <> 0;
CREATE INDEX documents_by_day ON documents (announced, attention DESC) WHERE merged_into IS NULL;

CREATE TABLE identifiers (
    identifier TEXT NOT NULL,
    record_no  INTEGER NOT NULL REFERENCES records (record_no),
    doc_no     INTEGER NOT NULL REFERENCES documents (doc_no),
    PRIMARY KEY (identifier, record_no)
) WITHOUT ROWID;
CREATE INDEX identifiers_of_document ON identifiers (doc_no);

CREATE TABLE mentions (
    author_key TEXT NOT NULL,
    doc_no     INTEGER NOT NULL REFERENCES documents (doc_no),
    position   INTEGER NOT NULL,
    name       TEXT NOT NULL,
    PRIMARY KEY (author_key, doc_no, position)
) WITHOUT ROWID;
CREATE INDEX mentions_of_document ON mentions (doc_no);

-- Every time two records were judged to be one work: why, which records moved (JSON list),
-- and whether it was taken back.
CREATE TABLE merges (
    merge_no    INTEGER PRIMARY KEY,
    doc_no      INTEGER NOT NULL REFERENCES documents (doc_no),
    from_doc_no INTEGER REFERENCES documents (doc_no),
    record_nos  TEXT NOT NULL,
    reason      TEXT NOT NULL,
    merged_at   TEXT NOT NULL,
    undone_at   TEXT
);
CREATE INDEX merges_of_document ON merges (doc_no);

-- Records a person has said are not the same work; no harvest joins them again.
CREATE TABLE apart (
    record_no INTEGER NOT NULL REFERENCES records (record_no),
    other_no  INTEGER NOT NULL REFERENCES records (record_no),
    PRIMARY KEY (record_no, other_no)
) WITHOUT ROWID;

-- Where a harvest resumes. state is JSON of the source's own making.
CREATE TABLE checkpoints (
    source TEXT NOT NULL,
    scope  TEXT NOT NULL,
    state  TEXT NOT NULL,
    put_at TEXT NOT NULL,
    PRIMARY KEY (source, scope)
) WITHOUT ROWID;

-- A source's word that a document exists; stored and missing are computed from it.
CREATE TABLE announcements (
    source     TEXT NOT NULL,
    category   TEXT NOT NULL,
    day        TEXT NOT NULL,
    identifier TEXT NOT NULL,
    kind       TEXT NOT NULL,
    PRIMARY KEY (source, category, day, identifier)
) WITHOUT ROWID;

CREATE TABLE ledger (
    source     TEXT NOT NULL,
    category   TEXT NOT NULL,
    day        TEXT NOT NULL,
    outcome    TEXT NOT NULL,
    reason     TEXT NOT NULL,
    checked_at TEXT NOT NULL,
    PRIMARY KEY (source, category, day)
) WITHOUT ROWID;

-- One row a file taken in: the account of what came from files.
CREATE TABLE imports (
    import_no   INTEGER PRIMARY KEY,
    file        TEXT NOT NULL,
    format      TEXT NOT NULL,
    started_at  TEXT NOT NULL,
    finished_at TEXT,
    report      TEXT NOT NULL
);
