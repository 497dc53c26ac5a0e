"""The record in Redis or Valkey, 7 or later, single or cluster: its parts over one connection."""

from __future__ import annotations

from graph_store.backup.global_entries import RedisEntries
from graph_store.backup.scan import RedisArchive
from graph_store.erasure.orders import RedisErasures
from graph_store.erasure.owner import RedisOwnerErasure
from graph_store.jobs.calls import RedisCalls
from graph_store.jobs.jobs import RedisJobs
from graph_store.maintenance.compaction import RedisCompaction
from graph_store.maintenance.consistency import RedisConsistency
from graph_store.maintenance.tasks import RedisTasks
from graph_store.memories.commit import RedisCommits
from graph_store.memories.edges import RedisEdges
from graph_store.memories.feedback import RedisFeedback
from graph_store.memories.idempotency import RedisIdempotency
from graph_store.memories.memories import RedisMemories
from graph_store.memories.outbox import RedisOutbox
from graph_store.memories.owners import RedisOwners
from graph_store.projects.projects import RedisProjects
from graph_store.projects.reports import RedisReports
from graph_store.redis.connection import Connection
from graph_store.redis.leases import RedisLeases
from graph_store.redis.startup_checks import assert_durable, assert_format
from memory.domain.errors import StoreUnavailable
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


class RedisGraph:
    """Memories with every version, edges as adjacency sets, and what is kept beside them.

    Each part keeps the contract of a protocol in memory.ports, which says what its methods do.
    """

    def __init__(self, redis: Connection) -> None:
        self._redis = redis
        owners, calls = RedisOwners(redis), RedisCalls(redis)
        self.projects: ProjectRecord = RedisProjects(redis)
        self.owners: Owners = owners
        self.memories: MemoryReader = RedisMemories(redis)
        self.commits: Commits = RedisCommits(redis)
        self.idempotency: IdempotencyClaims = RedisIdempotency(redis)
        self.outbox: Outbox = RedisOutbox(redis)
        self.edges: EdgeReader = RedisEdges(redis)
        self.feedback: FeedbackRecord = RedisFeedback(redis)
        self.reports: ReportRecord = RedisReports(redis)
        self.calls: JobCalls = calls
        self.jobs: JobRecord = RedisJobs(redis, calls)
        self.erasures: ErasureOrders = RedisErasures(redis)
        self.owner_erasure: OwnerErasure = RedisOwnerErasure(redis)
        self.tasks: TaskRecord = RedisTasks(redis)
        self.consistency: Consistency = RedisConsistency(redis)
        self.archive: Archive = RedisArchive(redis)
        self.entries: Entries = RedisEntries(redis, owners)
        self.compaction: Compaction = RedisCompaction(redis)
        self.leases: Leases = RedisLeases(redis)

    async def open(self, card: ModelCard) -> None:
        """Asserts durability settings, format and model. Raises StartupRefused with what to do."""
        assert_durable(await self._redis.server())
        await assert_format(self._redis, card)

    async def ping(self) -> None:
        if not await self._redis.one("PING"):
            raise StoreUnavailable("Redis does not answer a PING")

    async def close(self) -> None:
        await self._redis.close()
