"""The graph page by page, and what changed between two instants."""

from __future__ import annotations

from typing import Any

import pytest

from tests.deployments.api.calls import Client, Fields, add, ask, before, edge, graph, put, read

Edges = list[tuple[str | None, str, str]]


async def pages(client: Client, url: str, **query: Any) -> list[Fields]:
    found = []
    cursor: str | None = ""
    while cursor is not None:
        page = await read(
            client, url, user_id="alice", **query, **({"cursor": cursor} if cursor else {})
        )
        found.append(page)
        cursor = page["next_cursor"]
        assert len(found) <= 50
    return found


def keys(found: list[Fields]) -> Edges:
    """Derived edges have no id."""
    return [(each["id"], each["source"], each["target"]) for each in found]


@pytest.fixture
async def chain(client: Client) -> list[str]:
    """Ten memories of a session; each knows the one before and the first."""
    ids = [
        (await add(client, f"fact {n}", valid_from="2020-01-01", session_id="s"))["id"]
        for n in range(10)
    ]
    for n in range(1, 10):
        await edge(client, ids[n], ids[n - 1], valid_from="2020-01-01")
        if n > 1:
            await edge(client, ids[0], ids[n], relation="LIKES", valid_from="2020-01-01")
    return ids


@pytest.mark.parametrize("limit", [1, 3, 10])
async def test_pages_of_a_graph_make_the_whole(
    client: Client, chain: list[str], limit: int
) -> None:
    for asked in ({}, {"include_system": True}, {"relation": "LIKES"}, {"as_of": "2020-06-01"}):
        whole = await read(client, "/graph", user_id="alice", **asked)
        assert (whole["truncated"], whole["next_cursor"]) == (False, None)
        assert [each["id"] for each in whole["nodes"]] == chain[::-1]
        assert len(whole["edges"]) >= 8
        parts = await pages(client, "/graph", limit=limit, **asked)
        assert [len(part["nodes"]) for part in parts[:-1]] == [limit] * (len(parts) - 1)
        assert [node for part in parts for node in part["nodes"]] == whole["nodes"]
        links = [link for part in parts for link in keys(part["edges"])]
        assert len(links) == len(set(links))
        assert set(links) == set(keys(whole["edges"]))
        come: set[str] = set()
        for part in parts:
            fresh = {node["id"] for node in part["nodes"]}
            come |= fresh
            for link in part["edges"]:
                assert {link["source"], link["target"]} <= come
                assert {link["source"], link["target"]} & fresh


async def test_a_graph_shows_edges_of_the_relations_named(client: Client, chain: list[str]) -> None:
    for relation, count in ((["KNOWS"], 9), (["LIKES"], 8), (["KNOWS", "LIKES"], 17), (["X"], 0)):
        nodes, links = await graph(client, relation=relation)
        assert (len(nodes), len(links)) == (10, count)


async def test_pages_of_a_graph_show_one_world(client: Client, chain: list[str]) -> None:
    first = await read(client, "/graph", user_id="alice", limit=4)
    await add(client, "another fact", supersedes=[chain[2]])
    second = await read(client, "/graph", user_id="alice", limit=10, cursor=first["next_cursor"])
    assert chain[2] in {node["id"] for node in second["nodes"]}
    assert chain[2] not in (await graph(client))[0]


async def difference(client: Client, start: str, end: str, **query: Any) -> Fields:
    ends = {"from": start, "to": end}
    return await read(client, "/graph/diff", user_id="alice", **ends, **query)


def names(found: Fields) -> Fields:
    """The ids in a difference."""
    return {
        kind: {
            what: [(each.get("after") or each)["id"] for each in things]
            for what, things in found[kind].items()
        }
        for kind in ("nodes", "edges")
    }


NOTHING = {
    "nodes": {"began": [], "ended": [], "changed": []},
    "edges": {"began": [], "ended": [], "changed": [], "retracted": []},
}


async def test_what_was_true_in_one_year_and_not_in_another(client: Client) -> None:
    kept = (await add(client, "likes tea", valid_from="2020-01-01"))["id"]
    gone = (await add(client, "rents a flat", valid_from="2020-01-01", valid_to="2022-01-01"))["id"]
    new = (await add(client, "owns a house", valid_from="2022-01-01"))["id"]
    lost = await edge(client, kept, gone, valid_from="2020-01-01")
    made = await edge(client, kept, new, valid_from="2022-01-01")
    found = await difference(client, "2021-01-01", "2023-01-01")
    assert names(found) == {
        "nodes": {"began": [new], "ended": [gone], "changed": []},
        "edges": {"began": [made["id"]], "ended": [lost["id"]], "changed": [], "retracted": []},
    }
    assert found["nodes"]["began"] == [await read(client, f"/{new}")]
    assert found["edges"]["ended"] == [lost]
    assert (found["truncated"], found["next_cursor"]) == (False, None)
    assert names(await difference(client, "2020-06-01", "2021-01-01")) == NOTHING
    before_all = {"known_at": "2020-01-01"}
    assert names(await difference(client, "2021-01-01", "2023-01-01", **before_all)) == NOTHING


@pytest.fixture
async def changes(client: Client) -> Fields:
    """Things, an instant, what then became of them, and another instant."""
    ids = {
        name: (await add(client, f"thing {name * 3}", valid_from="2020-01-01"))["id"]
        for name in "abcd"
    }
    since = {"valid_from": "2020-01-01"}
    ab = await edge(client, ids["a"], ids["b"], **since)
    ac = await edge(client, ids["a"], ids["c"], **since)
    ad = await edge(client, ids["a"], ids["d"], **since)
    start = ad["created_at"]
    changed = await put(client, ids["a"], content="thing aaa, mended")
    new = await add(client, "thing of now", supersedes=[ids["b"]])
    await ask(client, "DELETE", f"/{ids['a']}/relationships/{ac['id']}")
    patched = await ask(
        client, "PATCH", f"/{ids['a']}/relationships/{ad['id']}", json={"metadata": {"n": 1}}
    )
    link = await edge(client, ids["d"], new["id"])
    return {
        "ids": ids,
        "ab": ab,
        "ac": ac,
        "ad": ad,
        "a": changed,
        "new": new,
        "patched": patched,
        "link": link,
        "start": start,
        "end": link["created_at"],
    }


async def test_what_became_of_things_between_two_instants(client: Client, changes: Fields) -> None:
    ids = changes["ids"]
    found = await difference(client, changes["start"], changes["end"])
    assert names(found) == {
        "nodes": {"began": [changes["new"]["id"]], "ended": [ids["b"]], "changed": [ids["a"]]},
        "edges": {
            "began": [changes["link"]["id"]],
            "ended": [changes["ab"]["id"]],
            "changed": [changes["ad"]["id"]],
            "retracted": [changes["ac"]["id"]],
        },
    }
    (pair,) = found["nodes"]["changed"]
    assert (pair["before"]["content"], pair["before"]["version"]) == ("thing aaa", 1)
    assert pair["after"] == changes["a"]
    (pair,) = found["edges"]["changed"]
    assert pair == {"before": changes["ad"], "after": changes["patched"]}
    assert found["edges"]["retracted"] == [changes["ac"]]
    (ended,) = found["nodes"]["ended"]
    assert ended["superseded_by"] == changes["new"]["id"]


async def test_a_difference_as_it_was_known_earlier(client: Client, changes: Fields) -> None:
    start, end = changes["start"], changes["end"]
    assert names(await difference(client, start, end, known_at=start)) == NOTHING
    halfway = before(changes["new"]["created_at"])
    found = names(await difference(client, start, end, known_at=halfway))
    assert found["nodes"] == {"began": [], "ended": [], "changed": [changes["ids"]["a"]]}
    assert found["edges"] == NOTHING["edges"]
    assert names(await difference(client, before(end), end))["edges"]["began"] == [
        changes["link"]["id"]
    ]


async def test_pages_of_a_difference_make_the_whole(client: Client, changes: Fields) -> None:
    whole = names(await difference(client, changes["start"], changes["end"]))
    query = {"from": changes["start"], "to": changes["end"]}
    parts = await pages(client, "/graph/diff", limit=2, **query)
    assert len(parts) > 1
    for kind, lists in whole.items():
        for what, expected in lists.items():
            found = [each for part in parts for each in names(part)[kind][what]]
            assert sorted(found) == sorted(expected), (kind, what)


async def test_an_erased_memory_is_in_no_difference(client: Client, changes: Fields) -> None:
    await ask(client, "DELETE", f"/{changes['ids']['a']}")
    found = names(await difference(client, changes["start"], changes["end"]))
    assert found["nodes"]["changed"] == []
    assert found["edges"] == NOTHING["edges"] | {"began": [changes["link"]["id"]]}
