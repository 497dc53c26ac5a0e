"""Bad input gets one clear body and changes nothing."""

from __future__ import annotations

import json

import httpx
import pytest

Client = httpx.AsyncClient
UNKNOWN = "mem_0d5c7c1e6a0e8f0b9a552b1c6d9f1a10"
PERIOD = {"from": "2020-01-01", "to": "2021-01-01"}
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


def assert_refused(answer: httpx.Response, status: int) -> None:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert set(body) == {"detail", "error", "message", "code", "request_id"}
    assert isinstance(body["detail"], str)
    assert body["detail"]
    assert answer.headers["x-request-id"] == body["request_id"]


@pytest.mark.parametrize("body", BAD_MEMORIES, ids=lambda body: str(body)[:50])
async def test_bad_memories(client: Client, body: dict[str, object]) -> None:
    raw = json.dumps(body)
    answer = await client.post(
        "/v1/memories", content=raw, headers={"content-type": "application/json"}
    )
    assert_refused(answer, 400)
    listed = await client.get("/v1/memories", params={"user_id": "a"})
    assert listed.json()["memories"] == []


@pytest.mark.parametrize("raw", [b"{", b"", b"[1]", b'{"content": NaN}', b"\xff\xfe", b"[" * 5000])
async def test_bodies_that_are_no_object(client: Client, raw: bytes) -> None:
    answer = await client.post(
        "/v1/memories", content=raw, headers={"content-type": "application/json"}
    )
    assert_refused(answer, 400)


async def test_nan_in_metadata(client: Client) -> None:
    raw = b'{"content": "x", "user_id": "a", "metadata": {"n": NaN}}'
    answer = await client.post(
        "/v1/memories", content=raw, headers={"content-type": "application/json"}
    )
    assert_refused(answer, 400)


async def test_a_body_over_4_mb(client: Client) -> None:
    assert_refused(await client.post("/v1/memories", content=b" " * 4_000_001), 413)

    async def chunks():  # type: ignore[no-untyped-def]
        for _ in range(41):
            yield b" " * 100_000

    assert_refused(await client.post("/v1/memories", content=chunks()), 413)


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


async def test_a_scope_refusal_names_the_scopes(client: Client) -> None:
    detail = (await client.get("/v1/memories")).json()["detail"]
    assert all(name in detail for name in ("user_id", "agent_id", "session_id"))


async def test_routes_answer_with_and_without_a_slash(client: Client) -> None:
    for slash in ("", "/"):
        made = await client.post(
            f"/v1/memories{slash}", json={"content": f"slash {len(slash)}", "user_id": "a"}
        )
        assert made.status_code == 201
        memory = f"/v1/memories/{made.json()['id']}"
        for path in (memory, f"{memory}/history", f"{memory}/related", "/health", "/ready"):
            assert (await client.get(f"{path}{slash}")).status_code == 200
        listed = await client.get(f"/v1/memories{slash}", params={"user_id": "a"})
        assert listed.status_code == 200


async def test_unknown_routes_and_methods(client: Client) -> None:
    assert_refused(await client.get("/v9/nothing"), 404)
    answer = await client.patch("/v1/memories")
    assert_refused(answer, 405)
    assert answer.headers["Allow"] == "DELETE, GET, POST"


async def test_request_ids_are_kept_or_made(client: Client) -> None:
    answer = await client.get("/health", headers={"x-request-id": "mine-1"})
    assert answer.headers.get_list("x-request-id") == ["mine-1"]
    made = (await client.get("/health", headers={"x-request-id": "x" * 500})).headers
    assert len(made["x-request-id"]) == 32


async def test_a_body_that_is_not_called_json_is_told_so(client: Client) -> None:
    answer = await client.post("/v1/memories", content=b'{"content": "x", "user_id": "a"}')
    assert_refused(answer, 400)
    assert "Content-Type" in answer.json()["detail"]


async def test_odd_ids_to_supersede_and_too_many_conditions(client: Client) -> None:
    raw = b'{"content": "x", "user_id": "a", "supersedes": ["\\ud800"]}'
    answer = await client.post(
        "/v1/memories", content=raw, headers={"content-type": "application/json"}
    )
    assert_refused(answer, 404)
    body = {"query": "x", "user_id": "a", "filters": {"metadata": {str(n): n for n in range(201)}}}
    assert_refused(await client.post("/v1/memories/search", json=body), 400)
