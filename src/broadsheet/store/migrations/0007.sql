-- Numbers of people that nobody has any more, because groups became one or were divided otherwise:
-- the papers (JSON) that each had last. A number is never given to somebody else; it leads to who
-- has most of these papers now, and comes back to them where they are parted again.
CREATE TABLE people_former (
    author_key TEXT NOT NULL,
    group_no   INTEGER NOT NULL,
    doc_nos    TEXT NOT NULL,
    PRIMARY KEY (author_key, group_no)
) WITHOUT ROWID;
