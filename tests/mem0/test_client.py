"""A life with Mem0's own client, synchronous and asynchronous: `host` is all that changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from mem0 import MemoryClient
from mem0.client.types import (
    AddMemoryOptions,
    DeleteAllMemoryOptions,
    GetAllMemoryOptions,
    SearchMemoryOptions,
    UpdateMemoryOptions,
)
from mem0.exceptions import MemoryNotFoundError, ValidationError

from config import Settings
from tests.weaviate_server import BACKENDS, stored_in

ALICE = {"user_id": "alice"}
Fields = dict[str, Any]


@pytest.fixture(params=BACKENDS)
def settings(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Settings]:
    yield from stored_in(request.param, request, settings)


def said(client: MemoryClient, text: str, **fields: Any) -> str:
    """The id of what was remembered, word for word."""
    fields = {"user_id": "alice", "infer": False} | fields
    (added,) = client.add(text, **fields)["results"]
    return str(added["id"])


def texts(answer: Fields) -> list[str]:
    return [each["memory"] for each in answer["results"]]


def everything(client: MemoryClient, **fields: Any) -> list[str]:
    return texts(client.get_all(filters=ALICE, **fields))


@pytest.mark.covers("add", "search", "get", "get_all", "update", "history", "delete")
def test_what_is_added_is_found_read_changed_and_deleted(mem0: MemoryClient) -> None:
    added = mem0.add(
        [
            {"role": "user", "content": "I live in Oslo"},
            {"role": "assistant", "content": "Oslo is cold in winter"},
            {"role": "system", "content": "Be polite"},
        ],
        user_id="alice",
        run_id="chat/1",
        metadata={"source": "chat"},
        infer=False,
    )
    assert added["status"] == "SUCCEEDED"
    assert [each["event"] for each in added["results"]] == ["ADD", "ADD"]
    assert [each["data"]["memory"] for each in added["results"]] == [
        "I live in Oslo",
        "Oslo is cold in winter",
    ]
    memory_id = added["results"][0]["id"]
    found = mem0.search("who lives in Oslo", filters=ALICE)["results"]
    assert found[0]["id"] == memory_id
    assert 0.1 <= found[0]["score"] <= 1
    assert found[0]["score_breakdown"].keys() == {"semantic", "bm25", "entity"}

    memory = mem0.get(memory_id)
    assert memory["memory"] == "I live in Oslo"
    assert (memory["user_id"], memory["agent_id"], memory["app_id"]) == ("alice", None, None)
    assert memory["run_id"] == memory["session_id"] == "chat/1"
    assert memory["metadata"] == {"source": "chat"}
    assert memory["role"] == "user"

    changed = mem0.update(memory_id, text="I live in Bergen", metadata={"moved": True})
    assert changed["memory"] == "I live in Bergen"
    assert changed["metadata"] == {"source": "chat", "moved": True}
    assert mem0.get(memory_id) == changed

    first, second = mem0.history(memory_id)
    assert (first["event"], first["old_memory"], first["new_memory"]) == (
        "ADD",
        None,
        "I live in Oslo",
    )
    assert (second["event"], second["old_memory"], second["new_memory"]) == (
        "UPDATE",
        "I live in Oslo",
        "I live in Bergen",
    )
    assert set(everything(mem0)) == {"I live in Bergen", "Oslo is cold in winter"}

    assert "deleted" in mem0.delete(memory_id)["message"]
    with pytest.raises(MemoryNotFoundError, match="memory"):
        mem0.get(memory_id)
    assert everything(mem0) == ["Oslo is cold in winter"]


@pytest.mark.covers("get_all")
def test_a_list_is_read_page_by_page(mem0: MemoryClient, http: httpx.Client) -> None:
    for number in range(5):
        said(mem0, f"note {number}", timestamp=1_700_000_000 + number)
    first = mem0.get_all(filters=ALICE, page=1, page_size=2)
    assert (first["count"], first["previous"]) == (5, None)
    assert texts(first) == ["note 4", "note 3"]
    body = {"json": {"filters": ALICE}}
    second = http.post(first["next"], **body).json()
    assert texts(second) == ["note 2", "note 1"]
    last = http.post(second["next"], **body).json()
    assert texts(last) == ["note 0"]
    assert (last["count"], last["next"]) == (5, None)
    assert texts(http.post(last["previous"], **body).json()) == texts(second)
    assert mem0.get_all(filters={"user_id": "nobody"}) == {
        "count": 0,
        "next": None,
        "previous": None,
        "results": [],
    }


@pytest.mark.covers("delete_all")
def test_delete_all_takes_what_is_named_and_nothing_without_a_name(mem0: MemoryClient) -> None:
    for user in ("alice", "bob", "eve"):
        said(mem0, f"{user} likes tea", user_id=user, metadata={"topic": "tea"})
        said(mem0, f"{user} likes jazz", user_id=user)
    with pytest.raises(ValidationError, match="user_id"):
        mem0.delete_all()
    with pytest.raises(ValidationError):
        mem0.delete_all(DeleteAllMemoryOptions(filters={}))
    assert "message" in mem0.delete_all(user_id="nobody")
    assert mem0.delete_all(user_id="alice")["event_id"]
    assert everything(mem0) == []
    mem0.delete_all(user_id="bob", metadata='{"topic": "tea"}')
    assert texts(mem0.get_all(filters={"user_id": "bob"})) == ["bob likes jazz"]
    mem0.delete_all(DeleteAllMemoryOptions(filters={"user_id": "bob"}))  # sent as Python writes it
    assert texts(mem0.get_all(filters={"user_id": "bob"})) == []
    assert len(texts(mem0.get_all(filters={"user_id": "*"}))) == 2
    mem0.delete_all(user_id="*")
    assert texts(mem0.get_all(filters={"user_id": "*"})) == []


@pytest.mark.parametrize("odd", [{1: "a"}, b"a", {"a"}, 1j])
def test_a_delete_overlooks_nothing(mem0: MemoryClient, odd: Any) -> None:
    said(mem0, "likes tea")
    with pytest.raises(ValidationError, match="filter"):
        mem0.delete_all(filters={"user_id": "alice", "agent_id": odd})
    assert everything(mem0) == ["likes tea"]
    for overlooked in ({"categories": ["food"]}, {"start_date": "2026-01-01"}, {"runId": "s/1"}):
        with pytest.raises(ValidationError, match="goes into filters"):
            mem0.delete_all(user_id="alice", **overlooked)
    assert everything(mem0) == ["likes tea"]
    mem0.delete_all(filters={"user_id": {"in": ("alice", "bob")}})
    assert everything(mem0) == []


@pytest.mark.covers("batch_update", "batch_delete")
def test_batches_change_and_delete_each(mem0: MemoryClient) -> None:
    one, two, three = (said(mem0, f"note {number}") for number in range(3))
    done = mem0.batch_update(
        [
            {"memory_id": one, "text": "first note"},
            {"memory_id": two, "metadata": {"read": True}},
        ]
    )
    assert "2 memories" in done["message"]
    assert mem0.get(one)["memory"] == "first note"
    assert mem0.get(two)["metadata"] == {"read": True}
    assert "2 memories" in mem0.batch_delete([{"memory_id": one}, {"memory_id": two}])["message"]
    assert everything(mem0) == ["note 2"]
    third = {"memory_id": three, "text": "third note"}
    with pytest.raises(ValidationError, match=r"memories\.1: give at least one"):
        mem0.batch_update([third, {"memory_id": one}])
    assert everything(mem0) == ["note 2"]
    with pytest.raises(MemoryNotFoundError, match=rf"1 of 2 are done; not {one}"):
        mem0.batch_update([{"memory_id": one, "text": "again"}, third])
    assert everything(mem0) == ["third note"]
    with pytest.raises(MemoryNotFoundError, match=rf"1 of 2 are done; not {one}"):
        mem0.batch_delete([{"memory_id": one}, {"memory_id": three}])
    assert everything(mem0) == []


@pytest.mark.covers("users", "delete_users", "reset")
def test_everybody_is_listed_and_forgotten(mem0: MemoryClient) -> None:
    awkward = "team a/b@x.io"
    said(mem0, "likes tea")
    said(mem0, "likes jazz", agent_id="guide")
    said(mem0, "likes figs", user_id=None, app_id=awkward)
    listed = {(each["type"], each["name"]) for each in mem0.users()["results"]}
    assert listed == {("user", "alice"), ("agent", "guide"), ("app", awkward)}
    mem0.delete_users(app_id=awkward)
    assert texts(mem0.get_all(filters={"app_id": awkward})) == []
    assert len(everything(mem0)) == 2
    assert "successful" in mem0.reset()["message"]
    assert mem0.users()["results"] == []
    with pytest.raises(ValueError, match="No entities"):
        mem0.reset()


@pytest.mark.covers("chat")
def test_chat_is_not_there_in_the_client_itself(mem0: MemoryClient) -> None:
    with pytest.raises(NotImplementedError):
        mem0.chat()


@pytest.mark.covers("add", "search", "get_all", "update")
def test_options_are_taken_as_the_typed_ones_as_well(mem0: MemoryClient) -> None:
    options = AddMemoryOptions(
        filters=ALICE, metadata={"user_id": "mallory"}, infer=False, timestamp=1_700_000_000
    )
    (added,) = mem0.add("likes figs", options)["results"]
    memory = mem0.get(added["id"])
    assert (memory["user_id"], memory["metadata"]) == ("alice", {"user_id": "mallory"})
    assert memory["created_at"] == memory["valid_from"] == "2023-11-14T22:13:20.000000Z"
    assert texts(mem0.get_all(GetAllMemoryOptions(filters=ALICE, end_date="2023-11-14"))) != []
    assert texts(mem0.get_all(GetAllMemoryOptions(filters=ALICE, start_date="2023-11-15"))) == []
    options = SearchMemoryOptions(filters=ALICE, top_k=5, threshold=0, fields=["memory"])
    assert mem0.search("figs", options)["results"] == [{"id": added["id"], "memory": "likes figs"}]
    changed = mem0.update(added["id"], UpdateMemoryOptions(timestamp="2024-02-29"))
    assert changed["created_at"] == "2024-02-29T00:00:00.000000Z"


@pytest.mark.covers("add", "update", "search", "get_all")
def test_what_expires_is_hidden_until_it_is_asked_for(mem0: MemoryClient) -> None:
    memory_id = said(mem0, "is on leave", expiration_date="2020-01-31", timestamp=1_500_000_000)
    assert mem0.get(memory_id)["expiration_date"] == "2020-01-31"
    assert mem0.get(memory_id)["valid_to"] == "2020-02-01T00:00:00.000000Z"
    assert everything(mem0) == []
    assert everything(mem0, show_expired=True) == ["is on leave"]
    asked = {"filters": ALICE, "threshold": 0}
    assert texts(mem0.search("leave", **asked)) == []
    assert texts(mem0.search("leave", show_expired=True, **asked)) == ["is on leave"]
    assert texts(mem0.search("leave", reference_date="2020-01-31", **asked)) == ["is on leave"]
    assert mem0.update(memory_id, expiration_date=None)["expiration_date"] is None
    assert everything(mem0) == ["is on leave"]
    with pytest.raises(ValidationError, match="YYYY-MM-DD"):
        mem0.update(memory_id, expiration_date="next week")


@pytest.mark.covers("add", "search", "get_all", "history", "delete")
def test_what_is_superseded_is_shown_and_deleted_when_asked_for(mem0: MemoryClient) -> None:
    oldest = said(mem0, "lives in Oslo", timestamp=1_500_000_000)
    older = said(mem0, "lives in Bergen", timestamp=1_600_000_000, supersedes=[oldest])
    newest = said(mem0, "lives in Bodø", supersedes=[older])
    assert everything(mem0) == everything(mem0, latest_only=True) == ["lives in Bodø"]
    assert len(everything(mem0, latest_only=False)) == 3
    found = mem0.search("lives", filters=ALICE, threshold=0, latest_only=False)
    assert len(texts(found)) == 3
    assert mem0.get(oldest)["replaced_by"] == older
    last = mem0.history(oldest)[-1]
    assert (last["event"], last["old_memory"], last["new_memory"]) == (
        "UPDATE",
        "lives in Oslo",
        "lives in Bergen",
    )
    assert mem0.delete(newest, delete_linked=True)["cascade_count"] == 2
    assert everything(mem0, latest_only=False) == []


@pytest.mark.covers("add", "update", "delete")
def test_an_immutable_memory_is_only_deleted(mem0: MemoryClient) -> None:
    memory_id = said(mem0, "was born in Oslo", immutable=True)
    with pytest.raises(ValidationError, match="immutable"):
        mem0.update(memory_id, text="was born in Bergen")
    assert mem0.get(memory_id)["memory"] == "was born in Oslo"
    mem0.delete(memory_id)


@pytest.mark.covers("add")
def test_without_a_language_model_what_is_said_is_stored_once(mem0: MemoryClient) -> None:
    (first,) = mem0.add("likes tea", user_id="alice")["results"]
    again = mem0.add("Likes tea", user_id="alice", structured_data_schema={"type": "object"})
    assert [(each["id"], each["event"]) for each in again["results"]] == [(first["id"], "NONE")]
    assert everything(mem0) == ["likes tea"]
    mem0.add("likes tea", user_id="alice", infer=False)
    assert len(everything(mem0)) == 2


@pytest.mark.covers("search", "get_all")
def test_filters_combine(mem0: MemoryClient) -> None:
    said(mem0, "likes tea", metadata={"rank": 1, "tags": ["hot"]})
    said(mem0, "likes jazz", metadata={"rank": 2}, agent_id="guide")
    said(mem0, "likes figs", metadata={"rank": 3}, user_id="bob")

    def chosen(filters: Fields) -> list[str]:
        listed = texts(mem0.get_all(filters=filters))
        found = texts(mem0.search("likes", filters=filters, threshold=0))
        assert sorted(listed) == sorted(found)
        return sorted(listed)

    assert chosen({"AND": [ALICE, {"metadata": {"rank": {"gte": 2}}}]}) == ["likes jazz"]
    assert chosen({"OR": [{"user_id": "bob"}, {"agent_id": "guide"}]}) == [
        "likes figs",
        "likes jazz",
    ]
    assert chosen({"user_id": "*", "NOT": {"metadata": {"rank": 2}}}) == ["likes figs", "likes tea"]
    assert chosen({"userId": "alice", "agentId": None}) == ["likes tea"]
    with pytest.raises(ValidationError, match=r"colour.*user_id"):
        mem0.search("likes", filters=ALICE | {"colour": "red"})
    with pytest.raises(ValidationError):
        mem0.search("likes")
    with pytest.raises(ValidationError):
        mem0.get_all(filters={"NOT": ALICE})
