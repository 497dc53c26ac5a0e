"""Memories as of an instant and as known at one, over HTTP, in process, on real stores."""

from __future__ import annotations

import pytest

from tests.deployments.api.calls import (
    Client,
    Fields,
    add,
    ask,
    before,
    edge,
    edges,
    graph,
    listed,
    path,
    put,
    read,
    related,
    search,
)

BOTH = {"include_superseded": True, "include_expired": True}


async def seen(client: Client, words: str, **view: object) -> list[list[str]]:
    """What each read of the owner's memories shows of one snapshot."""
    by_url = await read(client, "/search", query=words, user_id="alice", threshold=0.5, **view)
    nodes, _ = await graph(client, **view)
    return [
        await listed(client, **view),
        await search(client, words, **view),
        [each["id"] for each in by_url["memories"]],
        sorted(nodes),
    ]


async def test_every_read_shows_what_was_true_at_the_instant(client: Client) -> None:
    oslo = (await add(client, "lives in Oslo", valid_from="2020-01-01", valid_to="2021-01-01"))[
        "id"
    ]
    bergen = (await add(client, "lives in Bergen", valid_from="2021-01-01"))["id"]
    for instant, expected in (
        ("2019-12-31T23:59:59.999999", []),
        ("2020-01-01", [oslo]),
        ("2020-12-31T23:59:59.999999Z", [oslo]),
        ("2021-01-01T00:00:00Z", [bergen]),
        ("2021-01-01T00:30:00+01:00", [oslo]),
        ("2200-01-01", [bergen]),
    ):
        assert await seen(client, "lives", as_of=instant) == [expected] * 4, instant
        for memory_id in (oslo, bergen):
            status = 200 if memory_id in expected else 404
            await read(client, f"/{memory_id}", status, as_of=instant)
    assert await seen(client, "lives") == [[bergen]] * 4
    assert (await read(client, f"/{oslo}"))["valid_to"] == "2021-01-01T00:00:00.000000Z"


async def test_a_corrected_text_is_read_and_found_where_it_was_known(client: Client) -> None:
    made = await add(client, "lives in Oslo", valid_from="2020-01-01", metadata={"source": "chat"})
    changed = await put(
        client, made["id"], content="settled in Bergen", metadata={"source": "call"}
    )
    then, now = made["updated_at"], changed["updated_at"]
    for known_at in (then, before(now)):
        assert await read(client, f"/{made['id']}", known_at=known_at) == made
        assert await seen(client, "Oslo lives", known_at=known_at) == [[made["id"]]] * 4
        assert await search(client, "settled Bergen", known_at=known_at) == []
        page = await read(client, "", user_id="alice", known_at=known_at)
        assert page["memories"] == [made]
    for view in ({}, {"known_at": now}):
        assert await read(client, f"/{made['id']}", **view) == changed
        assert await seen(client, "Bergen settled", **view) == [[made["id"]]] * 4
        assert await search(client, "lives Oslo", **view) == []
    assert await seen(client, "Oslo", known_at=before(made["created_at"])) == [[]] * 4
    await read(client, f"/{made['id']}", 404, known_at=before(made["created_at"]))
    # both clocks at once: what was thought then about 2020, and about the year before
    both = {"as_of": "2020-06-01", "known_at": then}
    assert await seen(client, "Oslo lives", **both) == [[made["id"]]] * 4
    await read(client, f"/{made['id']}", 404, as_of="2019-06-01", known_at=then)


async def test_filters_meet_the_version_that_was_known(client: Client) -> None:
    made = await add(client, "likes tea", metadata={"kind": "green"})
    changed = await put(client, made["id"], metadata={"kind": "black"})
    for kind, known_at, expected in (
        ("green", made["updated_at"], [made["id"]]),
        ("black", made["updated_at"], []),
        ("green", changed["updated_at"], []),
        ("black", changed["updated_at"], [made["id"]]),
    ):
        wanted = {"filters": {"metadata": {"kind": kind}}, "known_at": known_at}
        assert await search(client, "likes tea", **wanted) == expected, (kind, known_at)


async def test_a_corrected_interval_moves_what_was_true(client: Client) -> None:
    made = await add(client, "works at Acme", valid_from="2020-01-01")
    await put(client, made["id"], valid_to="2022-01-01")
    in_2023 = {"as_of": "2023-01-01"}
    assert await seen(client, "works Acme", **in_2023) == [[]] * 4
    thought = in_2023 | {"known_at": made["updated_at"]}
    assert await seen(client, "works Acme", **thought) == [[made["id"]]] * 4
    reopened = await put(client, made["id"], valid_to=None)
    assert await seen(client, "works Acme", **in_2023) == [[made["id"]]] * 4
    thought = in_2023 | {"known_at": before(reopened["updated_at"])}
    assert await seen(client, "works Acme", **thought) == [[]] * 4


async def test_superseded_memories_come_when_asked_for_and_are_marked(client: Client) -> None:
    old = await add(client, "lives in Oslo", valid_from="2020-01-01")
    new = await add(client, "lives in Bergen", valid_from="2021-01-01", supersedes=[old["id"]])
    assert await seen(client, "lives") == [[new["id"]]] * 4
    assert await seen(client, "lives", include_expired=True) == [[new["id"]]] * 4
    for shown in await seen(client, "lives", include_superseded=True):
        assert set(shown) == {old["id"], new["id"]}
    marks = {"superseded": True, "superseded_by": new["id"]}
    page = await read(client, "", user_id="alice", include_superseded=True)
    plain, marked = page["memories"]
    assert not marks.keys() & plain.keys()
    assert marks.items() <= marked.items()
    assert marks.items() <= (await read(client, f"/{old['id']}")).items()
    assert marks.items() <= (await read(client, f"/{old['id']}", as_of="2020-06-01")).items()
    assert (await graph(client))[1] == set()
    whole = await read(client, "/graph", user_id="alice", include_superseded=True)
    (link,) = whole["edges"]
    assert (link["source"], link["relation"], link["target"]) == (
        new["id"],
        "SUPERSEDES",
        old["id"],
    )
    assert link["valid_from"] == new["valid_from"]
    assert link["created_at"] == new["created_at"]
    assert await edges(client, new["id"]) == []
    assert await edges(client, new["id"], include_superseded=True) == [link["id"]]
    assert await related(client, new["id"]) == []
    (hit,) = (await read(client, f"/{new['id']}/related", include_superseded=True))["memories"]
    assert (hit["id"], hit["edge"]) == (old["id"], link)
    assert marks.items() <= hit.items()
    # before the successor was recorded nothing was superseded
    thought = {"known_at": before(new["created_at"])}
    assert await read(client, f"/{old['id']}", **thought) == old
    assert await seen(client, "lives", **thought) == [[old["id"]]] * 4
    assert (await graph(client, include_superseded=True, **thought)) == ({old["id"]}, set())


async def test_expired_memories_come_when_asked_for_and_what_has_not_begun_never(
    client: Client,
) -> None:
    begin, end = "2020-01-01", "2021-01-01"
    gone = (await add(client, "rents a flat", valid_from=begin, valid_to=end))["id"]
    await add(client, "rents a castle", valid_from="2200-01-01")
    await add(client, "rents a cellar", valid_from="2200-01-01", valid_to="2201-01-01")
    assert await seen(client, "rents") == [[]] * 4
    assert await seen(client, "rents", include_superseded=True) == [[]] * 4
    assert await seen(client, "rents", include_expired=True) == [[gone]] * 4
    assert await seen(client, "rents", **BOTH) == [[gone]] * 4
    assert await seen(client, "rents", as_of="2019-01-01", **BOTH) == [[]] * 4
    memory = (await read(client, "", user_id="alice", **BOTH))["memories"][0]
    assert not {"superseded", "superseded_by"} & memory.keys()


async def test_an_erased_successor_leaves_the_old_one_expired(client: Client) -> None:
    old = await add(client, "lives in Oslo", valid_from="2020-01-01")
    new = await add(client, "lives in Bergen", valid_from="2021-01-01", supersedes=[old["id"]])
    between = new["created_at"]
    await ask(client, "DELETE", f"/{new['id']}")
    assert await seen(client, "lives", include_superseded=True) == [[]] * 4
    assert await seen(client, "lives", include_expired=True) == [[old["id"]]] * 4
    for view in ({}, {"known_at": between}):
        memory = await read(client, f"/{old['id']}", **view)
        assert memory["valid_to"] == "2021-01-01T00:00:00.000000Z"
        assert not {"superseded", "superseded_by"} & memory.keys()


async def test_erasing_is_from_every_past(client: Client) -> None:
    names = {
        name: await add(client, f"lives in {name}", valid_from="2020-01-01")
        for name in ("Oslo", "Bergen")
    }
    oslo, bergen = (names[name]["id"] for name in ("Oslo", "Bergen"))
    link = await edge(client, oslo, bergen, valid_from="2020-01-01")
    changed = await put(client, oslo, content="moved to Oslo")
    gone = await ask(client, "DELETE", f"/{oslo}")
    assert set(gone) == {"message", "id", "updated_at"}
    assert gone["id"] == oslo
    assert gone["updated_at"] > changed["updated_at"]
    for known_at in (link["created_at"], changed["updated_at"], gone["updated_at"]):
        view = {"known_at": known_at, **BOTH}
        assert await seen(client, "lives", **view) == [[bergen]] * 4
        assert await search(client, "Oslo", **view) == []
        await read(client, f"/{oslo}", 404, known_at=known_at)
        assert await edges(client, bergen, **view) == []
        assert await related(client, bergen, **view) == []
    await read(client, f"/{oslo}/history", 404)


async def test_what_one_operation_writes_has_one_record_time(client: Client) -> None:
    old = [await add(client, f"lives in {n}", valid_from="2020-01-01") for n in ("Oslo", "Rome")]
    ids = [each["id"] for each in old]
    new = await add(client, "lives in Bergen", supersedes=ids)
    assert new["valid_from"] == new["created_at"] == new["updated_at"]
    for memory_id in ids:
        ended = await read(client, f"/{memory_id}")
        assert ended["updated_at"] == ended["valid_to"] == new["created_at"]
    whole = await read(client, "/graph", user_id="alice", include_superseded=True)
    assert [each["created_at"] for each in whole["edges"]] == [new["created_at"]] * 2
    assert set(await listed(client, as_of=before(new["created_at"]))) == set(ids)
    assert await listed(client, as_of=new["created_at"]) == [new["id"]]


@pytest.mark.parametrize("where", ["related", "relationships"])
async def test_walks_from_what_is_not_shown(client: Client, where: str) -> None:
    ended = {"valid_from": "2020-01-01", "valid_to": "2021-01-01"}
    start = await add(client, "old flat", **ended)
    neighbour = await add(client, "new flat", valid_from="2020-01-01")
    link = await edge(client, start["id"], neighbour["id"], valid_from="2020-01-01")
    url, kind = f"/{start['id']}/{where}", "memories" if where == "related" else "relationships"
    assert (await read(client, url))[kind] == []
    assert (await read(client, url, include_superseded=True))[kind] == []
    assert len((await read(client, url, include_expired=True))[kind]) == 1
    assert len((await read(client, url, as_of="2020-06-01"))[kind]) == 1
    await read(client, url, 404, as_of="2022-01-01")
    await read(client, url, 404, as_of="2019-01-01", include_expired=True)
    await read(client, url, 404, known_at=link["created_at"])
    await read(client, url, 404, known_at=before(start["created_at"]), as_of="2020-06-01")
    await read(client, f"/mem_nonsense/{where}", 404)


async def test_a_path_to_or_from_what_is_not_shown(client: Client) -> None:
    ended = (await add(client, "old flat", valid_from="2020-01-01", valid_to="2021-01-01"))["id"]
    other = (await add(client, "new flat", valid_from="2020-01-01"))["id"]
    bobs = (await add(client, "bob's flat", user_id="bob"))["id"]
    await edge(client, ended, other, valid_from="2020-01-01")
    for start, end in ((ended, other), (other, ended), (ended, ended)):
        ends = {"from": start, "to": end}
        assert await path(client, start, end) == []
        assert await path(client, start, end, as_of="2020-06-01") == list(
            dict.fromkeys(ends.values())
        )
        await read(client, "/path", 404, **ends, as_of="2022-01-01")
        await read(client, "/path", 404, **ends, known_at="2022-01-01")
    for start, end in ((other, bobs), (bobs, other), (other, "nonsense"), ("nonsense", other)):
        await read(client, "/path", 404, **{"from": start, "to": end})


async def test_pages_of_a_list_show_one_world(client: Client) -> None:
    ids = [(await add(client, f"fact number {n}", valid_from="2020-01-01"))["id"] for n in range(6)]
    first: Fields = await read(client, "", user_id="alice", limit=3)
    assert [each["id"] for each in first["memories"]] == ids[:2:-1]
    await add(client, "fact of another kind", supersedes=[ids[1]])
    rest = await listed(client, limit=3, cursor=first["next_cursor"])
    assert rest == ids[2::-1]  # it was still true when the first page was read
    assert ids[1] not in await listed(client)
