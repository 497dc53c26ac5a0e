"""The record as a whole: its parts, each with a contract of its own.

Only the place that builds the service knows all of them. A part of the service takes the parts of
the record that it uses.
"""

from __future__ import annotations

from typing import Protocol

from memory.ports.archive import Archive, Entries
from memory.ports.commits import Commits, IdempotencyClaims, Outbox
from memory.ports.edges import EdgeReader
from memory.ports.erasures import ErasureOrders, OwnerErasure
from memory.ports.job_queue import JobCalls, JobRecord
from memory.ports.maintenance import Compaction, Consistency, Leases, TaskRecord
from memory.ports.memories import FeedbackRecord, MemoryReader
from memory.ports.models import ModelCard
from memory.ports.projects import Owners, ProjectRecord
from memory.ports.reports import ReportRecord


class GraphStore(Protocol):
    """Memories with every version, and edges as adjacency sets with validity scores."""

    projects: ProjectRecord
    owners: Owners
    memories: MemoryReader
    edges: EdgeReader
    commits: Commits
    idempotency: IdempotencyClaims
    outbox: Outbox
    feedback: FeedbackRecord
    reports: ReportRecord
    jobs: JobRecord
    calls: JobCalls
    erasures: ErasureOrders
    owner_erasure: OwnerErasure
    tasks: TaskRecord
    leases: Leases
    consistency: Consistency
    archive: Archive
    entries: Entries
    compaction: Compaction

    async def open(self, card: ModelCard) -> None:
        """Check durability settings, format and model. Raises StartupRefused with what to do."""
        ...

    async def ping(self) -> None: ...

    async def close(self) -> None: ...
