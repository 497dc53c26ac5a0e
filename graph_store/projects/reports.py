"""Saved reports of a project: a hash each, and their ids by time."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from graph_store.format import keys
from graph_store.redis.connection import Connection
from graph_store.redis.replies import flat, mapping
from memory.domain.batched import batched
from memory.domain.reports import Report, Saved

_KEPT_S = 7 * 86_400
_MOST = 1_000
_REPORTS_A_TRIP = 500

_SAVE = """#!lua
-- KEYS: report, listing. ARGV: id, known_at, seconds to keep it, most that are listed, how long
-- their keys' beginning is, then the fields.
redis.call('HSET', KEYS[1], unpack(ARGV, 6))
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])
redis.call('EXPIRE', KEYS[2], ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[2] - ARGV[3] * 1000000)
local beginning = string.sub(KEYS[1], 1, ARGV[5])
for _, id in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1 - ARGV[4])) do
  redis.call('DEL', beginning .. id)
  redis.call('ZREM', KEYS[2], id)
end"""


class RedisReports:
    """See memory.domain.reports.ReportRecord."""

    _redis: Connection

    async def save_report(self, project_id: str, report: Report) -> None:
        fields: dict[str, str | int] = {
            "filters": orjson.dumps(report.filters).decode(),
            "schema": orjson.dumps(report.schema).decode(),
            "instructions": report.instructions,
            "known_at": report.known_at,
            "bound": report.bound or "",
        }
        key, listing = keys.report(project_id, report.id), keys.reports(project_id)
        rules = (report.id, report.known_at, _KEPT_S, _MOST, len(key) - len(report.id))
        await self._redis.one("EVAL", _SAVE, 2, key, listing, *rules, *flat(fields))

    async def report(self, project_id: str, report_id: str) -> Report | None:
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

    async def reports(self, project_id: str) -> list[Saved]:
        ids = await self._redis.one("ZREVRANGE", keys.reports(project_id), 0, -1)
        found: list[Saved] = []
        for part in batched(ids, _REPORTS_A_TRIP):
            rows = await self._redis.run(
                *(("HMGET", keys.report(project_id, each), "filters", "bound") for each in part)
            )
            found += [
                Saved(each, orjson.loads(filters), bound or None)
                for each, (filters, bound) in zip(part, rows, strict=True)
                if filters is not None
            ]
        return found

    async def drop_reports(self, project_id: str, report_ids: Sequence[str]) -> None:
        if report_ids:
            await self._redis.run(
                *(("DEL", keys.report(project_id, each)) for each in report_ids),
                ("ZREM", keys.reports(project_id), *report_ids),
            )
