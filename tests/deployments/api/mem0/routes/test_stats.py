"""Counters: valid memories, and entities that any memory names."""

from __future__ import annotations

from tests.deployments.api.calls import Client, add
from tests.deployments.api.mem0.calls import ask, peopled


async def test_what_is_valid_and_who_is_named_is_counted(client: Client) -> None:
    assert set((await ask(client, "GET", "/v1/stats/")).values()) == {0}
    await peopled(client)
    await add(client, "moved away", valid_from="2020-01-01", valid_to="2021-01-01", user_id="eve")
    assert await ask(client, "GET", "/v1/stats/") == {
        "total_memories": 4,
        "total_users": 3,
        "total_agents": 1,
        "total_apps": 1,
        "total_runs": 1,
    }
