"""The event log's contract, on a single server and on a cluster."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from config.settings import RedisSettings
from graph_store.events.event_log import RedisEventLog
from graph_store.projects.projects import RedisProjects
from graph_store.redis.connection import Connection
from memory.domain.events import BEGINNING, LogEvent, Position
from tests.redis_server import RedisServer

SLOTS = [f"default.00000000000000{digit:x}" for digit in range(3)]


@pytest.fixture(params=["single", "cluster"])
async def redis(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Connection]:
    server = RedisServer(tmp_path, cluster=request.param == "cluster")
    server.start()
    connection = Connection(server.url, RedisSettings())
    yield connection
    await connection.close()
    server.stop()


async def write(redis: Connection, slot: str, *times: int) -> None:
    for at in times:
        stream = f"mg:{{{slot}}}:ev"
        await redis.one("XADD", stream, f"{at}-0", "e", "ADD", "m", f"mem_{at}", "v", 1)


async def test_logs_are_read_together_each_from_its_position(redis: Connection) -> None:
    log = RedisEventLog(redis, RedisProjects(redis), 1)
    await write(redis, SLOTS[0], 10, 20, 30)
    await write(redis, SLOTS[1], 15)
    await redis.one(
        "XADD", f"mg:{{{SLOTS[1]}}}:ev", "15-1", "e", "RELATE", "r", "rel_1", "m", "a", "o", "b"
    )
    asked = {SLOTS[0]: Position(10), SLOTS[1]: BEGINNING, SLOTS[2]: BEGINNING}
    assert await log.after(asked, 2) == {
        SLOTS[0]: [LogEvent(Position(at), "ADD", f"mem_{at}", 1) for at in (20, 30)],
        SLOTS[1]: [
            LogEvent(Position(15), "ADD", "mem_15", 1),
            LogEvent(Position(15, 1), "RELATE", "rel_1", ends=("a", "b")),
        ],
    }


async def test_a_page_tells_whether_something_is_missing(redis: Connection) -> None:
    log = RedisEventLog(redis, RedisProjects(redis), 1)
    empty = await log.page(SLOTS[0], BEGINNING, 10)
    assert empty.continues(BEGINNING)
    assert not empty.continues(Position(1))
    await write(redis, SLOTS[0], 10, 20, 30)
    page = await log.page(SLOTS[0], Position(10), 1)
    assert [event.position for event in page.events] == [Position(20)]
    assert page.continues(BEGINNING)
    await redis.one("XTRIM", f"mg:{{{SLOTS[0]}}}:ev", "MAXLEN", "=", 1)
    page = await log.page(SLOTS[0], Position(10), 10)
    assert [event.position for event in page.events] == [Position(30)]
    assert not page.continues(Position(10))
    assert page.continues(Position(30).before())
    await redis.one("XTRIM", f"mg:{{{SLOTS[0]}}}:ev", "MAXLEN", "=", 0)
    page = await log.page(SLOTS[0], Position(30), 10)
    assert (page.events, page.continues(Position(30)), page.continues(Position(10))) == (
        [],
        True,
        False,
    )
