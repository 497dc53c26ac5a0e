"""Routes of erasing whole entities, and of the receipts for it (docs/erasure.md)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter, Path, Request
from pydantic import Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from deployments.api.errors import invalid
from deployments.api.routes.dependencies import Who
from deployments.api.routes.routing import new_router
from deployments.api.schemas.fields import Body, Entity, Metadata, ScopeFields
from deployments.api.schemas.serialize import Json, deleted_out, replayed
from memory.domain.clock import parse_instant
from memory.domain.erasures import Erasure, Inspection
from memory.domain.memory import Scope
from memory.service.api import Erasures

Kind = Literal["user", "agent", "app", "session"]
_ENTITY: TypeAdapter[str] = TypeAdapter(Entity)


class ErasureIn(Body, ScopeFields):
    """Exactly one of the scope fields."""


class CheckIn(Body, ScopeFields):
    """A receipt as it was answered. With the name of its entity, memories of owners that the
    erasure did not touch are counted as well. No receipt is larger than metadata may be."""

    receipt: Metadata


class CountsOut(TypedDict):
    """`claims` of contents and relationships keep a second one out; `events` are entries of the
    user's event log, `index_points` versions in the search index."""

    memories: int
    versions: int
    edges: int
    claims: int
    events: int
    index_points: int


class ReceiptOut(TypedDict):
    """`subject` stands for the erased entity; only the project's secret leads from a name to it."""

    id: Annotated[str, Field(examples=["era_0d5c7c1e6a0e8f0b9a552b1c6d9f1a10"])]
    project_id: Annotated[str, Field(examples=["default"])]
    subject: str
    scope_kind: Kind
    requested_at: str
    completed_at: str
    counts: CountsOut
    algorithm: Literal["HMAC-SHA256"]
    signature: str


class RunningOut(TypedDict):
    """It goes on; ask for it again by its id."""

    id: str
    status: Literal["running"]


class ErasureOut(TypedDict):
    """`remaining` is what both stores hold of the entity now."""

    id: str
    status: Literal["running", "done"]
    receipt: ReceiptOut | None
    signature_valid: bool
    remaining: CountsOut


class CheckedOut(TypedDict):
    """`remaining` is null for a receipt that is not ours, or whose entity is not known."""

    signature_valid: bool
    remaining: CountsOut | None


class EntityDeletedOut(TypedDict):
    message: str
    id: str
    memories: int
    updated_at: str


def routes(erasures: Erasures) -> APIRouter:
    router = new_router("erasures", prefix="/v1")
    running: dict[int | str, dict[str, Any]] = {
        202: {"model": RunningOut, "description": "Under way; GET /v1/erasures/{id} tells more"}
    }

    @router.post("/erasures", response_model=ReceiptOut, responses=running)
    async def erase(body: ErasureIn, who: Who) -> Json:
        """Erase every memory that names an entity, from every past as well; the receipt says how
        much that was."""
        erasure = await erasures.erase(who, body.scope())
        if erasure.receipt is None:
            return _running(erasure)
        return Json(erasure.receipt, headers=replayed(erasure.replayed))

    @router.post("/erasures/check", response_model=CheckedOut)
    async def check(body: CheckIn, who: Who) -> Json:
        """Whether a receipt is as it was signed, and what there is of its entity now."""
        found = await erasures.check(who, body.receipt, body.scope())
        remaining = _remaining(found)
        return Json(CheckedOut(signature_valid=found.signature_valid, remaining=remaining))

    @router.get("/erasures/{erasure_id}", response_model=ErasureOut)
    async def get(erasure_id: str, who: Who) -> Json:
        """An erasure with its receipt, and what there is of its entity now."""
        found = await erasures.get(who, erasure_id)
        receipt = found.erasure.receipt
        out: ErasureOut = {
            "id": erasure_id,
            "status": "running" if receipt is None else "done",
            "receipt": cast(ReceiptOut | None, receipt),  # signed as it stands
            "signature_valid": found.signature_valid,
            "remaining": cast(CountsOut, _remaining(found)),  # it is an erasure of ours
        }
        return Json(out)

    @router.delete(
        "/entities/{kind}/{value:path}", response_model=EntityDeletedOut, responses=running
    )
    async def erase_entity(
        kind: Kind, value: Annotated[str, Path(description="its id")], request: Request, who: Who
    ) -> Json:
        """Erase every memory that names an entity; 404 if none does."""
        erasure = await erasures.erase(who, _scope(kind, value, request), known=True)
        receipt = erasure.receipt
        if receipt is None:
            return _running(erasure)
        at = parse_instant(receipt["completed_at"], "completed_at")
        count = receipt["counts"]["memories"]
        body: EntityDeletedOut = {**deleted_out("Entity", erasure.id, at), "memories": count}
        return Json(body, headers=replayed(erasure.replayed))

    return router


def _running(erasure: Erasure) -> Json:
    return Json(RunningOut(id=erasure.id, status="running"), 202)


def _remaining(found: Inspection) -> CountsOut | None:
    return None if found.remaining is None else cast(CountsOut, asdict(found.remaining))


def _scope(kind: Kind, value: str, request: Request) -> Scope:
    try:
        return Scope(**{f"{kind}_id": _ENTITY.validate_python(named_in_path(value, request))})
    except ValidationError as error:
        raise invalid(error.errors()) from None


def named_in_path(value: str, request: Request) -> str:
    """The edge takes the slash from a path's end; an id may end with one, as %2F."""
    raw: bytes = request.scope.get("raw_path") or b""
    return f"{value}/" if raw.partition(b"?")[0].lower().endswith(b"%2f") else value
