"""An owner in a fresh project, with shorthand for committing."""

from __future__ import annotations

from graph_store.redis_graph import RedisGraph
from memory.domain.ids import Project, mint
from memory.domain.memory import Edge, Memory, Owner, Scope
from memory.domain.transaction import DedupClaim, PutEdge, PutMemory, Transaction, Write
from memory.ports.models import ModelCard

CARD = ModelCard("test/model", 8)


class Ground:
    def __init__(self, graph: RedisGraph, project: Project) -> None:
        self.graph, self.project = graph, project
        self.scope = Scope(user_id="alice", session_id="s1")
        self.owner_hash = project.owner_hash(Owner("user", "alice"))
        self.slot = project.slot(self.owner_hash)

    async def commit(self, *writes: Write, claims: tuple[DedupClaim, ...] = ()) -> int | None:
        now = (await self.graph.memories.instant([self.slot])).now
        (commit,) = await self.graph.commits.commit([Transaction(self.slot, now, writes, claims)])
        return commit and commit.at

    async def memory(self, content: str = "x", **fields: object) -> Memory:
        memory = Memory(
            id=mint("mem", self.owner_hash), content=content, scope=self.scope, **fields
        )
        at = await self.commit(PutMemory(memory))
        assert at is not None
        return memory.stamped(at)

    async def edge(self, source: Memory, target: Memory, **fields: object) -> Edge:
        edge = Edge(
            id=mint("rel", self.owner_hash),
            source=source.id,
            target=target.id,
            relation="R",
            **fields,
        )
        at = await self.commit(PutEdge(edge))
        assert at is not None
        return edge.stamped(at)
