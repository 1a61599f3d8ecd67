"""Documents as Zotero RDF, with what a reader keeps with them: tags, notes, collections."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from html import escape

from broadsheet.export.fields import (
    address_of,
    day_of,
    identifier_of,
    is_journal,
    name_parts,
    year_of,
)
from broadsheet.export.xml import Xml
from broadsheet.types import Document, Keeping

_NAMESPACES = {
    "xmlns:rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "xmlns:z": "http://www.zotero.org/namespaces/export#",
    "xmlns:dcterms": "http://purl.org/dc/terms/",
    "xmlns:dc": "http://purl.org/dc/elements/1.1/",
    "xmlns:bib": "http://purl.org/net/biblio#",
    "xmlns:foaf": "http://xmlns.com/foaf/0.1/",
    "xmlns:link": "http://purl.org/rss/1.0/modules/link/",
    "xmlns:prism": "http://prismstandard.org/namespaces/1.2/basic/",
}
_NOTHING = Keeping("", (), (), ())


def to_zotero(
    documents: Iterable[Document], keepings: Mapping[int, Keeping] | None = None
) -> Iterator[str]:
    """One item a document, in the given order; `keepings` by `doc_no`. A collection `Outer / Inner`
    is written as one inside the other."""
    xml = Xml()
    xml.start("rdf:RDF", _NAMESPACES)
    members: dict[tuple[str, ...], list[str]] = {}
    for document in documents:
        keeping = (keepings or {}).get(document.doc_no)
        _write_item(xml, document, keeping)
        for path in keeping.collections if keeping else ():
            members.setdefault(tuple(path.split(" / ")), []).append(_item_name(document))
        yield xml.taken()
    _write_collections(xml, members)
    xml.end("rdf:RDF")
    yield xml.taken()


def _write_item(xml: Xml, document: Document, keeping: Keeping | None) -> None:
    kind = (
        "journalArticle" if is_journal(document)
        else "conferencePaper" if document.venue
        else "preprint"
    )  # fmt: skip
    name = _item_name(document)
    element = "bib:Article" if kind == "journalArticle" else "rdf:Description"
    xml.start(element, {"rdf:about": name})
    xml.leaf("z:itemType", kind)
    if document.venue:
        xml.start("dcterms:isPartOf")
        xml.start("bib:Journal")
        xml.leaf("dc:title", document.venue)
        xml.end("bib:Journal")
        xml.end("dcterms:isPartOf")
    _write_authors(xml, document)
    kept = keeping or _NOTHING
    notes = {f"{name}_note_{number}": text for number, text in enumerate(kept.notes, 1)}
    for note in notes:
        xml.leaf("dcterms:isReferencedBy", attributes={"rdf:resource": note})
    if document.pdf:
        xml.leaf("link:link", attributes={"rdf:resource": f"{name}_pdf"})
    for tag in kept.tags:
        xml.leaf("dc:subject", tag)
    for keyword in document.keywords:
        _write_value(xml, "dc:subject", "z:AutomaticTag", keyword)
    _write_fields(xml, document)
    xml.end(element)
    for note, text in notes.items():
        xml.start("bib:Memo", {"rdf:about": note})
        xml.leaf("rdf:value", _html_of(text))
        xml.end("bib:Memo")
    if document.pdf:
        _write_pdf(xml, f"{name}_pdf", document.pdf)


def _write_pdf(xml: Xml, name: str, address: str) -> None:
    xml.start("z:Attachment", {"rdf:about": name})
    xml.leaf("z:itemType", "attachment")
    _write_value(xml, "dc:identifier", "dcterms:URI", address)
    xml.leaf("dc:title", "PDF")
    xml.leaf("z:linkMode", "3")
    xml.leaf("link:type", "application/pdf")
    xml.end("z:Attachment")


def _write_authors(xml: Xml, document: Document) -> None:
    if not document.authors:
        return
    xml.start("bib:authors")
    xml.start("rdf:Seq")
    for author in document.authors:
        family, given, suffix = name_parts(author.name)
        xml.start("rdf:li")
        xml.start("foaf:Person")
        xml.leaf("foaf:surname", f"{family} {suffix}".strip())
        if given:
            xml.leaf("foaf:givenName", given)
        xml.end("foaf:Person")
        xml.end("rdf:li")
    xml.end("rdf:Seq")
    xml.end("bib:authors")


def _write_fields(xml: Xml, document: Document) -> None:
    day, year = day_of(document), year_of(document)
    doi, arxiv = identifier_of(document, "doi"), identifier_of(document, "arxiv")
    fields = [
        ("dc:title", document.title),
        ("dcterms:abstract", "" if document.abstract_by else document.abstract),
        ("dc:date", day.isoformat() if day and day.year == year else str(year or "")),
        ("dc:identifier", f"DOI {doi}" if doi else ""),
        ("prism:number", f"arXiv:{arxiv}" if arxiv and not document.venue else ""),
        ("dc:description", document.comment),
    ]
    for name, text in fields:
        if text:
            xml.leaf(name, text)
    if address := address_of(document):
        _write_value(xml, "dc:identifier", "dcterms:URI", address)


def _write_value(xml: Xml, name: str, kind: str, value: str) -> None:
    xml.start(name)
    xml.start(kind)
    xml.leaf("rdf:value", value)
    xml.end(kind)
    xml.end(name)


def _write_collections(xml: Xml, members: Mapping[tuple[str, ...], list[str]]) -> None:
    paths = sorted({path[:n] for path in members for n in range(1, len(path) + 1)})
    numbers = {path: f"#collection_{number}" for number, path in enumerate(paths, 1)}
    for path in paths:
        inner = [numbers[other] for other in paths if other[:-1] == path]
        xml.start("z:Collection", {"rdf:about": numbers[path]})
        xml.leaf("dc:title", path[-1])
        for part in (*inner, *members.get(path, ())):
            xml.leaf("dcterms:hasPart", attributes={"rdf:resource": part})
        xml.end("z:Collection")


def _html_of(text: str) -> str:
    paragraphs = (escape(part, quote=False) for part in text.split("\n\n") if part.strip())
    return "".join(f"<p>{part.strip().replace(chr(10), '<br/>')}</p>" for part in paragraphs)


def _item_name(document: Document) -> str:
    return f"#item_{document.doc_no}"
