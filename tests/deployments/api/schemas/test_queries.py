"""What query strings may hold."""

from __future__ import annotations

import httpx
import pytest

from tests.deployments.api.calls import UNKNOWN, assert_refused

Client = httpx.AsyncClient


PERIOD = {"from": "2020-01-01", "to": "2021-01-01"}


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/v1/memories", {}),
        ("/v1/memories", {"user_id": ""}),
        ("/v1/memories", {"user_id": "a", "limit": 0}),
        ("/v1/memories", {"user_id": "a", "limit": 1001}),
        ("/v1/memories", {"user_id": "a", "limit": "many"}),
        ("/v1/memories", {"user_id": "a", "order": "up"}),
        ("/v1/memories", {"user_id": "a", "cursor": "nonsense"}),
        ("/v1/memories/search", {"user_id": "a"}),
        ("/v1/memories/search", {"user_id": "a", "query": " "}),
        ("/v1/memories/search", {"query": "x"}),
        ("/v1/memories/search", {"user_id": "a", "query": "x", "limit": 0}),
        ("/v1/memories/search", {"user_id": "a", "query": "x", "threshold": 1.5}),
        ("/v1/memories/search", {"user_id": "a", "query": "x", "filters": "{"}),
        ("/v1/memories/search", {"user_id": "a", "query": "x", "filters": "[1]"}),
        ("/v1/memories/graph", {}),
        ("/v1/memories/graph", {"user_id": "a", "limit": 10_001}),
        (f"/v1/memories/{UNKNOWN}/related", {"depth": 0}),
        (f"/v1/memories/{UNKNOWN}/related", {"depth": 11}),
        (f"/v1/memories/{UNKNOWN}/related", {"direction": "up"}),
        (f"/v1/memories/{UNKNOWN}/related", {"relation": "a b"}),
        (f"/v1/memories/{UNKNOWN}/related", {"include_system": "perhaps"}),
        (f"/v1/memories/{UNKNOWN}/relationships", {"relation": ["KNOWS", "1st"]}),
        ("/v1/memories", {"user_id": "a", "include_expired": "perhaps"}),
        ("/v1/memories/search", {"user_id": "a", "query": "x", "half_life_days": 0}),
        ("/v1/memories/search", {"user_id": "a", "query": "x", "half_life_days": "inf"}),
        ("/v1/memories/search", {"user_id": "a", "query": "x" * 16_385}),
        ("/v1/memories/graph", {"user_id": "a", "cursor": "nonsense"}),
        ("/v1/memories/path", {"from": UNKNOWN}),
        ("/v1/memories/path", {"to": UNKNOWN}),
        ("/v1/memories/path", {"from": UNKNOWN, "to": UNKNOWN, "max_depth": 11}),
        ("/v1/memories/path", {"from": UNKNOWN, "to": UNKNOWN, "direction": "up"}),
        ("/v1/memories/graph/diff", {"from": "2020", "to": "2021"}),
        ("/v1/memories/graph/diff", {"user_id": "a", "from": "2020-01-01"}),
        ("/v1/memories/graph/diff", {"user_id": "a", "to": "2020-01-01"}),
        ("/v1/memories/graph/diff", {"user_id": "a", **PERIOD, "limit": 0}),
        ("/v1/memories/graph/diff", {"user_id": "a", **PERIOD, "cursor": "nonsense"}),
        ("/v1/memories/graph/diff", {"user_id": "a", **PERIOD, "to": "2019-01-01"}),
        ("/v1/memories/graph/diff", {"user_id": "a", **PERIOD, "to": PERIOD["from"]}),
    ],
)
async def test_bad_queries(client: Client, path: str, query: dict[str, object]) -> None:
    answer = await client.get(path, params=query)
    assert_refused(answer, 400)


@pytest.mark.parametrize("instant", ["", "yesterday", "2020-13-01", "1699-12-31", "2250-01-01"])
@pytest.mark.parametrize(
    ("path", "query", "names"),
    [
        ("", {"user_id": "a"}, ("as_of", "known_at")),
        ("/search", {"user_id": "a", "query": "x"}, ("as_of", "known_at")),
        ("/graph", {"user_id": "a"}, ("as_of", "known_at")),
        ("/graph/diff", {"user_id": "a", **PERIOD}, ("from", "to", "known_at")),
        ("/path", {"from": UNKNOWN, "to": UNKNOWN}, ("as_of", "known_at")),
        (f"/{UNKNOWN}", {}, ("as_of", "known_at")),
        (f"/{UNKNOWN}/related", {}, ("as_of", "known_at")),
        (f"/{UNKNOWN}/relationships", {}, ("as_of", "known_at")),
    ],
)
async def test_bad_instants_are_named(
    client: Client, path: str, query: dict[str, object], names: tuple[str, ...], instant: str
) -> None:
    for name in names:
        answer = await client.get(f"/v1/memories{path}", params=query | {name: instant})
        assert_refused(answer, 400)
        assert answer.json()["detail"].startswith(f"{name} ")


async def test_a_scope_refusal_names_the_scopes(client: Client) -> None:
    detail = (await client.get("/v1/memories")).json()["detail"]
    assert all(name in detail for name in ("user_id", "agent_id", "session_id"))
