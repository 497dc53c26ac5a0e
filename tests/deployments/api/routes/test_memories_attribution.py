"""Who said a memory, and memories that are not to be changed."""

from __future__ import annotations

import httpx

from tests.deployments.api.calls import add, ask, put, read


async def test_immutable_memories_are_erased_but_never_changed(client: httpx.AsyncClient) -> None:
    memory = await add(client, "Born in Bergen", immutable=True)
    path = f"/{memory['id']}"
    refused = await ask(client, "PUT", path, 409, json={"content": "Born in Oslo"})
    assert refused["code"] == "immutable"
    assert (await put(client, memory["id"], content="Born in Bergen"))["version"] == 1
    body = {"content": "Born in Oslo", "user_id": "alice", "supersedes": [memory["id"]]}
    refused = await ask(client, "POST", "", 409, json=body)
    assert refused["code"] == "immutable"
    assert (await read(client, path))["content"] == "Born in Bergen"
    await ask(client, "DELETE", path)
    await read(client, path, 404)


async def test_who_said_it_is_kept_through_corrections_and_exports(
    client: httpx.AsyncClient,
) -> None:
    memory = await add(client, "I like tea", role="user", actor_id="Ann")
    assert (memory["role"], memory["actor_id"], memory["immutable"]) == ("user", "Ann", False)
    fresh = await put(client, memory["id"], content="I like green tea")
    assert (fresh["role"], fresh["actor_id"]) == ("user", "Ann")

    lines = (await client.get("/v1/export", params={"user_id": "alice"})).text
    await ask(client, "DELETE", f"/{memory['id']}")
    answer = await client.post(
        "/v1/import", content=lines, headers={"Content-Type": "application/x-ndjson"}
    )
    assert answer.status_code == 200, answer.text
    back = await read(client, f"/{memory['id']}")
    assert (back["role"], back["actor_id"], back["content"]) == ("user", "Ann", "I like green tea")


async def test_a_memory_has_mem0s_names_besides_ours(client: httpx.AsyncClient) -> None:
    memory = await add(client, "At the fair", session_id="s1", valid_to="2100-05-02T00:00:00Z")
    assert memory["memory"] == memory["content"]
    assert memory["run_id"] == memory["session_id"] == "s1"
    assert memory["expiration_date"] == "2100-05-01"
