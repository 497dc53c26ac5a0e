"""Routes of memories: add, get, correct, erase, list, search, history."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Query, Request
from pydantic import ValidationError

from deployments.api import answers
from deployments.api.answers import Json, error_out, memory_out
from deployments.api.errors import invalid, status_of
from deployments.api.requests import (
    BatchIn,
    CorrectionIn,
    ListParameters,
    MemoryIn,
    SearchIn,
    SearchParameters,
)
from memory.errors import InvalidInput, Mem0gError, Refused
from memory.memories import Memories
from memory.model import Added, NewMemory


async def project_of(request: Request) -> str:
    """A coroutine, because FastAPI runs plain functions in a thread, at a third of a request."""
    return str(request.state.project)


Project = Annotated[str, Depends(project_of)]


def routes(memories: Memories) -> APIRouter:
    router = APIRouter(prefix="/v1/memories", tags=["memories"])

    @router.post("", status_code=201, response_model=answers.AddedOut)
    async def add(body: MemoryIn, project: Project) -> Json:
        """Store a memory. 200 instead of 201 where the same content is already there."""
        (outcome,) = await memories.add(project, [body.draft()])
        if isinstance(outcome, Refused):
            raise outcome.error()
        status, out = _added(outcome)
        return Json(out, status)

    @router.post("/batch", response_model=answers.BatchOut)
    async def add_batch(body: BatchIn, project: Project, request: Request) -> Json:
        """Store up to 1,000 memories; each is answered as it would be alone."""
        checked = [_draft(item) for item in body.memories]
        outcomes = iter(
            await memories.add(project, [each for each in checked if isinstance(each, NewMemory)])
        )
        results = [
            _item(each if isinstance(each, Mem0gError) else next(outcomes), request)
            for each in checked
        ]
        return Json({"results": results})

    @router.get("", response_model=answers.PageOut)
    async def page(query: Annotated[ListParameters, Query()], project: Project) -> Json:
        """Memories of a scope that are valid now, newest first."""
        newest = query.order == "desc"
        found = await memories.page(project, query.scope(), query.limit, query.cursor, newest)
        return Json(answers.page_out(found))

    @router.post("/search", response_model=answers.SearchOut)
    async def search(body: SearchIn, project: Project) -> Json:
        """Find memories by meaning and by words, best first."""
        found = await memories.search(project, body.wanted())
        return Json({"memories": [*map(answers.found_out, found)]})

    @router.get("/search", response_model=answers.SearchOut)
    async def search_by_url(query: Annotated[SearchParameters, Query()], project: Project) -> Json:
        """The same as a GET; `filters` is a JSON object."""
        return await search(_search_in(query), project)

    @router.get("/{memory_id}", response_model=answers.MemoryOut)
    async def get(memory_id: str, project: Project) -> Json:
        """The last known version, whether or not it is valid now."""
        return Json(memory_out(await memories.get(project, memory_id)))

    @router.put("/{memory_id}", response_model=answers.MemoryOut)
    async def correct(memory_id: str, body: CorrectionIn, project: Project) -> Json:
        """Correct a memory: a new version with the same id and edges."""
        return Json(memory_out(await memories.correct(project, memory_id, body.correction())))

    @router.delete("/{memory_id}", response_model=answers.DeletedOut)
    async def erase(memory_id: str, project: Project) -> Json:
        """Erase a memory with every version and its edges."""
        await memories.erase(project, memory_id)
        return Json({"message": "Memory deleted", "id": memory_id})

    @router.get("/{memory_id}/history", response_model=list[answers.VersionOut])
    async def history(memory_id: str, project: Project) -> Json:
        """Every version, oldest first."""
        return Json([*map(answers.version_out, await memories.history(project, memory_id))])

    return router


def _draft(item: Any) -> NewMemory | Mem0gError:
    try:
        return MemoryIn.model_validate(item).draft()
    except ValidationError as error:
        return invalid(error.errors())
    except Mem0gError as error:
        return error


def _added(added: Added) -> tuple[int, dict[str, Any]]:
    out = memory_out(added.memory)
    return (200, out | {"deduplicated": True}) if added.deduplicated else (201, out)


def _item(outcome: Added | Refused | Mem0gError, request: Request) -> dict[str, Any]:
    if isinstance(outcome, Added):
        status, memory = _added(outcome)
        return {"status": status, "memory": memory}
    error = outcome.error() if isinstance(outcome, Refused) else outcome
    body = error_out(error, request.state.request_id)
    return {"status": status_of(error.code), "error": body}


def _search_in(query: SearchParameters) -> SearchIn:
    """One set of rules for both forms."""
    fields = query.model_dump(exclude_none=True)
    if query.filters is not None:
        try:
            fields["filters"] = orjson.loads(query.filters)
        except orjson.JSONDecodeError:
            raise InvalidInput("filters is not a JSON object") from None
    try:
        return SearchIn.model_validate(fields)
    except ValidationError as error:
        raise invalid(error.errors()) from None
