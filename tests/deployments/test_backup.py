"""The backup command against a service over real HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from pydantic import SecretStr

from config import Settings
from config.settings import variable
from deployments import backup
from deployments.api import create_app
from deployments.api.transfer.read_lines import MOST_LINES
from memory.domain.caller import DEFAULT_PROJECT, Caller
from memory.domain.errors import StoreUnavailable
from memory.domain.memory import NewEdge, NewMemory, Scope
from memory.service.build import MemoryService
from tests.redis_server import RedisServer, free_port

KEY = "an-admin-key-of-some-length"
ME = Caller(DEFAULT_PROJECT)


@pytest.fixture
async def url(
    service: MemoryService,
    settings: Settings,
    redis_server: RedisServer,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[str]:
    monkeypatch.setenv(variable("auth", "admin_key"), KEY)
    auth = settings.auth.model_copy(update={"mode": "api_key", "admin_key": SecretStr(KEY)})
    redis = settings.redis.model_copy(update={"url": SecretStr(redis_server.url)})
    app = create_app(service, settings.model_copy(update={"auth": auth, "redis": redis}))
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="critical"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  # uvicorn tells nobody else
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await serving


async def run(*arguments: Any) -> int:
    return await asyncio.to_thread(backup.main, [str(each) for each in arguments])


async def write(service: MemoryService, count: int = 5) -> list[str]:
    drafts = [NewMemory(content=f"memory {n}", scope=Scope(user_id="alice")) for n in range(count)]
    ids = [each.memory.id for each in await service.memories.add(ME, drafts)]
    await service.graph.relate(ME, NewEdge(source=ids[0], target=ids[1], relation="R"))
    return ids


async def test_a_backup_is_saved_and_loaded_onto_an_empty_server(
    service: MemoryService, url: str, redis_server: RedisServer, tmp_path: Path
) -> None:
    ids = await write(service)
    before = await service.transfer.export(ME, Scope(user_id="alice"))
    file = tmp_path / "all.ndjson"
    assert await run("save", file, "--url", url) == 0
    assert not file.with_name("all.ndjson.part").exists()
    assert file.stat().st_mode & 0o077 == 0
    redis_server.flush()
    assert await run("load", file, "--url", url) == 0
    after = await service.transfer.export(ME, Scope(user_id="alice"))
    assert [each.id for each in after.records[:5]] == ids
    assert after.records == before.records


async def test_a_load_in_small_parts_may_be_repeated(
    service: MemoryService,
    url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    await write(service)
    file = tmp_path / "all.ndjson"
    assert await run("save", file, "--url", url) == 0
    monkeypatch.setenv(variable("api", "max_body_bytes"), "1000")
    for _ in range(2):
        assert await run("load", file, "--url", url) == 0
    assert "0 restored, 7 present, 0 refused" in capsys.readouterr().err


async def test_a_stream_that_was_cut_leaves_no_backup(
    service: MemoryService,
    url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    await write(service)
    file = tmp_path / "all.ndjson"

    async def fail(*_: Any) -> Any:
        raise StoreUnavailable("Redis does not answer")

    monkeypatch.setattr(service.transfer, "owner_pages", fail)
    assert await run("save", file, "--url", url) == 1
    assert not file.exists()
    assert "Redis does not answer" in capsys.readouterr().err


@pytest.mark.parametrize("harm", ["cut", "changed", "without its end"])
async def test_a_damaged_file_is_not_loaded(
    service: MemoryService, url: str, redis_server: RedisServer, tmp_path: Path, harm: str
) -> None:
    await write(service)
    file = tmp_path / "all.ndjson"
    assert await run("save", file, "--url", url) == 0
    whole = file.read_bytes()
    lines = whole.splitlines(keepends=True)
    damaged = {
        "cut": whole[:-20],
        "changed": whole.replace(b"memory 3", b"memory 9", 1),
        "without its end": b"".join(lines[:-1]),
    }[harm]
    assert damaged != whole
    file.write_bytes(damaged)
    redis_server.flush()
    assert await run("load", file, "--url", url) == 1
    assert (await service.transfer.export(ME, Scope(user_id="alice"))).records == []


async def test_a_wrong_key_is_told(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(variable("auth", "admin_key"), "another key of some length")
    assert await run("save", tmp_path / "all.ndjson", "--url", url) == 1
    told = capsys.readouterr().err
    assert "401" in told
    assert variable("auth", "admin_key") in told


def test_what_was_not_reached_in_time_is_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[list[bytes]] = []

    class Reply:
        def __init__(self, lines: list[bytes]) -> None:
            late = [{"line": 3, "code": "deadline_exceeded", "error": "late"}]
            wrong = [{"line": 2, "code": "conflict", "error": "no"}]
            first = len(sent) == 1
            done = sum(bool(line.strip()) for line in lines) - (2 if first else 0)
            told = {"restored": done, "present": 0, "refused": wrong + late if first else []}
            self.body = json.dumps(told).encode()

        def read(self) -> bytes:
            return self.body

        def __enter__(self) -> Reply:
            return self

        def __exit__(self, *_: object) -> None:
            return None

    def open_(self: backup.Server, path: str, body: bytes) -> Reply:
        sent.append(body.split(b"\n")[:-1])
        return Reply(sent[-1])

    monkeypatch.setattr(backup.Server, "open", open_)
    answer = backup._send(backup.Server("", "", 1000), [b"one\n", b"two\n", b"three\n"])
    assert sent == [[b"one", b"two", b"three"], [b"", b"", b"three"]]
    assert (answer["restored"], [each["line"] for each in answer["refused"]]) == (2, [2])


def test_no_part_has_more_lines_than_the_service_takes() -> None:
    lines = [b"%d\n" % number for number in range(2 * MOST_LINES + 1)]
    parts = [*backup._parts(lines, 10**9)]
    assert [len(part) for part in parts] == [MOST_LINES, MOST_LINES, 1]
    assert [line for part in parts for line in part] == lines
