"""A record of everything the service keeps, written with ids and secrets that are always the same.

`golden.json` is what the code of commit f10c03a wrote for it, when the record was one class. It
is never made anew while the format is 2.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any

import pytest

from access import Access
from access.model import Member, NewKey, Pass, Right
from graph_store.redis_graph import RedisGraph
from memory.domain import dedup
from memory.domain.caller import Caller
from memory.domain.clock import AT_COMMIT
from memory.domain.erasures import Order
from memory.domain.feedback import Feedback, Verdict
from memory.domain.idempotency import Answer, Operation
from memory.domain.ids import Project, mint, mint_job
from memory.domain.jobs import Assignment, Ending, JobKind, JobState
from memory.domain.memory import SUPERSEDES, Edge, Memory, Owner, Scope, VersionEvent
from memory.domain.reports import Report
from memory.domain.tasks import Kind, Task
from memory.domain.transaction import (
    DedupClaim,
    EraseMemory,
    PutEdge,
    PutMemory,
    RetractEdge,
    Transaction,
    Write,
    holding,
)

ADMIN = Pass(Caller("default"), "admin", frozenset(Right), everywhere=True)
LATE = 4 * 10**15  # in the year 2096
ALICE = Scope(user_id="alice", session_id="s1")


def fix_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on what is random is a count."""
    count = iter(range(1, 10_000))
    monkeypatch.setattr(secrets, "randbits", lambda bits: next(count))
    monkeypatch.setattr(secrets, "token_bytes", lambda size=32: next(count).to_bytes(size))
    monkeypatch.setattr(secrets, "token_hex", lambda size=32: next(count).to_bytes(size).hex())


class Scenario:
    """`names` has the ids of what was written, for who reads it."""

    def __init__(self, graph: RedisGraph, access: Access) -> None:
        self.graph, self.access = graph, access
        self.names: dict[str, str] = {}
        self._operations = 0

    async def write(self) -> dict[str, str]:
        made, _ = await self.access.projects.create(ADMIN, "Golden")
        changes = {"decay": True, "custom_categories": [["food", "what they eat"]]}
        await self.access.projects.change(made.id, changes)
        await self.access.projects.add_member(made.id, Member("ann@example.org", "OWNER"))
        key = await self.access.keys.create(
            ADMIN, NewKey(made.id, "golden", None, frozenset({Right.READ, Right.WRITE}), None)
        )
        project = await self.graph.projects.read(made.id, 4)
        self.names |= {"project": project.id, "secret": key.secret, "key": key.key.id}
        self.slot = project.slot(project.owner_hash(ALICE.owner))
        self.owner_hash = project.owner_hash(ALICE.owner)
        self.names["slot"] = self.slot
        await self._memories(project)
        await self._jobs(project)
        await self._beside(project)
        await self._erasures(project)
        return self.names

    async def _commit(self, *writes: Write, **fields: Any) -> int:
        self._operations += 1
        slot = fields.pop("slot", self.slot)
        now = (await self.graph.memories.instant([slot])).now
        operation = f"operation{self._operations}"
        transaction = replace(Transaction(slot, now, writes, operation=operation), **fields)
        (commit,) = await self.graph.commits.commit([transaction])
        assert commit is not None
        return commit.at

    async def _memory(self, name: str, content: str, **fields: Any) -> Memory:
        memory = Memory(
            **{"id": mint("mem", self.owner_hash), "content": content, "scope": ALICE, **fields}
        )
        self.names[name] = memory.id
        claim = DedupClaim(dedup.key_of(memory), (), (holding(memory),))
        return memory.stamped(await self._commit(PutMemory(memory), claims=(claim,)))

    async def _edge(self, name: str, source: Memory, target: Memory, **fields: Any) -> Edge:
        edge = Edge(
            id=mint("rel", self.owner_hash), source=source.id, target=target.id, relation="LIKES",
            **fields,
        )  # fmt: skip
        self.names[name] = edge.id
        claim = DedupClaim(dedup.edge_key(edge), (), (holding(edge),))
        return edge.stamped(await self._commit(PutEdge(edge), claims=(claim,)))

    async def _memories(self, project: Project) -> None:
        first = await self._memory("corrected", "likes tea", metadata={"cups": 3})
        second = replace(
            first,
            content="likes green tea",
            version=2,
            event=VersionEvent.UPDATE,
            recorded_at=AT_COMMIT,
        )
        second = second.stamped(await self._commit(PutMemory(second, previous=first)))
        third = replace(second, valid_to=LATE, version=3, recorded_at=AT_COMMIT)
        third = third.stamped(await self._commit(PutMemory(third, previous=second)))
        await self._memory(
            "rich", "speaks Norwegian — høyt", scope=replace(ALICE, agent_id="bot"),
            categories=("language",), immutable=True, role="user", actor_id="alice",
            valid_from=1_000,
        )  # fmt: skip
        other = await self._memory("other", "lives in Oslo", scope=Scope(user_id="alice"))
        await self._succeed(await self._memory("superseded", "works at a mill"))
        erased = await self._memory("erased", "owns a boat")
        amended = await self._edge("amended", third, other, metadata={"why": "said so"})
        longer = replace(amended, valid_to=LATE, recorded_at=AT_COMMIT)
        await self._commit(PutEdge(longer, previous=amended))
        retracted = await self._edge("retracted", other, third, valid_from=2_000)
        await self._commit(RetractEdge(retracted))
        await self._edge("unlinked", other, erased)
        await self._commit(EraseMemory(erased))
        await self.graph.outbox.settle({self.slot: {other.id: "1"}})
        await self.graph.feedback.rate(self.slot, other.id, Feedback(Verdict.NEGATIVE, "moved"))
        await self.graph.owners.register(
            project.id, {self.owner_hash: [replace(ALICE, agent_id="bot")]}
        )

    async def _succeed(self, last: Memory) -> None:
        memory = Memory(
            id=mint("mem", self.owner_hash), content="is retired", scope=ALICE,
            supersedes=(last.id,),
        )  # fmt: skip
        ended = replace(
            last, valid_to=AT_COMMIT, version=2, event=VersionEvent.SUPERSEDE, recorded_at=AT_COMMIT
        )
        edge = Edge(
            id=mint("rel", self.owner_hash), source=memory.id, target=last.id, relation=SUPERSEDES
        )
        self.names |= {"successor": memory.id, "succession": edge.id}
        await self._commit(
            PutMemory(memory), PutMemory(ended, previous=last), PutEdge(edge),
            operation="answered.0", answer=Answer(memory.id, not_stored=("expires",)),
        )  # fmt: skip

    async def _jobs(self, project: Project) -> None:
        for name in ("ended_job", "running_job", "waiting_job"):
            self.names[name] = mint_job(self.owner_hash)
            job = Assignment(
                id=self.names[name], slot=self.slot, kind=JobKind.ADD, scope=ALICE,
                request={"said": name}, bound=self.owner_hash,
            )  # fmt: skip
            await self.graph.jobs.note(project.id, job)
        calls = await self.graph.calls.due(10, 60)
        taken = (await self.graph.jobs.take(calls[0], "worker", 3_000)).job
        assert taken is not None
        ending = Ending((("ADD", self.names["other"]),), (), {"inference": "none"})
        await self.graph.jobs.end(taken, "worker", ending)
        await self.graph.calls.dismiss(calls[0])
        taken = (await self.graph.jobs.take(calls[1], "worker", 3_000)).job
        assert taken is not None
        assert taken.state is JobState.RUNNING
        await self.graph.jobs.plan(taken, "worker", {"facts": ["a"]})
        await self.graph.calls.put_off(calls[2].of_any(), 3_000)

    async def _beside(self, project: Project) -> None:
        operation = Operation("operation", "digest", nonce="nonce")
        await self.graph.idempotency.claim(project.id, operation)
        await self.graph.idempotency.keep(project.id, replace(operation, kept={"erased": 2}))
        schema = {"type": "object"}
        report = Report(
            id="report_1", filters={"user_id": "alice"}, schema=schema, instructions="be brief",
            known_at=LATE, bound=self.owner_hash,
        )  # fmt: skip
        await self.graph.reports.save(project.id, report)
        task = await self.graph.tasks.begin(Task("task_1", Kind.VERIFY, project.id, dry_run=True))
        assert await self.graph.tasks.take(task.id, "replica", 3_000)
        told = replace(task, done=1, total=2, report={"faults": {"a": 1}})
        assert await self.graph.tasks.tell(told, "replica", 3_000)

    async def _erasures(self, project: Project) -> None:
        for user_id, finished in (("bob", False), ("carol", True)):
            scope = Scope(user_id=user_id)
            owner_hash = project.owner_hash(Owner("user", user_id))
            slot = project.slot(owner_hash)
            memory = Memory(id=mint("mem", owner_hash), content="a", scope=scope)
            memory = memory.stamped(await self._commit(PutMemory(memory), slot=slot))
            order = Order(
                f"erasure_{user_id}", project.id, "user", f"subject_{user_id}", owner_hash, None,
                LATE,
            )  # fmt: skip
            order = await self.graph.erasures.undertake(order, join=False)
            await self.graph.erasures.touch(order, owner_hash)
            assert await self.graph.owner_erasure.expunge(
                slot, order, memory.recorded_at, [memory], {memory.id: 1}
            )
            await self.graph.owner_erasure.count_points(slot, order, 2)
            self.names |= {user_id: slot, f"{user_id}_memory": memory.id}
            if finished:
                await self.graph.owner_erasure.efface(slot, order)
                await self.graph.erasures.seal(order, {"erasure_id": order.id, "memories": 1})
