"""Brings the index up to the record if a crash has left it behind."""

from __future__ import annotations

import logging
import time
from uuid import uuid4

from memory.context.projects import ProjectOf
from memory.domain.errors import Unavailable
from memory.domain.ids import split_slot
from memory.index.outbox import Index
from memory.ports.commits import Dirty, Outbox
from memory.ports.maintenance import Leases
from memory.ports.metrics import Meter
from memory.ports.projects import ProjectRecord
from memory.ports.vector_store import VectorStore

log = logging.getLogger(__name__)

# In deadlines of a request. A request under way settles its own entries, so younger marks are left
# to it.
DEADLINES_TO_SETTLE = 1.0
_LEASE_S = 60


class Repair:
    """Repairs the index of owners that the outbox names. `project_of` reads a project as it is in
    the record."""

    def __init__(
        self,
        outbox: Outbox,
        leases: Leases,
        projects: ProjectRecord,
        project_of: ProjectOf,
        index: Index,
        vectors: VectorStore,
        deadline_s: float,
        meter: Meter,
    ) -> None:
        self._outbox, self._leases, self._projects = outbox, leases, projects
        self._project_of, self._index, self._vectors = project_of, index, vectors
        self._deadline_s, self._meter = deadline_s, meter

    async def repair(self) -> int:
        """Go once over the owners whose index may lag. Returns how many memories were applied."""
        done, holder = 0, uuid4().hex
        marks = await self._outbox.dirty(DEADLINES_TO_SETTLE * self._deadline_s)
        oldest = min((float(mark.mark) / 1e6 for mark in marks), default=None)
        self._meter.gauge("outbox_owners", len(marks))
        self._meter.gauge("outbox_oldest_seconds", time.time() - oldest if oldest else 0)
        for mark in marks:
            lease = f"repair:{mark.slot}"
            if not await self._leases.take(lease, holder, _LEASE_S):
                continue
            try:
                done += await self._repair_owner(mark)
            except Unavailable as error:
                log.warning("repair waits: %s", error)
                break
            finally:
                await self._leases.release(lease, holder)
        return done

    async def _repair_owner(self, mark: Dirty) -> int:
        await self._vectors.check()
        project_id, _ = split_slot(mark.slot)
        behind: list[str] = []
        if await self._projects.epochs([project_id]):
            behind = await self._outbox.pending(mark.slot)
            project = await self._project_of(project_id)
            await self._index.bring(project, mark.slot, behind, mend=True)
            self._meter.count("memories_repaired", len(behind))
        await self._outbox.clean(mark)
        return len(behind)
