"""Items of a batch are recorded in its order."""

from __future__ import annotations

from tests.deployments.api.calls import Client, Fields, ask, related


async def batch(client: Client, *items: Fields) -> list[Fields]:
    """The memories of one session, as the answers tell them."""
    talk = {"user_id": "alice", "session_id": "talk"}
    body = {"memories": [item | talk for item in items]}
    results = (await ask(client, "POST", "/batch", json=body))["results"]
    return [each["memory"] for each in results]


async def test_items_of_a_batch_are_recorded_in_its_order(client: Client) -> None:
    made = await batch(
        client,
        {"content": "lives in Oslo", "valid_from": "2001-01-01", "valid_to": "2002-01-01"},
        {"content": "lives in Oslo", "valid_from": "2003-01-01"},
        {"content": "and then this"},
    )
    assert made == sorted(made, key=lambda each: each["created_at"])
    last, middle = made[2]["id"], made[1]["id"]
    assert await related(client, last, relation="FOLLOWS", direction="out") == [
        (middle, "FOLLOWS", 1)
    ]


async def test_an_item_that_ends_what_shares_a_claim_keeps_its_place(client: Client) -> None:
    (oslo,) = await batch(client, {"content": "lives in Oslo", "valid_from": "2003-01-01"})
    made = await batch(
        client,
        {"content": "lives in Oslo", "valid_from": "2001-01-01", "valid_to": "2002-01-01"},
        {"content": "lives in Bergen", "supersedes": [oslo["id"]]},
        {"content": "and then this"},
    )
    assert made == sorted(made, key=lambda each: each["created_at"])


async def test_an_item_says_anew_what_an_earlier_one_of_its_batch_ended(client: Client) -> None:
    oslo, *_ = await batch(client, {"content": "lives in Oslo", "valid_from": "2001-01-01"})
    bergen, back = await batch(
        client,
        {"content": "lives in Bergen", "valid_from": "2003-01-01", "supersedes": [oslo["id"]]},
        {"content": "lives in Oslo", "valid_from": "2005-01-01"},
    )
    assert len({each["id"] for each in (oslo, bergen, back)}) == 3
