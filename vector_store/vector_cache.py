"""Keeps vectors that were searched, so that a process reads each from its file only once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from memory.ports.metrics import SILENT, Meter


class VectorCache:
    """Keeps at most `capacity` rows. The tenant that was searched least recently makes room. If
    there is only one, its rows that were read longest ago do.

    Rows are kept as bytes: to join the few hundred rows of an owner costs less than to keep a
    matrix in step with the file. Several threads may use a cache.
    """

    def __init__(self, capacity: int, meter: Meter = SILENT) -> None:
        self._capacity, self._meter = capacity, meter
        self._rows: OrderedDict[str, dict[int, bytes]] = OrderedDict()
        self._lock = threading.Lock()

    def load(
        self,
        tenant: str,
        rowids: Sequence[int],
        fetch: Callable[[Sequence[int]], Iterable[tuple[int, bytes]]],
    ) -> bytes:
        """The rows one after the other, in order. `fetch` is asked for rows that are not known."""
        with self._lock:
            known = self._rows.setdefault(tenant, {})
            self._rows.move_to_end(tenant)
            found = {rowid: known[rowid] for rowid in rowids if rowid in known}
        missing = [rowid for rowid in rowids if rowid not in found]
        self._meter.count("vector_cache_hits", len(found))
        self._meter.count("vector_cache_misses", len(missing))
        if missing:
            fetched = dict(fetch(missing))
            found |= fetched
            self._keep(tenant, fetched)
        return b"".join([found[rowid] for rowid in rowids])

    def forget(self, tenant: str, rowids: Iterable[int]) -> None:
        with self._lock:
            known = self._rows.get(tenant, {})
            for rowid in rowids:
                known.pop(rowid, None)

    def clear(self, tenant: str) -> None:
        with self._lock:
            self._rows.pop(tenant, None)

    def _keep(self, tenant: str, fetched: dict[int, bytes]) -> None:
        with self._lock:
            self._rows.setdefault(tenant, {}).update(fetched)
            while (rows := sum(map(len, self._rows.values()))) > self._capacity:
                if len(self._rows) > 1:
                    self._rows.popitem(last=False)
                else:
                    (kept,) = self._rows.values()
                    for rowid in [*islice(kept, rows - self._capacity)]:
                        del kept[rowid]
        self._meter.gauge("vector_cache_rows", rows)
