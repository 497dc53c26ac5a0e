"""Users, agents, apps and runs: listed, counted and forgotten; and the events that tell of it."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.deployments.api.calls import add
from tests.deployments.api.conftest import ClientWith
from tests.deployments.api.keyed import keyed, with_key

Client = httpx.AsyncClient
MEM0 = {"Mem0-User-ID": ""}
UNKNOWN = "0d5c7c1e-6a0e-8f0b-9a55-2b1c6d9f1a10"


async def ask(client: Client, method: str, path: str, status: int = 200, **sent: Any) -> Any:
    answer = await client.request(method, path, **sent)
    assert answer.status_code == status, answer.text
    return answer.json()


async def entities(client: Client, **query: Any) -> dict[tuple[str, str], int]:
    found = await ask(client, "GET", "/v1/entities/", params=query)
    return {(each["type"], each["name"]): each["total_memories"] for each in found["results"]}


async def done(client: Client, event_id: str) -> dict[str, Any]:
    async with asyncio.timeout(30):
        while True:
            event = dict(await ask(client, "GET", f"/v1/event/{event_id}/"))
            if event["status"] in ("SUCCEEDED", "FAILED"):
                assert event["status"] == "SUCCEEDED", event
                return event
            await asyncio.sleep(0.05)


async def forget(client: Client, path: str, **sent: Any) -> dict[str, Any]:
    told = await ask(client, "DELETE", path, **sent)
    assert told["message"]
    return await done(client, told["event_id"])


async def peopled(client: Client) -> None:
    await add(client, "likes tea")
    await add(client, "likes jazz", agent_id="guide", session_id="monday")
    await add(client, "bob's", user_id="bob", agent_id="guide")
    await add(client, "the app's", user_id=None, app_id="desk")


async def test_everything_that_a_memory_names_is_listed(client: Client) -> None:
    assert await entities(client) == {}
    await peopled(client)
    assert await entities(client) == {
        ("user", "alice"): 2,
        ("user", "bob"): 1,
        ("agent", "guide"): 2,
        ("app", "desk"): 1,
        ("run", "monday"): 1,
    }
    found = await ask(client, "GET", "/v1/entities")
    totals = [found[f"total_{each}s"] for each in ("user", "agent", "app", "run")]
    assert (found["count"], totals) == (5, [2, 1, 1, 1])
    assert all(isinstance(each["id"], str) and each["id"].isdigit() for each in found["results"])
    assert await ask(client, "GET", "/v1/entities/filters/") == {
        "users": ["alice", "bob"],
        "agents": ["guide"],
        "apps": ["desk"],
        "runs": ["monday"],
    }
    stats = await ask(client, "GET", "/v1/stats/")
    assert (stats["total_memories"], stats["total_users"], stats["total_runs"]) == (4, 2, 1)


async def test_entities_come_in_pages_where_they_are_asked_for(client: Client) -> None:
    await peopled(client)
    every = await entities(client)
    seen: dict[tuple[str, str], int] = {}
    url = "http://test/v1/entities/?page=1&page_size=2"
    for _ in range(3):
        page = await ask(client, "GET", url)
        assert page["count"] == 5
        seen |= {(each["type"], each["name"]): each["total_memories"] for each in page["results"]}
        url = page["next"]
    assert url is None
    assert seen == every


async def test_an_entity_is_forgotten_by_its_name(client: Client) -> None:
    await peopled(client)
    event = await forget(client, "/v2/entities/run/monday/")
    assert event["event_type"] == "DELETE_USER"
    assert event["latency"] > 0
    await forget(client, "/v2/entities/agent/guide/")
    assert await entities(client) == {("user", "alice"): 1, ("app", "desk"): 1}
    await forget(client, "/v2/entities/user/nobody/")
    await ask(client, "DELETE", "/v2/entities/team/alice/", 400)
    await ask(client, "DELETE", "/v2/entities/user/%2A", 400)
    assert len(await entities(client)) == 2


@pytest.mark.parametrize("name", ["a/b", "a b@x.io", "a/", "50%", "profile", "é", "a/profile"])
async def test_any_name_reaches_its_entity(client: Client, name: str) -> None:
    await add(client, "theirs", user_id=name)
    await add(client, "alice's")
    path = f"/v2/entities/user/{quote(name, safe='')}/"
    (found,) = await ask(client, "GET", path) if not name.endswith("/profile") else [{"name": name}]
    assert found["name"] == name
    await forget(client, path)
    assert await entities(client) == {("user", "alice"): 1}
    if name != "a/profile":
        await ask(client, "GET", path, 404)


async def test_older_clients_forget_by_number(client: Client) -> None:
    await peopled(client)
    found = await ask(client, "GET", "/v1/entities")
    numbers = {each["name"]: each["id"] for each in found["results"]}
    await forget(client, f"/v1/entities/user/{numbers['alice']}/", headers=MEM0)
    assert set(await entities(client)) == {("user", "bob"), ("agent", "guide"), ("app", "desk")}
    for kind, number, status in (
        ("agent", numbers["bob"], 404),
        ("user", "7", 404),
        ("user", "bob", 400),
        ("team", numbers["bob"], 400),
    ):
        await ask(client, "DELETE", f"/v1/entities/{kind}/{number}/", status, headers=MEM0)
    assert ("user", "bob") in await entities(client)


async def test_events_are_listed_newest_first(client: Client) -> None:
    await peopled(client)
    first = await forget(client, "/v2/entities/user/bob/")
    second = await forget(client, "/v2/entities/app/desk/")
    page = await ask(client, "GET", "/v1/events/", params={"page_size": 1})
    assert (page["count"], [each["id"] for each in page["results"]]) == (2, [second["id"]])
    page = await ask(client, "GET", page["next"])
    assert ([each["id"] for each in page["results"]], page["next"]) == ([first["id"]], None)
    assert await ask(client, "GET", f"/v1/events/{first['id']}/") == first
    for unknown in (UNKNOWN, "nothing"):
        await ask(client, "GET", f"/v1/event/{unknown}/", 404)


async def test_a_bound_key_sees_and_forgets_its_own_user(client_with: ClientWith) -> None:
    admin = await keyed(client_with)
    await peopled(admin)
    bound = await with_key(admin, user_id="alice")
    seen = {("user", "alice"): 2, ("agent", "guide"): 1, ("run", "monday"): 1}
    assert await entities(bound) == seen
    assert (await ask(bound, "GET", "/v1/stats"))["total_memories"] == 2
    await ask(bound, "DELETE", "/v2/entities/user/bob/", 403)
    await ask(bound, "GET", "/v2/entities/user/bob/", 404)
    await forget(bound, "/v2/entities/user/alice/")
    assert await entities(admin) == {("user", "bob"): 1, ("agent", "guide"): 1, ("app", "desk"): 1}
