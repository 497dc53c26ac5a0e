"""What there is of one user after a crash: told in names, and whether the stores tell the same."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

from memory.domain.caller import DEFAULT_PROJECT, Caller
from memory.domain.clock import LATEST
from memory.domain.errors import Mem0gError
from memory.domain.ids import Project
from memory.domain.memory import Memory, NewEdge, NewMemory, Scope
from memory.domain.results import Added
from memory.ports.graph_store import GraphStore
from memory.ports.vector_store import VectorStore
from memory.query.views import ANY_EDGE, Query, Snapshot, View, Where
from memory.service.build import MemoryService
from tests.memory.failpoints import Ground

DEFAULT = Caller(DEFAULT_PROJECT)
ALL = View(superseded=True, expired=True)
RESERVED = "SUPERSEDES"


@dataclass(frozen=True)
class Story:
    """What a client reads: every version and edge, by the first content of each memory."""

    memories: list[Any]
    session: list[str]
    edges: list[Any]


async def story(service: MemoryService, user: str) -> Story:
    scope = Scope(user_id=user)
    page = await service.memories.page(DEFAULT, scope, 1000, None, False, ALL)
    histories = {
        each.id: await service.memories.history(DEFAULT, each.id) for each in page.memories
    }
    names = {each: versions[0].content for each, versions in histories.items()}
    graph = await service.graph.page(DEFAULT, scope, 1000, None, ANY_EDGE, ALL)
    session = await service.memories.page(
        DEFAULT, Scope(user_id=user, session_id="s1"), 1000, None, False, ALL
    )
    assert [each.id for each in graph.nodes] == [each.id for each in reversed(page.memories)]
    return Story(
        [[_version(memory, names) for memory in versions] for versions in histories.values()],
        [names[each.id] for each in session.memories],
        sorted(
            (e.relation, names[e.source], names[e.target], e.valid_to is None, dict(e.metadata))
            for e in graph.edges
        ),
    )


def _version(memory: Memory, names: dict[str, str]) -> tuple[object, ...]:
    return (
        memory.version,
        memory.event,
        memory.content,
        memory.scope.session_id,
        dict(memory.metadata),
        memory.categories,
        memory.valid_to is None,
        names.get(memory.superseded_by or ""),
        [names.get(each, "erased") for each in memory.supersedes],
    )


@dataclass(frozen=True)
class Witness:
    """Looks at the stores of a ground by their ports, beside whatever service is on them."""

    graph: GraphStore
    vectors: VectorStore
    ground: Ground
    project: Project

    def slot(self, user: str) -> str:
        return self.project.slot(self.project.owner_hash(Scope(user_id=user).owner))

    async def assert_in_step(self, user: str, case: object) -> None:
        """Both stores hold the same versions, each is found by its own words as they were known,
        and nothing is left to repair."""
        scope = Scope(user_id=user)
        tag = self.project.owner_hash(scope.owner)
        slot, tenant = self.project.slot(tag), self.project.tenant(tag)
        places = await self.graph.memories.page([slot], None, 1000, None, True)
        versions = [
            version
            for place in places
            for version in await self.graph.memories.history(slot, place.memory_id)
        ]
        own = Where().also("owner", str(scope.owner))
        vector = (await self.ground.embedder.embed(["anything"]))[0]
        every = await self.vectors.nearest(tenant, vector, own, 10_000)
        recorded = {(each.id, each.version) for each in versions}
        assert {(hit.memory_id, hit.version) for hit in every} == recorded, (
            f"index and record: {case}"
        )
        opened = Where(own.clauses, open=True)
        hits = await self.vectors.nearest(tenant, vector, opened, 10_000)
        expected = {(each.id, each.version) for each in versions if each.open}
        assert {(hit.memory_id, hit.version) for hit in hits} == expected, f"open versions: {case}"
        for each in versions:
            [own_vector] = await self.ground.embedder.embed([each.content])
            then = Snapshot(LATEST, each.recorded_at, superseded=True, expired=True)
            where = Where(own.also("memory_id", each.id).clauses, snapshot=then)
            [found] = await self.vectors.nearest(tenant, own_vector, where, 10)
            assert found.version == each.version, f"known then: {case}"
            assert found.score > 0.99, case

    async def assert_indexed(self, user: str, case: object) -> None:
        """The last version of every memory that is valid is found by its own words."""
        scope = Scope(user_id=user)
        tag = self.project.owner_hash(scope.owner)
        slot, tenant = self.project.slot(tag), self.project.tenant(tag)
        now = Snapshot((await self.graph.memories.instant([slot])).now)
        for place in await self.graph.memories.page([slot], None, 1000, None, True, [now]):
            last = (await self.graph.memories.history(slot, place.memory_id))[-1]
            [vector] = await self.ground.embedder.embed([last.content])
            where = Where().also("memory_id", last.id)
            hits = await self.vectors.nearest(tenant, vector, where, 10)
            assert last.version in [hit.version for hit in hits], f"{last.content}: {case}"

    async def assert_settled(self, user: str, case: object) -> None:
        """Nothing is left to repair."""
        slot = self.slot(user)
        assert await self.graph.outbox.pending(slot) == [], f"outbox: {case}"
        assert all(mark.slot != slot for mark in await self.graph.outbox.dirty(-1)), (
            f"dirty: {case}"
        )


async def assert_findable(service: MemoryService, user: str, case: object) -> None:
    """Whatever is valid is found first by its own words, and is in the list of its agent."""
    page = await service.memories.page(DEFAULT, Scope(user_id=user), 1000, None, False)
    assert page.memories, case
    for memory in page.memories:
        query = Query(text=memory.content, scope=memory.scope, limit=3, threshold=0.5)
        hits = await service.search.find(DEFAULT, query)
        assert memory.id in [hit.memory.id for hit in hits], f"{memory.content}: {case}"
        if memory.scope.agent_id:
            agent = Scope(agent_id=memory.scope.agent_id)
            listed = await service.memories.page(DEFAULT, agent, 1000, None, False)
            assert memory.id in [each.id for each in listed.memories], case


async def assert_claims_stand(
    service: MemoryService, user: str, contents: set[str], case: object
) -> None:
    """A content that is held is answered by its holder, and one that is free can be stored; the
    same of edges. Changes what there is, so it comes last."""
    scope = Scope(user_id=user)
    page = await service.memories.page(DEFAULT, scope, 1000, None, False)
    graph = await service.graph.page(DEFAULT, scope, 1000)
    for edge in graph.edges:
        if edge.relation != RESERVED and edge.valid_to is None:
            again = NewEdge(source=edge.source, target=edge.target, relation=edge.relation)
            assert (await service.graph.relate(DEFAULT, again))[0].id == edge.id, case
    for content in sorted(contents | {each.content for each in page.memories}):
        held = [each for each in page.memories if each.content == content]
        draft = NewMemory(content=content, scope=held[0].scope if held else scope)
        (answer,) = await service.memories.add(DEFAULT, [draft])
        assert isinstance(answer, Added), f"{answer}: {case}"
        assert answer.deduplicated == bool(held), f"{content}: {case}"
        assert not held or answer.memory.id in {each.id for each in held}, case


async def refusal(request: Awaitable[object]) -> str | None:
    """The code of a request's refusal; None where it was answered."""
    try:
        await request
    except Mem0gError as error:
        return error.code
    return None
