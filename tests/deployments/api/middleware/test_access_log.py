"""What an operator learns of requests: figures by route and code, one log record each, and never a
word of what users sent."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.types import Message

from access import open_access
from config import Settings
from config.settings import Auth
from deployments.api import create_app
from deployments.api.middleware.access_log import Bug, wordless
from deployments.observability import logs
from graph_store import open_graph_store
from memory.domain.errors import StoreUnavailable
from memory.service.build import MemoryService
from tests.recording_meter import RecordingMeter
from tests.redis_server import RedisServer
from tests.service import started
from tests.word_embedder import WordEmbedder

KEY = "canarykey-0123456789abcdef"
TEXT = {"content": "Canarytext likes green tea", "user_id": "canaryuser"}


@pytest.fixture
def meter() -> RecordingMeter:
    return RecordingMeter()


@pytest.fixture
def discreet() -> None:
    """What a replica sets up."""
    logs.discreet()


@pytest.fixture
async def metered(
    settings: Settings, redis_server: RedisServer, embedder: WordEmbedder, meter: RecordingMeter
) -> AsyncIterator[MemoryService]:
    service = await started(settings, redis_server.url, embedder, meter)
    yield service
    await service.care.close()


@pytest.fixture
async def observed(
    settings: Settings, redis_server: RedisServer, metered: MemoryService, meter: RecordingMeter
) -> AsyncIterator[httpx.AsyncClient]:
    settings = settings.model_copy(update={"auth": Auth(mode="api_key", admin_key=SecretStr(KEY))})
    access = open_access(settings, redis_server.url)
    app = create_app(metered, settings, meter=meter, access=access)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    headers = {"Authorization": f"Token {KEY}"}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://test", headers=headers
    ) as client:
        yield client
    await access.close()


async def test_requests_are_counted_by_template_and_refusals_by_code(
    observed: httpx.AsyncClient, meter: RecordingMeter
) -> None:
    memory = (await observed.post("/v1/memories", json=TEXT)).json()
    await observed.get(f"/v1/memories/{memory['id']}")
    await observed.get("/v1/memories/nothing")
    await observed.get("/v1/canarypath")
    await observed.request("CANARY", "/v1/memories")
    await observed.get("/v1/memories", headers={"Authorization": "Token wrong"})
    await observed.post("/v1/memories", json={"content": 7})

    one = {"method": "GET", "route": "/v1/memories/{memory_id}"}
    assert meter.counted("requests", method="POST", route="/v1/memories", status="201") == 1
    assert meter.counted("requests", **one, status="200") == 1
    assert meter.counted("requests", **one, status="404") == 1
    assert len(meter.seen("request_seconds", **one)) == 2
    assert meter.counted("requests", route="none", status="404") == 1
    assert meter.counted("requests", method="other") == 1
    assert meter.counted("refusals", code="unauthenticated") == 1
    assert meter.counted("refusals", code="not_found") == 2
    assert meter.counted("refusals", code="invalid_input") == 2
    assert meter.stands_at("requests_in_flight") == 0
    assert "canary" not in f"{meter.counts}{meter.observed}".lower()


async def test_a_bug_and_a_caller_that_leaves_are_counted_too(
    observed: httpx.AsyncClient,
    meter: RecordingMeter,
    embedder: WordEmbedder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def fail(texts: object) -> None:
        raise ZeroDivisionError("a bug")

    async def hang(texts: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(embedder, "embed", fail)
    assert (await observed.post("/v1/memories", json=TEXT)).status_code == 500
    assert meter.counted("refusals", code="internal_error") == 1
    assert meter.counted("requests", status="500") == 1

    monkeypatch.setattr(embedder, "embed", hang)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await observed.post("/v1/memories", json=TEXT)
    assert meter.counted("requests", status="499") == 1
    assert meter.stands_at("requests_in_flight") == 0


async def test_the_service_tells_of_its_stores_its_search_and_its_dedup(
    observed: httpx.AsyncClient, meter: RecordingMeter
) -> None:
    for _ in range(2):
        await observed.post("/v1/memories", json=TEXT)
    for _ in range(2):
        await observed.post("/v1/memories/search", json={"query": "tea", "user_id": "canaryuser"})
    assert meter.counted("dedup_hits") == 1
    assert meter.seen("search_candidates") == [1, 1]
    assert meter.seen("store_seconds", store="redis", outcome="ok")
    assert meter.seen("store_seconds", store="embedded", outcome="ok")
    assert meter.counted("vector_cache_misses") == 1
    assert meter.counted("vector_cache_hits") >= 1
    assert meter.stands_at("vector_cache_rows") == 1


async def test_repair_tells_how_far_the_index_is_behind(
    observed: httpx.AsyncClient,
    metered: MemoryService,
    meter: RecordingMeter,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("memory.index.repair.DEADLINES_TO_SETTLE", 0)
    monkeypatch.setattr(
        "memory.index.outbox.Index._settle", lambda *each: None
    )  # as a crash leaves it
    await observed.post("/v1/memories", json=TEXT)
    await metered.care.repair()
    assert meter.stands_at("outbox_owners") == 1
    assert 0 < meter.stands_at("outbox_oldest_seconds") < 60
    assert meter.counted("memories_repaired") == 1
    await metered.care.repair()
    assert meter.stands_at("outbox_owners") == meter.stands_at("outbox_oldest_seconds") == 0


async def test_a_store_that_is_down_is_seen_as_such(meter: RecordingMeter) -> None:
    settings = Settings(redis={"deadline_s": 0.2})
    graph = open_graph_store(settings, "redis://127.0.0.1:1", meter)
    with pytest.raises(StoreUnavailable):
        await graph.ping()
    assert meter.seen("store_seconds", store="redis", outcome="unavailable")
    await graph.close()


async def test_one_record_a_request_by_its_id(
    observed: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "mem0g.access")
    await observed.post("/v1/memories", json=TEXT, headers={"X-Request-ID": "sent-by-me"})
    (record,) = [each for each in caplog.records if each.name == "mem0g.access"]
    told = vars(record)
    assert (told["method"], told["route"], told["status"]) == ("POST", "/v1/memories", 201)
    assert told["request_id"] == "sent-by-me"
    assert told["milliseconds"] > 0


async def test_the_access_log_can_be_turned_off(
    service: MemoryService,
    settings: Settings,
    redis_server: RedisServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "mem0g.access")
    api = settings.api.model_copy(update={"access_log": False})
    access = open_access(settings, redis_server.url)
    app = create_app(service, settings.model_copy(update={"api": api}), access=access)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://test"
    ) as client:
        assert (await client.get("/health")).status_code == 200
    await access.close()
    assert [each for each in caplog.records if each.name == "mem0g.access"] == []


async def test_no_record_holds_a_word_of_what_was_sent(
    observed: httpx.AsyncClient,
    discreet: None,
    embedder: WordEmbedder,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("", *logs.OURS):
        caplog.set_level(logging.DEBUG, name or None)
    full = TEXT | {"metadata": {"canaryfield": "canaryvalue"}, "categories": ["canarycategory"]}
    memory = (await observed.post("/v1/memories", json=full)).json()
    await observed.post("/v1/memories", json=full)
    await observed.get("/v1/memories", params={"user_id": "canaryuser"})
    await observed.get("/v1/memories/canaryid")
    await observed.delete("/v1/canarypath/canaryuser")
    await observed.post("/v1/memories", content=b'{"canary":')
    await observed.post(
        "/v1/memories/search", json={"query": "canaryquery", "user_id": "canaryuser"}
    )
    await observed.patch(f"/v1/memories/{memory['id']}", json={"content": "Canarytext again"})

    async def fail(texts: list[str]) -> None:
        try:
            raise KeyError(texts[0])
        except KeyError:
            raise ValueError(f"cannot embed {texts}") from None

    monkeypatch.setattr(embedder, "embed", fail)
    search = {"query": "canaryquery", "user_id": "canaryuser"}
    assert (await observed.post("/v1/memories/search", json=search)).status_code == 500
    monkeypatch.undo()
    await observed.delete(f"/v1/memories/{memory['id']}")

    assert "builtins.ValueError" in caplog.text  # the bug is told, and where it is
    assert "test_access_log.py" in caplog.text
    told = caplog.text + "".join(str(vars(each) | {"exc_info": None}) for each in caplog.records)
    assert "canary" not in told.lower()


async def test_what_a_server_catches_is_answered_and_says_nothing() -> None:
    app = FastAPI()

    @app.get("/")
    async def fail() -> None:
        raise ValueError("canary")

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""}
    with pytest.raises(Bug) as caught:
        await wordless(app)(scope, receive, send)
    assert sent[0]["status"] == 500
    assert str(caught.value) == "ValueError"
    assert "canary" not in "".join(traceback.format_exception(caught.value))
