"""A peer for `bench site`: pages made as arxiv-sanity-lite makes them, by scanning the library.

Its way, written anew and kindly: for every request each paper of the library is scored, in memory.
The list of a day sorts all papers by time; a search counts each word in each paper's authors, title
and abstract (10, 20 and 1 points); a paper's page multiplies its tf-idf vector (20,000 words) with
those of all papers. Server, templates and machine are the same as ours; the pages hold less.
"""

from __future__ import annotations

import math
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import uvicorn
from jinja2 import Environment
from scipy.sparse import csr_matrix
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from broadsheet.index.analysis import words
from broadsheet.store.database import open_database
from broadsheet.store.documents import iterate_documents
from broadsheet.types import Document

WORDS_MAX = 20_000
SHOWN = 28
PAGE = Environment(autoescape=True).from_string(
    "<!doctype html><title>papers</title><ol>{% for paper in papers %}<li><h2>"
    "<a href='/paper/{{ paper.doc_id }}'>{{ paper.title }}</a></h2><p>{{ paper.names }}</p>"
    "<p>{{ paper.abstract[:300] }}</p></li>{% endfor %}</ol>"
)


class Paper:
    __slots__ = ("abstract", "day", "doc_id", "low", "names", "title")

    def __init__(self, document: Document) -> None:
        self.doc_id, self.title, self.abstract = (
            document.doc_id,
            document.title,
            document.abstract,
        )
        self.names = ", ".join(author.name for author in document.authors)
        self.day = document.announced.toordinal() if document.announced else 0
        self.low = (self.names.lower(), self.title.lower(), self.abstract.lower())


class Scan:
    def __init__(self, home: Path) -> None:
        db = open_database(home)
        self.papers = [Paper(document) for document in iterate_documents(db)]
        db.close()
        self.places = {paper.doc_id: place for place, paper in enumerate(self.papers)}
        self.table = tf_idf([f"{paper.title} {paper.abstract}" for paper in self.papers])

    def by_time(self) -> list[Paper]:
        return sorted(self.papers, key=lambda paper: -paper.day)[:SHOWN]

    def by_words(self, query: str) -> list[Paper]:
        asked = query.lower().split()
        scored = []
        for place, paper in enumerate(self.papers):
            names, title, abstract = paper.low
            score = sum(
                10 * (word in names) + 20 * (word in title) + min(3, abstract.count(word))
                for word in asked
            )
            if score:
                scored.append((score, -place))
        scored.sort(reverse=True)
        return [self.papers[-place] for _, place in scored[:SHOWN]]

    def like(self, doc_id: str) -> list[Paper]:
        row = self.table[self.places.get(doc_id, 0)]
        scores = np.asarray((self.table @ row.T).todense()).ravel()
        return [self.papers[place] for place in np.argsort(-scores)[:SHOWN]]


def tf_idf(texts: list[str]) -> csr_matrix:
    """Rows of unit length, one a text."""
    found = [Counter(words(text)) for text in texts]
    spread = Counter(word for counts in found for word in counts)
    columns = {word: place for place, (word, _) in enumerate(spread.most_common(WORDS_MAX))}
    weight = {word: math.log(len(texts) / spread[word]) + 1.0 for word in columns}
    rows = [
        {columns[word]: n * weight[word] for word, n in counts.items() if word in columns}
        for counts in found
    ]
    starts = np.cumsum([0, *(len(row) for row in rows)])
    places = np.fromiter((place for row in rows for place in row), dtype=np.int32)
    lengths = [math.sqrt(sum(value * value for value in row.values())) or 1.0 for row in rows]
    values = np.fromiter(
        (
            value / length
            for row, length in zip(rows, lengths, strict=True)
            for value in row.values()
        ),
        dtype=np.float32,
    )
    return csr_matrix((values, places, starts), shape=(len(texts), len(columns)))


def create_app(scan: Scan) -> Starlette:
    def listed(request: Request) -> HTMLResponse:
        return HTMLResponse(PAGE.render(papers=scan.by_time()))

    def search(request: Request) -> HTMLResponse:
        return HTMLResponse(PAGE.render(papers=scan.by_words(request.query_params.get("q", ""))))

    def paper(request: Request) -> HTMLResponse:
        return HTMLResponse(PAGE.render(papers=scan.like(request.path_params["doc_id"])))

    def author(request: Request) -> HTMLResponse:
        name = request.path_params["name"].replace("-", " ")
        return HTMLResponse(PAGE.render(papers=scan.by_words(name)))

    return Starlette(
        routes=[
            Route("/", listed),
            Route("/day/{day}", listed),
            Route("/search", search),
            Route("/paper/{doc_id:path}", paper),
            Route("/author/{name}", author),
        ]
    )


if __name__ == "__main__":
    uvicorn.run(create_app(Scan(Path(sys.argv[1]))), port=int(sys.argv[2]), log_level="warning")
