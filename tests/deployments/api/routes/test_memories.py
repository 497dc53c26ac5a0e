"""The seed's shapes over HTTP, in process, on real stores."""

from __future__ import annotations

import asyncio

from tests.deployments.api.calls import UNKNOWN, Client, add, assert_refused, search


async def test_64_concurrent_equal_adds_leave_one_memory(client: Client) -> None:
    body = {"content": "User lives in Oslo", "user_id": "alice"}
    answers = await asyncio.gather(
        *(client.post("/v1/memories", json=body, timeout=30) for _ in range(64))
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 63 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    listed = (await client.get("/v1/memories", params={"user_id": "alice"})).json()
    assert len(listed["memories"]) == 1


async def test_a_memory_is_stored_found_listed_and_erased(client: Client) -> None:
    made = await add(
        client, "User prefers Python", metadata={"source": "chat"}, categories=["preferences"]
    )
    assert made["id"].startswith("mem_")
    assert made["version"] == 1
    assert made["created_at"] == made["updated_at"] == made["valid_from"]
    assert made["valid_to"] is None
    memory_url = f"/v1/memories/{made['id']}"
    assert (await client.get(memory_url)).json() == made
    found = await client.post(
        "/v1/memories/search", json={"query": "python preference", "user_id": "alice"}
    )
    (hit,) = found.json()["memories"]
    assert 0.7 <= hit.pop("score") <= 1
    assert hit == made
    gone = await client.delete(memory_url)
    assert (gone.status_code, gone.json()["id"]) == (200, made["id"])
    assert gone.json()["updated_at"] > made["updated_at"]
    assert (await client.get(memory_url)).status_code == 404
    assert (await client.delete(memory_url)).status_code == 404
    found = await client.post(
        "/v1/memories/search", json={"query": "python", "user_id": "alice", "threshold": 0}
    )
    assert found.json() == {"memories": []}


async def test_put_keeps_the_id_and_merges_metadata(client: Client) -> None:
    made = await add(client, "Lives in Oslo", metadata={"a": 1, "b": 2})
    url = f"/v1/memories/{made['id']}"
    answer = await client.put(
        url, json={"content": "Lives in Bergen", "metadata": {"b": None, "c": 3}, "if_version": 1}
    )
    changed = answer.json()
    assert changed["content"] == "Lives in Bergen"
    assert changed["metadata"] == {"a": 1, "c": 3}
    assert (changed["version"], changed["valid_from"]) == (2, made["valid_from"])
    assert changed["updated_at"] > made["updated_at"]
    assert changed["created_at"] == made["created_at"]
    stale = await client.put(url, json={"content": "x", "if_version": 1})
    assert (stale.status_code, stale.json()["code"]) == (409, "version_mismatch")
    assert await search(client, "bergen") == [made["id"]]
    assert await search(client, "oslo") == []
    history = (await client.get(f"{url}/history")).json()
    assert [each["event"] for each in history] == ["ADD", "UPDATE"]
    assert [each["content"] for each in history] == ["Lives in Oslo", "Lives in Bergen"]
    assert history[0]["retracted_at"] == history[1]["recorded_at"] == changed["updated_at"]
    assert history[1]["retracted_at"] is None


async def test_the_same_content_is_stored_once_a_time_of_validity(client: Client) -> None:
    first = await add(client, "Lives in Oslo.")
    again = await add(client, "  lives in  OSLO!")
    assert again["deduplicated"] is True
    assert again["id"] == first["id"]
    apart = await add(client, "lives in oslo", dedup=False)
    assert apart["id"] != first["id"]
    elsewhere = await add(client, "lives in oslo", agent_id="helper")
    assert elsewhere["id"] not in (first["id"], apart["id"])


async def test_oslo_bergen_oslo_stays_three(client: Client) -> None:
    oslo = await add(client, "Lives in Oslo", valid_from="2020-01-01")
    bergen = await add(client, "Lives in Bergen", valid_from="2021-01-01", supersedes=[oslo["id"]])
    back = await add(client, "Lives in Oslo", valid_from="2022-01-01", supersedes=[bergen["id"]])
    assert len({oslo["id"], bergen["id"], back["id"]}) == 3
    ended = (await client.get(f"/v1/memories/{oslo['id']}")).json()
    assert ended["valid_to"] == "2021-01-01T00:00:00.000000Z"
    assert ended["superseded_by"] == bergen["id"]
    assert (ended["version"], ended["updated_at"]) == (2, bergen["created_at"])
    history = (await client.get(f"/v1/memories/{oslo['id']}/history")).json()
    assert [each["event"] for each in history] == ["ADD", "SUPERSEDE"]
    listed = (await client.get("/v1/memories", params={"user_id": "alice"})).json()
    assert [each["id"] for each in listed["memories"]] == [back["id"]]
    assert await search(client, "oslo bergen", threshold=0) == [back["id"]]


async def test_supersede_refuses_what_cannot_be(client: Client) -> None:
    old = await add(client, "Works at Acme", valid_from="2020-01-01")
    foreign = await add(client, "Works at Beta", user_id="bob")
    body = {"content": "Works at Gamma", "user_id": "alice"}
    for supersedes, valid_from, status in (
        ([old["id"]], "2020-01-01", 409),
        ([old["id"]], "2019-01-01", 409),
        ([foreign["id"]], "2021-01-01", 404),
        (["mem_nonsense"], "2021-01-01", 404),
    ):
        answer = await client.post(
            "/v1/memories", json=body | {"supersedes": supersedes, "valid_from": valid_from}
        )
        assert answer.status_code == status, answer.text
    successor = await add(client, "Works at Gamma", supersedes=[old["id"]])
    answer = await client.post(
        "/v1/memories", json=body | {"content": "Works at Delta", "supersedes": [old["id"]]}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "supersede_conflict")
    assert (await client.delete(f"/v1/memories/{successor['id']}")).status_code == 200
    freed = (await client.get(f"/v1/memories/{old['id']}")).json()
    assert "superseded_by" not in freed
    assert freed["valid_to"] is not None
    reopened = await client.put(f"/v1/memories/{old['id']}", json={"valid_to": None})
    assert reopened.json()["valid_to"] is None
    assert await search(client, "acme work") == [old["id"]]


async def test_lists_page_newest_first_and_by_scope(client: Client) -> None:
    ids = [
        (await add(client, f"fact number {n}", session_id="s1" if n % 2 else "s2"))["id"]
        for n in range(7)
    ]
    seen: list[str] = []
    cursor = None
    while True:
        query = {"user_id": "alice", "limit": 3} | ({"cursor": cursor} if cursor else {})
        page = (await client.get("/v1/memories", params=query)).json()
        seen += [each["id"] for each in page["memories"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ids[::-1]
    oldest = await client.get("/v1/memories", params={"user_id": "alice", "order": "asc"})
    assert [each["id"] for each in oldest.json()["memories"]] == ids
    session = await client.get("/v1/memories", params={"user_id": "alice", "session_id": "s1"})
    assert [each["id"] for each in session.json()["memories"]] == ids[5::-2]
    across = await client.get("/v1/memories", params={"session_id": "s1"})
    assert [each["id"] for each in across.json()["memories"]] == ids[5::-2]


async def test_owners_are_compared_byte_for_byte(client: Client) -> None:
    names = ["alice", "Alice", "alice-bob", "alice@example.com", "ålice", "alice bob"]
    ids = {name: (await add(client, "likes tea", user_id=name))["id"] for name in names}
    assert len(set(ids.values())) == len(names)
    for name in names:
        listed = (await client.get("/v1/memories", params={"user_id": name})).json()
        assert [each["id"] for each in listed["memories"]] == [ids[name]]
        assert await search(client, "tea", user_id=name) == [ids[name]]


async def test_filters_narrow_a_search(client: Client) -> None:
    one = await add(
        client, "likes green tea", metadata={"n": 1, "tags": ["x", "y"]}, categories=["drinks"]
    )
    two = await add(client, "likes black tea", metadata={"n": 2.5, "on": True}, agent_id="bot")
    cases: list[tuple[dict[str, object], list[object]]] = [
        ({"metadata": {"n": 1.0}}, [one["id"]]),
        ({"metadata": {"n": 2.5}}, [two["id"]]),
        ({"metadata": {"tags": "y"}}, [one["id"]]),
        ({"metadata": {"on": True}}, [two["id"]]),
        ({"metadata": {"on": 1}}, []),
        ({"categories": ["drinks", "other"]}, [one["id"]]),
        ({"agent_id": "bot"}, [two["id"]]),
        ({"metadata": {"n": 1, "tags": "z"}}, []),
        ({"metadata": {"n": {"gt": 1}}}, [two["id"]]),
        ({"NOT": {"agent_id": "bot"}}, [one["id"]]),
        ({"OR": [{"text": "black"}, {"categories": "other"}]}, [two["id"]]),
        ({"user_id": "bob"}, []),
    ]
    for filters, expected in cases:
        assert await search(client, "likes tea", filters=filters) == expected, filters
    for wrong in ({"colour": "red"}, {"metadata": {"n": {">": 1}}}, {"agent_id": 3}):
        answer = await client.post(
            "/v1/memories/search", json={"query": "tea", "user_id": "alice", "filters": wrong}
        )
        assert answer.status_code == 400, wrong
    got = await client.get(
        "/v1/memories/search",
        params={"query": "likes tea", "user_id": "alice", "filters": '{"agent_id": "bot"}'},
    )
    assert [each["id"] for each in got.json()["memories"]] == [two["id"]]


async def test_threshold_zero_answers_every_visible_memory(client: Client) -> None:
    ids = {(await add(client, f"memory of {word}"))["id"] for word in "abcdefghijklmnop"}
    expired = await add(client, "long gone", valid_from="2001-01-01", valid_to="2002-01-01")
    future = await add(client, "to come", valid_from="2200-01-01")
    bounded = await add(client, "for a while", valid_to="2200-01-01")
    found = await search(client, "unrelated words", threshold=0, limit=1000)
    assert set(found) == ids | {bounded["id"]}
    assert expired["id"] not in found
    assert future["id"] not in found


async def test_batches_answer_each_item_by_itself(client: Client) -> None:
    items = [
        {"content": "likes tea", "user_id": "alice"},
        {"content": "  ", "user_id": "alice"},
        {"content": "likes tea", "user_id": "alice"},
        {"content": "likes tea", "user_id": "bob"},
        "nonsense",
        {"content": "no scope"},
        {"content": "x", "user_id": "a", "supersedes": ["mem_0d5c7c1e6a0e8f0b9a552b1c6d9f1a10"]},
    ]
    answer = await client.post("/v1/memories/batch", json={"memories": items})
    results = answer.json()["results"]
    assert [each["status"] for each in results] == [201, 400, 200, 201, 400, 400, 404]
    assert results[2]["memory"]["id"] == results[0]["memory"]["id"]
    assert results[1]["error"]["code"] == "invalid_input"
    many = [{"content": f"fact {n}", "user_id": "carol"} for n in range(1000)]
    answer = await client.post("/v1/memories/batch", json={"memories": many}, timeout=60)
    results = answer.json()["results"]
    assert {each["status"] for each in results} == {201}
    listed = await client.get(
        "/v1/memories", params={"user_id": "carol", "limit": 1000, "order": "asc"}
    )
    contents = [each["content"] for each in listed.json()["memories"]]
    assert contents == [each["content"] for each in many]
    many.append(many[0])
    answer = await client.post("/v1/memories/batch", json={"memories": many})
    assert answer.status_code == 400


async def test_what_is_not_valid_as_long_does_not_stand_for_a_memory(client: Client) -> None:
    later = await add(client, "works at Acme", valid_from="2200-01-01")
    now = await add(client, "works at Acme")
    assert now["id"] != later["id"]
    assert await search(client, "acme") == [now["id"]]


async def test_a_memory_stands_for_adds_that_overlap_it_and_keeps_its_own_end(
    client: Client,
) -> None:
    short = await add(client, "rents a flat", valid_to="2200-01-01")
    again = await add(client, "rents a flat")
    assert again == short | {"deduplicated": True, "not_stored": ["valid_to"]}
    assert (await add(client, "rents a flat", valid_from="2200-01-01"))["id"] != short["id"]
    later = await add(client, "owns a boat", valid_from="2200-01-01")
    again = await add(client, "owns a boat", valid_from="2210-01-01")
    assert (again["id"], again["not_stored"]) == (later["id"], ["valid_from"])


async def test_many_equal_items_of_a_batch_end_as_one_or_as_all(client: Client) -> None:
    items = [{"content": "said it again", "user_id": "alice"}] * 300
    answer = await client.post("/v1/memories/batch", json={"memories": items}, timeout=60)
    statuses = [each["status"] for each in answer.json()["results"]]
    assert statuses == [201] + [200] * 299
    for item in (items := [dict(item, dedup=False) for item in items]):
        item["content"] = "and again"
    answer = await client.post("/v1/memories/batch", json={"memories": items}, timeout=60)
    assert {each["status"] for each in answer.json()["results"]} == {201}


async def test_put_changes_only_what_it_names(client: Client) -> None:
    made = await add(client, "x y z", metadata={"a": None, "b": 1})
    url = f"/v1/memories/{made['id']}"
    changed = (await client.put(url, json={"metadata": {"c": 1}})).json()
    assert changed["metadata"] == {"a": None, "b": 1, "c": 1}
    assert (await client.put(url, json={})).json() == changed
    assert (await client.put(url, json={"content": "x y z"})).json() == changed


async def test_a_superseded_memory_may_be_corrected_up_to_its_successor(client: Client) -> None:
    old = await add(client, "lives in Oslo", valid_from="2020-01-01")
    new = await add(client, "lives in Bergen", valid_from="2022-01-01", supersedes=[old["id"]])
    url = f"/v1/memories/{old['id']}"
    for end, status in (("2021-01-01", 200), ("2022-01-01", 200), ("2022-01-02", 409)):
        assert (await client.put(url, json={"valid_to": end})).status_code == status
    assert (await client.put(url, json={"valid_to": None})).status_code == 409
    # the old one ends in 2022: its successor may begin then or later
    successor = f"/v1/memories/{new['id']}"
    for begin, status in (("2019-01-01", 409), ("2021-12-31", 409), ("2022-06-01", 200)):
        assert (await client.put(successor, json={"valid_from": begin})).status_code == status
    assert (await client.put(url, json={"valid_to": "2021-01-01"})).status_code == 200
    assert (await client.put(successor, json={"valid_from": "2021-12-31"})).status_code == 200


async def test_unknown_and_malformed_ids_read_alike(client: Client) -> None:
    for memory_id in (UNKNOWN, "mem_x", "x", "mem_" + "Z" * 32, "mem_" + "0" * 200, "%00", "a%2Fb"):
        for method, path in (
            ("GET", ""),
            ("PUT", ""),
            ("DELETE", ""),
            ("GET", "/history"),
            ("GET", "/relationships"),
            ("GET", "/related"),
            ("GET", "?known_at=2020-01-01"),
            ("GET", "/related?as_of=2020-01-01"),
        ):
            answer = await client.request(
                method,
                f"/v1/memories/{memory_id}{path}",
                json={"content": "x"} if method == "PUT" else None,
            )
            assert_refused(answer, 404)
        answer = await client.delete(f"/v1/memories/{memory_id}/relationships/{UNKNOWN}")
        assert_refused(answer, 404)
