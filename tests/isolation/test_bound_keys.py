"""A key that is bound to a user reaches that user's memories and no others, on every route."""

from __future__ import annotations

from typing import Any

from tests.deployments.api.calls import UNKNOWN, Client, Fields, add, assert_refused, relate
from tests.deployments.api.conftest import ClientWith
from tests.deployments.api.keyed import keyed, with_key

MEMORIES = "/v1/memories"
PERIOD = {"from": "2000-01-01", "to": "2200-01-01"}
BY_ID = (
    ("GET", "", None),
    ("PUT", "", {"content": "x"}),
    ("DELETE", "", None),
    ("GET", "/history", None),
    ("GET", "/related", None),
    ("GET", "/relationships", None),
)
BY_SCOPE: tuple[tuple[str, str, Fields], ...] = (
    ("GET", "", {}),
    ("GET", "/search", {"query": "x"}),
    ("GET", "/graph", {}),
    ("GET", "/graph/diff", PERIOD),
    ("POST", "/search", {"query": "x"}),
    ("POST", "", {"content": "x"}),
)


async def send(client: Client, method: str, path: str, given: Fields) -> Any:
    body = {"params": given} if method == "GET" else {"json": given}
    return await client.request(method, f"{MEMORIES}{path}", **body)


async def test_memories_of_others_are_not_there(client_with: ClientWith) -> None:
    admin = await keyed(client_with)
    bound = await with_key(admin, user_id="alice")
    bob = {"user_id": "bob", "agent_id": "helper"}
    theirs, more = [(await add(admin, text, **bob))["id"] for text in ("bob's one", "bob's two")]
    edge = (await relate(admin, theirs, more)).json()["id"]
    agents = (await add(admin, "the agent's own", user_id=None, agent_id="helper"))["id"]
    mine = (await add(bound, "alice's own"))["id"]
    for memory_id in (theirs, agents):
        for method, path, body in BY_ID:
            answer = await bound.request(method, f"{MEMORIES}/{memory_id}{path}", json=body)
            assert_refused(answer, 404)
            missing = await bound.request(method, f"{MEMORIES}/{UNKNOWN}{path}", json=body)
            assert answer.json()["detail"].replace(memory_id, UNKNOWN) == missing.json()["detail"]
        for start, end in ((memory_id, mine), (mine, memory_id)):
            asked = {"from": start, "to": end}
            assert_refused(await bound.get(f"{MEMORIES}/path", params=asked), 404)
            assert_refused(await relate(bound, start, end), 404)
        superseding = {"content": "newer", "supersedes": [memory_id]}
        assert_refused(await bound.post(MEMORIES, json=superseding), 404)
    for memory_id in (theirs, mine):
        url = f"{MEMORIES}/{memory_id}/relationships/{edge}"
        assert_refused(await bound.patch(url, json={"metadata": {"n": 1}}), 404)
        assert_refused(await bound.delete(url), 404)
    found = (await admin.get(f"{MEMORIES}/{theirs}/relationships")).json()["relationships"]
    assert [(each["id"], each["metadata"]) for each in found] == [(edge, {})]
    assert (await admin.get(f"{MEMORIES}/{theirs}")).json()["version"] == 1


async def test_scopes_of_others_are_forbidden(client_with: ClientWith) -> None:
    admin = await keyed(client_with)
    bound = await with_key(admin, user_id="alice")
    await add(admin, "bob's", user_id="bob")
    for method, path, given in BY_SCOPE:
        for other in ("bob", "Alice", "alice2"):
            answer = await send(bound, method, path, given | {"user_id": other})
            assert_refused(answer, 403)
    items = [{"content": "one", "user_id": "alice"}, {"content": "two", "user_id": "bob"}]
    batch = await bound.post(f"{MEMORIES}/batch", json={"memories": [*items, {"content": "three"}]})
    assert [each["status"] for each in batch.json()["results"]] == [201, 403, 201]
    listed = (await admin.get(MEMORIES, params={"user_id": "bob"})).json()["memories"]
    assert [each["content"] for each in listed] == ["bob's"]


async def test_entities_of_others_are_neither_erased_nor_carried_off(
    client_with: ClientWith,
) -> None:
    admin = await keyed(client_with)
    bound = await with_key(admin, user_id="alice")
    theirs = (await add(admin, "bob's", user_id="bob", agent_id="helper"))["id"]
    for entity in ("user/bob", "agent/helper"):
        assert_refused(await bound.delete(f"/v1/entities/{entity}"), 403)
    for scope in ({"user_id": "bob"}, {"agent_id": "helper"}):
        assert_refused(await bound.post("/v1/erasures", json=scope), 403)
        assert_refused(await bound.get("/v1/export", params=scope | {"user_id": "bob"}), 403)
    export = (await admin.get("/v1/export", params={"user_id": "bob"})).content
    lines = {"content": export, "headers": {"content-type": "application/x-ndjson"}}
    assert_refused(await bound.post("/v1/import", params={"user_id": "bob"}, **lines), 403)
    brought = (await bound.post("/v1/import", **lines)).json()
    assert (brought["imported"], brought["present"]) == (0, 0)
    assert {each["code"] for each in brought["refused"]} == {"forbidden"}
    own = {"user_id": "carol"}
    await add(admin, "carol's", **own)
    receipt = (await admin.post("/v1/erasures", json=own)).json()
    assert_refused(await bound.get(f"/v1/erasures/{receipt['id']}"), 404)
    for path in ("verify", "rebuild", "compact", "restore", "tasks", "backup", "audit"):
        assert_refused(await bound.get(f"/v1/admin/{path}"), 403)
        assert_refused(await bound.post(f"/v1/admin/{path}"), 403)
    listed = (await admin.get(MEMORIES, params={"user_id": "bob"})).json()["memories"]
    assert [(each["id"], each["version"]) for each in listed] == [(theirs, 1)]


async def test_without_a_scope_it_is_the_users_own(client_with: ClientWith) -> None:
    admin = await keyed(client_with)
    bound = await with_key(admin, user_id="alice")
    await add(admin, "tea for bob", user_id="bob", agent_id="helper")
    await add(admin, "tea for everybody", user_id=None, agent_id="helper")
    mine = (await bound.post(MEMORIES, json={"content": "tea for me", "agent_id": "helper"})).json()
    assert mine["user_id"] == "alice"
    for given in ({}, {"agent_id": "helper"}, {"user_id": "alice"}):
        for method, path, asked in BY_SCOPE[:-1]:
            answer = await send(bound, method, path, asked | given | _searching(path))
            assert answer.status_code == 200, answer.text
            found = answer.json()
            memories = found.get("memories", found.get("nodes"))
            memories = memories["began"] if isinstance(memories, dict) else memories
            assert [each["id"] for each in memories] == [mine["id"]], (path, given)


async def test_every_route_of_memories_is_looked_at_here(client_with: ClientWith) -> None:
    """A new one must be added to the tests above."""
    admin = await keyed(client_with)
    paths = (await admin.get("/openapi.json")).json()["paths"]
    ours = {path for path in paths if path.startswith(MEMORIES)}
    one = f"{MEMORIES}/{{memory_id}}"
    assert ours == {
        *(f"{MEMORIES}{path}" for _, path, _ in BY_SCOPE),
        *(f"{one}{path}" for _, path, _ in BY_ID),
        f"{MEMORIES}/batch",
        f"{MEMORIES}/path",
        f"{one}/relationships/{{relationship_id}}",
    }


def _searching(path: str) -> Fields:
    return {"query": "tea", "threshold": 0} if path == "/search" else {}
