-- What readers care about, and what was shown to them.

-- A reader has several. A dropped one can be brought back. state: active, paused.
-- alpha: the dial, the share of wanted papers that may be missed. categories: one a line, none for
-- all. exploration: the share of places that explore. Where and when its slates are delivered is
-- said by subscriptions.
CREATE TABLE interests (
    interest_no INTEGER PRIMARY KEY AUTOINCREMENT,
    reader_no   INTEGER NOT NULL REFERENCES readers (reader_no),
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    alpha       REAL NOT NULL,
    places      INTEGER NOT NULL,
    exploration REAL NOT NULL,
    categories  TEXT NOT NULL,
    state       TEXT NOT NULL,
    created_at  TEXT NOT NULL,
    dropped_at  TEXT
);
CREATE INDEX interests_of_reader ON interests (reader_no);

-- kind: liked, disliked.
CREATE TABLE judgments (
    interest_no INTEGER NOT NULL REFERENCES interests (interest_no),
    doc_no      INTEGER NOT NULL REFERENCES documents (doc_no),
    kind        TEXT NOT NULL,
    judged_at   TEXT NOT NULL,
    PRIMARY KEY (interest_no, doc_no)
) WITHOUT ROWID;
CREATE INDEX judgments_of_document ON judgments (doc_no);

-- kind: must, never.
CREATE TABLE rules (
    interest_no INTEGER NOT NULL REFERENCES interests (interest_no),
    kind        TEXT NOT NULL,
    query       TEXT NOT NULL,
    made_at     TEXT NOT NULL,
    PRIMARY KEY (interest_no, kind, query)
) WITHOUT ROWID;

CREATE TABLE interest_authors (
    interest_no INTEGER NOT NULL REFERENCES interests (interest_no),
    author_key  TEXT NOT NULL,
    name        TEXT NOT NULL,
    followed_at TEXT NOT NULL,
    PRIMARY KEY (interest_no, author_key)
) WITHOUT ROWID;

-- Each paper is shown to a reader once, on whatever channel: in the slate of one interest for one
-- date, at one rank. kind: chosen, explores, more (by its title alone). propensity is the chance
-- with which it would be shown; is_above: it reached the line of the dial.
CREATE TABLE shown (
    reader_no   INTEGER NOT NULL REFERENCES readers (reader_no),
    doc_no      INTEGER NOT NULL REFERENCES documents (doc_no),
    interest_no INTEGER NOT NULL REFERENCES interests (interest_no),
    shown_on    TEXT NOT NULL,
    channel     TEXT NOT NULL,
    kind        TEXT NOT NULL,
    rank        INTEGER NOT NULL,
    propensity  REAL NOT NULL,
    is_above    INTEGER NOT NULL,
    shown_at    TEXT NOT NULL,
    PRIMARY KEY (reader_no, doc_no)
) WITHOUT ROWID;
CREATE INDEX shown_in_slate ON shown (interest_no, shown_on, rank);
