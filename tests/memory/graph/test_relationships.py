"""Edges of a memory: made once, amended, retracted."""

from __future__ import annotations

from tests.deployments.api.calls import Client, add, ask, edge


async def test_an_amendment_that_changes_nothing_records_nothing(client: Client) -> None:
    ends = [(await add(client, text))["id"] for text in ("this", "that")]
    made = await edge(client, *ends, metadata={"sure": True}, valid_to="2200-01-01")
    path = f"/{ends[1]}/relationships/{made['id']}"
    for same in ({}, {"metadata": {"sure": True}}, {"valid_to": "2200-01-01T00:00:00Z"}):
        assert await ask(client, "PATCH", path, json=same) == made
    changed = await ask(client, "PATCH", path, json={"metadata": {"sure": 1}})
    assert changed["metadata"]["sure"] is not True
    assert changed["updated_at"] > made["updated_at"]
