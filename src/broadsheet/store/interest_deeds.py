"""What a reader does to their interests; `store.deeds` writes each down with its inverse."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime

from broadsheet.errors import UsageError
from broadsheet.store import interests
from broadsheet.store.database import Transaction
from broadsheet.store.interests import (
    Choices,
    Judgment,
    Rule,
    RuleKind,
    checked,
    choices_of,
    get_interest,
    holdings_of,
    list_interests,
    written,
)
from broadsheet.store.verbs import Deed, Do, Verb

_JUDGING = {Judgment.LIKED: Verb.LIKE_FOR, Judgment.DISLIKED: Verb.DISLIKE_FOR}


def _make(transaction: Transaction, reader_no: int, deed: Deed, now: datetime) -> Deed | None:
    """`value` is the choices, as `written`."""
    choices = checked(choices_of(deed.value))
    _name_is_free(transaction, reader_no, choices)
    if len(list_interests(transaction, reader_no)) >= interests.INTERESTS_MAX:
        raise UsageError(f"there are {interests.INTERESTS_MAX} interests; drop one first")
    number = interests.make_interest(transaction, reader_no, choices, now=now)
    return Deed(Verb.DROP_INTEREST, number=number, name=choices.name)


def _change(transaction: Transaction, reader_no: int, deed: Deed, now: datetime) -> Deed | None:
    standing = get_interest(transaction, reader_no, deed.number)
    choices = checked(choices_of(deed.value))
    if choices == standing.choices:
        return None
    if choices.name.casefold() != standing.name.casefold():
        _name_is_free(transaction, reader_no, choices)
    interests.put_choices(transaction, deed.number, choices)
    return replace(deed, value=written(standing.choices))


def _drop(transaction: Transaction, reader_no: int, deed: Deed, now: datetime) -> Deed | None:
    standing = get_interest(transaction, reader_no, deed.number)
    interests.drop_interest(transaction, deed.number, now=now)
    return Deed(Verb.RESTORE_INTEREST, number=deed.number, name=standing.name)


def _restore(transaction: Transaction, reader_no: int, deed: Deed, now: datetime) -> Deed | None:
    interests.restore_interest(transaction, reader_no, deed.number)
    get_interest(transaction, reader_no, deed.number)
    return Deed(Verb.DROP_INTEREST, number=deed.number, name=deed.name)


def _judging(kind: Judgment | None) -> Do:
    """A judgment takes the place of the one before."""

    def do_judge(
        transaction: Transaction, reader_no: int, deed: Deed, now: datetime
    ) -> Deed | None:
        get_interest(transaction, reader_no, deed.number)
        before = interests.judgment_of(transaction, deed.number, deed.doc_no)
        if before is kind:
            return None
        if kind is None:
            interests.remove_judgment(transaction, deed.number, deed.doc_no)
        else:
            interests.put_judgment(transaction, deed.number, deed.doc_no, kind, now=now)
        inverse = _JUDGING[before] if before else Verb.UNJUDGE_FOR
        return Deed(inverse, deed.doc_no, number=deed.number)

    return do_judge


def _like_all(transaction: Transaction, reader_no: int, deed: Deed, now: datetime) -> Deed | None:
    """`value` is a JSON list of doc_nos."""
    get_interest(transaction, reader_no, deed.number)
    news = interests.put_likes(transaction, deed.number, json.loads(deed.value), now=now)
    return replace(deed, verb=Verb.UNLIKE_ALL_FOR, value=json.dumps(news)) if news else None


def _unlike_all(transaction: Transaction, reader_no: int, deed: Deed, now: datetime) -> Deed | None:
    get_interest(transaction, reader_no, deed.number)
    liked = set(holdings_of(transaction, deed.number).likes)
    gone = [doc_no for doc_no in json.loads(deed.value) if doc_no in liked]
    for doc_no in gone:
        interests.remove_judgment(transaction, deed.number, doc_no)
    return replace(deed, verb=Verb.LIKE_ALL_FOR, value=json.dumps(gone)) if gone else None


def _add_rule(transaction: Transaction, reader_no: int, deed: Deed, now: datetime) -> Deed | None:
    """`name` is must or never, `value` the query."""
    get_interest(transaction, reader_no, deed.number)
    rule = _rule(deed)
    if len(holdings_of(transaction, deed.number).rules) >= interests.RULES_MAX:
        raise UsageError(f"an interest has at most {interests.RULES_MAX} rules")
    news = interests.put_rule(transaction, deed.number, rule, now=now)
    return replace(deed, verb=Verb.DROP_RULE, value=rule.query) if news else None


def _drop_rule(transaction: Transaction, reader_no: int, deed: Deed, now: datetime) -> Deed | None:
    get_interest(transaction, reader_no, deed.number)
    there = interests.remove_rule(transaction, deed.number, _rule(deed))
    return replace(deed, verb=Verb.ADD_RULE) if there else None


def _follow(transaction: Transaction, reader_no: int, deed: Deed, now: datetime) -> Deed | None:
    get_interest(transaction, reader_no, deed.number)
    if not deed.value:
        raise UsageError("there is nobody to follow")
    if len(holdings_of(transaction, deed.number).authors) >= interests.AUTHORS_MAX:
        raise UsageError(f"an interest follows at most {interests.AUTHORS_MAX} authors")
    name = deed.name or deed.value
    news = interests.put_author(transaction, deed.number, deed.value, name, now=now)
    return replace(deed, verb=Verb.UNFOLLOW_FOR) if news else None


def _unfollow(transaction: Transaction, reader_no: int, deed: Deed, now: datetime) -> Deed | None:
    get_interest(transaction, reader_no, deed.number)
    name = interests.remove_author(transaction, deed.number, deed.value)
    return None if name is None else replace(deed, verb=Verb.FOLLOW_FOR, name=name)


def _rule(deed: Deed) -> Rule:
    query = " ".join(deed.value.split())
    if not query or len(query) > interests.RULE_CHARS_MAX:
        raise UsageError(f"a rule is a query of 1 to {interests.RULE_CHARS_MAX:,} characters")
    if deed.name not in set(RuleKind):
        raise UsageError(f"a rule says must or never, not {deed.name!r}")
    return Rule(RuleKind(deed.name), query)


def _name_is_free(transaction: Transaction, reader_no: int, choices: Choices) -> None:
    names = {found.name.casefold() for found in list_interests(transaction, reader_no)}
    if choices.name.casefold() in names:
        raise UsageError(f"there is an interest {choices.name!r} already; choose another name")


INTEREST_DEEDS: dict[Verb, Do] = {
    Verb.MAKE_INTEREST: _make,
    Verb.CHANGE_INTEREST: _change,
    Verb.DROP_INTEREST: _drop,
    Verb.RESTORE_INTEREST: _restore,
    Verb.LIKE_FOR: _judging(Judgment.LIKED),
    Verb.DISLIKE_FOR: _judging(Judgment.DISLIKED),
    Verb.UNJUDGE_FOR: _judging(None),
    Verb.LIKE_ALL_FOR: _like_all,
    Verb.UNLIKE_ALL_FOR: _unlike_all,
    Verb.ADD_RULE: _add_rule,
    Verb.DROP_RULE: _drop_rule,
    Verb.FOLLOW_FOR: _follow,
    Verb.UNFOLLOW_FOR: _unfollow,
}
