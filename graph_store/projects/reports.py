"""Saved reports of a project: a hash each, and their ids by time."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from graph_store.format import keys
from graph_store.redis.connection import Connection
from graph_store.redis.replies import flat, mapping
from graph_store.redis.scripts import script
from memory.domain.batched import batched
from memory.domain.reports import Report, Saved

_KEPT_S = 7 * 86_400
_MOST = 1_000
_REPORTS_A_TRIP = 500

_SAVE = script("projects/save_report")


class RedisReports:
    """Reports are kept for seven days, and of each project the last thousand."""

    def __init__(self, redis: Connection) -> None:
        self._redis = redis

    async def save(self, project_id: str, report: Report) -> None:
        fields: dict[str, str | int] = {
            "filters": orjson.dumps(report.filters).decode(),
            "schema": orjson.dumps(report.schema).decode(),
            "instructions": report.instructions,
            "known_at": report.known_at,
            "bound": report.bound or "",
        }
        key, listing = keys.report(project_id, report.id), keys.reports(project_id)
        rules = (report.id, report.known_at, _KEPT_S, _MOST, len(key) - len(report.id))
        await self._redis.one(*_SAVE.call([key, listing], *rules, *flat(fields)))

    async def read(self, project_id: str, report_id: str) -> Report | None:
        kept = mapping(await self._redis.one("HGETALL", keys.report(project_id, report_id)))
        if not kept:
            return None
        return Report(
            id=report_id,
            filters=orjson.loads(kept["filters"]),
            schema=orjson.loads(kept["schema"]),
            instructions=kept["instructions"],
            known_at=int(kept["known_at"]),
            bound=kept.get("bound") or None,
        )

    async def all(self, project_id: str) -> list[Saved]:
        ids = await self._redis.one("ZREVRANGE", keys.reports(project_id), 0, -1)
        found: list[Saved] = []
        for part in batched(ids, _REPORTS_A_TRIP):
            rows = await self._redis.run(
                *(
                    ("HMGET", keys.report(project_id, report_id), "filters", "bound")
                    for report_id in part
                )
            )
            found += [
                Saved(report_id, orjson.loads(filters), bound or None)
                for report_id, (filters, bound) in zip(part, rows, strict=True)
                if filters is not None
            ]
        return found

    async def drop(self, project_id: str, report_ids: Sequence[str]) -> None:
        if report_ids:
            await self._redis.run(
                *(("DEL", keys.report(project_id, report_id)) for report_id in report_ids),
                ("ZREM", keys.reports(project_id), *report_ids),
            )
