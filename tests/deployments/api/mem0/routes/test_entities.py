"""Users, agents, apps and runs: listed, counted and forgotten."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.deployments.api.calls import add
from tests.deployments.api.conftest import ClientWith
from tests.deployments.api.keyed import keyed, with_key
from tests.deployments.api.mem0.calls import Client, ask, entities, forget, peopled

MEM0 = {"Mem0-User-ID": ""}


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
