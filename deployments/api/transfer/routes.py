"""Routes of export and import, backup and restore (docs/transfer.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import StreamingResponse
from typing_extensions import TypedDict

from access.door import require_everywhere
from deployments.api.middleware.permissions import HOLDS_RIGHT
from deployments.api.routes.dependencies import Visitor, Who
from deployments.api.routes.routing import new_router
from deployments.api.schemas.fields import Instant, ScopeFields, instant
from deployments.api.schemas.serialize import Json, replayed
from deployments.api.transfer.read_lines import Line, read_lines
from deployments.api.transfer.write_lines import backup_lines, export_lines
from memory.domain.errors import InvalidInput, Mem0gError, Refused
from memory.domain.records import EdgeRecord, Entry, MemoryRecord
from memory.domain.transfer import Brought
from memory.service.api import Transfer
from memory.transfer.remap import only_owner

NDJSON = "application/x-ndjson"
_ADMIN_KEY_ONLY = "a backup holds every project: only the admin key may make or restore one"
_LINES: dict[int | str, dict[str, Any]] = {
    200: {"content": {NDJSON: {}}, "description": "One JSON object a line"}
}
_BODY = {"requestBody": {"required": True, "content": {NDJSON: {"schema": {"type": "string"}}}}}

# Of a line.
Outcome = Brought | Refused | Mem0gError


class ExportParameters(ScopeFields):
    """Exactly one scope field. `known_at`: as it had been recorded by then."""

    known_at: Instant | None = None


class RefusedLineOut(TypedDict):
    """`line` counts from 1 in the body."""

    line: Annotated[int, Field(examples=[3])]
    error: str
    code: Annotated[str, Field(examples=["invalid_input"])]


class ImportedOut(TypedDict):
    """`present`: lines whose record stood already as it is. `ids`: of each record that is here
    now, the id in its line and its id here."""

    imported: int
    present: int
    refused: list[RefusedLineOut]
    ids: dict[str, str]


class RestoredOut(TypedDict):
    restored: int
    present: int
    refused: list[RefusedLineOut]


def routes(transfer: Transfer) -> APIRouter:
    router = new_router("transfer", prefix="/v1", dependencies=[HOLDS_RIGHT])

    @router.get("/export", response_class=StreamingResponse, responses=_LINES)
    async def export(query: Annotated[ExportParameters, Query()], who: Who) -> StreamingResponse:
        """Everything of one owner, with every version on both clocks. An answer whose last line
        is no `end` was cut short."""
        scope, known_at = query.scope(), instant(query.known_at, "known_at")
        first = await transfer.export(who, scope, None, known_at)
        return _stream(export_lines(transfer, who, scope, first))

    @router.post("/import", response_model=ImportedOut, openapi_extra=_BODY)
    async def import_lines(
        request: Request, query: Annotated[ScopeFields, Query()], who: Who
    ) -> Json:
        """Put lines of an export into this project; with a scope field they become that owner's.
        A line that is there already changes nothing, so any part may be sent again."""
        scope = query.scope() if query.scope().given() else None
        owner = None if scope is None else only_owner(scope)
        lines = await read_lines(await _body(request), owner)
        records = _of_kind(lines, MemoryRecord | EdgeRecord)
        outcomes = await transfer.import_records(who, scope, [*records.values()])
        told = _refusals(lines) | dict(zip(records, outcomes, strict=True))
        for number in _of_kind(lines, Entry):
            told[number] = InvalidInput("entries belong to a backup: POST /v1/admin/restore")
        ids = {
            line.old_id: outcome.id
            for line in lines
            if isinstance(outcome := told[line.number], Brought)
        }
        known = any(isinstance(outcome, Brought) and outcome.replayed for outcome in outcomes)
        return Json({**_account("imported", told), "ids": ids}, headers=replayed(known))

    @router.get("/admin/backup", response_class=StreamingResponse, responses=_LINES)
    async def backup(visitor: Visitor) -> StreamingResponse:
        """Everything as of one record time: projects, keys and every owner. Only the last line of
        a whole backup has a checksum."""
        require_everywhere(visitor, _ADMIN_KEY_ONLY)
        inventory = await transfer.inventory(visitor.caller)
        return _stream(backup_lines(transfer, visitor.caller, inventory))

    @router.post("/admin/restore", response_model=RestoredOut, openapi_extra=_BODY)
    async def restore(request: Request, visitor: Visitor) -> Json:
        """Put lines of a backup back, in their order; any part may be sent again."""
        require_everywhere(visitor, _ADMIN_KEY_ONLY)
        lines = await read_lines(await _body(request))
        told = _refusals(lines)
        # Entries first: ids are made with the secrets of their projects.
        entries = _of_kind(lines, Entry)
        put = await transfer.restore_entries(visitor.caller, [*entries.values()])
        told |= dict(zip(entries, put, strict=True))
        projects = {line.number: line.project_id for line in lines}
        records = _of_kind(lines, MemoryRecord | EdgeRecord)
        addressed = {number: (projects[number], record) for number, record in records.items()}
        for number in [number for number in addressed if not projects[number]]:
            del addressed[number]
            told[number] = InvalidInput("project_id is missing: is this a line of a backup?")
        outcomes = await transfer.restore_records(visitor.caller, [*addressed.values()])
        return Json(_account("restored", told | dict(zip(addressed, outcomes, strict=True))))

    return router


def _stream(lines: Any) -> StreamingResponse:
    return StreamingResponse(lines, media_type=NDJSON)


async def _body(request: Request) -> bytes:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != NDJSON:
        raise InvalidInput(f"send lines of JSON, with Content-Type: {NDJSON}")
    return await request.body()


def _of_kind(lines: Sequence[Line], kind: Any) -> dict[int, Any]:
    """Meanings of these lines, by number."""
    return {line.number: line.meaning for line in lines if isinstance(line.meaning, kind)}


def _refusals(lines: Sequence[Line]) -> dict[int, Outcome]:
    return {line.number: line.meaning for line in lines if isinstance(line.meaning, Mem0gError)}


def _account(done: str, told: Mapping[int, Outcome]) -> dict[str, Any]:
    """How many lines were done, how many had nothing to do, and which were refused."""
    refused = []
    for number, outcome in sorted(told.items()):
        error = outcome.error() if isinstance(outcome, Refused) else outcome
        if isinstance(error, Mem0gError):
            refused.append({"line": number, "error": error.message, "code": error.code})
    brought = [outcome for outcome in told.values() if isinstance(outcome, Brought)]
    present = sum(outcome.present for outcome in brought)
    return {done: len(told) - len(refused) - present, "present": present, "refused": refused}
