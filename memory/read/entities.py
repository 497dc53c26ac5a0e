"""Lists the users, agents, apps and sessions that memories name."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from memory.context.projects import Projects
from memory.domain.caller import Caller
from memory.domain.clock import LATEST
from memory.domain.memory import SCOPE_FIELDS, Owner
from memory.domain.selections import Entity
from memory.ports.vector_store import VectorStore
from memory.query.views import Snapshot, Where

_EVER = Snapshot(LATEST, superseded=True, expired=True)
# An owner hash has 60 bits. Clients in JavaScript read an entity's id as a number, which has 53.
_TO_53_BITS = 7


class Entities:
    """Part of memory.service.api.Memories."""

    def __init__(self, projects: Projects, vectors: VectorStore) -> None:
        self._projects, self._vectors = projects, vectors

    async def entities(self, caller: Caller, only: Owner | None = None) -> list[Entity]:
        project = await self._projects.of(caller)
        tenants, where = project.tenants(), Where(snapshot=_EVER)
        if project.user_id is not None:
            owner = Owner("user", project.user_id)
            tenants, where = (
                [project.tenant(project.owner_hash(owner))],
                where.also("owner", str(owner)),
            )
        names: tuple[str, ...] = SCOPE_FIELDS
        if only is not None:
            names = (f"{only.kind}_id",)
            where = where.also(names[0], only.value)
        asked = [(name, tenant) for name in names for tenant in tenants]
        answers = await asyncio.gather(
            *(self._vectors.named(tenant, name, where) for name, tenant in asked)
        )
        found: dict[Owner, Entity] = {}
        for (name, _), named in zip(asked, answers, strict=True):
            for row in named:
                owner = Owner(name.removesuffix("_id"), row.value)
                entity = found.get(owner) or Entity(
                    str(int(project.owner_hash(owner), 16) >> _TO_53_BITS),
                    owner.kind,
                    owner.value,
                    0,
                    row.first,
                    row.last,
                )
                found[owner] = replace(
                    entity,
                    memories=entity.memories + row.versions,
                    first=min(entity.first, row.first),
                    last=max(entity.last, row.last),
                )
        return sorted(found.values(), key=lambda entity: (entity.kind, entity.value))
