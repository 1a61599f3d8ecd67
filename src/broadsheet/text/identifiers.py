"""Identifiers in one canonical spelling, so that equal works compare equal.

Strong schemes (two records that share one are one document): `arxiv:2509.01234`
(never a version; old ids without subject class: `arxiv:math/0309136`), `doi:10.…`
(lower case), `openreview:…`, `acl:…`, `url:` + 16 hex digits. Others are a row's own.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

STRONG_SCHEMES = frozenset({"arxiv", "doi", "openreview", "acl", "url"})
IDENTIFIER_CHARS_MAX = 200

_RAW_CHARS_MAX = 2_000
_RESERVED_SCHEMES = STRONG_SCHEMES | {"http", "https", "title", "id"}

# The archives that used ids of the form archive[.Class]/YYMMNNN before April 2007.
_OLD_ARCHIVES = (
    "acc-phys|adap-org|alg-geom|ao-sci|astro-ph|atom-ph|bayes-an|chao-dyn|chem-ph|cmp-lg"
    "|comp-gas|cond-mat|cs|dg-ga|funct-an|gr-qc|hep-ex|hep-lat|hep-ph|hep-th|math-ph|math"
    "|mtrl-th|nlin|nucl-ex|nucl-th|patt-sol|physics|plasm-ph|q-alg|q-bio|quant-ph|solv-int"
    "|supr-con"
)
_NEW_ARXIV = r"\d{2}(?:0[1-9]|1[0-2])\.\d{4,5}"
_OLD_ARXIV = rf"(?:{_OLD_ARCHIVES})(?:\.[A-Za-z-]{{2,}})?/\d{{2}}(?:0[1-9]|1[0-2])\d{{3}}"
_ARXIV_ID = rf"({_NEW_ARXIV}|{_OLD_ARXIV})(?:v\d{{1,3}})?"

_ARXIV = re.compile(rf"(?:oai:arxiv\.org:|arxiv\s*:\s*|arxiv/)?{_ARXIV_ID}", re.IGNORECASE)
_ARXIV_DOI = re.compile(rf"10\.48550/arxiv\.{_ARXIV_ID}", re.IGNORECASE)
_ARXIV_IN_TEXT = re.compile(
    rf"(?:arxiv(?:\.org)?\s*[:/]\s*(?:abs/|pdf/)?|\babs/){_ARXIV_ID}(?![\d.]*\d)", re.IGNORECASE
)
_ARXIV_HOSTS = (
    "arxiv.org",
    "export.arxiv.org",
    "browse.arxiv.org",
    "ar5iv.org",
    "ar5iv.labs.arxiv.org",
    "alphaxiv.org",
    "huggingface.co",
    "hf.co",
)
_ARXIV_PATH = re.compile(
    rf"/(?:abs|pdf|html|ps|e-print|src|format|list|papers|overview)/(?:arxiv:)?{_ARXIV_ID}"
    r"(?:\.pdf)?/?",
    re.IGNORECASE,
)
_DOI = re.compile(r"10\.\d{4,9}(?:\.\d+)*/\S+")
_OPENREVIEW_ID = re.compile(r"[A-Za-z0-9_-]{5,24}")
_ACL_OLD = re.compile(r"[A-Z]\d{2}-\d{4}", re.IGNORECASE)
_ACL_NEW = re.compile(r"\d{4}\.[a-z0-9_]+-[a-z0-9_]+\.\d{1,4}", re.IGNORECASE)
_ACL_HOSTS = ("aclanthology.org", "aclweb.org", "aclanthology.info", "aclanthology.coli.uni-sb.de")
_ACL_FILE_TAIL = re.compile(r"(?:v\d+)?(?:\.(?:pdf|bib|xml|endf))?$", re.IGNORECASE)
_URL_IDENTIFIER = re.compile(r"url:[0-9a-f]{16}")
_NAME_AND_VALUE = re.compile(r"([A-Za-z][A-Za-z0-9.+_-]{0,39}):\S+")
_UNSAFE = re.compile(
    r"[\s\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\ud800-\udfff]"
)
#: Most addresses are of other sites; this tells, without taking them apart.
_KNOWN_HOST = re.compile(
    r"arxiv|ar5iv|huggingface|hf\.co|doi\.org|openreview|aclanthology|aclweb", re.IGNORECASE
)
_TRACKING = re.compile(r"utm_|ref$|source$|fbclid$|gclid$")


def canonical_identifier(raw: str) -> str | None:
    """The identifier of a strong scheme that `raw` spells, or None. Idempotent."""
    raw = raw.strip()
    if not raw or len(raw) > _RAW_CHARS_MAX:
        return None
    if match := _ARXIV.fullmatch(raw):
        return _arxiv(match[1])
    head, colon, rest = raw.partition(":")
    scheme = head.lower()
    if colon and scheme in ("http", "https"):
        return _from_url(raw)
    if colon and scheme == "doi":
        return _doi(rest.strip())
    if colon and scheme == "openreview":
        return f"openreview:{rest}" if _OPENREVIEW_ID.fullmatch(rest) else None
    if colon and scheme == "acl":
        return _acl(rest)
    if raw.startswith("10."):
        return _doi(raw)
    if _URL_IDENTIFIER.fullmatch(raw):
        return raw
    if "/" in raw and "." in raw.partition("/")[0] and not colon:
        return _from_url("https://" + raw)
    return None


def find_arxiv(text: str) -> str | None:
    """The first arXiv id that `text` names in words such as `arXiv preprint arXiv:2004.05150`."""
    match = _ARXIV_IN_TEXT.search(text)
    return _arxiv(match[1]) if match else None


def identifier_url(identifier: str) -> str:
    """Where a reader sees the work; "" for schemes that have no such place."""
    scheme, _, value = identifier.partition(":")
    if scheme == "arxiv":
        return f"https://arxiv.org/abs/{value}"
    if scheme == "doi":
        return f"https://doi.org/{quote(value, safe='/()._;:-')}"
    if scheme == "openreview":
        return f"https://openreview.net/forum?id={value}"
    if scheme == "acl":
        return f"https://aclanthology.org/{value}/"
    return ""


def identifier_pdf(identifier: str) -> str:
    """The PDF of the work; "" for schemes that do not tell."""
    scheme, _, value = identifier.partition(":")
    if scheme == "arxiv":
        return f"https://arxiv.org/pdf/{value}"
    return f"https://aclanthology.org/{value}.pdf" if scheme == "acl" else ""


def url_identifier(url: str) -> str:
    """`url:` and 16 hex digits; the same for http and https, with and without `www.`."""
    return "url:" + _digest16(normal_url(url))


def normal_url(url: str) -> str:
    """`url` for comparing, not for fetching: https, lower-case host, no fragment, no tracking."""
    url = url.strip()
    try:
        parts = urlsplit(url if "//" in url else "//" + url)
        port = "" if parts.port in (None, 80, 443) else f":{parts.port}"
    except ValueError:
        return url
    host = (parts.hostname or "").removeprefix("www.")
    pairs = [p for p in parse_qsl(parts.query, keep_blank_values=True) if not _TRACKING.match(p[0])]
    query = "?" + urlencode(sorted(pairs), errors="replace") if pairs else ""
    return f"https://{host}{port}{parts.path.rstrip('/')}{query}"


def own_identifier(raw: str) -> str | None:
    """A row's own id of an unknown scheme: `scheme:value` as it is, else `id:` before it.

    Spaces and control characters are percent-encoded; what is longer than
    `IDENTIFIER_CHARS_MAX` is cut and ends in a hash. None where nothing is left.
    """
    value = _UNSAFE.sub(lambda m: quote(m[0], errors="replace"), raw.strip())
    if not value:
        return None
    match = _NAME_AND_VALUE.fullmatch(value)
    is_reserved = match is None or match[1].lower() in _RESERVED_SCHEMES
    if is_reserved and not re.fullmatch(r"(?:id:|title:).+", value):
        value = "id:" + value
    if len(value) > IDENTIFIER_CHARS_MAX:
        value = f"{value[: IDENTIFIER_CHARS_MAX - 17]}-{_digest16(value)}"
    return value


def is_strong(identifier: str) -> bool:
    """Whether two records that share this identifier are one document."""
    return identifier.partition(":")[0] in STRONG_SCHEMES


def _arxiv(spelling: str) -> str:
    archive, slash, number = spelling.lower().partition("/")
    return f"arxiv:{archive.partition('.')[0]}/{number}" if slash else f"arxiv:{archive}"


def _doi(value: str) -> str | None:
    match = _DOI.match(value)
    if match is None:
        return None
    doi = _cut_tail(match[0].lower())
    if arxiv := _ARXIV_DOI.fullmatch(doi):
        return _arxiv(arxiv[1])
    if len(doi) > IDENTIFIER_CHARS_MAX - 4 or doi.endswith("/") or _UNSAFE.search(doi):
        return None
    return "doi:" + doi


def _cut_tail(doi: str) -> str:
    """Without the punctuation of its sentence; a bracket stays if it was opened inside."""
    while doi and (doi[-1] in ".,;:'\"*" or (doi[-1] in ")]}>" and not _is_balanced(doi))):
        doi = doi[:-1]
    return doi


def _is_balanced(text: str) -> bool:
    closing = text[-1]
    return text.count({")": "(", "]": "[", "}": "{", ">": "<"}[closing]) >= text.count(closing)


def _acl(value: str) -> str | None:
    value = _ACL_FILE_TAIL.sub("", value.strip())
    if _ACL_OLD.fullmatch(value):
        return f"acl:{value.upper()}"
    return f"acl:{value.lower()}" if _ACL_NEW.fullmatch(value) else None


def _from_url(url: str) -> str | None:
    if not _KNOWN_HOST.search(url):
        return None
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return None
    path = unquote(parts.path, errors="replace")
    if host in _ARXIV_HOSTS:
        match = _ARXIV_PATH.fullmatch(path)
        return _arxiv(match[1]) if match else None
    if host in ("doi.org", "dx.doi.org"):
        return _doi(path.lstrip("/"))
    if host == "openreview.net":
        return _openreview(parts.path, parts.query)
    if host in _ACL_HOSTS:
        return next(filter(None, map(_acl, reversed(path.rstrip("/").split("/")))), None)
    return None


def _openreview(path: str, query: str) -> str | None:
    if path.strip("/") not in ("forum", "pdf", "attachment", "revisions"):
        return None
    values = [value for name, value in parse_qsl(query) if name == "id"]
    if values and _OPENREVIEW_ID.fullmatch(values[0]):
        return f"openreview:{values[0]}"
    return None


def _digest16(text: str) -> str:
    return blake2b(text.encode("utf-8", "replace"), digest_size=8).hexdigest()
