"""What an add tells of memories that are there already, or say nearly the same."""

from __future__ import annotations

from tests.deployments.api.calls import Client, add, ask, listed


async def test_an_add_that_is_there_already_says_what_it_did_not_store(client: Client) -> None:
    held = await add(client, "lives in Oslo", metadata={"source": "chat"}, categories=["home"])
    assert not {"deduplicated", "not_stored", "similar_to"} & held.keys()
    again = await add(client, "lives in Oslo")
    assert again == held | {"deduplicated": True, "not_stored": []}
    same = {"metadata": {"source": "chat"}, "categories": ["home"]}
    assert (await add(client, "lives in Oslo", **same))["not_stored"] == []
    other = {
        "metadata": {"source": "call"},
        "categories": ["home", "town"],
        "valid_from": "2020-01-01",
        "valid_to": "2200-01-01",
    }
    answer = await add(client, "Lives in OSLO!", **other)
    assert answer["id"] == held["id"]
    assert answer["content"] == "lives in Oslo"
    assert set(answer["not_stored"]) == {"content", *other}
    assert await listed(client) == [held["id"]]
    body = {"content": "Lives in Oslo", "user_id": "alice"}
    batch = await ask(client, "POST", "/batch", json={"memories": [body]})
    (item,) = batch["results"]
    assert (item["status"], item["memory"]["not_stored"]) == (200, ["content"])


async def test_an_ended_memory_stands_for_adds_of_its_own_time(client: Client) -> None:
    oslo = await add(client, "lives in Oslo", valid_from="2020-01-01")
    await add(client, "lives in Bergen", valid_from="2021-01-01", supersedes=[oslo["id"]])
    within = await add(client, "lives in Oslo", valid_from="2020-03-01", valid_to="2020-06-01")
    assert (within["id"], within["deduplicated"]) == (oslo["id"], True)
    assert within["superseded"] is True
    back = await add(client, "lives in Oslo", valid_from="2022-01-01")
    assert back["id"] != oslo["id"]


async def test_similar_texts_are_told_and_never_merged(client: Client) -> None:
    alice = await add(client, "Alice is Bob's manager")
    quiet = await add(client, "Bob is Alice's manager")
    assert quiet["id"] != alice["id"]
    assert "similar_to" not in quiet
    told = await add(client, "the manager of Alice is Bob", similar=True)
    assert {each["id"] for each in told["similar_to"]} >= {alice["id"], quiet["id"]}
    for each in told["similar_to"]:
        assert set(each) == {"id", "content", "cosine"}
        assert 0.85 <= each["cosine"] <= 1.000001
    cosines = [each["cosine"] for each in told["similar_to"]]
    assert cosines == sorted(cosines, reverse=True)
    alone = await add(client, "likes quiet mornings", similar=True)
    assert alone["similar_to"] == []


async def test_similar_texts_of_a_memory_that_is_there_already(client: Client) -> None:
    held = await add(client, "Alice is Bob's manager")
    swapped = await add(client, "Bob is Alice's manager")
    again = await add(client, "Alice is Bob's manager.", similar=True)
    assert (again["id"], again["deduplicated"]) == (held["id"], True)
    assert [each["id"] for each in again["similar_to"]] == [swapped["id"]]


async def test_at_most_five_similar_texts(client: Client) -> None:
    fillers = ("the", "and", "of", "is", "was", "are", "has")
    for word in fillers:
        await add(client, f"green tea {word}")
    told = await add(client, "tea green", similar=True)
    assert len(told["similar_to"]) == 5
    elsewhere = await add(client, "tea green", user_id="bob", similar=True)
    assert elsewhere["similar_to"] == []
