"""Edges, walks and paths as of an instant and as known at one, and the derived FOLLOWS."""

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
    path,
    read,
    relate,
    related,
)
from tests.deployments.api.conftest import ClientWith

Ids = dict[str, str]


@pytest.fixture
async def ids(client: Client) -> Ids:
    """Memories a … f of one user, true since 2020."""
    return {
        name: (await add(client, f"memory {name * 3}", valid_from="2020-01-01"))["id"]
        for name in "abcdef"
    }


async def shown(client: Client, link: Fields, **view: object) -> list[bool]:
    """Whether each read that could show an edge does."""
    source, target = link["source"], link["target"]
    hits = (await read(client, f"/{source}/related", **view))["memories"]
    return [
        link["id"] in await edges(client, source, **view),
        link["id"] in await edges(client, target, **view),
        link["id"] in [hit["edge"]["id"] for hit in hits],
        await path(client, source, target, **view) == [source, target],
        link["id"] in (await graph(client, **view))[1],
    ]


YES, NO = [True] * 5, [False] * 5


async def test_a_retracted_edge_is_there_for_whoever_asks_what_was_known(
    client: Client, ids: Ids
) -> None:
    link = await edge(client, ids["a"], ids["b"], valid_from="2020-01-01")
    assert await shown(client, link) == YES
    assert await shown(client, link, as_of="2020-06-01") == YES
    assert await shown(client, link, known_at=before(link["created_at"])) == NO
    gone = await ask(client, "DELETE", f"/{ids['a']}/relationships/{link['id']}")
    assert gone["id"] == link["id"]
    at = gone["updated_at"]
    assert await shown(client, link) == NO
    assert await shown(client, link, as_of="2020-06-01") == NO
    assert await shown(client, link, known_at=at) == NO
    assert await shown(client, link, known_at=before(at)) == YES
    assert await shown(client, link, known_at=before(at), as_of="2020-06-01") == YES
    anew = await edge(client, ids["a"], ids["b"], valid_from="2020-01-01")
    assert anew["id"] != link["id"]
    assert await shown(client, anew) == YES
    assert await shown(client, anew, known_at=at) == NO


async def test_an_amended_end_is_recorded_and_what_was_known_before_stays(
    client: Client, ids: Ids
) -> None:
    link = await edge(client, ids["a"], ids["b"], valid_from="2020-01-01")
    url = f"/{ids['b']}/relationships/{link['id']}"
    ended = await ask(client, "PATCH", url, json={"valid_to": "2021-01-01"})
    assert ended["updated_at"] > link["updated_at"]
    assert await shown(client, link) == NO
    assert await shown(client, link, as_of="2020-06-01") == YES
    assert await shown(client, link, as_of="2021-01-01") == NO
    assert await shown(client, link, known_at=before(ended["updated_at"])) == YES
    assert await shown(client, link, known_at=ended["updated_at"]) == NO
    reopened = await ask(client, "PATCH", url, json={"valid_to": None, "metadata": {"n": 2}})
    assert await shown(client, link) == YES
    thought = {"as_of": "2022-01-01", "known_at": before(reopened["updated_at"])}
    assert await shown(client, link, **thought) == NO
    (now,) = (await read(client, f"/{ids['a']}/relationships"))["relationships"]
    assert now == reopened
    found = await read(client, f"/{ids['a']}/relationships", known_at=link["updated_at"])
    assert found["relationships"] == [link]


async def test_an_edge_is_there_while_both_its_memories_are(client: Client, ids: Ids) -> None:
    link = await edge(client, ids["a"], ids["b"], valid_from="2019-01-01")
    assert (await graph(client, as_of="2019-06-01"))[1] == set()
    new = await add(client, "memory of now", valid_from="2022-01-01", supersedes=[ids["b"]])
    assert await edges(client, ids["a"]) == []
    assert await related(client, ids["a"]) == []
    assert (await graph(client))[1] == set()
    assert await shown(client, link, as_of="2021-01-01") == YES
    assert await shown(client, link, known_at=before(new["created_at"])) == YES
    assert await shown(client, link, include_superseded=True) == YES
    with_ended = await add(
        client, "memory long gone", valid_from="2020-01-01", valid_to="2021-01-01"
    )
    late = await edge(client, ids["c"], with_ended["id"], valid_from="2020-01-01")
    assert await shown(client, late, include_expired=True) == YES
    assert await edges(client, ids["c"]) == []


async def test_a_node_with_200_newer_edges_still_answers_for_2020(client: Client, ids: Ids) -> None:
    hub = ids["a"]
    items = [
        {"content": f"newer fact {n}", "user_id": "alice", "valid_from": "2020-01-01"}
        for n in range(200)
    ]
    made = await ask(client, "POST", "/batch", json={"memories": items})
    newer = [each["memory"]["id"] for each in made["results"]]
    past = {"valid_from": "2020-01-01", "valid_to": "2021-01-01"}
    link = await edge(client, hub, ids["b"], **past)
    known_at = link["created_at"]
    for other in newer:
        await edge(client, hub, other, valid_from="2021-01-01")
    in_2020 = {"as_of": "2020-06-01"}
    assert await edges(client, hub, **in_2020) == [link["id"]]
    found = await read(client, f"/{hub}/related", limit=1, **in_2020)
    assert [(hit["id"], hit["edge"]["id"]) for hit in found["memories"]] == [(ids["b"], link["id"])]
    assert found["truncated"] is False
    assert await path(client, hub, ids["b"], **in_2020) == [hub, ids["b"]]
    assert (await graph(client, **in_2020))[1] == {link["id"]}
    for other in (await read(client, f"/{hub}/relationships"))["relationships"]:
        await ask(client, "DELETE", f"/{hub}/relationships/{other['id']}")
    assert await edges(client, hub) == []
    assert await edges(client, hub, known_at=known_at, **in_2020) == [link["id"]]
    assert len(await related(client, hub, known_at=other["created_at"], limit=1000)) == 200
    assert await edges(client, hub, **in_2020) == [link["id"]]


async def test_a_hit_tells_the_edge_that_led_to_it(client: Client, ids: Ids) -> None:
    first = await edge(client, ids["a"], ids["b"], relation="LIKES", metadata={"n": 1})
    second = await edge(client, ids["c"], ids["b"])
    found = (await read(client, f"/{ids['a']}/related", depth=2))["memories"]
    assert [hit["edge"] for hit in found] == [first, second]
    assert [hit["relation"] for hit in found] == ["LIKES", "KNOWS"]
    assert found[1]["path"] == [ids["a"], ids["b"], ids["c"]]


async def test_only_a_cap_truncates(client: Client, ids: Ids) -> None:
    for name in "bcd":
        await edge(client, ids["a"], ids[name])
    for limit, truncated in ((2, True), (3, False), (4, False)):
        found = await read(client, f"/{ids['a']}/related", limit=limit)
        assert (len(found["memories"]), found["truncated"]) == (min(limit, 3), truncated)


async def test_a_shortest_path(client: Client, ids: Ids) -> None:
    a, b, c, d, e, f = (ids[name] for name in "abcdef")
    for source, target, relation in (
        (a, b, "KNOWS"),
        (b, c, "KNOWS"),
        (c, d, "LIKES"),
        (d, e, "KNOWS"),
        (e, a, "LIKES"),
    ):
        await edge(client, source, target, relation=relation)
    assert await path(client, a, d) == [a, e, d]
    assert await path(client, d, a) == [d, e, a]
    assert await path(client, a, d, direction="out") == [a, b, c, d]
    assert await path(client, a, d, direction="in") == [a, e, d]
    assert await path(client, a, d, relation="KNOWS") == []
    assert await path(client, a, c, relation="KNOWS") == [a, b, c]
    assert await path(client, a, d, relation=["KNOWS", "LIKES"], direction="out") == [a, b, c, d]
    assert await path(client, a, d, max_depth=1) == []
    assert await path(client, a, d, max_depth=2, direction="out") == []
    assert await path(client, a, f) == []
    assert await path(client, a, a) == [a]
    found = await read(client, "/path", **{"from": a, "to": d}, direction="out")
    assert [(each["source"], each["target"]) for each in found["edges"]] == [(a, b), (b, c), (c, d)]
    assert found["memories"][0] == await read(client, f"/{a}")


async def test_equal_paths_answer_alike_each_time(client: Client, ids: Ids) -> None:
    for middle in "bcde":
        await edge(client, ids["a"], ids[middle])
        await edge(client, ids[middle], ids["f"])
    ways = {tuple(await path(client, ids["a"], ids["f"])) for _ in range(10)}
    assert len(ways) == 1


async def session(client: Client, name: str, *texts: str) -> list[str]:
    return [
        (await add(client, text, session_id=name, valid_from="2020-01-01"))["id"] for text in texts
    ]


async def test_follows_is_there_when_asked_for(client: Client) -> None:
    one, two, three = await session(client, "s1", "said one", "said two", "said three")
    await session(client, "s2", "said elsewhere")
    assert await related(client, two) == []
    assert await edges(client, two) == []
    assert (await graph(client))[1] == set()
    assert await path(client, one, three) == []
    for asked in ({"include_system": True}, {"relation": "FOLLOWS"}):
        assert set(await related(client, two, **asked)) == {
            (one, "FOLLOWS", 1),
            (three, "FOLLOWS", 1),
        }
        assert await related(client, two, direction="out", **asked) == [(one, "FOLLOWS", 1)]
        assert await related(client, two, direction="in", **asked) == [(three, "FOLLOWS", 1)]
        assert await path(client, one, three, **asked) == [one, two, three]
        whole = await read(client, "/graph", user_id="alice", **asked)
        pairs = [(each["source"], each["target"], each["id"]) for each in whole["edges"]]
        assert sorted(pairs) == sorted([(two, one, None), (three, two, None)])
        assert len(await edges(client, two, **asked)) == 2
        assert len(await edges(client, one, **asked)) == 1
    link = (await read(client, f"/{two}/related", relation="FOLLOWS", direction="out"))["memories"][
        0
    ]["edge"]
    later = await read(client, f"/{two}")
    assert link == {
        "id": None,
        "source": two,
        "target": one,
        "relation": "FOLLOWS",
        "metadata": {},
        "valid_from": "2020-01-01T00:00:00.000000Z",
        "valid_to": None,
        "created_at": later["created_at"],
        "updated_at": later["created_at"],
    }
    # with both, the relations decide
    await edge(client, one, three)
    asked = {"relation": "KNOWS", "include_system": True}
    assert await related(client, one, **asked) == [(three, "KNOWS", 1)]


async def test_follows_heals_over_what_is_not_shown(client: Client) -> None:
    one, two, three = await session(client, "s", "said one", "said two", "said three")
    asked = {"relation": "FOLLOWS", "direction": "out"}
    new = await add(client, "said two, mended", valid_from="2021-01-01", supersedes=[two])
    assert await related(client, three, **asked) == [(one, "FOLLOWS", 1)]
    assert await related(client, three, as_of="2020-06-01", **asked) == [(two, "FOLLOWS", 1)]
    assert await related(client, three, known_at=before(new["created_at"]), **asked) == [
        (two, "FOLLOWS", 1)
    ]
    assert await related(client, three, include_superseded=True, **asked) == [(two, "FOLLOWS", 1)]
    await ask(client, "DELETE", f"/{two}")
    assert await related(client, three, as_of="2020-06-01", **asked) == [(one, "FOLLOWS", 1)]
    assert await related(client, three, include_superseded=True, **asked) == [(one, "FOLLOWS", 1)]
    assert await path(client, three, one, **asked) == [three, one]
    whole = await read(client, "/graph", user_id="alice", relation="FOLLOWS")
    assert [(each["source"], each["target"]) for each in whole["edges"]] == [(three, one)]


async def test_follows_in_a_graph_joins_what_is_in_scope(client: Client) -> None:
    said = {"session_id": "s", "valid_from": "2020-01-01"}
    one, two, three = [
        (await add(client, f"said {agent}{n}", agent_id=agent, **said))["id"]
        for n, agent in enumerate(("x", "y", "x"))
    ]
    whole = await read(client, "/graph", user_id="alice", relation="FOLLOWS")
    assert {(each["source"], each["target"]) for each in whole["edges"]} == {
        (three, two),
        (two, one),
    }
    part = await read(client, "/graph", user_id="alice", agent_id="x", relation="FOLLOWS")
    assert [(each["source"], each["target"]) for each in part["edges"]] == [(three, one)]


async def test_follows_may_be_switched_off(client_with: ClientWith) -> None:
    client = await client_with(graph={"follows": False})
    _, two = await session(client, "s", "said one", "said two")
    for asked in ({"include_system": True}, {"relation": "FOLLOWS"}):
        assert await related(client, two, **asked) == []
        assert (await graph(client, **asked))[1] == set()


async def test_nobody_makes_a_follows_edge(client: Client, ids: Ids) -> None:
    answer = await relate(client, ids["a"], ids["b"], relation="FOLLOWS")
    assert answer.status_code == 400
