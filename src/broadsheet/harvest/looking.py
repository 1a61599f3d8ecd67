"""Looking whether something is at an address, without taking it: a HEAD, no body."""

from __future__ import annotations

from broadsheet.enrich.life import Look, judge_look
from broadsheet.harvest.fetch import PoliteClient

#: Everything is an answer here; how a host wants to be treated (429, 503) the client knows.
_ANSWERS = frozenset(range(200, 600)) - {429, 503}
_NO_HEAD = frozenset({405, 501})


def look_at(client: PoliteClient, url: str) -> Look:
    """Raises HarvestError where there was no answer, ThrottledError where the host said wait."""
    answer = client.get(url, accepted=_ANSWERS, method="HEAD")
    if answer.status in _NO_HEAD:
        answer = client.get(url, accepted=_ANSWERS)
    return judge_look(answer.status, answer.url)
