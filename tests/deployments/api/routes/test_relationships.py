"""Edges, walks and graphs over HTTP, in process, on real stores."""

from __future__ import annotations

import asyncio

import pytest

from tests.deployments.api.calls import Client, relate, related

Ids = dict[str, str]


@pytest.fixture
async def ids(client: Client) -> Ids:
    """Memories a … f of one user."""
    found = {}
    for name in "abcdef":
        answer = await client.post(
            "/v1/memories", json={"content": f"memory {name * 3}", "user_id": "alice"}
        )
        found[name] = answer.json()["id"]
    return found


async def test_64_concurrent_equal_relates_leave_one_edge(client: Client, ids: Ids) -> None:
    answers = await asyncio.gather(*(relate(client, ids["a"], ids["b"]) for _ in range(64)))
    assert sorted(answer.status_code for answer in answers) == [200] * 63 + [201]
    listed = await client.get(f"/v1/memories/{ids['b']}/relationships")
    (edge,) = listed.json()["relationships"]
    assert (edge["source"], edge["target"]) == (ids["a"], ids["b"])
    assert {answer.json()["id"] for answer in answers} == {edge["id"]}


async def test_an_edge_is_amended_and_retracted_from_either_end(client: Client, ids: Ids) -> None:
    made = (await relate(client, ids["a"], ids["b"], metadata={"since": "school"})).json()
    assert made["id"].startswith("rel_")
    assert made["valid_from"] == made["created_at"] == made["updated_at"]
    near, far = (f"/v1/memories/{ids[end]}/relationships/{made['id']}" for end in "ab")
    ended = await client.patch(far, json={"valid_to": "2200-01-01"})
    assert ended.json()["valid_to"] == "2200-01-01T00:00:00.000000Z"
    assert ended.json()["metadata"] == {"since": "school"}
    reopened = await client.patch(near, json={"valid_to": None, "metadata": {}})
    assert (reopened.json()["valid_to"], reopened.json()["metadata"]) == (None, {})
    stranger = f"/v1/memories/{ids['c']}/relationships/{made['id']}"
    assert (await client.patch(stranger, json={"valid_to": None})).status_code == 404
    gone = await client.delete(far)
    assert gone.status_code == 200
    assert gone.json()["updated_at"] > reopened.json()["updated_at"]
    assert (await client.delete(near)).status_code == 404
    assert (await client.patch(near, json={"valid_to": None})).status_code == 404
    listed = await client.get(f"/v1/memories/{ids['a']}/relationships")
    assert listed.json() == {"relationships": []}
    assert (await relate(client, ids["a"], ids["b"])).status_code == 201


async def test_an_ended_edge_is_not_shown_and_another_interval_is_another_edge(
    client: Client, ids: Ids
) -> None:
    past = {"valid_from": "2020-01-01", "valid_to": "2021-01-01"}
    assert (await relate(client, ids["a"], ids["b"], **past)).status_code == 201
    assert (await relate(client, ids["a"], ids["b"], **past)).status_code == 200
    listed = await client.get(f"/v1/memories/{ids['a']}/relationships")
    assert listed.json() == {"relationships": []}
    now = await relate(client, ids["a"], ids["b"])
    assert now.status_code == 201
    listed = await client.get(f"/v1/memories/{ids['a']}/relationships")
    assert [each["id"] for each in listed.json()["relationships"]] == [now.json()["id"]]


async def test_bad_edges_are_refused_and_store_nothing(client: Client, ids: Ids) -> None:
    bob = await client.post("/v1/memories", json={"content": "bob's", "user_id": "bob"})
    unknown = "mem_" + "0" * 12 + "8" + "0" * 3 + "8" + "0" * 15
    for target, fields, status in (
        (ids["a"], {}, 400),
        (bob.json()["id"], {}, 404),
        (unknown, {}, 404),
        ("nonsense", {}, 404),
        (ids["b"], {"relation": "SUPERSEDES"}, 400),
        (ids["b"], {"relation": "FOLLOWS"}, 400),
        (ids["b"], {"relation": "1st"}, 400),
        (ids["b"], {"relation": "a b"}, 400),
        (ids["b"], {"relation": "x" * 65}, 400),
        (ids["b"], {"valid_from": "2021-01-01", "valid_to": "2021-01-01"}, 400),
        (ids["b"], {"valid_from": "1699-01-01"}, 400),
        (ids["b"], {"metadata": {"deep": [[[[[[[[1]]]]]]]]}}, 400),
    ):
        answer = await relate(client, ids["a"], target, **fields)
        assert answer.status_code == status, (target, fields, answer.text)
    listed = await client.get(f"/v1/memories/{ids['a']}/relationships")
    assert listed.json() == {"relationships": []}


async def test_a_walk_is_nearest_first_each_once_and_ends_in_cycles(
    client: Client, ids: Ids
) -> None:
    for source, target, relation in (
        ("a", "b", "KNOWS"),
        ("b", "c", "LIKES"),
        ("c", "a", "KNOWS"),
        ("c", "d", "KNOWS"),
        ("d", "e", "KNOWS"),
    ):
        await relate(client, ids[source], ids[target], relation=relation)
    out = await related(client, ids["a"], depth=10, direction="out")
    expected = [("b", "KNOWS", 1), ("c", "LIKES", 2), ("d", "KNOWS", 3), ("e", "KNOWS", 4)]
    assert out == [(ids[name], relation, depth) for name, relation, depth in expected]
    both = await related(client, ids["a"])
    assert {hit[0] for hit in both} == {ids["b"], ids["c"]}
    inward = await related(client, ids["a"], direction="in")
    assert inward == [(ids["c"], "KNOWS", 1)]
    knows = await related(client, ids["a"], depth=5, relation="KNOWS", direction="out")
    assert knows == [(ids["b"], "KNOWS", 1)]
    two = await related(client, ids["a"], depth=9, relation=["KNOWS", "LIKES"], direction="out")
    assert len(two) == 4
    answer = await client.get(
        f"/v1/memories/{ids['a']}/related", params={"depth": 10, "direction": "out", "limit": 2}
    )
    assert answer.json()["truncated"] is True
    assert [hit["path"] for hit in answer.json()["memories"]] == [
        [ids["a"], ids["b"]],
        [ids["a"], ids["b"], ids["c"]],
    ]


async def test_erasing_a_memory_erases_its_edges_on_both_ends(client: Client, ids: Ids) -> None:
    await relate(client, ids["a"], ids["b"])
    await relate(client, ids["b"], ids["c"])
    kept = (await relate(client, ids["a"], ids["c"])).json()
    await client.put(f"/v1/memories/{ids['a']}", json={"content": "changed"})
    graph = (await client.get("/v1/memories/graph", params={"user_id": "alice"})).json()
    assert len(graph["edges"]) == 3
    await client.delete(f"/v1/memories/{ids['b']}")
    for end in "ac":
        listed = await client.get(f"/v1/memories/{ids[end]}/relationships")
        assert [each["id"] for each in listed.json()["relationships"]] == [kept["id"]]
    graph = (await client.get("/v1/memories/graph", params={"user_id": "alice"})).json()
    assert {node["id"] for node in graph["nodes"]} == {ids[name] for name in "acdef"}
    assert [edge["id"] for edge in graph["edges"]] == [kept["id"]]
    assert graph["truncated"] is False


async def test_edges_of_superseded_memories_are_not_walked(client: Client, ids: Ids) -> None:
    await relate(client, ids["a"], ids["b"])
    await relate(client, ids["b"], ids["c"])
    body = {"content": "the new b", "user_id": "alice", "supersedes": [ids["b"]]}
    fresh = (await client.post("/v1/memories", json=body)).json()["id"]
    assert await related(client, ids["a"], depth=3) == []
    assert await related(client, ids["b"]) == []
    graph = (await client.get("/v1/memories/graph", params={"user_id": "alice"})).json()
    assert graph["edges"] == []
    assert fresh in {node["id"] for node in graph["nodes"]}


async def test_a_graph_says_when_it_is_cut(client: Client, ids: Ids) -> None:
    answer = await client.get("/v1/memories/graph", params={"user_id": "alice", "limit": 3})
    assert len(answer.json()["nodes"]) == 3
    assert answer.json()["truncated"] is True


async def test_an_edge_that_begins_later_does_not_stand_for_one_now(
    client: Client, ids: Ids
) -> None:
    later = await relate(client, ids["a"], ids["b"], valid_from="2200-01-01")
    now = await relate(client, ids["a"], ids["b"])
    assert (later.status_code, now.status_code) == (201, 201)
    listed = await client.get(f"/v1/memories/{ids['a']}/relationships")
    assert [each["id"] for each in listed.json()["relationships"]] == [now.json()["id"]]
