"""Jobs that wait, and calls to those who do them."""

from __future__ import annotations

from typing import Any

from memory.domain.ids import mint_job
from memory.domain.jobs import Assignment, JobKind
from memory.ports.job_queue import Call
from tests.graph_store.ground import Ground

LEASE_S = 30.0


def a_job(ground: Ground, **fields: Any) -> Assignment:
    whole = {"kind": JobKind.ADD, "scope": ground.scope, "request": {"said": "zanzibar"}}
    return Assignment(id=mint_job(ground.owner_hash), slot=ground.slot, **{**whole, **fields})


async def note(ground: Ground, **fields: Any) -> Assignment:
    return await ground.graph.jobs.note("p1", a_job(ground, **fields))


async def called(ground: Ground, patience_s: float = LEASE_S) -> list[Call]:
    return await ground.graph.calls.due(10, patience_s)
