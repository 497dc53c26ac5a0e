"""Every backend in turn, as a store of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from config.settings import Settings
from memory.ports.vector_store import VectorStore
from tests.contract.points import CARD
from tests.weaviate_server import BACKENDS, OwnedServer, WeaviateServer
from vector_store import open_vector_store


@pytest.fixture
def weaviate(weaviate_process: WeaviateServer) -> Iterator[Settings]:
    with weaviate_process.holding(Settings(), deadline_s=2) as settings:
        yield settings


@pytest.fixture(params=BACKENDS)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    if request.param == "weaviate":
        return request.getfixturevalue("weaviate")
    return Settings(data_dir=tmp_path, vector_store={"backend": "embedded"})


@pytest.fixture
async def store(settings: Settings) -> AsyncIterator[VectorStore]:
    opened = open_vector_store(settings)
    await opened.open(CARD)
    yield opened
    await opened.close()


@pytest.fixture
def owned(weaviate_process: WeaviateServer) -> OwnedServer:
    if not isinstance(weaviate_process, OwnedServer):
        pytest.skip("only a Weaviate started by the tests may be paused and killed")
    return weaviate_process
