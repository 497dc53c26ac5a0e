"""Every backend in turn, as a store of its own."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from config.settings import Settings
from memory.vectors import VectorStore
from tests.contract.points import CARD
from tests.weaviate_server import OwnedServer, WeaviateServer
from vector_store import open_vector_store

BACKENDS = ["embedded", pytest.param("weaviate", marks=pytest.mark.weaviate)]


@pytest.fixture
def weaviate(weaviate_process: WeaviateServer) -> Iterator[Settings]:
    """Settings with a collection of their own."""
    collection = f"Test{uuid.uuid4().hex}"
    connection = {"http_url": weaviate_process.http_url, "grpc_url": weaviate_process.grpc_url}
    yield Settings(
        vector_store={"backend": "weaviate"},
        weaviate={**connection, "collection": collection, "deadline_s": 2},
    )
    weaviate_process.remove(collection)


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
