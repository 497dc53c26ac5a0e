"""Routes of memories: add, get, correct, erase, list, search, history."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import ValidationError

from deployments.api.errors import invalid, status_of
from deployments.api.routes.dependencies import Who
from deployments.api.routes.routing import new_router
from deployments.api.schemas import responses, serialize
from deployments.api.schemas.bodies import BatchIn, CorrectionIn, MemoryIn, SearchFields, SearchIn
from deployments.api.schemas.fields import InstantFields
from deployments.api.schemas.queries import ListParameters, SearchParameters
from deployments.api.schemas.serialize import Json, added_out, error_out, memory_out
from memory.domain.caller import Caller
from memory.domain.errors import Mem0gError, Refused
from memory.domain.memory import NewMemory
from memory.domain.results import Added
from memory.service.api import Memories, Search


def routes(memories: Memories, search: Search) -> APIRouter:
    router = new_router("memories", prefix="/v1/memories")

    @router.post(
        "",
        status_code=201,
        response_model=responses.AddedOut,
        responses={200: {"model": responses.DeduplicatedOut, "description": "Already there"}},
    )
    async def add(body: MemoryIn, who: Who) -> Json:
        """Store a memory. 200 instead of 201 if the same content is already there, with what
        of the request it does not hold."""
        (outcome,) = await memories.add(who, [body.draft()])
        if isinstance(outcome, Refused):
            raise outcome.error()
        return Json(added_out(outcome), _status(outcome))

    @router.post("/batch", response_model=responses.BatchOut)
    async def add_batch(body: BatchIn, who: Who, request: Request) -> Json:
        """Store up to 1,000 memories; each is answered as it would be alone."""
        checked = [_draft(item) for item in body.memories]
        outcomes = iter(
            await memories.add(who, [draft for draft in checked if isinstance(draft, NewMemory)])
        )
        results = [
            _item(draft if isinstance(draft, Mem0gError) else next(outcomes), request)
            for draft in checked
        ]
        return Json({"results": results})

    @router.get("", response_model=responses.PageOut)
    async def page(query: Annotated[ListParameters, Query()], who: Who) -> Json:
        """Memories of a scope that are valid, now or as of an instant, newest first."""
        found = await memories.page(
            who,
            query.scope(),
            query.limit,
            query.cursor,
            newest=query.order == "desc",
            view=query.view(),
        )
        return Json(serialize.page_out(found))

    async def searched(wanted: SearchFields, caller: Caller) -> Json:
        found = await search.find(caller, wanted.wanted())
        return Json({"memories": [*map(serialize.found_out, found)]})

    @router.post("/search", name="search", response_model=responses.SearchOut)
    async def find(body: SearchIn, who: Who) -> Json:
        """Find memories by meaning and by words, best first. With an instant: what was true then,
        by the text that was known then."""
        return await searched(body, who)

    @router.get("/search", response_model=responses.SearchOut)
    async def search_by_url(query: Annotated[SearchParameters, Query()], who: Who) -> Json:
        """The same as a GET; `filters` is a JSON object."""
        return await searched(query, who)

    @router.get("/{memory_id}", response_model=responses.MemoryOut)
    async def get(memory_id: str, query: Annotated[InstantFields, Query()], who: Who) -> Json:
        """The last version known, whether or not it is valid; 404 if it was not valid as_of an
        instant that is given."""
        return Json(memory_out(await memories.get(who, memory_id, query.view())))

    @router.put("/{memory_id}", response_model=responses.MemoryOut)
    async def correct(memory_id: str, body: CorrectionIn, who: Who) -> Json:
        """Correct a memory: a new version with the same id and edges."""
        return Json(memory_out(await memories.correct(who, memory_id, body.correction())))

    @router.delete("/{memory_id}", response_model=responses.DeletedOut)
    async def erase(memory_id: str, who: Who) -> Json:
        """Erase a memory with every version and its edges, from every past as well."""
        at = await memories.erase(who, memory_id)
        return Json(serialize.deleted_out("Memory", memory_id, at))

    @router.get("/{memory_id}/history", response_model=list[responses.VersionOut])
    async def history(memory_id: str, who: Who) -> Json:
        """Every version, oldest first."""
        return Json([*map(serialize.version_out, await memories.history(who, memory_id))])

    return router


def _draft(item: Any) -> NewMemory | Mem0gError:
    try:
        return MemoryIn.model_validate(item).draft()
    except ValidationError as error:
        return invalid(error.errors())
    except Mem0gError as error:
        return error


def _status(added: Added) -> int:
    return 200 if added.deduplicated else 201


def _item(outcome: Added | Refused | Mem0gError, request: Request) -> dict[str, Any]:
    if isinstance(outcome, Added):
        return {"status": _status(outcome), "memory": added_out(outcome)}
    error = outcome.error() if isinstance(outcome, Refused) else outcome
    body = error_out(error, request.state.request_id)
    return {"status": status_of(error.code), "error": body}
