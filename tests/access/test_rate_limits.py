"""Limits count every instance together, in Redis, single and cluster."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from access import Access
from access.model import LimitStanding
from config import Settings
from config.settings import InvalidSettings
from memory.domain.errors import StoreUnavailable
from tests.access.conftest import Opened
from tests.redis_server import RedisServer, free_port

ROOT = Path(__file__).parents[2]


async def count(access: Access, writes: bool = False, key: str = "key_1") -> LimitStanding:
    standing = await access._limits.count(key, "default", writes)
    assert standing is not None
    return standing


async def test_instances_count_together(opened: Opened) -> None:
    instances = [opened(key_read="4/minute") for _ in range(2)]
    standings = [await count(instances[turn % 2]) for turn in range(5)]
    assert [each.remaining for each in standings] == [3, 2, 1, 0, 0]
    assert [bool(each.refusal) for each in standings] == [False] * 4 + [True]
    assert all(each.limit == 4 and 0 < each.reset_s <= 60 for each in standings)


async def test_racing_calls_are_never_more_than_the_limit(opened: Opened) -> None:
    instances = [opened(key_read="20/minute") for _ in range(2)]
    standings = await asyncio.gather(*(count(instances[turn % 2]) for turn in range(50)))
    assert sum(not each.refusal for each in standings) == 20


def test_processes_count_together(server: RedisServer) -> None:
    program = """
import asyncio, json, sys
from access import open_access
from config import Settings
from config.settings import InvalidSettings

async def main():
    access = open_access(Settings(limits={"key_read": "30/minute"}), sys.argv[1])
    standings = [await access._limits.count("key_1", "default", False) for _ in range(20)]
    print(json.dumps(sum(not each.refusal for each in standings)))
    await access.close()

asyncio.run(main())
"""
    command = [sys.executable, "-c", program, server.url]
    running = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) for _ in range(2)]
    admitted = [json.loads(process.communicate(timeout=60)[0]) for process in running]
    assert sum(admitted) == 30


async def test_reads_writes_keys_and_projects_have_limits_of_their_own(opened: Opened) -> None:
    access = opened(key_read="2/minute", key_write="1/minute", project_read="3/minute")
    assert not (await count(access)).refusal
    assert not (await count(access)).refusal
    assert "key" in str((await count(access)).refusal)
    assert not (await count(access, writes=True)).refusal
    assert "key" in str((await count(access, writes=True)).refusal)
    # What its own limit refused has used up nothing of the project's.
    assert not (await count(access, key="key_2")).refusal
    assert "project" in str((await count(access, key="key_2")).refusal)


async def test_the_tightest_of_several_limits_is_told(opened: Opened) -> None:
    access = opened(key_read="100/minute;3/hour")
    assert [(await count(access)).limit for _ in range(3)] == [3] * 3
    refused = await count(access)
    assert refused.refusal
    assert refused.reset_s > 60


async def test_without_limits_nothing_is_counted(opened: Opened) -> None:
    access = opened(f"redis://127.0.0.1:{free_port()}", key_read="", key_write="")
    assert await access._limits.count("key_1", "default", False) is None


async def test_redis_that_is_not_there(opened: Opened) -> None:
    access = opened(f"redis://127.0.0.1:{free_port()}", key_read="2/minute")
    with pytest.raises(StoreUnavailable):
        await count(access)


@pytest.mark.parametrize("notation", ["often", "10", "0/minute", "10/fortnight", "5/minute;x"])
def test_what_is_no_limit_is_refused_at_the_start(notation: str) -> None:
    with pytest.raises(InvalidSettings, match=r"limits.key_read: .*600/minute"):
        Settings.load({"limits": {"key_read": notation}})
