-- What takes long to work out and is shown often (trending papers, topics, the topic tree): as of
-- a change number, JSON of its maker's own shape. Can be deleted at any time; it is made again.
CREATE TABLE computed (
    name      TEXT PRIMARY KEY,
    change_no INTEGER NOT NULL,
    made_at   TEXT NOT NULL,
    content   TEXT NOT NULL
) WITHOUT ROWID;

-- Which mentions of a name are one person. Derived from the records and from `people_said`;
-- group_no counts from 1 within a name and is kept from one grouping to the next.
CREATE TABLE people (
    author_key TEXT NOT NULL,
    doc_no     INTEGER NOT NULL REFERENCES documents (doc_no),
    group_no   INTEGER NOT NULL,
    PRIMARY KEY (author_key, doc_no)
) WITHOUT ROWID;

-- confidence in [0, 1]: how sure the least sure join of the group is; reason: what it rests on.
CREATE TABLE people_groups (
    author_key TEXT NOT NULL,
    group_no   INTEGER NOT NULL,
    confidence REAL NOT NULL,
    reason     TEXT NOT NULL,
    PRIMARY KEY (author_key, group_no)
) WITHOUT ROWID;

-- What a person has said about who is who, for ever: kind is 'same' or 'apart', each side a JSON
-- list of doc_nos of its author_key. undone_at: taken back.
CREATE TABLE people_said (
    said_no    INTEGER PRIMARY KEY,
    kind       TEXT NOT NULL,
    author_key TEXT NOT NULL,
    doc_nos    TEXT NOT NULL,
    other_key  TEXT NOT NULL,
    other_nos  TEXT NOT NULL,
    said_at    TEXT NOT NULL,
    undone_at  TEXT
);
CREATE INDEX people_said_of ON people_said (author_key);
CREATE INDEX people_said_of_other ON people_said (other_key);
