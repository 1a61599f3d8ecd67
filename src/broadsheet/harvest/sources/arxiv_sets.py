"""arXiv's categories as OAI-PMH sets: `cs.CL` is in `cs`, and in `cs:cs:CL` since 2025.

Source: https://info.arxiv.org/help/oa/index.html. The physics archives are in the group
`physics`; a set holds cross-listed papers too.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from broadsheet.errors import HarvestError

_GROUPS_OF_ONE = ("cs", "econ", "eess", "math", "q-bio", "q-fin", "stat")
_CATEGORY = re.compile(r"([a-z]+(?:-[a-z]+)?)(?:\.([A-Za-z]+(?:-[a-z]+)?))?")


@dataclass(frozen=True, slots=True)
class OaiScope:
    """One list to harvest: the categories wanted from it, and its set's names, best first.

    "" as a set is the whole repository, for servers without sets.
    """

    label: str
    categories: tuple[str, ...]
    sets: tuple[str, ...]

    def wanted(self, categories: Collection[str], sets: Iterable[str] = ()) -> list[str]:
        """Those of our categories that a record with these categories belongs to.

        A record without any (Dublin Core names them in words) is judged by its sets; where
        these only name the archive it is kept, under the scope's label.
        """
        names = set(categories) or {category_of_set(name) for name in sets}
        archives = {name.partition(".")[0] for name in names}
        ours = [category for category in self.categories if category in names | archives]
        is_vague = not categories and not any("." in name for name in names)
        if not ours and is_vague and self.label.partition(".")[0] in archives:
            return [self.label]
        return ours


def category_of_set(name: str) -> str:
    """`cs.CL` of `cs:cs:CL`, `hep-th` of `physics:hep-th`, `cs` of `cs`."""
    parts = name.split(":")
    return ".".join(parts[1:]) if len(parts) > 1 else name


def oai_scopes(categories: Iterable[str]) -> list[OaiScope]:
    """One scope an archive, in the order in which its first category was named.

    A single category asks for its own set; of several the whole archive is one list,
    which costs fewer requests. Raises HarvestError for what is no category.
    """
    by_archive: dict[str, list[str]] = {}
    for category in dict.fromkeys(categories):
        match = _CATEGORY.fullmatch(category)
        if match is None:
            raise HarvestError(
                f"{category!r} is no arXiv category; write them like cs.CL or hep-th",
                permanent=True,
            )
        by_archive.setdefault(match[1], []).append(category)
    return [_scope(archive, tuple(names)) for archive, names in by_archive.items()]


def _scope(archive: str, categories: tuple[str, ...]) -> OaiScope:
    whole = archive if archive in _GROUPS_OF_ONE else f"physics:{archive}"
    group = whole.partition(":")[0]
    if len(categories) == 1 and "." in categories[0]:
        own = f"{group}:{archive}:{categories[0].partition('.')[2]}"
        return OaiScope(categories[0], categories, (own, whole, ""))
    return OaiScope(archive, categories, (whole, ""))
