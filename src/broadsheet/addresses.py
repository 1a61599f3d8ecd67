"""Where things are: the paths of our pages, and the one rule for links that lead away."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from urllib.parse import quote, urlsplit

DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
URL_CHARS_MAX = 2_000
WORDS_KEPT = 4_096

_SOURCE_NAMES = {
    "arxiv.org": "arXiv",
    "aclanthology.org": "ACL Anthology",
    "openreview.net": "OpenReview",
    "doi.org": "DOI",
    "huggingface.co": "Hugging Face",
}
_DOT_SEGMENT = re.compile(r"(?:^|/)\.{0,2}(?:/|$)")
_UNSAFE = re.compile(r"[\s\x00-\x20\x7f-\x9f\\<>\"'`{}|^\u200b-\u200f\u2028-\u202f\u2060-\u206f]")


def web_address(url: str) -> str | None:
    """`url` if it may be a link that leaves this site: http or https, with a host, in plain
    characters; else None. Every link outwards in the templates passes here."""
    if not url or len(url) > URL_CHARS_MAX or _UNSAFE.search(url):
        return None
    try:
        parts = urlsplit(url)
        port_is_readable = parts.port is None or parts.port > 0
    except ValueError:
        return None
    is_web = parts.scheme in ("http", "https") and parts.hostname and not parts.username
    return url if is_web and port_is_readable else None


def host_and_name(url: str) -> tuple[str, str]:
    """How a link to code is shown: ("github.com", "owner/name")."""
    parts = urlsplit(url)
    path = [part for part in parts.path.split("/") if part]
    return (parts.hostname or "").removeprefix("www."), "/".join(path[:2])


def source_name(url: str) -> str:
    """What a reader calls the place that a link leads to."""
    host = host_and_name(url)[0]
    return _SOURCE_NAMES.get(host, host)


def safe_return(target: str) -> str:
    """`target` if it is a path of this site, else the front page: no form leads elsewhere."""
    is_path = target.startswith("/") and not target.startswith(("//", "/\\"))
    is_plain = target.isascii() and target.isprintable() and not set(target) & set("\\ <>\"'")
    if not (is_path and is_plain and len(target) <= 2_000):
        return "/"
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc else "/"


def paper_path(doc_id: str) -> str:
    return "/paper/" + _quoted(doc_id)


def anchor_of(doc_id: str) -> str:
    """A paper's place in a list; ids know no spaces."""
    return "_".join(doc_id.split())


def bibtex_path(doc_id: str) -> str:
    return paper_path(doc_id) + ".bib"


def author_path(author_key: str) -> str:
    return "/author/" + _quoted(author_key)


def day_path(day: date, category: str = "", page: int = 1, tab: str = "all") -> str:
    shown = "" if tab == "all" else tab
    return f"/day/{day.isoformat()}" + query_string(tab=shown, category=category, page=page)


def search_path(query: str, sort: str = "", page: int = 1) -> str:
    return "/search" + query_string(q=query, sort=sort, page=page)


def found_path(query: str, ending: str) -> str:
    """The whole answer as a file or a feed: `/search.bib?q=…`."""
    return f"/search.{ending}" + query_string(q=query)


def library_path(shelf: str = "", tag: str = "", q: str = "", page: int = 1) -> str:
    return "/library" + query_string(shelf=shelf, tag=tag, q=q, page=page)


def collection_path(collection_no: int, q: str = "", page: int = 1) -> str:
    return f"/collection/{collection_no}" + query_string(q=q, page=page)


def interest_path(interest_no: int) -> str:
    return f"/interests/{interest_no}"


def login_path(back: str = "/") -> str:
    return "/login" + query_string(back=back if back != "/" else "")


def deliveries_path(q: str = "") -> str:
    """Where digests are asked for; with a search, the form has it filled in."""
    return "/deliveries" + query_string(q=q) + ("#new" if q else "")


def enter_path(secret: str) -> str:
    return "/enter/" + quote(secret, safe="")


def done_path(back: str, deed_no: int | None, anchor: str = "") -> str:
    """Where a form leads back to, telling the page what was done, and at which paper."""
    path, _, fragment = back.partition("#")
    if deed_no is not None:
        path += ("&" if "?" in path else "?") + f"done={deed_no}"
    anchor = quote(anchor, safe=":@/.", errors="replace") or fragment
    return path + (f"#{anchor}" if anchor else "")


def ledger_path(source: str = "", page: int = 1) -> str:
    return "/ledger" + query_string(source=source, page=page)


def digest_path(link: str) -> str:
    """A digest as a page, for whoever holds its signed link."""
    return f"/digest/{link}"


def query_string(*, page: int = 1, **values: str) -> str:
    """ "" or `?name=value&…`; empty values and page 1 are left out."""
    pairs = {name: value for name, value in values.items() if value}
    if page > 1:
        pairs["page"] = str(page)
    said = "&".join(f"{name}={_value(value)}" for name, value in pairs.items())
    return f"?{said}" if said else ""


def _value(text: str) -> str:
    """As a form sends it. A page's links repeat its query many times over."""
    return "+".join(map(_word, text.split(" ")))


@lru_cache(maxsize=WORDS_KEPT)
def _word(text: str) -> str:
    return quote(text, safe="", errors="replace")


def _quoted(name: str) -> str:
    """One path of any name. A name with empty or dot segments, which browsers would resolve,
    has its slashes encoded."""
    safe = ":@" if _DOT_SEGMENT.search(name) else ":@/"
    return quote(name, safe=safe, errors="replace")
