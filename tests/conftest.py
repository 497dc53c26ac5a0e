"""What most tests stand on: a Redis of their own, and a memory service over real stores."""

from __future__ import annotations

import gc
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import TypeAdapter

from access import open_access
from config import Settings
from config.settings import Calibration
from deployments.api import create_app
from memory.service.build import MemoryService
from tests.redis_server import RedisServer
from tests.service import OpenService, started
from tests.weaviate_server import WeaviateServer, weaviate_server
from tests.word_embedder import WordEmbedder

_MEM0_HOME = tempfile.TemporaryDirectory(prefix="mem0-")
os.environ.update(MEM0_TELEMETRY="False", MEM0_DIR=_MEM0_HOME.name)  # read when mem0 is imported


def pytest_collection_finish() -> None:
    """What is imported by now stays: half a million objects that every full collection would walk
    again, which took a third of a second each time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def schemas_built_once() -> Iterator[None]:
    """Nearly every test of the edge makes an application, and FastAPI builds the schemas of a
    hundred routes for each: two thirds of the 0.2 s that one takes. Equal ones are built once."""
    built: dict[object, tuple[object, TypeAdapter[Any]]] = {}

    def adapter(annotated: Any, config: Any = None) -> TypeAdapter[Any]:
        key = (annotated.__origin__, repr(annotated.__metadata__), repr(config))
        if key not in built:  # kept with its annotation, so that no address in a key is used again
            built[key] = (annotated, TypeAdapter(annotated, config=config))
        return built[key][1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fastapi._compat.v2.TypeAdapter", adapter)
        yield


@pytest.fixture(scope="session")
def redis_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_server(redis_process: RedisServer) -> RedisServer:
    """An empty one."""
    redis_process.flush()
    return redis_process


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    calibration = Calibration(slope=10, intercept=-2)
    return Settings(
        data_dir=tmp_path / "data", ranking={"calibrations": {"test/words": calibration}}
    )


@pytest.fixture
def embedder() -> WordEmbedder:
    return WordEmbedder()


@pytest.fixture
async def service(
    settings: Settings, redis_server: RedisServer, embedder: WordEmbedder
) -> AsyncIterator[OpenService]:
    service = await started(settings, redis_server.url, embedder)
    yield service
    await service.care.close()


@pytest.fixture
async def client(
    service: MemoryService, settings: Settings, redis_server: RedisServer
) -> AsyncIterator[httpx.AsyncClient]:
    access = open_access(settings, redis_server.url)
    app = create_app(service, settings, access=access)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as session:
        yield session
    await access.close()


@pytest.fixture(scope="session")
def weaviate_process(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WeaviateServer]:
    capture = request.config.pluginmanager.getplugin("capturemanager")

    def say(line: str) -> None:
        with capture.global_and_fixture_disabled():
            print(f"\n{line}")

    with weaviate_server(tmp_path_factory.mktemp("weaviate"), say) as found:
        yield found
