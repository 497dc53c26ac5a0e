"""Tasks: one of a kind at a time, each with one holder."""

from __future__ import annotations

import asyncio

from memory.domain.tasks import Kind, State, Task
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


async def test_a_task_whose_lease_lapsed_goes_on_unless_another_took_it(ground: Ground) -> None:
    book = ground.graph.tasks
    task = await book.begin(Task("task_1", Kind.VERIFY, None))
    assert not await book.tell(task, "nobody took it", 60)
    assert await book.take("task_1", "first", 1)
    await asyncio.sleep(1.1)
    assert await book.tell(task, "first", 1)
    assert not await book.take("task_1", "second", 60)
    await asyncio.sleep(1.1)
    assert await book.take("task_1", "second", 60)
    assert not await book.tell(task, "first", 60)
    assert await book.tell(task, "second", 0)
    assert not await book.tell(task, "first", 60)
    assert await book.take("task_1", "third", 60)
