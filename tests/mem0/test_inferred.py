"""Adds that a language model reads first, as Mem0's clients see them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from mem0 import MemoryClient

from tests.deployments.api.conftest import Host, HostWith
from tests.language_server import LanguageServer

ALICE = {"user_id": "alice"}
PATIENCE_S = 20


@pytest.fixture
def model() -> Iterator[LanguageServer]:
    server = LanguageServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def host(host_with: HostWith, model: LanguageServer) -> Host:
    return host_with(llm={"base_url": model.url, "model": "test/rules"})


def settled(http: httpx.Client, event_id: str) -> Any:
    """The event once it has ended, asked for as integrations do."""
    for _ in range(PATIENCE_S * 10):
        event = http.get(f"/v1/event/{event_id}/").json()
        if event["status"] in ("SUCCEEDED", "FAILED"):
            return event
        time.sleep(0.1)
    raise AssertionError(event)


@pytest.mark.covers("add", "get_all", "history")
def test_the_event_of_an_add_tells_what_came_of_it(mem0: MemoryClient, http: httpx.Client) -> None:
    added = mem0.add("I live in Oslo", **ALICE)
    assert added.keys() == {"message", "status", "event_id"}
    assert added["status"] == "PENDING"
    event = settled(http, added["event_id"])
    (result,) = event["results"]
    assert (result["event"], result["data"]) == ("ADD", {"memory": "user live in Oslo"})
    updated = settled(http, mem0.add("I live in Bergen", **ALICE)["event_id"])
    assert [each["event"] for each in updated["results"]] == ["UPDATE"]
    listed = mem0.get_all(filters=ALICE)
    assert [each["memory"] for each in listed["results"]] == ["user live in Bergen"]
    last = mem0.history(result["id"])[-1]
    assert (last["event"], last["new_memory"]) == ("UPDATE", "user live in Bergen")


def test_older_callers_wait_for_what_comes_of_it(http: httpx.Client) -> None:
    said = {"messages": [{"role": "user", "content": "I live in Oslo"}]}
    (first,) = http.post("/memories", json=said | ALICE).json()["results"]
    assert (first["memory"], first["event"]) == ("user live in Oslo", "ADD")
    form = {"user_id": "bob", "output_format": "v1.1"}
    waited = http.post("/v1/memories/", json=said | form | {"version": "v2"}).json()
    assert waited["results"][0]["memory"] == "user live in Oslo"
    queued = http.post("/v1/memories/", json=said | form | {"async_mode": True}).json()
    assert queued["results"][0]["status"] == "PENDING"
    (bare,) = http.post("/v1/memories/", json=said | {"user_id": "eve"}).json()
    assert settled(http, bare["event_id"])["status"] == "SUCCEEDED"


def test_what_is_word_for_word_asks_no_model(mem0: MemoryClient, model: LanguageServer) -> None:
    added = mem0.add("I live in Oslo", infer=False, **ALICE)
    assert added["results"][0]["memory"] == "I live in Oslo"
    assert model.asked == []
