"""What bodies may hold; a bad one gets one clear answer and changes nothing."""

from __future__ import annotations

import json

import httpx
import pytest

from tests.deployments.api.calls import assert_refused

Client = httpx.AsyncClient


DEEP: dict[str, object] = {"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": {"i": 1}}}}}}}}}


BAD_MEMORIES = [
    {"content": "", "user_id": "a"},
    {"content": " \n\t ", "user_id": "a"},
    {"content": "x" * 65_537, "user_id": "a"},
    {"content": "å" * 32_769, "user_id": "a"},
    {"content": 5, "user_id": "a"},
    {"content": None, "user_id": "a"},
    {"content": "a\x00b", "user_id": "a"},
    {"content": "half \ud800 pair", "user_id": "a"},
    {"content": "x"},
    {"content": "x", "user_id": ""},
    {"content": "x", "user_id": " a"},
    {"content": "x", "user_id": "a "},
    {"content": "x", "user_id": "*"},
    {"content": "x", "user_id": "a\nb"},
    {"content": "x", "user_id": "a" * 257},
    {"content": "x", "user_id": 7},
    {"content": "x", "user_id": "a", "metadata": DEEP},
    {"content": "x", "user_id": "a", "metadata": {"k": "v" * 33_000}},
    {"content": "x", "user_id": "a", "metadata": {"k\x00": 1}},
    {"content": "x", "user_id": "a", "metadata": ["no"]},
    {"content": "x", "user_id": "a", "metadata": {"n": 2**70}},
    {"content": "x", "user_id": "a", "categories": "no"},
    {"content": "x", "user_id": "a", "categories": [""]},
    {"content": "x", "user_id": "a", "valid_from": "yesterday"},
    {"content": "x", "user_id": "a", "valid_from": 12},
    {"content": "x", "user_id": "a", "valid_from": "1699-12-31"},
    {"content": "x", "user_id": "a", "valid_from": "2250-01-01"},
    {"content": "x", "user_id": "a", "valid_from": "2020-01-02", "valid_to": "2020-01-01"},
    {"content": "x", "user_id": "a", "valid_from": "2020-01-01", "valid_to": "2020-01-01"},
    {"content": "x", "user_id": "a", "valid_to": "2020-01-01"},
    {"content": "x", "user_id": "a", "dedup": "maybe"},
    {"content": "x", "user_id": "a", "similar": "yes"},
    {"content": "x", "user_id": "a", "supersedes": "mem_1"},
]


@pytest.mark.parametrize("body", BAD_MEMORIES, ids=lambda body: str(body)[:50])
async def test_bad_memories(client: Client, body: dict[str, object]) -> None:
    raw = json.dumps(body)
    answer = await client.post(
        "/v1/memories", content=raw, headers={"content-type": "application/json"}
    )
    assert_refused(answer, 400)
    listed = await client.get("/v1/memories", params={"user_id": "a"})
    assert listed.json()["memories"] == []


@pytest.mark.parametrize(
    "fields",
    [
        {"as_of": "yesterday"},
        {"as_of": 2020},
        {"known_at": "1699-12-31"},
        {"known_at": ["2020-01-01"]},
        {"include_superseded": "true"},
        {"include_expired": 1},
        {"include_expired": None},
        {"limit": "10"},
        {"threshold": "0.5"},
        {"decay": 30},
        {"decay": {}},
        {"decay": {"half_life_days": 0}},
        {"decay": {"half_life_days": -1}},
        {"decay": {"half_life_days": "30"}},
        {"decay": {"half_life_days": None}},
        {"filters": "{}"},
    ],
    ids=str,
)
async def test_bad_searches(client: Client, fields: dict[str, object]) -> None:
    body = {"query": "x", "user_id": "a"}
    assert_refused(await client.post("/v1/memories/search", json=body | fields), 400)


async def test_infinite_half_lives(client: Client) -> None:
    for number in (b"Infinity", b"NaN", b"1e999"):
        raw = b'{"query": "x", "user_id": "a", "decay": {"half_life_days": %s}}' % number
        answer = await client.post(
            "/v1/memories/search", content=raw, headers={"content-type": "application/json"}
        )
        assert_refused(answer, 400)


async def test_odd_ids_to_supersede_and_too_many_conditions(client: Client) -> None:
    raw = b'{"content": "x", "user_id": "a", "supersedes": ["\\ud800"]}'
    answer = await client.post(
        "/v1/memories", content=raw, headers={"content-type": "application/json"}
    )
    assert_refused(answer, 404)
    body = {"query": "x", "user_id": "a", "filters": {"metadata": {str(n): n for n in range(201)}}}
    assert_refused(await client.post("/v1/memories/search", json=body), 400)
