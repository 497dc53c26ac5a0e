"""Lines of a body are read one by one, and refused one by one."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from deployments.api.transfer.read_lines import MOST_LINES
from tests.deployments.api.calls import Client, add
from tests.deployments.api.transfer.calls import NDJSON, bring, export


@pytest.mark.parametrize("line", ["{", "[]", "1", '{"type":"memory"}', '{"mem0g":"export"}', "NaN"])
async def test_what_is_no_line_is_refused_by_number(client: Client, line: str) -> None:
    await add(client, "a memory")
    lines = await export(client)
    answer = await bring(client, [lines[0], "\n", f"{line}\n", *lines[1:]])
    assert [each["line"] for each in answer["refused"]] == [3]
    assert answer["present"] == 1


async def test_a_body_that_is_not_ndjson_is_refused(client: Client) -> None:
    answer = await client.post("/v1/import", json={"type": "memory"})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")
    await bring(client, [], 400, user_id="alice", agent_id="bot")
    assert (await client.get("/v1/export")).json()["code"] == "scope_required"
    for query in ({"agent_id": "bot"}, {"known_at": "soon"}):
        answer = await client.get("/v1/export", params={"user_id": "alice"} | query)
        assert answer.status_code == 400


async def test_a_body_has_a_bound_of_lines(client: Client) -> None:
    await add(client, "a memory")
    blank = "\n" * (MOST_LINES - 3)
    assert (await bring(client, [*await export(client), blank]))["present"] == 1
    answer = await bring(client, [*await export(client), blank, "\n"], 413)
    assert answer["code"] == "too_large"
    answer = await client.post("/v1/admin/restore", content="1\n" * 10_001, headers=NDJSON)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_others_are_answered_while_lines_are_read(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, answered = threading.Event(), threading.Event()

    def slow(*given: Any) -> None:
        reading.set()
        assert answered.wait(20)

    monkeypatch.setattr("deployments.api.transfer.read_lines._read", slow)
    importing = asyncio.create_task(bring(client, [{"type": "memory"}]))
    assert await asyncio.to_thread(reading.wait, 20)
    assert (await client.get("/health")).status_code == 200
    answered.set()
    await importing
