"""What earlier versions wrote is read, and the same is written today (scenario.py)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import redis

from access import Access, open_access
from config import Settings
from graph_store.redis_graph import RedisGraph
from memory.domain.erasures import Counts
from memory.domain.feedback import Feedback, Verdict
from memory.domain.idempotency import Operation
from memory.domain.jobs import JobState
from memory.domain.memory import Owner, Scope, VersionEvent
from memory.domain.records import Landing
from memory.domain.tasks import State
from memory.domain.transaction import EraseMemory, Transaction
from memory.ports.edges import Reach
from memory.query.views import Direction, Snapshot
from tests.graph_store.format import dump
from tests.graph_store.format.scenario import ALICE, LATE, Scenario, fix_ids
from tests.redis_server import RedisServer

GOLDEN: dict[str, Any] = json.loads(Path(__file__).with_name("golden.json").read_text())
NAMES: dict[str, str] = GOLDEN["names"]
PROJECT, SLOT = NAMES["project"], NAMES["slot"]


@pytest.fixture
async def access(server: RedisServer) -> AsyncIterator[Access]:
    opened = open_access(Settings(), server.url)
    yield opened
    await opened.close()


@pytest.fixture
async def stored(graph: RedisGraph, server: RedisServer) -> RedisGraph:
    """The graph over what an earlier version wrote."""
    with redis.Redis(port=server.port, decode_responses=True) as client:
        client.flushall()
        dump.load(client, GOLDEN["keys"])
    return graph


async def test_the_same_writes_are_the_same_keys_and_values(
    graph: RedisGraph, access: Access, server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    fix_ids(monkeypatch)
    assert await Scenario(graph, access).write() == NAMES
    with redis.Redis(port=server.port, decode_responses=True) as client:
        written = dump.timeless(dump.dump(client))
    expected = dump.timeless(GOLDEN["keys"])
    assert written.keys() == expected.keys()
    for key, entry in expected.items():
        assert written[key] == entry, key


async def test_memories_come_with_every_version(stored: RedisGraph) -> None:
    history = await stored.memories.history(SLOT, NAMES["corrected"])
    assert [(memory.version, memory.content) for memory in history] == [
        (1, "likes tea"), (2, "likes green tea"), (3, "likes green tea"),
    ]  # fmt: skip
    assert [memory.event for memory in history] == [
        VersionEvent.ADD,
        VersionEvent.UPDATE,
        VersionEvent.UPDATE,
    ]
    assert [memory.retracted_at for memory in history] == [
        history[1].recorded_at, history[2].recorded_at, None,
    ]  # fmt: skip
    assert (history[0].metadata, history[2].valid_to) == ({"cups": 3}, LATE)
    then = await stored.memories.read(PROJECT, [NAMES["corrected"]], history[1].recorded_at)
    assert then == {NAMES["corrected"]: history[1]}
    rich = (await stored.memories.read(PROJECT, [NAMES["rich"]]))[NAMES["rich"]]
    assert (rich.content, rich.scope.agent_id) == ("speaks Norwegian — høyt", "bot")
    assert (rich.categories, rich.immutable, rich.role) == (("language",), True, "user")
    assert (rich.actor_id, rich.valid_from) == ("alice", 1_000)
    found = await stored.memories.read(PROJECT, [NAMES["superseded"], NAMES["erased"]])
    assert {key: memory.superseded_by for key, memory in found.items()} == {
        NAMES["superseded"]: NAMES["successor"]
    }
    assert await stored.memories.superseded([SLOT]) == [NAMES["superseded"]]


async def test_listings_and_sessions_are_read(stored: RedisGraph) -> None:
    async def ids(session_id: str | None, *snapshots: Snapshot) -> list[str]:
        page = await stored.memories.page([SLOT], session_id, 9, None, False, snapshots)
        return [cursor.memory_id for cursor in page]

    everything = [NAMES[name] for name in ("corrected", "rich", "other", "superseded", "successor")]
    in_session = [memory_id for memory_id in everything if memory_id != NAMES["other"]]
    now = (await stored.memories.instant([SLOT])).now
    assert await ids(None) == everything
    assert await ids("s1") == in_session
    assert NAMES["superseded"] not in await ids("s1", Snapshot(now))
    assert {slot async for slot in stored.owners.slots(PROJECT)} == {SLOT}
    assert await stored.owners.sizes([SLOT]) == [5]
    assert await stored.owners.memory_ids(SLOT) == everything
    owner_hash = SLOT.rpartition(".")[2]
    assert await stored.owners.naming(PROJECT, "agent_id", "bot") == [owner_hash]


async def test_edges_are_read_live_and_retracted(stored: RedisGraph) -> None:
    asked = [NAMES[name] for name in ("amended", "retracted", "unlinked", "succession")]
    edges = await stored.edges.read(SLOT, asked)
    assert edges.keys() == {NAMES["amended"], NAMES["retracted"], NAMES["succession"]}
    amended, retracted = edges[NAMES["amended"]], edges[NAMES["retracted"]]
    assert (amended.valid_to, amended.metadata) == (LATE, {"why": "said so"})
    assert retracted.retracted_at is not None
    now = (await stored.memories.instant([SLOT])).now

    async def seen(known_at: int | None) -> set[str]:
        reach = Reach(Direction.OUT, Snapshot(now, known_at), 9)
        nodes = [NAMES["corrected"], NAMES["other"]]
        found = await stored.edges.expand(SLOT, nodes, reach)
        return {edge.edge_id for edges in found.adjacent.values() for edge in edges}

    assert await seen(None) == {amended.id}
    assert await seen(retracted.retracted_at - 1) == {amended.id, retracted.id}
    assert await stored.consistency.unsound(SLOT, [NAMES["other"], NAMES["corrected"]], True) == []


async def test_claims_outbox_and_operations_are_read(stored: RedisGraph) -> None:
    (answered,) = await stored.commits.committed([(SLOT, "answered.0")])
    assert answered is not None
    assert answered.answer is not None
    assert (answered.answer.id, answered.answer.not_stored) == (NAMES["successor"], ("expires",))
    assert set(await stored.outbox.pending(SLOT)) == {
        NAMES[name] for name in ("corrected", "rich", "superseded", "erased", "successor")
    }
    assert await stored.outbox.moved({SLOT: {NAMES["erased"]: "erased", NAMES["rich"]: "1"}}) == {
        SLOT: []
    }
    assert SLOT in [mark.slot for mark in await stored.outbox.dirty(-60)]
    asked = Operation("operation", "digest", nonce="another")
    kept = await stored.idempotency.claim(PROJECT, asked)
    assert (kept.kept, kept.nonce) == ({"erased": 2}, "nonce")
    assert await stored.feedback.get(SLOT, NAMES["other"]) == Feedback(Verdict.NEGATIVE, "moved")


async def test_records_are_backed_up_and_come_back(stored: RedisGraph) -> None:
    ids = [NAMES["corrected"], NAMES["other"]]
    memories = await stored.archive.memory_records(SLOT, ids)
    assert [len(record.versions) for record in memories] == [3, 1]
    assert [record.holds_claim for record in memories] == [False, True]
    leaving = await stored.archive.leaving(SLOT, [(NAMES["corrected"], None)])
    edge_ids = sorted({edge_id for edge_id, _ in leaving[0].edges})
    edges = await stored.archive.edge_records(SLOT, ALICE.owner, edge_ids)
    assert [record.id for record in edges] == [NAMES["amended"]]
    now = (await stored.memories.instant([SLOT])).now
    erasures = [EraseMemory(record.versions[-1]) for record in memories]
    assert None not in await stored.commits.commit([Transaction(SLOT, now, erasures)])
    # The claims of their contents stand, as after any commit that does not release them.
    landings = await stored.archive.restore(SLOT, now, [*memories, *edges])
    assert landings == [Landing.RESTORED] * 3
    assert (await stored.archive.memory_records(SLOT, ids))[0].versions == memories[0].versions
    assert await stored.archive.edge_records(SLOT, ALICE.owner, edge_ids) == edges


async def test_jobs_are_read_and_go_on(stored: RedisGraph) -> None:
    ids = [NAMES[name] for name in ("ended_job", "running_job", "waiting_job")]
    jobs = await stored.jobs.read(PROJECT, ids)
    assert [jobs[job_id].state for job_id in ids] == [
        JobState.SUCCEEDED, JobState.RUNNING, JobState.PENDING,
    ]  # fmt: skip
    assert jobs[ids[0]].ending.outcomes == (("ADD", NAMES["other"]),)
    assert [job.id for job in await stored.jobs.of_owner(SLOT)] == ids[::-1]
    call = next(call for call in await stored.calls.due(10, 60) if call.job_id == ids[1])
    assert (await stored.jobs.take(call, "another", 60)).job is None
    job = (await stored.jobs.take(call, "worker", 60)).job
    assert job is not None
    assert (job.id, job.request, job.plan) == (ids[1], {"said": "running_job"}, {"facts": ["a"]})


async def test_projects_keys_reports_and_tasks_are_read(stored: RedisGraph, access: Access) -> None:
    project = await stored.projects.read(PROJECT, 9, make=False)
    assert (project.buckets, project.generation) == (1, 1)
    assert project.preferences.decay
    assert project.preferences.custom_categories == (("food", "what they eat"),)
    assert project.slot(project.owner_hash(Owner("user", "alice"))) == SLOT
    assert await stored.projects.ids() == [PROJECT]
    details = await access.projects.details(PROJECT)
    assert (details.project.name, details.members[0].email) == ("Golden", "ann@example.org")
    key = await access.keys.find(NAMES["secret"])
    assert key is not None
    assert (key.id, key.project_id) == (NAMES["key"], PROJECT)
    report = await stored.reports.read(PROJECT, "report_1")
    assert report is not None
    assert (report.instructions, report.filters) == ("be brief", {"user_id": "alice"})
    assert [saved.id for saved in await stored.reports.all(PROJECT)] == ["report_1"]
    task = await stored.tasks.read("task_1")
    assert task is not None
    assert (task.state, task.done, task.report) == (State.RUNNING, 1, {"faults": {"a": 1}})
    assert await stored.tasks.take("task_1", "replica", 60)
    assert [running.id for running in await stored.tasks.running()] == ["task_1"]
    entries = await stored.entries.all()
    assert len(entries) == 6
    assert [await stored.entries.restore(entry) for entry in entries] == [False] * 6


async def test_erasures_are_read_and_go_on(stored: RedisGraph) -> None:
    (order,) = await stored.erasures.orders()
    assert (order.subject, order.requested_at) == ("subject_bob", LATE)
    assert await stored.erasures.order(PROJECT, order.id) == order
    assert await stored.erasures.touched(order) == [order.owner_hash]
    counts = await stored.erasures.tallied(order)
    assert counts == Counts(memories=1, versions=1, index_points=3)
    await stored.owner_erasure.efface(NAMES["bob"], order)
    assert await stored.erasures.seal(order, {"memories": 1}) == {"memories": 1}
    assert await stored.erasures.orders() == []
    sealed = await stored.erasures.sealed(PROJECT, "erasure_carol")
    assert sealed is not None
    assert sealed.receipt == {"erasure_id": "erasure_carol", "memories": 1}
    assert await stored.owner_erasure.events_kept(NAMES["carol"]) == 0
    carol = Scope(user_id="carol")
    assert sealed.touched == (sealed.owner_hash,)
    assert NAMES["carol"].endswith(sealed.owner_hash), carol
