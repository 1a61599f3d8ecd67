"""An arXiv of our own making, whose right answers are known by construction.

Each paper is made for a listing day, and its moment of submission is then drawn from
the span that leads to that day. Texts are generated; nothing here is a real paper.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from xml.sax.saxutils import escape

#: Two working weeks; 2026-03-08 is the day on which summer time begins in the US.
FIRST_LISTING = date(2026, 3, 2)
LISTING_DAYS = tuple(
    FIRST_LISTING + timedelta(days=n)
    for n in range(12)
    if (FIRST_LISTING + timedelta(days=n)).weekday() < 5
)
#: The morning after the last listing.
WORLD_NOW = datetime(2026, 3, 13, 12, 0, tzinfo=UTC)

_PRIMARIES = ("cs.CL", "cs.CV", "cs.LG", "cs.AI", "stat.ML", "math.CO", "hep-th", "cond-mat.str-el")
_SUBJECTS = ("parsing", "segmentation", "planning", "retrieval", "alignment", "tiling", "decoding")
_THINGS = ("lattices", "corpora", "scenes", "graphs", "agents", "molecules", "proofs", "tables")
_MANNERS = ("sparse", "robust", "patient", "modular", "frugal", "curious", "steady", "recursive")
_NAMES = ("Ada Quill", "Björn Sørli", "Chen Wei", "Dana O'Hara", "Émile Roux", "Fatima Zahra")


@dataclass(frozen=True)
class Paper:
    """`moments` are those of its versions; `listed` the day it was announced on."""

    number: str
    title: str
    abstract: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    moments: tuple[datetime, ...]
    listed: date
    datestamp: date
    deleted: bool = False

    @property
    def identifier(self) -> str:
        return f"arxiv:{self.number}"

    @property
    def sets(self) -> tuple[str, ...]:
        names: list[str] = []
        for category in self.categories:
            archive, _, sub = category.partition(".")
            whole = archive if archive in ("cs", "stat", "math") else f"physics:{archive}"
            names.append(whole)
            names.append(f"{whole.partition(':')[0]}:{archive}:{sub}" if sub else whole)
        return tuple(dict.fromkeys(names))


@dataclass
class World:
    """The papers as they are now; `now` is the moment until which they are public."""

    papers: dict[str, Paper]
    now: datetime = WORLD_NOW

    def public(self) -> list[Paper]:
        today = self.now.date()
        return [paper for paper in self.papers.values() if paper.datestamp <= today]

    def revise(self, number: str, *, on: date) -> None:
        paper = self.papers[number]
        moment = datetime(on.year, on.month, on.day, 1, 0, tzinfo=UTC) - timedelta(hours=8)
        self.papers[number] = replace(
            paper,
            title=f"{paper.title}, revised",
            moments=(*paper.moments, moment),
            datestamp=on,
        )

    def delete(self, number: str, *, on: date) -> None:
        self.papers[number] = replace(self.papers[number], deleted=True, datestamp=on)

    def listed_on(self, day: date, category: str) -> list[Paper]:
        return [
            paper
            for paper in self.papers.values()
            if paper.listed == day and category in paper.categories and not paper.deleted
        ]


@dataclass
class Maker:
    rng: random.Random
    n_made: dict[str, int] = field(default_factory=dict)

    def paper(self, listed: date, categories: tuple[str, ...] | None = None) -> Paper:
        rng = self.rng
        submitted_at = self.moment_before(listed)
        month = f"{submitted_at:%y%m}"
        self.n_made[month] = self.n_made.get(month, 0) + 1
        number = f"{month}.{self.n_made[month]:05d}"
        subject, thing, manner = rng.choice(_SUBJECTS), rng.choice(_THINGS), rng.choice(_MANNERS)
        if categories is None:
            primary = rng.choice(_PRIMARIES)
            others = rng.sample([name for name in _PRIMARIES if name != primary], rng.randint(0, 2))
            categories = (primary, *others)
        return Paper(
            number=number,
            title=f"{manner.title()} {subject} of {thing} & <{number}>",
            abstract=f"We study {subject} of {thing}. Method {number} is {manner}.",
            authors=tuple(rng.sample(_NAMES, rng.randint(1, 4))),
            categories=categories,
            moments=(submitted_at,),
            listed=listed,
            datestamp=listed,
        )

    def moment_before(self, listed: date) -> datetime:
        """A moment in the span whose submissions are listed on this day.

        Spans end at 14:00 Eastern of the cut-off day, which is the day before the listing,
        and for Monday's the Friday before. March 2026: EST (UTC-5) until the 8th, then EDT.
        """
        days_back = {0: 3}.get(listed.weekday(), 1)
        days_long = {1: 3}.get(listed.weekday(), 1)
        cutoff_day = listed - timedelta(days=days_back)
        hour = 18 if cutoff_day >= date(2026, 3, 8) else 19
        cutoff = datetime(cutoff_day.year, cutoff_day.month, cutoff_day.day, hour, tzinfo=UTC)
        return cutoff - timedelta(minutes=self.rng.randint(1, days_long * 24 * 60 - 120))


def make_world(seed: int = 20260302, n_a_day: int = 30) -> World:
    """About 300 papers in 8 categories, 20 older ones revised since, 6 deleted."""
    maker = Maker(random.Random(seed))
    papers: dict[str, Paper] = {}
    for day in LISTING_DAYS:
        for _ in range(n_a_day):
            paper = maker.paper(day)
            papers[paper.number] = paper
    world = World(papers)
    rng = random.Random(seed + 1)
    for n in range(20):
        old = maker.paper(date(2025, 11, 3) + timedelta(days=7 * (n % 8)))
        papers[old.number] = old
        world.revise(old.number, on=rng.choice(LISTING_DAYS))
    for number in rng.sample(sorted(papers), 6):
        world.delete(number, on=LISTING_DAYS[-1])
    return world


def oai_record(paper: Paper, prefix: str) -> str:
    if paper.deleted:
        return f"<record>{_header(paper)}</record>"
    body = {"arXivRaw": _raw, "arXiv": _structured, "oai_dc": _dublin_core}[prefix](paper)
    return f"<record>{_header(paper)}<metadata>{body}</metadata></record>"


def _header(paper: Paper) -> str:
    status = ' status="deleted"' if paper.deleted else ""
    sets = "".join(f"<setSpec>{name}</setSpec>" for name in paper.sets)
    return (
        f"<header{status}><identifier>oai:arXiv.org:{paper.number}</identifier>"
        f"<datestamp>{paper.datestamp}</datestamp>{sets}</header>"
    )


def _raw(paper: Paper) -> str:
    versions = "".join(
        f'<version version="v{n}"><date>{moment:%a, %d %b %Y %H:%M:%S} GMT</date>'
        "<size>100kb</size></version>"
        for n, moment in enumerate(paper.moments, 1)
    )
    return (
        f'<arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/"><id>{paper.number}</id>'
        f"<submitter>A. Sender</submitter>{versions}<title>{escape(paper.title)}</title>"
        f"<authors>{escape(', '.join(paper.authors))}</authors>"
        f"<categories>{' '.join(paper.categories)}</categories>"
        f"<abstract>{escape(paper.abstract)}</abstract></arXivRaw>"
    )


def _structured(paper: Paper) -> str:
    authors = "".join(
        f"<author><keyname>{escape(name.split()[-1])}</keyname>"
        f"<forenames>{escape(' '.join(name.split()[:-1]))}</forenames></author>"
        for name in paper.authors
    )
    return (
        f'<arXiv xmlns="http://arxiv.org/OAI/arXiv/"><id>{paper.number}</id>'
        f"<created>{paper.moments[0]:%Y-%m-%d}</created><authors>{authors}</authors>"
        f"<title>{escape(paper.title)}</title>"
        f"<categories>{' '.join(paper.categories)}</categories>"
        f"<abstract>{escape(paper.abstract)}</abstract></arXiv>"
    )


def _dublin_core(paper: Paper) -> str:
    creators = "".join(f"<dc:creator>{escape(name)}</dc:creator>" for name in paper.authors)
    subjects = "".join(f"<dc:subject>{name}</dc:subject>" for name in paper.categories)
    return (
        '<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{escape(paper.title)}</dc:title>'
        f"{creators}{subjects}<dc:description>{escape(paper.abstract)}</dc:description>"
        f"<dc:date>{paper.moments[0]:%Y-%m-%d}</dc:date>"
        f"<dc:identifier>http://arxiv.org/abs/{paper.number}</dc:identifier></oai_dc:dc>"
    )


def feed(world: World, category: str, day: date) -> str:
    """The announcement feed of one category as it stands on `day`."""
    stamp = f"{day}T00:00:00-04:00"
    entries = "".join(
        f"<entry><id>oai:arXiv.org:{paper.number}v1</id><title>{escape(paper.title)}</title>"
        f"<updated>{day}T04:00:19+00:00</updated>"
        f'<link href="https://arxiv.org/abs/{paper.number}" rel="alternate" type="text/html"/>'
        f"<summary>arXiv:{paper.number}v1 Announce Type: {kind} \nAbstract: "
        f"{escape(paper.abstract)}</summary>"
        + "".join(f'<category term="{name}"/>' for name in paper.categories)
        + f"<published>{stamp}</published><arxiv:announce_type>{kind}</arxiv:announce_type>"
        f"<dc:creator>{escape(', '.join(paper.authors))}</dc:creator></entry>"
        for paper in world.listed_on(day, category)
        for kind in ("new" if paper.categories[0] == category else "cross",)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><feed '
        'xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns="http://www.w3.org/2005/Atom" xml:lang="en-us">'
        f"<id>http://rss.arxiv.org/atom/{category}</id><title>{category} updates</title>"
        f"<updated>{day}T04:00:19.866337+00:00</updated>{entries}</feed>"
    )


def api_feed(papers: list[Paper]) -> str:
    entries = "".join(
        f"<entry><id>http://arxiv.org/abs/{paper.number}v{len(paper.moments)}</id>"
        f"<title>{escape(paper.title)}</title>"
        f"<updated>{paper.moments[-1]:%Y-%m-%dT%H:%M:%SZ}</updated>"
        f"<published>{paper.moments[0]:%Y-%m-%dT%H:%M:%SZ}</published>"
        f"<summary>{escape(paper.abstract)}</summary>"
        + "".join(f'<category term="{name}"/>' for name in paper.categories)
        + f'<arxiv:primary_category term="{paper.categories[0]}"/>'
        + "".join(f"<author><name>{escape(name)}</name></author>" for name in paper.authors)
        + "</entry>"
        for paper in papers
    )
    return _API_HEAD + entries + "</feed>"


def api_error(number: str) -> str:
    return (
        _API_HEAD + f"<entry><id>https://arxiv.org/api/errors#incorrect_id_format_for_{number}</id>"
        f"<title>Error</title><summary>incorrect id format for {number}</summary></entry></feed>"
    )


_API_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><feed '
    'xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" '
    'xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns="http://www.w3.org/2005/Atom">'
    "<id>https://arxiv.org/api/x</id><title>arXiv Query</title>"
)
