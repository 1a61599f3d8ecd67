-- What is delivered to whom, and what became of it.

-- What somebody asked to have brought: a reader (reader_no), or a stranger who has only an address
-- (reader_no 0). topic: day (value: a category or nothing), search (a query), interest (its number).
-- channel: mail (target: the address), json, slack, discord, mattermost (target: a URL; secret: what
-- its deliveries are signed with). schedule and time_zone as `broadsheet.schedule` reads them.
-- confirmed_at: since when it is wanted for sure. ended_at: not wanted any more; asked for again, the
-- same row comes back, so that a date never has two.
CREATE TABLE subscriptions (
    subscription_no INTEGER PRIMARY KEY AUTOINCREMENT,
    reader_no       INTEGER NOT NULL,
    topic           TEXT NOT NULL,
    value           TEXT NOT NULL,
    name            TEXT NOT NULL,
    channel         TEXT NOT NULL,
    target          TEXT NOT NULL,
    secret          TEXT NOT NULL,
    schedule        TEXT NOT NULL,
    time_zone       TEXT NOT NULL,
    when_empty      INTEGER NOT NULL,
    created_at      TEXT NOT NULL,
    confirmed_at    TEXT,
    ended_at        TEXT,
    UNIQUE (reader_no, topic, value, channel, target)
);
CREATE INDEX subscriptions_of ON subscriptions (reader_no, target);

-- One digest of a subscription for a date, whatever happens: the outbox. It says where it stands
-- before anything is done, in a transaction of its own (deliver/outcome.py names the states).
-- until_no: the newest document it has looked at. content: the mail's bytes, or the webhook's body.
-- host: where it goes, for the rate. tried_at: the last try's beginning.
CREATE TABLE digests (
    digest_no       INTEGER PRIMARY KEY AUTOINCREMENT,
    subscription_no INTEGER NOT NULL REFERENCES subscriptions (subscription_no),
    day             TEXT NOT NULL,
    state           TEXT NOT NULL,
    reason          TEXT NOT NULL,
    subject         TEXT NOT NULL,
    n_shown         INTEGER NOT NULL,
    until_no        INTEGER NOT NULL,
    host            TEXT NOT NULL,
    content         BLOB,
    n_tries         INTEGER NOT NULL,
    due_at          TEXT NOT NULL,
    composed_at     TEXT,
    tried_at        TEXT,
    next_at         TEXT,
    ended_at        TEXT,
    UNIQUE (subscription_no, day)
);
CREATE INDEX digests_waiting ON digests (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX digests_by_state ON digests (state, digest_no);
CREATE INDEX digests_tried ON digests (tried_at, host);

-- The papers of each digest. Those of an interest's slate (interest_no not 0) go into `shown` in the
-- moment in which the digest has gone, or may have; kind, rank, propensity and is_above are for it.
CREATE TABLE delivered (
    digest_no   INTEGER NOT NULL REFERENCES digests (digest_no),
    doc_no      INTEGER NOT NULL REFERENCES documents (doc_no),
    interest_no INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    rank        INTEGER NOT NULL,
    propensity  REAL NOT NULL,
    is_above    INTEGER NOT NULL,
    PRIMARY KEY (digest_no, doc_no)
) WITHOUT ROWID;

-- What is known of a mail address: bounces within a fortnight of one another; paused_at: no
-- mail goes there until its owner says so.
CREATE TABLE addresses (
    address   TEXT PRIMARY KEY,
    n_bounces INTEGER NOT NULL,
    reason    TEXT NOT NULL,
    heard_at  TEXT NOT NULL,
    paused_at TEXT
) WITHOUT ROWID;

-- The worker's units of work: when each began and ended last, and how it went.
CREATE TABLE steps (
    step       TEXT PRIMARY KEY,
    began_at   TEXT NOT NULL,
    ended_at   TEXT,
    ok_at      TEXT,
    took_s     REAL NOT NULL,
    n_runs     INTEGER NOT NULL,
    n_failures INTEGER NOT NULL,
    reason     TEXT NOT NULL
) WITHOUT ROWID;
