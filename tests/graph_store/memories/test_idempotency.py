"""The first request with an Idempotency-Key, and the first answer to it, stand."""

from __future__ import annotations

from dataclasses import replace

import redis

from graph_store.format import keys
from memory.domain.idempotency import Operation
from tests.graph_store.ground import Ground
from tests.redis_server import RedisServer

FIRST = Operation("operation", "digest", nonce="a")
SECOND = Operation("operation", "another digest", nonce="b")


async def test_the_first_claim_stands_in_its_project(ground: Ground) -> None:
    part = ground.graph.idempotency
    assert await part.claim("p1", FIRST) == FIRST
    assert await part.claim("p1", SECOND) == FIRST
    assert await part.claim("p2", SECOND) == SECOND


async def test_the_first_answer_stands(ground: Ground) -> None:
    part = ground.graph.idempotency
    await part.claim("p1", FIRST)
    kept = replace(FIRST, kept={"erased": 2})
    assert await part.keep("p1", kept) == kept
    assert await part.keep("p1", replace(FIRST, kept={"erased": 0})) == kept
    assert await part.claim("p1", SECOND) == kept


async def test_an_answer_to_a_key_that_was_used_anew_is_its_own(ground: Ground) -> None:
    part = ground.graph.idempotency
    await part.claim("p1", SECOND)
    late = replace(FIRST, kept={"erased": 2})
    assert await part.keep("p1", late) == late
    assert await part.claim("p1", FIRST) == SECOND


async def test_a_claim_outlives_the_answers_it_guards(ground: Ground, server: RedisServer) -> None:
    await ground.graph.idempotency.claim("p1", FIRST)
    with redis.Redis(port=server.port) as client:
        assert client.ttl(keys.once("p1", "operation")) > 24 * 3600
