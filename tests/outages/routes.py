"""A call of every kind that the service takes, and what each stands on."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import httpx

ALICE = {"user_id": "alice"}
DEADLINE_S = 4.0
"""Of every request in these tests."""
_GRACE_S = 2.0


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    body: dict[str, Any] | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def key(self) -> dict[str, str]:
        """The same each time it is sent: what an outage cut is sent again as what it was."""
        return {"Idempotency-Key": f"{self.method}-{self.path}"}


@dataclass(frozen=True)
class Stored:
    """What alice has: four memories, of which the first two are related."""

    tea: str
    oslo: str
    boat: str
    lie: str
    edge: str

    def of_the_record(self) -> list[Call]:
        """What needs Redis and nothing else."""
        tea = f"/v1/memories/{self.tea}"
        return [
            Call("GET", tea),
            Call("GET", f"{tea}/history"),
            Call("GET", f"{tea}/related"),
            Call("GET", f"{tea}/relationships"),
            Call("GET", "/v1/memories?user_id=alice"),
            Call("GET", "/v1/memories/graph?user_id=alice"),
            Call(
                "GET",
                "/v1/memories/graph/diff?user_id=alice&from=2025-01-01T00:00:00Z"
                "&to=2100-01-01T00:00:00Z",
            ),
            Call("GET", f"/v1/memories/path?from={self.tea}&to={self.oslo}"),
            Call("POST", f"{tea}/relationships", {"target_id": self.boat, "relation": "ON"}),
            Call("PATCH", f"{tea}/relationships/{self.edge}", {"metadata": {"cups": 2}}),
        ]

    def of_the_index(self) -> list[Call]:
        """What needs the vector store as well; of these only the erasure can do without the
        embedder."""
        return [Call("DELETE", f"/v1/memories/{self.lie}"), *self.of_the_embedder()]

    def of_the_embedder(self) -> list[Call]:
        fresh = {"content": "plays the cello", **ALICE}
        return [
            Call("POST", "/v1/memories", fresh),
            Call("POST", "/v1/memories/batch", {"memories": [fresh]}),
            Call("POST", "/v1/memories/search", {"query": "green tea", **ALICE}),
            Call("GET", "/v1/memories/search?query=green tea&user_id=alice"),
            Call("PUT", f"/v1/memories/{self.oslo}", {"content": "lives in bergen"}),
        ]


async def stored(client: httpx.AsyncClient) -> Stored:
    ids = []
    for content in ("likes green tea", "lives in oslo", "owns a red boat", "flew to the moon"):
        answer = await client.post("/v1/memories", json={"content": content, **ALICE})
        assert answer.status_code == 201, answer.text
        ids.append(answer.json()["id"])
    body = {"target_id": ids[1], "relation": "DRUNK_IN"}
    answer = await client.post(f"/v1/memories/{ids[0]}/relationships", json=body)
    assert answer.status_code == 201, answer.text
    return Stored(*ids, answer.json()["id"])


async def sent(client: httpx.AsyncClient, calls: list[Call]) -> list[tuple[Call, httpx.Response]]:
    """The calls and their answers, all at once; fails where one outlives its deadline."""
    async with asyncio.timeout(DEADLINE_S + _GRACE_S):
        responses = await asyncio.gather(
            *(
                client.request(each.method, each.path, json=each.body, headers=each.key())
                for each in calls
            )
        )
    return list(zip(calls, responses, strict=True))


async def assert_answered(client: httpx.AsyncClient, calls: list[Call]) -> None:
    for call, answer in await sent(client, calls):
        assert answer.status_code in (200, 201), (str(call), answer.text)


async def assert_unavailable(client: httpx.AsyncClient, calls: list[Call]) -> None:
    """Each is told to come back later, in the service's own words."""
    for call, answer in await sent(client, calls):
        assert answer.status_code in (503, 504), (str(call), answer.text)
        assert answer.json()["code"] in ("store_unavailable", "unavailable", "deadline_exceeded")
        if answer.status_code == 503:
            assert int(answer.headers["retry-after"]) >= 1, str(call)


async def readiness(client: httpx.AsyncClient) -> tuple[int, dict[str, str]]:
    """Status of /ready, and what it says of each dependency; /health always answers."""
    assert (await client.get("/health")).status_code == 200
    async with asyncio.timeout(DEADLINE_S + _GRACE_S):
        answer = await client.get("/ready")
    return answer.status_code, answer.json()["dependencies"]


async def recovered(client: httpx.AsyncClient) -> None:
    """Return once the service says that it is ready again."""
    for _ in range(300):
        if (await readiness(client))[0] == 200:
            return
        await asyncio.sleep(0.2)
    raise AssertionError("the service did not become ready again")
