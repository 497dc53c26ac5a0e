"""The owners' event logs, read from their Redis streams."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from graph_store.format.keys import OwnerKeys
from graph_store.projects.projects import RedisProjects
from graph_store.redis.connection import Connection
from graph_store.redis.scripts import script
from memory.domain.caller import DEFAULT_PROJECT, Caller
from memory.domain.errors import InvalidInput
from memory.domain.events import BEGINNING, LogEvent, LogPage, Position
from memory.domain.memory import SCOPE_FIELDS, Scope

_PAGE = script("events/page")


class RedisEventLog:
    """See memory.ports.event_log.EventLog."""

    def __init__(self, redis: Connection, projects: RedisProjects, buckets: int) -> None:
        self._redis, self._projects, self._buckets = redis, projects, buckets

    async def slot(self, caller: Caller, scope: Scope) -> str:
        default = caller.project == DEFAULT_PROJECT
        project = await self._projects.read(caller.project, self._buckets, default)
        scope = replace(project, user_id=caller.user_id).narrow(scope)
        if scope.entity is None:
            raise InvalidInput(f"a stream has one owner: name one of {', '.join(SCOPE_FIELDS)}")
        return project.slot(project.owner_hash(scope.entity))

    async def page(self, slot: str, after: Position, limit: int) -> LogPage:
        first, last, dropped, rows = await self._redis.one(
            *_PAGE.call([_stream(slot)], str(after), limit)
        )
        return LogPage(
            _events(rows), Position.parse(first), Position.parse(last) or BEGINNING, dropped > 0
        )

    async def after(
        self, positions: Mapping[str, Position], limit: int
    ) -> dict[str, list[LogEvent]]:
        streams = {_stream(slot): slot for slot in positions}
        found: Iterable[tuple[str, Any]]
        if await self._redis.is_cluster():
            # A command reaches one slot there, and XRANGE tells its key without asking a node.
            ranges = [
                ("XRANGE", _stream(slot), f"({position}", "+", "COUNT", limit)
                for slot, position in positions.items()
            ]
            found = zip(streams, await self._redis.run(*ranges), strict=True)
        else:
            answer = await self._redis.one(
                "XREAD", "COUNT", limit, "STREAMS", *streams, *map(str, positions.values())
            )
            found = answer.items() if isinstance(answer, Mapping) else answer or ()
        return {streams[stream]: _events(rows) for stream, rows in found if rows}

    async def close(self) -> None:
        await self._redis.close()


def _stream(slot: str) -> str:
    return OwnerKeys(slot).events


def _events(rows: Iterable[tuple[str, Any]]) -> list[LogEvent]:
    return [_event(entry_id, fields) for entry_id, fields in rows]


def _event(entry_id: str, fields: Mapping[str, str] | Sequence[str]) -> LogEvent:
    """Fields as redis-py reads them, or as a script answers them: names and values in turn."""
    if not isinstance(fields, Mapping):
        fields = dict(zip(fields[::2], fields[1::2], strict=True))
    position = Position.parse(entry_id)
    assert position is not None
    if "r" in fields:
        return LogEvent(position, fields["e"], fields["r"], ends=(fields["m"], fields["o"]))
    return LogEvent(position, fields["e"], fields["m"], version=int(fields["v"]))
