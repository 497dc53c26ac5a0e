"""Events: Mem0's name for jobs."""

from __future__ import annotations

from tests.deployments.api.mem0.calls import Client, ask, forget, peopled

UNKNOWN = "0d5c7c1e-6a0e-8f0b-9a55-2b1c6d9f1a10"


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
