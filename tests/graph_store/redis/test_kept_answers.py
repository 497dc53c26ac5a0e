"""The first request under a key stands, and so does its first answer."""

from __future__ import annotations

from dataclasses import replace

import pytest
import redis

from graph_store.redis.connection import Connection
from graph_store.redis.kept_answers import KEPT_S, KeptAnswers, KeptClaim
from tests.graph_store.ground import Ground
from tests.redis_server import RedisServer

KEY = "mg:once:_:key"
FIRST, SECOND = KeptClaim("digest", "a"), KeptClaim("another digest", "b")


def kept_answers(ground: Ground, renews: bool = False) -> KeptAnswers:
    connection: Connection = ground.graph._redis
    return KeptAnswers(connection, renews)


@pytest.mark.parametrize("renews", [True, False])
async def test_the_first_claim_and_its_first_answer_stand(ground: Ground, renews: bool) -> None:
    answers = kept_answers(ground, renews)
    assert await answers.claim(KEY, FIRST) == FIRST
    answered = replace(FIRST, answer={"erased": 2})
    assert await answers.keep(KEY, answered) == answered
    assert await answers.keep(KEY, replace(FIRST, answer={"erased": 0})) == answered
    assert await answers.claim(KEY, SECOND) == answered


async def test_only_a_claim_that_renews_lives_on_by_being_used(
    ground: Ground, server: RedisServer
) -> None:
    with redis.Redis(port=server.port) as client:
        for renews, lives_on in ((False, False), (True, True)):
            answers = kept_answers(ground, renews)
            await answers.claim(KEY, FIRST)
            client.expire(KEY, 60)
            await answers.claim(KEY, SECOND)
            await answers.keep(KEY, replace(FIRST, answer=1))
            assert (client.ttl(KEY) > KEPT_S - 60) == lives_on
            client.delete(KEY)


async def test_an_answer_that_comes_after_its_claim_has_ended_is_not_kept(
    ground: Ground, server: RedisServer
) -> None:
    answered = replace(FIRST, answer="1")
    assert await kept_answers(ground).keep(KEY, answered) == answered
    with redis.Redis(port=server.port) as client:
        assert not client.exists(KEY)


async def test_a_hash_of_an_earlier_version_is_read(ground: Ground, server: RedisServer) -> None:
    with redis.Redis(port=server.port, decode_responses=True) as client:
        for fields, answer in (({}, None), ({"answer": "1795870010065585"}, "1795870010065585")):
            client.hset(KEY, mapping={"request": "digest", "nonce": "a", **fields})
            client.expire(KEY, 600)
            claim = await kept_answers(ground).claim(KEY, SECOND)
            assert claim == replace(FIRST, answer=answer)
            assert 0 < client.ttl(KEY) <= 600
            client.delete(KEY)
