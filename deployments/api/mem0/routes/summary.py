"""The route of summaries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field
from typing_extensions import TypedDict

from deployments.api.mem0.routes.exports import Asked
from deployments.api.routes.dependencies import Who
from deployments.api.routes.routing import new_router
from deployments.api.schemas.serialize import Json
from memory.service.api import Reports


class SummaryOut(TypedDict):
    """`method` is "extractive", and then `memory_ids` are those whose sentences these are, or the
    name of the language model that wrote it."""

    summary: str
    total_memories: int
    memory_ids: Sequence[str]
    method: Annotated[str, Field(examples=["extractive"])]


def routes(reports: Reports) -> APIRouter:
    router = new_router("mem0")

    @router.post("/v1/summary", response_model=list[SummaryOut])
    async def summary(body: Asked, who: Who) -> Json:
        """The memories that meet the filters, in a few sentences: a list of one summary."""
        found = await reports.summarise(who, body.wanted())
        out: SummaryOut = {
            "summary": found.text,
            "total_memories": found.count,
            "memory_ids": found.memory_ids,
            "method": found.method,
        }
        return Json([out])

    return router
