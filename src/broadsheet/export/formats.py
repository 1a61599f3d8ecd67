"""The formats that `export --to` and the download links know."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from broadsheet.export.atom import to_atom
from broadsheet.export.bibtex import to_bibtex
from broadsheet.export.csljson import to_csljson
from broadsheet.export.jsonl import to_jsonl
from broadsheet.export.ris import to_ris
from broadsheet.export.zotero import to_zotero
from broadsheet.types import Document

FORMATS: dict[str, Callable[[Iterable[Document]], Iterator[str]]] = {
    "bibtex": to_bibtex,
    "ris": to_ris,
    "csljson": to_csljson,
    "zotero": to_zotero,
    "jsonl": to_jsonl,
    "atom": to_atom,
}

#: (media type, file name's ending) of each.
MEDIA_TYPES = {
    "bibtex": ("application/x-bibtex", "bib"),
    "ris": ("application/x-research-info-systems", "ris"),
    "csljson": ("application/vnd.citationstyles.csl+json", "json"),
    "zotero": ("application/rdf+xml", "rdf"),
    "jsonl": ("application/jsonl", "jsonl"),
    "atom": ("application/atom+xml", "xml"),
}
