"""The route of counters."""

from __future__ import annotations

import asyncio
from collections import Counter

from fastapi import APIRouter
from typing_extensions import TypedDict

from deployments.api.routes.dependencies import Who
from deployments.api.routes.routing import new_router
from deployments.api.schemas.serialize import Json
from memory.query.conditions import SOMEBODY
from memory.query.views import Selection
from memory.service.api import Memories


class StatsOut(TypedDict):
    total_memories: int
    total_users: int
    total_agents: int
    total_apps: int
    total_runs: int


def routes(memories: Memories) -> APIRouter:
    router = new_router("mem0")

    @router.get("/v1/stats", response_model=StatsOut)
    async def stats(who: Who) -> Json:
        """How many memories are valid now, and how many entities any memory names."""
        valid, entities = await asyncio.gather(
            memories.select(who, Selection(condition=SOMEBODY, limit=0)), memories.entities(who)
        )
        counts = Counter(entity.kind for entity in entities)
        out: StatsOut = {
            "total_memories": valid.count,
            "total_users": counts["user"],
            "total_agents": counts["agent"],
            "total_apps": counts["app"],
            "total_runs": counts["session"],
        }
        return Json(out)

    return router
