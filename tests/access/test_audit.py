"""The trail keeps what administrators did, newest first, and never fails a call."""

from __future__ import annotations

import pytest

from tests.access.conftest import Opened
from tests.redis_server import free_port


async def test_entries_are_read_newest_first_by_every_instance(opened: Opened) -> None:
    first, second = opened(), opened()
    for number, project in enumerate(("", "shop", "bank", "shop")):
        await first.audit.write("key_1", project, f"GET /{number}", 200, f"request-{number}")
    entries = await second.audit.read(limit=3)
    assert [entry.action for entry in entries] == ["GET /3", "GET /2", "GET /1"]
    assert (entries[0].key_id, entries[0].status, entries[0].request_id) == (
        "key_1",
        200,
        "request-3",
    )
    assert [entry.action for entry in await second.audit.read(10, "shop")] == ["GET /3", "GET /1"]
    assert await second.audit.read(10, "nobody's") == []


async def test_calls_that_were_not_admitted_are_in_the_log_alone(
    opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    access = opened()
    with caplog.at_level("INFO", "mem0g.audit"):
        await access.audit.write("", "", "GET /v1/keys", 403, "request", admitted=False)
    assert '"action": "GET /v1/keys", "status": 403' in caplog.text
    assert await access.audit.read(10) == []


async def test_a_redis_that_is_down_fails_no_call(
    opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    access = opened(f"redis://127.0.0.1:{free_port()}")
    with caplog.at_level("INFO", "mem0g.audit"):
        await access.audit.write("key_1", "shop", "GET /v1/keys", 200, "request")
    assert "GET /v1/keys" in caplog.text
    assert "not in Redis" in caplog.text
