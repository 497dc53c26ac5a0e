"""Routes of API keys. A key with the right admin sees and makes those of its own project."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from access import Access
from access.key_ring import missing
from access.model import Key, Pass
from access.projects import require_seen
from deployments.api.middleware.permissions import HOLDS_RIGHT
from deployments.api.routes.dependencies import Visitor
from deployments.api.routes.routing import new_router
from deployments.api.schemas.access import (
    KeyIn,
    KeyOut,
    KeyParameters,
    KeysOut,
    NewKeyOut,
    key_out,
    new_key_out,
)
from deployments.api.schemas.responses import DeletedOut
from deployments.api.schemas.serialize import Json, deleted_out, replayed


def routes(access: Access) -> APIRouter:
    router = new_router("access", prefix="/v1/keys", dependencies=[HOLDS_RIGHT])

    @router.post("", status_code=201, response_model=NewKeyOut)
    async def create(body: KeyIn, visitor: Visitor) -> Json:
        """Make a key. Its secret is in this answer and nowhere else."""
        await _seen(visitor, body.project_id)
        issued = await access.keys.create(visitor, body.draft())
        return Json(new_key_out(issued), 201, replayed(issued.replayed))

    @router.get("", response_model=KeysOut)
    async def page(query: Annotated[KeyParameters, Query()], visitor: Visitor) -> Json:
        """Keys that are not revoked, of one project or of all that the caller administers."""
        if query.project_id is not None:
            await _seen(visitor, query.project_id)
            project_ids = [query.project_id]
        elif visitor.everywhere:
            project_ids = [project.id for project in await access.projects.all()]
        else:
            project_ids = [visitor.caller.project]
        return Json({"keys": [*map(key_out, await access.keys.of(project_ids))]})

    @router.get("/{key_id}", response_model=KeyOut)
    async def get(key_id: str, visitor: Visitor) -> Json:
        """A key, without its secret."""
        return Json(key_out(await _key(visitor, key_id)))

    @router.delete("/{key_id}", response_model=DeletedOut)
    async def revoke(key_id: str, visitor: Visitor) -> Json:
        """Revoke a key: within a second it is refused everywhere."""

        async def work() -> DeletedOut:
            at = await access.keys.revoke(await _key(visitor, key_id))
            return deleted_out("Key", key_id, at)

        deleted, known = await access.repeats.once(visitor, work)
        return Json(deleted, headers=replayed(known))

    async def _seen(visitor: Pass, project_id: str) -> None:
        require_seen(visitor, project_id)
        await access.projects.get(project_id)

    async def _key(visitor: Pass, key_id: str) -> Key:
        key = await access.keys.get(key_id)
        if not visitor.sees(key.project_id):
            raise missing(key_id)
        return key

    return router
