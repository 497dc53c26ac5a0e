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
from memory.ports.vector_store import ModelCard


class RedisGraph:
    """Memories with every version, edges as adjacency sets, and what is kept beside them.

    Each part keeps the contract of a protocol in memory.ports, which says what its methods do.
    """

    def __init__(self, redis: Connection) -> None:
        self._redis = redis
        self.projects = RedisProjects(redis)
        self.owners = RedisOwners(redis)
        self.memories = RedisMemories(redis)
        self.commits = RedisCommits(redis)
        self.idempotency = RedisIdempotency(redis)
        self.outbox = RedisOutbox(redis)
        self.edges = RedisEdges(redis)
        self.feedback = RedisFeedback(redis)
        self.reports = RedisReports(redis)
        self.calls = RedisCalls(redis)
        self.jobs = RedisJobs(redis, self.calls)
        self.erasures = RedisErasures(redis)
        self.owner_erasure = RedisOwnerErasure(redis)
        self.tasks = RedisTasks(redis)
        self.consistency = RedisConsistency(redis)
        self.archive = RedisArchive(redis)
        self.entries = RedisEntries(redis, self.owners)
        self.compaction = RedisCompaction(redis)
        self.leases = RedisLeases(redis)

    async def open(self, card: ModelCard) -> None:
        """Asserts durability settings, format and model. Raises StartupRefused with what to do."""
        assert_durable(await self._redis.server())
        await assert_format(self._redis, card)

    async def ping(self) -> None:
        if not await self._redis.one("PING"):
            raise StoreUnavailable("Redis does not answer a PING")

    async def close(self) -> None:
        await self._redis.close()
