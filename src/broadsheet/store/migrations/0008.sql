-- Whether the code that papers link to is still there.

-- Every place that a paper links to (key, url: enrich/repositories.py), and what was found when it was
-- looked at last. newest: the latest day a paper with it was announced, as an ordinal: those come
-- first. n_gone, n_unsure: answers of the kind in a row (enrich/life.py). dead_since: it is dead.
CREATE TABLE code_links (
    key        TEXT PRIMARY KEY,
    url        TEXT NOT NULL,
    host       TEXT NOT NULL,
    newest     INTEGER NOT NULL,
    looked_at  TEXT,
    next_at    TEXT,
    n_gone     INTEGER NOT NULL DEFAULT 0,
    n_unsure   INTEGER NOT NULL DEFAULT 0,
    reason     TEXT NOT NULL DEFAULT '',
    dead_since TEXT
) WITHOUT ROWID;
CREATE INDEX code_links_by_host ON code_links (host, looked_at);

-- Which papers link there, as of the last change that was followed.
CREATE TABLE code_links_of (
    doc_no INTEGER NOT NULL REFERENCES documents (doc_no),
    key    TEXT NOT NULL,
    PRIMARY KEY (doc_no, key)
) WITHOUT ROWID;
CREATE INDEX code_links_from ON code_links_of (key);

-- Papers of which no record can be read: left out everywhere until their source sends them again.
CREATE TABLE unreadable (
    doc_no     INTEGER PRIMARY KEY REFERENCES documents (doc_no),
    noticed_at TEXT NOT NULL
);
