"""Without Redis nothing can be answered: every route says so in time, and recovers by itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from tests.outages.conftest import Open, down
from tests.outages.proxy import Proxy
from tests.outages.routes import (
    assert_answered,
    assert_unavailable,
    readiness,
    recovered,
    stored,
)
from tests.redis_server import RedisServer

Between = Callable[[int], Awaitable[Proxy]]


@pytest.mark.parametrize("outage", ["paused", "killed"])
async def test_every_route_says_that_redis_is_down_and_answers_once_it_is_back(
    open_client: Open, own_redis: RedisServer, outage: str
) -> None:
    client = await open_client(own_redis.url)
    known = await stored(client)
    with down(own_redis, outage):
        await assert_unavailable(client, [*known.of_the_record(), *known.of_the_index()])
        status, states = await readiness(client)
        assert (status, states["redis"] == "ok") == (503, False)
    await recovered(client)
    await assert_answered(client, [*known.of_the_record(), *known.of_the_index()])


@pytest.mark.parametrize("outage", ["silent", "closed"])
async def test_a_network_that_loses_redis_is_no_worse(
    open_client: Open, redis_server: RedisServer, between: Between, outage: str
) -> None:
    proxy = await between(redis_server.port)
    client = await open_client(f"redis://127.0.0.1:{proxy.port}")
    known = await stored(client)
    if outage == "silent":
        proxy.silence()
    else:
        await proxy.close()
    await assert_unavailable(client, [*known.of_the_record(), *known.of_the_index()])
    await proxy.restore()
    await recovered(client)
    await assert_answered(client, [*known.of_the_record(), *known.of_the_index()])


async def test_a_slow_redis_is_waited_for(
    open_client: Open, redis_server: RedisServer, between: Between
) -> None:
    proxy = await between(redis_server.port)
    client = await open_client(f"redis://127.0.0.1:{proxy.port}", redis={"deadline_s": 3.0})
    known = await stored(client)
    proxy.delay_s = 0.02
    await assert_answered(client, [*known.of_the_record(), *known.of_the_index()])
