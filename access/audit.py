"""The trail of what administrators did: in Redis the last ten thousand calls, in the log all."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass
from typing import Any

from graph_store.redis.connection import Connection
from graph_store.redis.replies import flat
from memory.domain import clock
from memory.domain.clock import format_instant
from memory.domain.errors import Unavailable

log = logging.getLogger("mem0g.audit")

_STREAM = "mg:audit"
_KEPT = 10_000
_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One call. `at` is ISO 8601; `action` is "METHOD /path"; `project` is the key's own, and
    empty for the admin key, as is `key_id` for who came with no known key."""

    at: str
    key_id: str
    action: str
    status: int
    request_id: str
    project: str


class AuditTrail:
    """Entries are never changed; the oldest make room."""

    def __init__(self, redis: Connection) -> None:
        self._redis = redis

    async def write(
        self,
        key_id: str,
        project: str,
        action: str,
        status: int,
        request_id: str,
        admitted: bool = True,
    ) -> None:
        """Never fails: while Redis is down the log has the entry. Calls that were not admitted
        are only logged, so that nobody without the right can push the others out."""
        at = format_instant(clock.now())
        entry = asdict(AuditEntry(at, key_id, action, status, request_id, project))
        log.info("%s", json.dumps(entry, ensure_ascii=False))
        if not admitted:
            return
        try:
            await self._redis.one("XADD", _STREAM, "MAXLEN", "~", _KEPT, "*", *flat(entry))
        except Unavailable as error:
            log.warning("not in Redis: %s", error.message)

    async def read(self, limit: int, project: str | None = None) -> list[AuditEntry]:
        """The last entries, newest first; those of one project's keys if one is named."""
        found: list[AuditEntry] = []
        last = "+"
        while len(found) < limit:
            rows = await self._redis.one("XREVRANGE", _STREAM, last, "-", "COUNT", _PAGE)
            entries = [_entry(given) for _, given in rows]
            found += [entry for entry in entries if project in (None, entry.project)]
            if len(rows) < _PAGE:
                break
            last = f"({rows[-1][0]}"
        return found[:limit]


def _entry(given: dict[str, Any]) -> AuditEntry:
    return AuditEntry(**given | {"status": int(given["status"])})
