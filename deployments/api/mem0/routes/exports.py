"""Routes of exports: memories in the shape of a caller's JSON Schema (docs/mem0.md)."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter
from pydantic import Field

from deployments.api.mem0.schemas.bodies import FiltersIn, Instructions
from deployments.api.mem0.schemas.fields import ScopeIn
from deployments.api.mem0.schemas.responses import MessageOut
from deployments.api.routes.dependencies import Who
from deployments.api.routes.routing import new_router
from deployments.api.schemas.serialize import Json
from memory.domain.errors import InvalidInput, TooLarge
from memory.reports.schema_fill import filler
from memory.service.api import Reports

_MOST_BYTES = 64 * 1024


class Asked(ScopeIn):
    """FiltersIn in Mem0's language; ids may also come beside them."""

    filters: FiltersIn | None = None

    def wanted(self) -> dict[str, Any]:
        """Everything asked for, as one filter."""
        named, given = self.scope().given(), self.filters or {}
        return {"AND": [named, given]} if named and given else named or given


class ExportIn(Asked):
    shape: Annotated[dict[str, Any] | str, Field(alias="schema")]
    export_instructions: Instructions | None = None

    def schema_wanted(self) -> dict[str, Any]:
        given: Any = self.shape
        if isinstance(given, str):
            try:
                given = orjson.loads(given)
            except orjson.JSONDecodeError:
                raise InvalidInput("schema is not JSON") from None
        if not isinstance(given, dict):
            raise InvalidInput("schema is not a JSON object")
        return given


class ExportAsked(Asked):
    memory_export_id: str | None = None


class SavedOut(MessageOut):
    id: str


def routes(reports: Reports) -> APIRouter:
    router = new_router("mem0")

    @router.post("/v1/exports", status_code=201, response_model=SavedOut)
    async def save(body: ExportIn, who: Who) -> Json:
        """Save what to export, of the memories as they are known now. For seven days."""
        filters, schema = body.wanted(), body.schema_wanted()
        words = body.export_instructions or ""
        try:
            size = len(orjson.dumps([filters, schema, words]))
        except orjson.JSONEncodeError:
            raise InvalidInput(
                "filters and schema hold a number or a text too odd to keep"
            ) from None
        if size > _MOST_BYTES:
            raise TooLarge("filters, schema and export_instructions together exceed 64 KB")
        export_id = await reports.save(who, filters, schema, words)
        told = "Memory export request received; POST /v1/exports/get has the result"
        if words and filler(schema):
            told += ". A list of memories needs no language model: export_instructions do nothing"
        return Json(SavedOut(message=told, id=export_id), 201)

    @router.post("/v1/exports/get", response_model=dict[str, Any] | list[Any])
    async def get(body: ExportAsked, who: Who) -> Json:
        """The export with this id, or the last one with these filters, as its schema says."""
        filters = body.wanted()
        if body.memory_export_id is None and not filters:
            raise InvalidInput("name the export: memory_export_id, or the filters it was made with")
        return Json(await reports.read(who, body.memory_export_id, filters))

    return router
