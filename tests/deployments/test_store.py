"""The Store deployment around a service: what crosses its handle, and how it starts."""

import asyncio

import pytest

from deployments.refusal import RefusedToStart
from deployments.store import Store
from memory.domain.errors import NotFound, Refused, StartupRefused, StoreUnavailable


class FakeMemories:
    def __init__(self):
        self.added = []

    async def get(self, project, memory_id):
        if memory_id == "mem_1":
            return "a memory"
        raise NotFound("no such memory")

    async def add(self, project, drafts):
        await asyncio.sleep(0.05)
        self.added += drafts
        return drafts

    async def history(self, project, memory_id):
        raise ZeroDivisionError("a bug")


class FakeJobs:
    def __init__(self, memories):
        self._memories = memories

    async def remember(self, project, conversation):
        return await self._memories.add(project, [conversation])


class FakeCare:
    def __init__(self):
        self.repairs = self.works = 0

    async def repair(self):
        self.repairs += 1
        raise ZeroDivisionError("a bug in the repair")

    async def resume(self):
        pass

    async def work(self):
        self.works += 1


class FakeService:
    """Stands where MemoryService stands."""

    def __init__(self):
        self.memories = FakeMemories()
        self.jobs = FakeJobs(self.memories)
        self.care = FakeCare()


@pytest.fixture
async def start(monkeypatch):
    meets = []

    async def open_service(*_):
        if outcome := meets.pop(0) if meets else None:
            raise outcome
        return FakeService()

    monkeypatch.setattr("memory.service.build.open_service", open_service)
    monkeypatch.setattr("deployments.store._nodes", lambda: 1)
    monkeypatch.setattr("deployments.store._RETRY_S", 0.01)
    monkeypatch.setattr("deployments.store._REPAIR_S", 0.01)
    monkeypatch.setattr("deployments.store._WORK_S", 0.01)
    stores = []

    async def started(*outcomes):
        """A store; `outcomes` are what each of its starts meets, until one meets nothing."""
        meets[:] = outcomes
        store = Store.__new__(Store)
        await store.__init__({}, type("Handle", (), {"embed": None, "card": None}))
        stores.append(store)
        return store

    yield started
    for store in stores:
        store._care.cancel()


async def test_answers_and_refusals_are_values_and_bugs_are_not(start):
    store = await start()
    assert await store.call("memories.get", ("p",), {"memory_id": "mem_1"}) == "a memory"
    assert await store.call("memories.get", ("p", "mem_2"), {}) == Refused(
        "not_found", "no such memory"
    )
    with pytest.raises(ZeroDivisionError):
        await store.call("memories.history", ("p", "mem_1"), {})


@pytest.mark.parametrize(
    "name",
    ["close", "start", "memories", "memories.close", "memories.__init__", "add", "nothing.add"],
)
async def test_only_operations_of_the_parts_can_be_called(start, name):
    assert (await (await start()).call(name, (), {})).code == "invalid_input"


@pytest.mark.parametrize(
    ("write", "given"), [("memories.add", ["draft"]), ("jobs.remember", "draft")]
)
async def test_a_write_outlives_its_caller(start, write, given):
    store = await start()
    call = asyncio.create_task(store.call(write, ("p", given), {}))
    await asyncio.sleep(0.01)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await asyncio.sleep(0.1)
    assert store._service.memories.added == ["draft"]


async def test_it_waits_for_a_dependency_and_says_so_meanwhile(start):
    down = StoreUnavailable("Redis does not answer")
    store = await start(down, down, down)
    assert (await store.call("memories.get", ("p", "mem_1"), {})).code == "store_unavailable"
    assert await store.call("health.ready", (), {}) == {"store": "Redis does not answer"}
    await store.check_health()
    await asyncio.sleep(0.2)
    assert await store.call("memories.get", ("p", "mem_1"), {}) == "a memory"


async def test_data_it_must_not_touch_fails_the_deployment(start):
    with pytest.raises(RefusedToStart, match=r"^mem0g: another model$"):
        await start(StartupRefused("another model"))


async def test_such_data_found_later_fails_its_health(start):
    store = await start(StoreUnavailable("down"), StartupRefused("another model"))
    await asyncio.sleep(0.1)
    with pytest.raises(RefusedToStart, match="another model"):
        await store.check_health()


async def test_a_failing_repair_never_ends_the_loop(start):
    store = await start()
    await asyncio.sleep(0.1)
    assert store._service.care.repairs > 2
    assert store._service.care.works > 2
    await store.check_health()
