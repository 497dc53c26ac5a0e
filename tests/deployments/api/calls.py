"""What the tests of the HTTP edge say again and again."""

from __future__ import annotations

from typing import Any

import httpx

from memory.domain.clock import format_instant, parse_instant

Client = httpx.AsyncClient


Fields = dict[str, Any]


# The id of a memory that is not there.
UNKNOWN = "mem_0d5c7c1e6a0e8f0b9a552b1c6d9f1a10"


async def ask(client: Client, method: str, path: str, status: int = 200, **sent: Any) -> Any:
    """The answer's JSON; `path` is below /v1/memories."""
    answer = await client.request(method, f"/v1/memories{path}", **sent)
    assert answer.status_code == status, (method, path, sent, answer.text)
    return answer.json()


async def read(client: Client, path: str, status: int = 200, **query: Any) -> Any:
    return await ask(client, "GET", path, status, params=query)


async def add(client: Client, content: str, **fields: Any) -> Fields:
    answer = await client.post(
        "/v1/memories", json={"content": content, "user_id": "alice"} | fields
    )
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


async def put(client: Client, memory_id: str, **fields: Any) -> Fields:
    return await ask(client, "PUT", f"/{memory_id}", json=fields)


async def search(client: Client, query: str, **fields: Any) -> list[str]:
    """Ids, best first."""
    body = {"query": query, "user_id": "alice", "threshold": 0.5} | fields
    found = await ask(client, "POST", "/search", json=body)
    return [each["id"] for each in found["memories"]]


async def listed(client: Client, **query: Any) -> list[str]:
    page = await read(client, "", user_id="alice", **query)
    return [each["id"] for each in page["memories"]]


async def relate(client: Client, source: str, target: str, **fields: Any) -> httpx.Response:
    body = {"target_id": target, "relation": "KNOWS"} | fields
    return await client.post(f"/v1/memories/{source}/relationships", json=body)


async def edge(client: Client, source: str, target: str, **fields: Any) -> Fields:
    answer = await relate(client, source, target, **fields)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def edges(client: Client, memory_id: str, **query: Any) -> list[str]:
    found = await read(client, f"/{memory_id}/relationships", **query)
    return [each["id"] for each in found["relationships"]]


async def related(client: Client, start: str, **query: Any) -> list[tuple[str, str, int]]:
    found = await read(client, f"/{start}/related", **query)
    return [(m["id"], m["relation"], m["depth"]) for m in found["memories"]]


async def path(client: Client, start: str, end: str, **query: Any) -> list[str]:
    found = await read(client, "/path", **{"from": start, "to": end}, **query)
    assert len(found["edges"]) == max(0, len(found["memories"]) - 1)
    assert found["truncated"] is False
    return [each["id"] for each in found["memories"]]


async def graph(client: Client, **query: Any) -> tuple[set[str], set[str]]:
    """Ids of nodes and edges."""
    found = await read(client, "/graph", user_id="alice", **query)
    return {each["id"] for each in found["nodes"]}, {each["id"] for each in found["edges"]}


def before(instant: str) -> str:
    """The microsecond before."""
    return format_instant(parse_instant(instant, "instant") - 1)


def assert_refused(answer: httpx.Response, status: int) -> None:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert set(body) == {"detail", "error", "message", "code", "request_id"}
    assert isinstance(body["detail"], str)
    assert body["detail"]
    assert answer.headers["x-request-id"] == body["request_id"]


async def routes_of(client: httpx.AsyncClient) -> list[tuple[str, str]]:
    """Method and path of every operation, its parameters filled in."""
    document = (await client.get("/openapi.json")).json()
    filled = {"{kind}": "user", "{value}": "bob", "{memory_id}": UNKNOWN}
    found = []
    for template, methods in document["paths"].items():
        path = template
        for name, value in filled.items():
            path = path.replace(name, value)
        found += [(method.upper(), path) for method in methods]
    return found
