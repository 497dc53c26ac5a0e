"""What tasks rely on in the record, on a single server and on a cluster."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import pairwise

from memory.domain.clock import AT_COMMIT
from memory.domain.ids import Project
from memory.domain.tasks import Kind, State, Task
from memory.domain.transaction import EraseMemory, PutMemory
from tests.graph_store.ground import Ground


async def test_a_task_has_one_holder_until_it_lets_go(ground: Ground) -> None:
    book = ground.graph.tasks
    begun = await book.begin(Task("task_1", Kind.VERIFY, None, dry_run=True))
    assert (begun.state, begun.done, begun.dry_run) == (State.RUNNING, 0, True)
    assert begun.started_at == begun.updated_at > 0
    assert (await book.begin(Task("task_2", Kind.VERIFY, None))).id == "task_1"
    assert (await book.begin(Task("task_3", Kind.VERIFY, "default"))).id == "task_3"
    assert await book.read("task_2") is None
    assert await book.take("task_1", "first", 60)
    assert not await book.take("task_1", "second", 60)
    told = Task("task_1", Kind.VERIFY, None, done=3, total=9, report={"found": {"a": 1}})
    assert not await book.tell(told, "second", 60)
    assert await book.tell(told, "first", 0)
    assert await book.take("task_1", "second", 60)
    assert not await book.tell(told, "first", 60)
    found = await book.read("task_1")
    assert found is not None
    assert (found.done, found.total, found.report) == (3, 9, {"found": {"a": 1}})
    assert found.updated_at > found.started_at == begun.started_at
    done = Task("task_1", Kind.VERIFY, None, state=State.DONE)
    assert [task.id for task in await book.running()] == ["task_1", "task_3"]
    assert await book.tell(done, "second", 0)
    assert [task.id for task in await book.running()] == ["task_3"]
    assert not await book.take("task_1", "third", 60)
    assert (await book.begin(Task("task_4", Kind.VERIFY, None))).id == "task_4"
    assert [task.id for task in await book.all()] == ["task_4", "task_3", "task_1"]


async def test_of_many_that_begin_at_once_one_does(ground: Ground) -> None:
    tasks = [Task(f"task_{n}", Kind.COMPACT, None) for n in range(20)]
    begun = await asyncio.gather(*map(ground.graph.tasks.begin, tasks))
    assert len({task.id for task in begun}) == 1
    assert len(await ground.graph.tasks.all()) == 1


async def test_the_pointer_moves_only_from_where_it_was_seen(ground: Ground) -> None:
    first: Project = await ground.graph.projects.read("proj_1", 4)
    assert (first.generation, first.writes, first.epoch) == (1, (1,), 0)
    assert await ground.graph.projects.point(first, 1, (1, 2))
    assert not await ground.graph.projects.point(first, 2, (2,))
    second = await ground.graph.projects.read("proj_1", 4)
    assert (second.generation, second.writes, second.epoch) == (1, (1, 2), 1)
    assert second.secret == first.secret
    assert await ground.graph.projects.epochs(["proj_1", "proj_2"]) == {"proj_1": 1}
    assert "proj_1" in await ground.graph.projects.ids()
    await ground.graph.projects.leave("proj_1", True, "task_1")
    await ground.graph.projects.leave("proj_1", True, "task_1")
    third = await ground.graph.projects.read("proj_1", 4)
    assert (third.generation, third.writes, third.epoch) == (3, (3,), 2)
    assert third.secret != first.secret
    await ground.graph.projects.leave("proj_1", False, "task_2")
    assert await ground.graph.projects.epochs(["proj_1"]) == {}


async def test_the_log_is_written_anew_on_every_node(ground: Ground) -> None:
    assert await ground.graph.compaction.compact() == []
    assert await ground.graph.compaction.compact() == []


async def test_histories_come_whole_and_tell_who_moved(ground: Ground) -> None:
    a, b = await ground.memory("a"), await ground.memory("b")
    gone = await ground.memory("c")
    assert await ground.commit(EraseMemory(gone))
    again = replace(a, version=2, recorded_at=AT_COMMIT, content="a, corrected")
    at = await ground.commit(PutMemory(again, previous=a))
    found = await ground.graph.memories.histories("p1", [a.id, b.id, gone.id])
    assert found.keys() == {a.id, b.id}
    assert [(each.version, each.retracted_at) for each in found[a.id]] == [(1, at), (2, None)]
    tokens = {ground.slot: {a.id: "1", b.id: "1", gone.id: "erased"}}
    assert await ground.graph.outbox.moved(tokens) == {ground.slot: [a.id]}
    assert set(await ground.graph.owners.memory_ids(ground.slot)) == {a.id, b.id}
    assert await ground.graph.owners.sizes([ground.slot, "p1.none"]) == [2, 0]


async def test_a_sound_record_has_no_faults_and_a_cleared_project_no_keys(ground: Ground) -> None:
    memories = [await ground.memory(str(n)) for n in range(4)]
    for source, target in pairwise(memories):
        await ground.edge(source, target)
    ids = [each.id for each in memories]
    assert await ground.graph.consistency.unsound(ground.slot, ids, mend=True) == []
    await ground.graph.owners.register("p1", {ground.owner_hash: [ground.scope]})
    await ground.graph.projects.leave("p1", False, "task_1")
    assert await ground.graph.projects.clear("p1") > 8
    assert await ground.graph.projects.clear("p1") == 0
    assert [slot async for slot in ground.graph.owners.slots("p1")] == []
    assert await ground.graph.owners.naming("p1", "session_id", "s1") == []
    assert await ground.graph.outbox.dirty(-1) == []
