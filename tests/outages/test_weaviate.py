"""Without Weaviate the record answers: get, list, history, graph; search and writes say 503."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

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
from tests.weaviate_server import OwnedServer, WeaviateServer

pytestmark = pytest.mark.weaviate
Between = Callable[[int], Awaitable[Proxy]]
BACKEND = {"backend": "weaviate"}
REDIS = {"deadline_s": 3.0}
"""Redis is up all the time here, and shares a disk with a Weaviate that starts."""


@pytest.mark.parametrize("outage", ["paused", "killed"])
async def test_the_record_answers_while_weaviate_is_down_and_the_rest_once_it_is_back(
    open_client: Open, redis_server: RedisServer, owned: OwnedServer, collection: str, outage: str
) -> None:
    weaviate = {"http_url": owned.http_url, "grpc_url": owned.grpc_url, "collection": collection}
    client = await open_client(
        redis_server.url, vector_store=BACKEND, redis=REDIS, weaviate=weaviate | {"deadline_s": 1.0}
    )
    known = await stored(client)
    with down(owned, outage):
        await assert_unavailable(client, known.of_the_index())
        await assert_answered(client, known.of_the_record())
        status, states = await readiness(client)
        assert (status, states["redis"], states["vector_store"] == "ok") == (503, "ok", False)
    await recovered(client)
    await assert_answered(client, [*known.of_the_record(), *known.of_the_index()])


@pytest.mark.parametrize("outage", ["silent", "closed"])
async def test_a_network_that_loses_weaviate_is_no_worse(
    open_client: Open,
    redis_server: RedisServer,
    weaviate_process: WeaviateServer,
    collection: str,
    between: Between,
    outage: str,
) -> None:
    urls = (weaviate_process.http_url, weaviate_process.grpc_url)
    proxies = [await between(urlsplit(url).port or 80) for url in urls]
    weaviate = {
        "http_url": f"http://127.0.0.1:{proxies[0].port}",
        "grpc_url": f"grpc://127.0.0.1:{proxies[1].port}",
        "collection": collection,
        "deadline_s": 1.0,
    }
    client = await open_client(
        redis_server.url, vector_store=BACKEND, redis=REDIS, weaviate=weaviate
    )
    known = await stored(client)
    for proxy in proxies:
        proxy.delay_s = 0.02
    await assert_answered(client, known.of_the_record())
    for proxy in proxies:
        if outage == "silent":
            proxy.silence()
        else:
            await proxy.close()
    await assert_unavailable(client, known.of_the_index())
    await assert_answered(client, known.of_the_record())
    for proxy in proxies:
        await proxy.restore()
    await recovered(client)
    await assert_answered(client, [*known.of_the_record(), *known.of_the_index()])
