"""What a read leaves out at its limits, and what its cursor holds on to."""

from __future__ import annotations

import asyncio

import pytest

from tests.deployments.api.calls import Client, add, ask, edge, path, put, read, related


async def test_a_hub_of_ended_memories_still_leads_to_the_living_one(client: Client) -> None:
    hub = (await add(client, "the hub", valid_from="2019-01-01"))["id"]
    live = (await add(client, "still true", valid_from="2019-01-01"))["id"]
    kept = await edge(client, hub, live, valid_from="2019-06-01")
    ended = [
        {
            "content": f"was true {n}",
            "user_id": "alice",
            "valid_from": "2019-01-01",
            "valid_to": "2020-01-01",
        }
        for n in range(520)
    ]
    made = await ask(client, "POST", "/batch", json={"memories": ended}, timeout=60)
    ids = [each["memory"]["id"] for each in made["results"]]
    for start in range(0, len(ids), 40):
        part = ids[start : start + 40]
        await asyncio.gather(*(edge(client, hub, each, valid_from="2019-07-01") for each in part))
    assert await related(client, hub) == [(live, "KNOWS", 1)]
    assert (await read(client, f"/{hub}/related"))["truncated"] is False
    assert await path(client, live, hub) == [live, hub]
    shown = await read(client, f"/{hub}/relationships")
    assert [each["id"] for each in shown["relationships"]] == [kept["id"]]
    then = await read(client, f"/{hub}/related", as_of="2019-08-01", limit=1000)
    assert (len(then["memories"]), then["truncated"]) == (500, True)


async def test_later_pages_show_the_world_of_the_first(client: Client) -> None:
    old, new = [(await add(client, f"fact {n}"))["id"] for n in range(2)]
    first = await read(client, "/graph", user_id="alice", limit=1)
    assert [each["id"] for each in first["nodes"]] == [new]
    late = (await add(client, "came meanwhile", valid_from="2001-01-01"))["id"]
    await edge(client, late, old, valid_from="2001-01-01")
    await put(client, old, content="corrected meanwhile")
    query = {"user_id": "alice", "limit": 1, "cursor": first["next_cursor"]}
    second = await read(client, "/graph", **query)
    assert [each["content"] for each in second["nodes"]] == ["fact 0"]
    assert second["edges"] == []


async def test_a_cursor_goes_on_with_its_own_list_only(client: Client) -> None:
    for n in range(3):
        await add(client, f"fact {n}")
    query = {"user_id": "alice", "limit": 1}
    cursor = (await read(client, "", **query))["next_cursor"]
    for other in ({"as_of": "2020-01-01"}, {"known_at": "2020-01-01"}, {"order": "asc"}):
        refused = await read(client, "", 400, **query, cursor=cursor, **other)
        assert "cursor" in refused["detail"]
    for forged in ("", "x", cursor[:-8], cursor.swapcase()):
        await read(client, "", 400, **query, cursor=forged)


async def test_a_page_of_long_memories_ends_early_and_leads_on(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memory.read.listings.MOST_CHARACTERS", 1_000)
    ids = [(await add(client, f"{n} {'word ' * 60}"))["id"] for n in range(10)]
    pages = [await read(client, "", user_id="alice")]
    while cursor := pages[-1]["next_cursor"]:
        pages.append(await read(client, "", user_id="alice", cursor=cursor))
    seen = [each["id"] for page in pages for each in page["memories"]]
    assert seen == ids[::-1]
    assert len(pages) > 1
