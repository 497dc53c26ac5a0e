"""Temporal decay: the older a memory, the lower its score."""

from __future__ import annotations

from typing import Any

import pytest

from tests.deployments.api.calls import Client, add, ask, read
from tests.deployments.api.conftest import ClientWith

NOW = {"as_of": "2026-01-11"}


async def scores(client: Client, **fields: Any) -> dict[str, float]:
    body = {"query": "likes tea", "user_id": "alice", "threshold": 0} | NOW | fields
    found = await ask(client, "POST", "/search", json=body)
    return {each["content"]: each["score"] for each in found["memories"]}


async def remember(client: Client) -> None:
    await add(client, "likes tea", valid_from="2026-01-11")
    await add(client, "likes tea!", valid_from="2026-01-01", dedup=False)


async def test_a_half_life_halves_the_score(client: Client) -> None:
    await remember(client)
    plain = await scores(client)
    assert plain["likes tea"] == plain["likes tea!"]
    aged = await scores(client, decay={"half_life_days": 10})
    assert aged["likes tea"] == plain["likes tea"]
    assert aged["likes tea!"] == pytest.approx(plain["likes tea"] / 2, abs=2e-6)
    assert list(aged) == ["likes tea", "likes tea!"]
    by_url = await read(
        client,
        "/search",
        query="likes tea",
        user_id="alice",
        threshold=0,
        half_life_days=10,
        **NOW,
    )
    assert {each["content"]: each["score"] for each in by_url["memories"]} == aged
    above = plain["likes tea"] * 0.9
    assert len(await scores(client, threshold=above)) == 2
    assert [*await scores(client, threshold=above, decay={"half_life_days": 10})] == ["likes tea"]


async def test_an_instant_before_the_beginning_makes_nothing_younger(client: Client) -> None:
    await remember(client)
    snapshot = {"as_of": "2026-01-06", "include_expired": True}
    plain = await scores(client, **snapshot)
    aged = await scores(client, decay={"half_life_days": 5}, **snapshot)
    assert aged["likes tea!"] == pytest.approx(plain["likes tea!"] / 2, abs=2e-6)
    assert list(aged) == ["likes tea!"]


async def test_null_switches_the_setting_off(client_with: ClientWith) -> None:
    client = await client_with(ranking={"half_life_days": 10.0})
    await remember(client)
    plain = await scores(client, decay=None)
    assert plain["likes tea"] == plain["likes tea!"]
    aged = await scores(client)
    assert aged["likes tea!"] == pytest.approx(plain["likes tea"] / 2, abs=2e-6)
    slower = await scores(client, decay={"half_life_days": 20})
    assert slower["likes tea!"] > aged["likes tea!"]
