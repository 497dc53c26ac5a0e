"""Scripts: each loads, names no constant that nobody defines, and is sent as its digest."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import redis

import graph_store
from config.settings import RedisSettings
from graph_store.redis.connection import Connection
from graph_store.redis.scripts import Script, inline
from tests.redis_server import RedisServer

LUA = Path(graph_store.__file__).parent / "lua"
ADD = inline("#!lua\nreturn redis.call('INCRBY', KEYS[1], ARGV[1])")
FIRST = inline("#!lua\nreturn redis.call('SET', KEYS[1], ARGV[1], 'NX', 'GET') or ARGV[1]")


def all_scripts() -> dict[str, Script]:
    """Every script of every module, by module and name."""
    modules = pkgutil.walk_packages(graph_store.__path__, "graph_store.")
    return {
        f"{module.name}.{name}": value
        for module in modules
        for name, value in vars(importlib.import_module(module.name)).items()
        if isinstance(value, Script)
    }


SCRIPTS = all_scripts()


def calls_of(server: RedisServer) -> dict[str, int]:
    with redis.Redis(port=server.port) as client:
        stats = client.info("commandstats")
    return {name: stats.get(f"cmdstat_{name}", {}).get("calls", 0) for name in ("eval", "evalsha")}


@pytest.fixture
async def connection(server: RedisServer) -> AsyncIterator[Connection]:
    server.flush()
    with redis.Redis(port=server.port) as client:
        client.script_flush()
    opened = Connection(server.url, RedisSettings())
    yield opened
    await opened.close()


@pytest.fixture
def client(server: RedisServer) -> Iterator[redis.Redis]:
    with redis.Redis(port=server.port) as opened:
        yield opened


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_script_loads_under_its_digest(name: str, client: redis.Redis) -> None:
    script = SCRIPTS[name]
    assert client.script_load(script.text) == script.sha


def test_every_file_is_a_script_or_a_library_of_one() -> None:
    texts = [script.text for script in SCRIPTS.values()]
    for path in LUA.rglob("*.lua"):
        body = path.read_text().partition("#!lua")[2].partition("\n")[2] or path.read_text()
        assert any(body in text for text in texts), path


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_names_no_constant_that_nobody_defines(name: str) -> None:
    code = re.sub(r"--[^\n]*|'[^'\n]*'", "", SCRIPTS[name].text)
    defined = {
        word for line in re.findall(r"\blocal ([^=\n]+)", code) for word in re.findall(r"\w+", line)
    }
    assert set(re.findall(r"\b[A-Z][A-Z_]+\b", code)) <= defined | {"KEYS", "ARGV"}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_of_more_than_eight_lines_is_a_file(name: str) -> None:
    script = SCRIPTS[name].text
    for path in LUA.rglob("*.lua"):
        script = script.replace(path.read_text().partition("\n")[2], "")
    assert script.count("\n") < 8


async def test_a_script_is_sent_whole_once_and_as_its_digest_afterwards(
    connection: Connection, server: RedisServer
) -> None:
    before = calls_of(server)
    for expected in (2, 4, 6):
        assert await connection.one(*ADD.call(["{a}:sum"], 2)) == expected
    after = calls_of(server)
    assert (after["eval"] - before["eval"], after["evalsha"] - before["evalsha"]) == (1, 2)


async def test_scripts_that_were_flushed_are_sent_whole_again(
    connection: Connection, server: RedisServer, client: redis.Redis
) -> None:
    assert await connection.one(*ADD.call(["{a}:sum"], 2)) == 2
    client.script_flush()
    assert await connection.one(*ADD.call(["{a}:sum"], 2)) == 4
    before = calls_of(server)
    assert await connection.one(*ADD.call(["{a}:sum"], 2)) == 6
    assert calls_of(server)["eval"] == before["eval"]


async def test_a_pipeline_with_several_scripts_survives_a_flush(
    connection: Connection, client: redis.Redis
) -> None:
    def trip(value: str) -> list[tuple[str | int | float | Script, ...]]:
        return [
            ("SET", "{a}:plain", value),
            FIRST.call(["{a}:first"], value),
            ("GET", "{a}:plain"),
            FIRST.call(["{b}:first"], value),
        ]

    assert [str(each) for each in await connection.run(*trip("1"))][1:] == ["1", "1", "1"]
    assert [str(each) for each in await connection.run(*trip("2"))][1:] == ["1", "2", "1"]
    client.script_flush()
    assert [str(each) for each in await connection.run(*trip("3"))][1:] == ["1", "3", "1"]
    # One script is known, another one is not: it was never sent.
    await connection.run(*trip("4"), ADD.call(["{c}:sum"], 1))
    assert client.get("{c}:sum") == b"1"


async def test_a_server_that_was_restarted_gets_its_scripts_again(
    connection: Connection, server: RedisServer
) -> None:
    assert await connection.one(*ADD.call(["{a}:sum"], 2)) == 2
    server.kill()
    server.start()
    assert await connection.one(*ADD.call(["{a}:sum"], 2)) == 4
    assert await connection.run(ADD.call(["{a}:sum"], 1), ("GET", "{a}:sum")) == [5, "5"]


async def test_an_error_of_a_script_is_no_reason_to_send_it_again(
    connection: Connection, client: redis.Redis
) -> None:
    await connection.one(*ADD.call(["{a}:sum"], 2))
    client.set("{a}:text", "no number")
    before = client.info("commandstats")["cmdstat_eval"]["calls"]
    with pytest.raises(redis.ResponseError, match="not an integer"):
        await connection.one(*ADD.call(["{a}:text"], 2))
    assert client.info("commandstats")["cmdstat_eval"]["calls"] == before
