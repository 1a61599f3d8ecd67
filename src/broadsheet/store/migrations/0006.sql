-- What a digest showed, for its reader to read as a page: the digest itself (deliver/kept.py), as it
-- was composed. kept_at: pages are forgotten when the links to them have run out.
CREATE TABLE digest_pages (
    digest_no INTEGER PRIMARY KEY REFERENCES digests (digest_no),
    kept_at   TEXT NOT NULL,
    content   BLOB NOT NULL
);
CREATE INDEX digest_pages_by_age ON digest_pages (kept_at);
