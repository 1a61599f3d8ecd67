"""A query's tree as tantivy queries.

Conditions (fields, phrases, exclusions, groups) always hold. Bare words are wanted: all
of them (`strict`), or at least one (`relaxed`). Fields that only filter never change a
score: they are wrapped with the constant score 0.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from tantivy import FieldType, Occur, Query, Schema

from broadsheet.errors import SearchIndexError
from broadsheet.index.analysis import STOP_WORDS, is_ideographic, stem, words
from broadsheet.index.entry import Shown, venue_key
from broadsheet.index.lexical import LexicalSearcher, reading
from broadsheet.search.highlight import Wanted
from broadsheet.search.query import (
    And,
    Announced,
    Category,
    Has,
    Identifier,
    Leaf,
    Like,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    TextField,
    Word,
    Years,
    bare_words,
    leaves,
    said,
)
from broadsheet.search.telling import Told, telling_terms
from broadsheet.text.identifiers import canonical_identifier
from broadsheet.text.names import parse_name

#: What a bare word's match is worth in each field, times its BM25 score there. The unstemmed
#: fields set "universe" apart from "university" (docs/decisions/020-search-hybrid-ranking.md).
WORD_WEIGHTS = {"text": 1.0, "authors": 0.4, "notes": 0.2, "title_x": 0.1, "abstract_x": 0.1}
PHRASE_WEIGHTS = {"title_x": 1.5, "abstract_x": 1.0, "authors": 0.4, "notes": 0.2}
FIELDS_X: dict[TextField, tuple[str, ...]] = {
    "title": ("title_x",),
    "abstract": ("abstract_x",),
    "author": ("authors",),
    "venue": ("venue",),
}
COMPOUND_WEIGHT = 0.1
#: Queries of at most so many different bare words ask for all of them.
STRICT_WORDS_MAX = 4
#: Of more bare words, such as a pasted abstract, the rarest decide.
WORDS_MAX = 40
PHRASE_WORDS_MAX = 100
PREFIX_SCORED_MAX = 16
VARIANTS_MAX = 64
TELLING_SHARE_MIN = 0.2
LIKES_MAX = 5


@dataclass(frozen=True)
class Compiled:
    """A query ready to run.

    `strict` is None where nothing can be searched for; `relaxed` is None where it would
    be the same as `strict`. `condition` holds in every mode: it is what remains without
    the bare words and `like:`; None if that is nothing; equal `conditions` mean equal
    ones. `text` is what the query says in words, for its meaning. `scored` tells whether
    scores mean anything. `words` are the bare words as indexed, `likes` the documents of
    `like:` with their telling stems, `missing` its names that are not in the index.
    """

    strict: Query | None
    relaxed: Query | None
    condition: Query | None
    scored: bool
    words: tuple[str, ...]
    wanted: Wanted
    likes: tuple[tuple[Shown, tuple[str, ...]], ...] = ()
    missing: tuple[str, ...] = ()
    conditions: tuple[Node, ...] = ()
    text: str = ""


def compile_query(searcher: LexicalSearcher, root: Node | None) -> Compiled:
    """Raises SearchIndexError where the index is damaged."""
    with reading():
        return _Compiler(searcher).compile(root)


def compile_condition(searcher: LexicalSearcher, root: Node | None) -> Query | None:
    """What finds the documents that have every word of `root` and meet all it asks for; None where
    it asks for nothing. Raises SearchIndexError where the index is damaged."""
    with reading():
        return None if root is None else _Compiler(searcher).condition(root)


def like_query(schema: Schema, shown: Shown, terms: Sequence[tuple[str, float]]) -> Query:
    """The documents, but for this one, that share a good part of its `telling_terms`."""
    if not terms:
        return Query.empty_query()
    n_shared_min = max(1, round(len(terms) * TELLING_SHARE_MIN))
    alike = Query.boolean_query(_should(schema, terms), minimum_number_should_match=n_shared_min)
    itself = Query.term_query(schema, "doc_no", shown.doc_no, "basic")
    return Query.boolean_query([(Occur.Must, alike), (Occur.MustNot, itself)])


def sharing_query(schema: Schema, terms: Sequence[tuple[str, float]]) -> Query:
    """The documents that share any of these `telling_terms`, this one among them: the best are
    found in a third of the time, as tantivy then skips what cannot be among them."""
    return Query.boolean_query(_should(schema, terms))


def _should(schema: Schema, terms: Sequence[tuple[str, float]]) -> list[tuple[Occur, Query]]:
    top = max((weight for _, weight in terms), default=1.0)
    return [
        (Occur.Should, _term_query(schema, "text", term, weight / top)) for term, weight in terms
    ]


def _term_query(
    schema: Schema, field: str, value: str, weight: float, option: str = "freq"
) -> Query:
    query = Query.term_query(schema, field, value, option)
    return query if weight == 1.0 else Query.boost_query(query, weight)


class _Compiler:
    def __init__(self, searcher: LexicalSearcher) -> None:
        self._searcher = searcher
        self._schema: Schema = searcher.schema
        self._likes: list[tuple[Shown, tuple[str, ...]]] = []
        self._missing: list[str] = []

    def compile(self, root: Node | None) -> Compiled:
        parts = root.nodes if isinstance(root, And) else () if root is None else (root,)
        # Characters that are each a word mean little alone: a run of them is a phrase.
        runs = [word for word in bare_words(root) if any(map(is_ideographic, words(word.text)))]
        bare = [word for word in bare_words(root) if word not in runs]
        likes = list(dict.fromkeys(part for part in parts if isinstance(part, Like)))[:LIKES_MAX]
        others: list[Node] = [Phrase(run.text) for run in runs]
        others += [
            part for part in parts if part not in (*bare, *runs) and not isinstance(part, Like)
        ]
        tokens = self._rarest(telling_words(bare))
        asked = Counter(stem(token) for word in bare for token in words(word.text))
        compounds = list(dict.fromkeys(p for w in bare if len(p := tuple(words(w.text))) > 1))
        beside = [q for parts in compounds if (q := self._compound(parts)) is not None]
        condition = self._all(others)
        like = self._joined([self._like(part) for part in likes], Occur.Must)
        if likes and like is None:
            return self._nothing(tokens)
        forms = [self._forms(token, compounds, times_asked=asked[stem(token)]) for token in tokens]
        # One flat list of terms takes half the time of a list of lists.
        some = [(Occur.Should, query) for query in (*chain.from_iterable(forms), *beside)]
        every = [
            *((Occur.Must, Query.boolean_query([(Occur.Should, q) for q in f])) for f in forms),
            *((Occur.Should, query) for query in beside),
        ]
        must = [(Occur.Must, query) for query in (condition, like) if query is not None]
        strict = relaxed = None
        if tokens:
            strict, relaxed = _with_all(every, must), _with_all(some, must)
            if len(tokens) > STRICT_WORDS_MAX:
                strict, relaxed = relaxed, None
            elif len(tokens) == 1:
                relaxed = None
        elif must:
            strict = Query.boolean_query(must)
        return Compiled(
            strict=strict,
            relaxed=relaxed,
            condition=condition,
            scored=bool(tokens or likes) or _is_scored(others),
            words=tuple(tokens),
            wanted=_wanted(root, tokens, self._likes),
            likes=tuple(self._likes),
            missing=tuple(self._missing),
            conditions=tuple(dict.fromkeys(others)),
            text=said(root),
        )

    def condition(self, root: Node) -> Query | None:
        return self._all(root.nodes if isinstance(root, And) else (root,))

    def _rarest(self, tokens: list[str]) -> list[str]:
        """All tokens, or of very many the rarest WORDS_MAX, in their order; unknown ones last."""
        if len(tokens) <= WORDS_MAX:
            return tokens
        searcher = self._searcher.searcher
        n_docs = {token: searcher.doc_freq("text", stem(token)) for token in tokens}
        kept = sorted(tokens, key=lambda token: (n_docs[token] == 0, n_docs[token]))[:WORDS_MAX]
        return [token for token in tokens if token in set(kept)]

    def _nothing(self, tokens: Sequence[str]) -> Compiled:
        return Compiled(
            strict=Query.empty_query(),
            relaxed=None,
            condition=None,
            scored=False,
            words=tuple(tokens),
            wanted=Wanted(),
            missing=tuple(self._missing),
        )

    def _node(self, node: Node) -> Query | None:
        """The query of a node that must hold; None where there is nothing in it to look for."""
        match node:
            case And(nodes):
                return self._all(nodes)
            case Or(nodes):
                return self._joined(map(self._node, dict.fromkeys(nodes)), Occur.Should)
            case Not():
                return self._all([node])
            case Word():
                return self._fielded_word(node)
            case Phrase():
                return self._phrase(node)
            case Prefix():
                return self._prefix(node)
            case Like():
                return self._like(node)
            case _:
                query = self._filter(node)
                return Query.const_score_query(query, 0.0)

    def _all(self, nodes: Iterable[Node]) -> Query | None:
        clauses: list[tuple[Occur, Query]] = []
        for node in dict.fromkeys(nodes):
            negative = isinstance(node, Not)
            query = self._node(node.node if isinstance(node, Not) else node)
            if query is not None:
                clauses.append((Occur.MustNot if negative else Occur.Must, query))
        if clauses and all(occur == Occur.MustNot for occur, _ in clauses):
            clauses.append((Occur.Must, Query.const_score_query(Query.all_query(), 0.0)))
        return Query.boolean_query(clauses) if clauses else None

    @staticmethod
    def _joined(queries: Iterable[Query | None], occur: Occur) -> Query | None:
        clauses = [(occur, query) for query in queries if query is not None]
        return Query.boolean_query(clauses) if clauses else None

    def _term(self, field: str, value: str, weight: float = 1.0, option: str = "freq") -> Query:
        return _term_query(self._schema, field, value, weight, option)

    def _word_terms(self, token: str, weight: float = 1.0) -> list[Query]:
        return [
            self._term(field, stem(token) if field == "text" else token, weight * worth)
            for field, worth in WORD_WEIGHTS.items()
        ]

    def _word(self, token: str) -> Query:
        return Query.boolean_query([(Occur.Should, term) for term in self._word_terms(token)])

    def _forms(
        self, token: str, compounds: Sequence[tuple[str, ...]], *, times_asked: int
    ) -> list[Query]:
        """A word, or the compound it came from written as one: multi-modal, multimodal.

        A word asked for n times counts 1 + ln n (docs/decisions/020-search-hybrid-ranking.md).
        """
        weight = 1.0 + math.log(max(1, times_asked))
        joined = ["".join(parts) for parts in compounds if token in parts and len(parts) <= 3]
        return [term for form in (token, *joined) for term in self._word_terms(form, weight)]

    def _compound(self, parts: tuple[str, ...]) -> Query | None:
        """A hyphenated word's parts next to each other, worth something extra."""
        query = self._phrase_over(list(parts), PHRASE_WEIGHTS)
        return None if query is None else Query.boost_query(query, COMPOUND_WEIGHT)

    def _fielded_word(self, node: Word) -> Query | None:
        tokens = words(node.text)
        if node.field is None:
            if any(map(is_ideographic, tokens)):
                return self._phrase(Phrase(node.text))
            return self._joined([self._word(token) for token in tokens], Occur.Must)
        if node.field == "title":
            queries: list[Query | None] = [self._term("title", stem(token)) for token in tokens]
        elif node.field == "abstract":
            queries = [self._abstract_word(token) for token in tokens]
        elif node.field == "venue":
            return self._venue(node.text, tokens)
        else:
            queries = [self._term("authors", token) for token in tokens]
        return self._joined(queries, Occur.Must)

    def _abstract_word(self, token: str) -> Query:
        """The abstract is indexed unstemmed: look for every word there of the same stem."""
        stemmed = stem(token)
        # Snowball changes a word's end only; a final y may have become i.
        root = stemmed[:-1] if stemmed.endswith("i") and len(stemmed) > 3 else stemmed
        found = self._searcher.searcher.terms_with_prefix("abstract_x", root, limit=1_000)
        same = [word for word, _ in found if stem(word) == stemmed][:VARIANTS_MAX]
        query = self._joined(
            [self._term("abstract_x", word) for word in {*same, token}], Occur.Should
        )
        assert query is not None
        return query

    def _venue(self, text: str, tokens: Sequence[str]) -> Query | None:
        """Venues filter: the whole name, or these words of it."""
        words_query = self._joined(
            [self._term("venue", token, option="position") for token in tokens], Occur.Must
        )
        if words_query is None:
            return None
        name = Query.term_query(self._schema, "venue_key", venue_key(text), "basic")
        either = Query.boolean_query([(Occur.Should, name), (Occur.Should, words_query)])
        return Query.const_score_query(either, 0.0)

    def _phrase(self, node: Phrase) -> Query | None:
        text = parse_name(node.text) or node.text if node.field == "author" else node.text
        if node.field == "venue":
            return self._venue(text, words(text))
        fields = FIELDS_X[node.field] if node.field else tuple(PHRASE_WEIGHTS)
        return self._phrase_over(
            words(text), {field: PHRASE_WEIGHTS.get(field, 1.0) for field in fields}
        )

    def _phrase_over(self, tokens: list[str], weights: dict[str, float]) -> Query | None:
        tokens = tokens[:PHRASE_WORDS_MAX]
        if not tokens:
            return None
        queries = []
        for field, weight in weights.items():
            if len(tokens) == 1:
                queries.append(self._term(field, tokens[0], weight))
            else:
                phrase = Query.phrase_query(self._schema, field, [*tokens])
                queries.append(phrase if weight == 1.0 else Query.boost_query(phrase, weight))
        return self._joined(queries, Occur.Should)

    def _prefix(self, node: Prefix) -> Query | None:
        """Every word that begins so; the most frequent of them count by BM25."""
        tokens = words(node.text)
        if not tokens:
            return None
        *before, start = tokens
        fields = FIELDS_X[node.field] if node.field else tuple(PHRASE_WEIGHTS)
        clauses: list[tuple[Occur, Query]] = []
        for field in fields:
            weight = PHRASE_WEIGHTS.get(field, 1.0)
            pattern = re.escape(start) + ".*"
            anything = Query.regex_query(self._schema, field, pattern)
            clauses.append((Occur.Should, Query.const_score_query(anything, 0.0)))
            frequent = self._searcher.searcher.terms_with_prefix(
                field, start, limit=PREFIX_SCORED_MAX
            )
            clauses += [(Occur.Should, self._term(field, term, weight)) for term, _ in frequent]
        query = Query.boolean_query(clauses)
        if not before:
            return query
        others = self._fielded_word(Word(" ".join(before), node.field))
        return self._joined([others, query], Occur.Must)

    def _like(self, node: Like) -> Query | None:
        """Documents that share some of the telling words of this one, which is left out."""
        shown = find_shown(self._searcher, node.doc_id)
        if shown is None:
            self._missing.append(node.doc_id)
            return None
        terms = telling_terms(self._searcher, Told.of(shown))
        if terms:
            self._likes.append((shown, tuple(term for term, _ in terms)))
        return like_query(self._schema, shown, terms)

    def _filter(self, leaf: Leaf) -> Query:
        match leaf:
            case Category(name):
                return Query.term_query(self._schema, "category_key", name.lower(), "basic")
            case Has(flag):
                return Query.term_query(self._schema, "has", flag, "basic")
            case Identifier(name):
                return identifier_query(self._schema, name)
            case Years(first, last):
                return self._range("year", first, last)
            case Announced(first, last):
                return self._range(
                    "announced",
                    None if first is None else first.toordinal(),
                    None if last is None else last.toordinal(),
                )
            case _:
                raise SearchIndexError(f"a query cannot filter by {leaf!r}")

    def _range(self, field: str, first: int | None, last: int | None) -> Query:
        return Query.range_query(self._schema, field, FieldType.Integer, first, last)


def _with_all(wanted: list[tuple[Occur, Query]], must: list[tuple[Occur, Query]]) -> Query:
    query = Query.boolean_query(wanted)
    return Query.boolean_query([(Occur.Must, query), *must]) if must else query


def telling_words(bare: Sequence[Word]) -> list[str]:
    """The words to look for, as indexed, one of each stem; stop words only if all are such."""
    found = {stem(token): token for word in reversed(bare) for token in reversed(words(word.text))}
    tokens = list(reversed(found.values()))
    return [token for token in tokens if token not in STOP_WORDS] or tokens


def identifier_query(schema: Schema, name: str) -> Query:
    names = {name.lower()}
    if (canonical := canonical_identifier(name)) is not None:
        names.add(canonical.lower())
    # A query of a set of terms takes ten times as long.
    terms = [Query.term_query(schema, "identifier", name, "basic") for name in sorted(names)]
    return Query.boolean_query([(Occur.Should, term) for term in terms])


def find_shown(searcher: LexicalSearcher, name: str) -> Shown | None:
    """The document that `name` stands for, in any spelling, as the index knows it."""
    with reading():
        found = searcher.searcher.search(
            identifier_query(searcher.schema, name), 1, count=False, order_by_field="doc_no"
        )
        return searcher.shown(found.hits[0][1]) if found.hits else None


def _is_scored(nodes: Iterable[Node]) -> bool:
    return any(
        isinstance(leaf, Word | Phrase | Prefix | Like) and getattr(leaf, "field", "") != "venue"
        for node in nodes
        for leaf in leaves(node)
    )


def _wanted(
    root: Node | None,
    tokens: Sequence[str],
    likes: Sequence[tuple[Shown, tuple[str, ...]]],
) -> Wanted:
    stems = {stem(token) for token in tokens}
    exact: set[str] = set()
    prefixes: list[str] = []
    phrases: list[tuple[str, ...]] = []
    bare = set(bare_words(root))
    for leaf in leaves(root):
        if isinstance(leaf, Word) and leaf not in bare and leaf.field != "venue":
            stems.update(stem(word) for word in words(leaf.text))
        elif isinstance(leaf, Prefix):
            prefixes += words(leaf.text)[-1:]
        elif isinstance(leaf, Phrase) and leaf.field != "venue":
            text = parse_name(leaf.text) or leaf.text if leaf.field == "author" else leaf.text
            found = tuple(words(text))
            if len(found) == 1:
                exact.update(found)
            elif found:
                phrases.append(found)
    # A hyphenated word is shown as one where its parts stand together.
    phrases += [parts for word in bare if len(parts := tuple(words(word.text))) > 1]
    for _, terms in likes:
        stems.update(terms)
    return Wanted(frozenset(stems), frozenset(exact), tuple(prefixes), tuple(phrases))
