"""Calls over a handle end in an answer or in one of our own errors."""

import asyncio

import numpy as np
import pytest
from ray.exceptions import ActorDiedError, ActorUnavailableError, RayTaskError
from ray.serve._private.common import DeploymentID
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError

from deployments import remote
from deployments.remote import OPERATIONS, RemoteEmbedder, ask, is_finished, remote_service
from memory.domain.errors import (
    DeadlineExceeded,
    NotFound,
    Overloaded,
    Refused,
    StoreUnavailable,
    VersionMismatch,
)


class Response:
    def __init__(self, outcome):
        self.outcome, self.cancelled = outcome, False

    def __await__(self):
        return self._answer().__await__()

    async def _answer(self):
        if asyncio.iscoroutine(self.outcome):
            return await self.outcome
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome

    def cancel(self):
        self.cancelled = True


class Method:
    """A handle's method: keeps calls and responses, answers by `reply`."""

    def __init__(self, reply):
        self.reply, self.calls, self.responses = reply, [], []

    def remote(self, *args):
        self.calls.append(args)
        self.responses.append(Response(self.reply(*args)))
        return self.responses[-1]


class Handle:
    def __init__(self, **methods):
        for name, reply in methods.items():
            setattr(self, name, Method(reply))


async def outcome_of(outcome, deadline_s=5):
    return await ask(Method(lambda: outcome), deadline_s, "store")


async def test_every_part_goes_through_one_method_with_its_arguments():
    store = Handle(call=lambda *args: "a memory")
    service = remote_service(store, 5)
    assert await service.memories.get("project", memory_id="mem_1") == "a memory"
    assert await service.health.ready() == "a memory"
    assert store.call.calls == [
        ("memories.get", ("project",), {"memory_id": "mem_1"}),
        ("health.ready", (), {}),
    ]


def test_the_operations_are_the_methods_of_the_parts():
    assert {"memories.add", "search.find", "graph.page", "health.ready"} <= {*OPERATIONS}
    assert all(callable(method) for method in OPERATIONS.values())
    service = remote_service(Handle(call=None), 5)
    for part, name in ((service, "check_health"), (service.memories, "find")):
        with pytest.raises(AttributeError):
            getattr(part, name)


def test_the_contract_says_which_writes_are_finished():
    finished = {operation for operation in OPERATIONS if is_finished(operation)}
    assert {"memories.add", "graph.relate", "jobs.forget", "transfer.import_records"} <= finished
    assert finished.isdisjoint({"memories.get", "search.find", "memories.erase_each"})


@pytest.mark.parametrize(
    "error", [NotFound("no such memory"), VersionMismatch("it is version 3"), Overloaded("full", 7)]
)
async def test_a_refusal_that_came_as_a_value_is_raised(error):
    with pytest.raises(type(error)) as raised:
        await outcome_of(Refused.of(error))
    assert raised.value.args == error.args


@pytest.mark.parametrize(
    "gone",
    [
        ActorDiedError(),
        ActorUnavailableError("gone", None),
        DeploymentUnavailableError(DeploymentID("Store", "mem0g")),
        asyncio.CancelledError(),
    ],
)
async def test_a_replica_that_is_gone_is_unavailable_for_a_second(gone):
    with pytest.raises(StoreUnavailable) as raised:
        await outcome_of(gone)
    assert raised.value.retry_after == 1


async def test_a_full_queue_is_overloaded_for_whole_seconds():
    with pytest.raises(Overloaded) as raised:
        await outcome_of(BackPressureError(9, 8, 503, 1.2))
    assert raised.value.retry_after == 2


async def test_a_late_answer_is_cancelled_at_the_callee():
    method = Method(lambda: asyncio.sleep(60))
    with pytest.raises(DeadlineExceeded):
        await ask(method, 0.01, "store")
    assert method.responses[0].cancelled


async def test_a_caller_that_goes_takes_its_call_along():
    method = Method(lambda: asyncio.sleep(60))
    call = asyncio.create_task(ask(method, 60, "store"))
    await asyncio.sleep(0.01)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert method.responses[0].cancelled


async def test_our_errors_lose_rays_wrapping_and_bugs_stay_what_they_are():
    wrapped = RayTaskError("f", "trace", NotFound("no such memory")).as_instanceof_cause()
    with pytest.raises(NotFound, match=r"^no such memory$"):
        await outcome_of(wrapped)
    with pytest.raises(ZeroDivisionError):
        await outcome_of(ZeroDivisionError())


async def test_many_texts_are_embedded_in_calls_that_fit_a_message(monkeypatch):
    monkeypatch.setattr(remote, "TEXT_BYTES_A_CALL", 10)
    monkeypatch.setattr(remote, "TEXTS_A_CALL", 3)
    handle = Handle(
        embed=lambda texts: np.array([[len(text)] for text in texts], dtype=np.float32), card=None
    )
    texts = ["four", "five5", "a text longer than a call", "a", "b", "c", "d"]
    rows = await RemoteEmbedder(handle, 5).embed(texts)
    assert rows[:, 0].tolist() == [len(text) for text in texts]
    assert [args[0] for args in handle.embed.calls] == [texts[:2], texts[2:3], texts[3:6], ["d"]]
