"""Summaries."""

from __future__ import annotations

from typing import Any

import httpx

from tests.deployments.api.calls import add

Client = httpx.AsyncClient


ALICE = {"user_id": "alice"}


async def ask(client: Client, path: str, status: int = 200, **body: Any) -> Any:
    answer = await client.post(path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_a_summary_says_what_is_said_most_and_each_thing_once(client: Client) -> None:
    for each in (
        "Trains for a marathon",
        "Runs a marathon in Oslo",
        "Runs each morning in Oslo",
        "Once saw a heron",
    ):
        await add(client, each)
    for number in range(8):
        await add(client, f"Drank tea number {number}")
    (summary,) = await ask(client, "/v1/summary/", filters=ALICE)
    assert (summary["total_memories"], summary["method"]) == (12, "extractive")
    assert len(summary["memory_ids"]) == 7
    assert "tea" in summary["summary"]
    assert "marathon" in summary["summary"]
    for memory_id in summary["memory_ids"]:
        memory = (await client.get(f"/v1/memories/{memory_id}")).json()
        assert memory["content"] in summary["summary"]
    (nothing,) = await ask(client, "/v1/summary", user_id="nobody")
    assert (nothing["summary"], nothing["total_memories"]) == ("", 0)
    await ask(client, "/v1/summary", 400)
