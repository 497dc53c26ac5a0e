"""How streams of the live feed end or hold out: slow readers, kills, outages, shutdowns."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from config import Settings
from graph_store import open_event_log
from memory.domain.caller import DEFAULT_PROJECT, Caller
from memory.domain.ids import mint
from memory.domain.memory import Scope
from tests.deployments.api.feed.streams import PATH, FeedServer, feed_app, listening, take
from tests.redis_server import RedisServer, free_port

WIRES = pytest.mark.parametrize("wire", ["sse", "websocket"])
PAGE = 100


class Writer:
    """Writes events as commits do, and knows what it wrote."""

    def __init__(self, url: str, key: str) -> None:
        self._url, self._key = url, key
        self.ids: list[str] = []

    async def write(self, count: int) -> list[str]:
        new = [f"{1_800_000_000_000_000 + len(self.ids) + each}-0" for each in range(count)]
        async with Redis.from_url(self._url) as redis, redis.pipeline() as pipeline:
            for entry_id in new:
                fields: Any = {"e": "ADD", "m": mint("mem", "0" * 15), "v": "1"}
                pipeline.xadd(self._key, fields, id=entry_id)
            await pipeline.execute()
        self.ids += new
        return new


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.stop()


async def writer_of(url: str, settings: Settings) -> Writer:
    log = open_event_log(settings, url)
    slot = await log.slot(Caller(DEFAULT_PROJECT), Scope(user_id="alice"))
    await log.close()
    return Writer(url, f"mg:{{{slot}}}:ev")


@pytest.fixture
async def writer(redis_server: RedisServer, settings: Settings) -> Writer:
    return await writer_of(redis_server.url, settings)


@pytest.fixture
async def server(redis_server: RedisServer, settings: Settings) -> AsyncIterator[FeedServer]:
    found = await FeedServer(feed_app(redis_server.url, settings)).started()
    yield found
    await found.stop()


def ids(messages: list[dict[str, Any]]) -> list[str]:
    return [each["id"] for each in messages]


def narrow_socket(url: str) -> socket.socket:
    """What is not read soon stays with the server."""
    found = socket.socket()
    found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    found.connect(("127.0.0.1", httpx.URL(url).port))
    return found


async def test_a_slow_websocket_is_cut_off_and_others_go_on(
    server: FeedServer, writer: Writer
) -> None:
    target = f"{server.url.replace('http', 'ws', 1)}{PATH}?user_id=alice"
    async with (
        listening("websocket", server.url, user_id="alice") as messages,
        connect(target, sock=narrow_socket(server.url), compression=None) as slow,
    ):
        for _ in range(40):
            new = await writer.write(PAGE)
            assert ids(await take(messages, PAGE)) == new
        texts = []
        with suppress(ConnectionClosed):
            while True:
                texts.append(await slow.recv())
    assert '"slow_reader"' in texts[-1]
    assert (slow.close_code, slow.close_reason) == (1013, "slow_reader")
    assert len(texts) < len(writer.ids)


async def test_a_slow_sse_reader_is_cut_off_and_others_go_on(
    server: FeedServer, writer: Writer
) -> None:
    with narrow_socket(server.url) as slow:
        slow.sendall(f"GET {PATH}?user_id=alice HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        async with listening("sse", server.url, user_id="alice") as messages:
            for _ in range(40):
                new = await writer.write(PAGE)
                assert ids(await take(messages, PAGE)) == new
            slow.setblocking(False)
            got = bytearray()
            while part := await asyncio.get_running_loop().sock_recv(slow, 65_536):
                got += part
    assert b'{"event":"closing","reason":"slow_reader"}' in got
    assert got.count(b'"ADD"') < len(writer.ids)


@pytest.fixture
def doomed(redis_server: RedisServer) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A server that can be killed, and its address."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "tests.deployments.api.feed.process",
        redis_server.url,
        str(port),
    ]
    process = subprocess.Popen(command)
    url = f"http://127.0.0.1:{port}"
    for _ in range(200):
        with suppress(httpx.TransportError):
            httpx.get(f"{url}/health")
            break
        time.sleep(0.1)
    yield url, process
    process.kill()
    process.wait()


@WIRES
async def test_a_reader_of_a_killed_server_goes_on_at_another(
    wire: str, doomed: tuple[str, subprocess.Popen[bytes]], server: FeedServer, writer: Writer
) -> None:
    url, process = doomed
    async with listening(wire, url, user_id="alice") as messages:
        await writer.write(30)
        seen = ids(await take(messages, 20))
        process.kill()
        await writer.write(30)
    async with listening(wire, server.url, user_id="alice", since=seen[-1]) as messages:
        seen += ids(await take(messages, 40))
    assert seen == writer.ids


@WIRES
async def test_a_stream_outlives_an_outage_of_redis(
    wire: str, own_redis: RedisServer, settings: Settings
) -> None:
    server = await FeedServer(feed_app(own_redis.url, settings)).started()
    writer = await writer_of(own_redis.url, settings)
    async with listening(wire, server.url, user_id="alice") as messages:
        await writer.write(3)
        assert ids(await take(messages, 3)) == writer.ids
        await asyncio.to_thread(own_redis.kill)
        async with httpx.AsyncClient() as client:
            answer = await client.get(server.url + PATH, params={"user_id": "alice"})
        assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable")
        await asyncio.to_thread(own_redis.start)
        await writer.write(3)
        assert ids(await take(messages, 3)) == writer.ids[3:]
    await server.stop()


@WIRES
async def test_a_shutdown_ends_every_stream(
    wire: str, redis_server: RedisServer, settings: Settings
) -> None:
    server = await FeedServer(feed_app(redis_server.url, settings)).started()
    async with listening(wire, server.url, user_id="alice") as messages:
        await server.stop()
        said = [each async for each in messages]
    if wire == "sse":
        assert said == [{"event": "closing", "reason": "shutdown"}]
    else:
        assert said[-1]["closed"] == 1012


@WIRES
async def test_a_stream_that_would_be_cut_off_ends_before_and_says_so(
    wire: str, redis_server: RedisServer, settings: Settings, writer: Writer
) -> None:
    server = await FeedServer(feed_app(redis_server.url, settings, stream_s=0.5)).started()
    await writer.write(2)
    async with listening(wire, server.url, user_id="alice", since="0") as messages:
        said = [each async for each in messages]
    assert ids(said[:2]) == writer.ids
    assert said[2] == {"event": "closing", "reason": "reconnect"}
    assert said[3:] in ([], [{"closed": 1012, "reason": "reconnect"}])
    await server.stop()


@WIRES
async def test_streams_are_counted_and_whoever_leaves_makes_room(
    wire: str, redis_server: RedisServer, settings: Settings
) -> None:
    api = settings.api.model_copy(update={"max_streams": 1})
    app = feed_app(redis_server.url, settings.model_copy(update={"api": api}))
    server = await FeedServer(app).started()

    async with httpx.AsyncClient() as client:
        async with listening(wire, server.url, user_id="alice"):
            assert (await client.get(server.url + PATH)).status_code == 503
        answers = [await client.get(server.url + PATH) for _ in range(50)]
    assert answers[-1].status_code == 400  # there is room, and the question names no owner
    await server.stop()
