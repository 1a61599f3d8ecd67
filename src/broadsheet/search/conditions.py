"""Which documents meet a query's conditions, remembered while the index stands still."""

from __future__ import annotations

import threading
from collections import OrderedDict

import numpy as np

from broadsheet.index.lexical import LexicalSearcher
from broadsheet.index.vectors import Numbers
from broadsheet.search.compile import Compiled
from broadsheet.search.query import Node
from broadsheet.search.ranking import all_doc_nos

#: A few megabytes at 100,000 documents; readers refine a query many times with one filter.
CONDITIONS_MAX = 32


class Conditions:
    """Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._searcher: LexicalSearcher | None = None
        self._known: OrderedDict[tuple[Node, ...], Numbers] = OrderedDict()

    def allowed(self, searcher: LexicalSearcher, compiled: Compiled) -> Numbers | None:
        """The doc_nos, ascending, that all conditions leave; None where there is no condition."""
        if compiled.condition is None:
            return None
        key = compiled.conditions
        with self._lock:
            if self._searcher is not searcher:
                self._searcher = searcher
                self._known.clear()
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        found = np.sort(all_doc_nos(searcher, compiled.condition))
        with self._lock:
            if self._searcher is searcher:
                self._known[key] = found
                while len(self._known) > CONDITIONS_MAX:
                    self._known.popitem(last=False)
        return found
