"""Without the embedder what needs no vector answers as ever."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from memory.domain.errors import StoreUnavailable
from memory.ports.models import Vectors
from tests.outages.conftest import Open
from tests.outages.routes import assert_answered, assert_unavailable, stored
from tests.redis_server import RedisServer
from tests.word_embedder import WordEmbedder


class Ailing(WordEmbedder):
    """Gone, hanging or well."""

    state = "well"

    async def embed(self, texts: Sequence[str]) -> Vectors:
        if self.state == "gone":
            raise StoreUnavailable("the embedder is restarting")
        if self.state == "hanging":
            await asyncio.Event().wait()
        return await super().embed(texts)


@pytest.mark.parametrize("outage", ["gone", "hanging"])
async def test_what_needs_no_vector_answers_and_the_rest_says_in_time_that_it_cannot(
    open_client: Open, redis_server: RedisServer, outage: str
) -> None:
    embedder = Ailing()
    client = await open_client(redis_server.url, embedder)
    known = await stored(client)
    embedder.state = outage
    await assert_unavailable(client, known.of_the_embedder())
    await assert_answered(client, known.of_the_record())
    await assert_answered(client, [known.of_the_index()[0]])
    embedder.state = "well"
    await assert_answered(client, known.of_the_embedder())
