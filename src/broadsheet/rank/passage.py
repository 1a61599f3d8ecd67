"""What is embedded of a document: title and abstract in one text, and where its parts stand."""

from dataclasses import dataclass

from broadsheet.text.sentences import sentences


@dataclass(frozen=True, slots=True)
class Passage:
    """`spans` are half-open and in order: first the title, where there is one (`has_title`), then
    the sentences of the abstract. `abstract_start` is where the abstract begins in `text`."""

    text: str
    spans: tuple[tuple[int, int], ...]
    has_title: bool
    abstract_start: int

    def parts(self) -> list[str]:
        """The texts of the spans."""
        return [self.text[start:end] for start, end in self.spans]


def passage(title: str, abstract: str) -> Passage:
    """Title and abstract as one text; an abstract that repeats the title loses it."""
    title, abstract = title.strip(), abstract.strip()
    if title and abstract.startswith(title):
        abstract = abstract[len(title) :].lstrip(" .:")
    if not title:
        return Passage(abstract, tuple(sentences(abstract)), has_title=False, abstract_start=0)
    gap = " " if title.endswith((".", "?", "!")) else ". "
    start = len(title) + len(gap)
    found = [(start + left, start + right) for left, right in sentences(abstract)]
    text = title + gap + abstract if abstract else title
    return Passage(text, ((0, len(title)), *found), has_title=True, abstract_start=start)
