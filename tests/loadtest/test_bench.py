"""The bench sends what it says, and its callers wait for each answer."""

from __future__ import annotations

import asyncio
import os
from itertools import count

from loadtest import bench
from loadtest.bench import OPERATIONS


def test_every_operation_is_a_call_of_the_api() -> None:
    assert len(OPERATIONS) == 6
    for operation, request in OPERATIONS.items():
        method, path, sent = request(7)
        assert method in ("GET", "POST")
        assert path.startswith("/v3/" if "Mem0" in operation else "/v1/")
        assert "user-7" in str(sent)


def test_no_text_is_sent_twice() -> None:
    texts = [OPERATIONS["add"](number)[2]["json"]["content"] for number in range(1_000)]
    assert len(set(texts)) == 1_000


async def test_a_caller_sends_its_next_request_after_the_answer() -> None:
    under_way = most = 0

    async def one(number: int) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.01)
        under_way -= 1

    took = await bench._closed_loop(one, 3, 0.1, count())
    assert most == 3
    assert under_way == 0
    assert len(took) >= 3
    assert min(took) >= 10


def test_threads_are_told_by_name_with_their_time() -> None:
    found = list(bench._threads(os.getpid()))
    assert found
    assert all(name and ticks >= 0 for name, ticks in found)
    assert list(bench._threads(2**22 + 1)) == []
