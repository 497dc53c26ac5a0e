"""The routes of Mem0's open source server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.deployments.api import documented
from tests.deployments.api.conftest import ADMIN_KEY, AUTH, HostWith

ALICE = {"user_id": "alice"}


@pytest.fixture
def admin(host_with: HostWith) -> Iterator[httpx.Client]:
    host = host_with(auth=AUTH)
    with calling(host, ADMIN_KEY) as session:
        yield session


def calling(host: str, key: str) -> httpx.Client:
    hooks = {"response": [documented.check]}
    return httpx.Client(base_url=host, headers={"X-API-Key": key}, event_hooks=hooks, timeout=30)


def user_of(admin: httpx.Client) -> httpx.Client:
    """Of the same project, without the right admin."""
    body = {"project_id": "default", "label": "test", "scopes": ["read", "write"]}
    made = httpx.post(f"{admin.base_url}/v1/keys", json=body, headers=admin.headers)
    return calling(str(admin.base_url), made.json()["key"])


def ok(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()


def add(client: httpx.Client, text: str, **fields: Any) -> str:
    body = {"messages": [{"role": "user", "content": text}], "infer": False} | ALICE | fields
    (added,) = ok(client.post("/memories", json=body))["results"]
    assert (added["memory"], added["event"]) == (text, "ADD")
    return str(added["id"])


def listed(client: httpx.Client, **params: Any) -> list[str]:
    return sorted(each["memory"] for each in ok(client.get("/memories", params=params))["results"])


def test_a_memory_is_added_read_changed_and_deleted(admin: httpx.Client) -> None:
    memory_id = add(admin, "likes tea", metadata={"topic": "drinks"})
    url = f"/memories/{memory_id}"
    assert ok(admin.get(url))["metadata"] == {"topic": "drinks"}
    assert ok(admin.get(url))["hash"]
    assert "updated" in ok(admin.put(url, json={"text": "likes green tea"}))["message"]
    assert [each["new_memory"] for each in ok(admin.get(f"{url}/history"))] == [
        "likes tea",
        "likes green tea",
    ]
    ok(admin.delete(url))
    assert admin.delete(url).status_code == 404
    assert ok(admin.get(url)) is None


def test_metadata_is_searched_by_its_keys(admin: httpx.Client) -> None:
    add(admin, "likes green tea", metadata={"topic": "drinks", "rank": 1})
    add(admin, "likes black tea", metadata={"topic": "drinks", "rank": 2})
    add(admin, "likes tea and jazz", user_id="bob")

    def found(**fields: Any) -> list[str]:
        body = {"query": "tea", "threshold": 0} | fields
        return sorted(each["memory"] for each in ok(admin.post("/search", json=body))["results"])

    assert len(found(**ALICE)) == 2
    assert found(filters=ALICE | {"rank": {"gt": 1}}) == ["likes black tea"]
    either = {"OR": [{"rank": 1}, {"rank": 5}]}
    assert found(filters=ALICE | either) == ["likes green tea"]
    answer = ok(admin.post("/search", json={"query": "tea", "explain": True} | ALICE))
    first = answer["results"][0]
    assert first["score_details"]["final_score"] == first["score"]
    body = {"query": "tea", "explain": True, "fields": ["memory"], "top_k": 1} | ALICE
    (part,) = ok(admin.post("/search", json=body))["results"]
    assert part.keys() == {"id", "memory", "score_details"}


def test_all_of_a_project_is_for_administrators(admin: httpx.Client) -> None:
    user = user_of(admin)
    add(user, "likes tea")
    add(user, "likes figs", user_id="bob")
    add(user, "likes jazz", user_id=None, run_id="s/1")
    assert listed(user, **ALICE) == ["likes tea"]
    assert user.get("/memories").status_code == 403
    assert user.post("/reset").status_code == 403
    assert user.delete("/memories").status_code == 400
    assert user.post("/configure", json={}).status_code == 403
    assert listed(admin) == ["likes figs", "likes jazz", "likes tea"]
    assert listed(admin, top_k=0) == []
    names = {(each["type"], each["id"]) for each in ok(user.get("/entities"))}
    assert names == {("user", "alice"), ("user", "bob"), ("run", "s/1")}
    assert user.delete("/entities/user/*").status_code == 400
    ok(user.delete("/entities/run/s%2F1"))
    ok(user.delete("/memories", params={"user_id": "bob"}))
    assert listed(admin) == ["likes tea"]
    ok(admin.post("/reset"))
    assert listed(admin) == []
