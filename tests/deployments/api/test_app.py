"""Every answer is what /openapi.json says, and whatever status it names is answered."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from config import Settings
from deployments.api import create_app
from memory.domain.errors import StoreUnavailable
from tests.deployments.api.calls import UNKNOWN, Client, add
from tests.deployments.api.conftest import ClientWith
from tests.deployments.api.documented import NO_SERVICE, checked, document, operations
from tests.deployments.api.keyed import holder, keyed, with_key

# Those that only a slow erasure has, and a store that is down: they have tests of their own.
ELSEWHERE = {
    ("erase_v1_erasures_post", "202"),
    ("erase_entity_v1_entities__kind___value__delete", "202"),
}
NO_REFUSALS = {"200", "201", "202"}


async def test_every_call_of_ours_answers_as_documented(client: Client) -> None:
    seen = set()

    async def check(answer: httpx.Response) -> None:
        await answer.aread()
        seen.add((checked(answer), str(answer.status_code)))

    client.event_hooks["response"] = [check]
    url = "/v1/memories"
    body = {"content": "lives in Oslo", "user_id": "alice", "session_id": "s"}
    old = (await client.post(url, json=body | {"valid_from": "2020-01-01"})).json()["id"]
    await client.post(url, json=body | {"content": "LIVES in Oslo", "similar": True})
    fresh = {"content": "lives in Bergen", "supersedes": [old], "similar": True}
    new = (await client.post(url, json=body | fresh)).json()["id"]
    other = (await client.post(url, json=body | {"content": "in Oslo"})).json()["id"]
    await client.post(f"{url}/batch", json={"memories": [body, body | {"content": "x"}, 1]})
    snapshot = {"include_superseded": True, "include_system": True}
    relation = {"target_id": other, "relation": "KNOWS", "valid_from": "2020-01-01"}
    for _ in range(2):
        made = await client.post(f"{url}/{new}/relationships", json=relation)
    edge = f"{url}/{new}/relationships/{made.json()['id']}"
    await client.patch(edge, json={"metadata": {"n": 1}})
    await client.put(f"{url}/{other}", json={"content": "likes Oslo"})
    user = {"user_id": "alice"}
    for path in (f"/{new}", f"/{old}", f"/{new}/history"):
        await client.get(f"{url}{path}")
    for path in ("", "/graph", f"/{new}/related", f"/{new}/relationships"):
        found = await client.get(f"{url}{path}", params=user | snapshot | {"depth": 2})
        assert any(found.json().values())
    await client.get(f"{url}/{new}/related", params=snapshot | {"ids_only": True})
    await client.get(f"{url}/path", params={"from": new, "to": other})
    await client.get(f"{url}/search", params=user | {"query": "Oslo", "threshold": 0})
    await client.post(f"{url}/search", json=user | {"query": "Oslo", "threshold": 0})
    await client.delete(edge)
    period = {"from": "2020-06-01", "to": "2200-01-01"}
    found = await client.get(f"{url}/graph/diff", params=user | period)
    assert found.json()["nodes"]["began"]
    await client.delete(f"{url}/{new}")
    await client.get(f"{url}/{new}")
    await client.get(url)
    for path in ("/health", "/ready"):
        await client.get(path)
    exported = (await client.get("/v1/export", params=user)).content
    lines = {"Content-Type": "application/x-ndjson"}
    await client.post("/v1/import", params=user, content=exported, headers=lines)
    backup = (await client.get("/v1/admin/backup")).content
    await client.post("/v1/admin/restore", content=backup, headers=lines)
    receipt = (await client.post("/v1/erasures", json=user)).json()
    await client.get(f"/v1/erasures/{receipt['id']}")
    await client.post("/v1/erasures/check", json={"receipt": receipt} | user)
    await client.post(url, json=body)
    await client.delete("/v1/entities/user/alice")
    made = (await client.post("/v1/projects", json={"name": "shop"})).json()
    body = {"project_id": made["project_id"], "label": "web", "scopes": ["read"]}
    key = (await client.post("/v1/keys", json=body | {"user_id": "alice"})).json()
    for path in ("projects", f"projects/{made['project_id']}", "keys", f"keys/{key['id']}"):
        await client.get(f"/v1/{path}")
    await client.delete(f"/v1/keys/{key['id']}")
    assert (await client.get("/v1/admin/audit")).json()["entries"]
    for kind in ("verify", "rebuild", "compact"):
        task = (await client.post(f"/v1/admin/{kind}")).json()
    for path in ("admin/tasks", f"admin/tasks/{task['id']}"):
        await client.get(f"/v1/{path}")
    await client.delete(f"/v1/projects/{made['project_id']}")
    documented = {
        (name, status)
        for name, operation in operations(mem0=False).items()
        for status in operation["responses"]
    }
    assert seen <= documented
    assert {call for call in documented if call[1] in NO_REFUSALS} - seen == ELSEWHERE


class Parts(type(NO_SERVICE)):  # type: ignore[misc]
    """A service of which only these parts are called."""

    def __init__(self, **parts: object) -> None:
        vars(self).update(parts)


class Down:
    async def ready(self) -> dict[str, str]:
        raise StoreUnavailable("Redis does not answer")


class Never:
    async def get(self, *_: Any) -> None:
        await asyncio.Event().wait()


async def asked(parts: Parts, path: str, **sections: Any) -> httpx.Response:
    transport = httpx.ASGITransport(create_app(parts, Settings(**sections)))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.get(path)


async def refused(client_with: ClientWith, status: str) -> httpx.Response:
    """An answer with this status."""
    path = f"/v1/memories/{UNKNOWN}"
    match status:
        case "401":
            return await holder(await keyed(client_with), "wrong").get(path)
        case "403":
            reader = await with_key(await keyed(client_with), scopes=["read"])
            return await reader.delete(path)
        case "409":
            client = await client_with()
            memory = await add(client, "lives in Oslo")
            return await client.put(f"/v1/memories/{memory['id']}", json={"if_version": 7})
        case "413":
            client = await client_with(api={"max_body_bytes": 1_000})
            return await client.put(path, content=b" " * 1_001)
        case "429":
            admin = await keyed(client_with, limits={"key_read": "1/minute"})
            reader = await with_key(admin)
            return [await reader.get(path) for _ in range(2)][-1]
        case "503":
            client = await client_with(api={"max_in_flight": 1})
            answers = await asyncio.gather(client.get(path), client.get(path))
            return max(answers, key=lambda answer: answer.status_code)
        case "504":
            return await asked(Parts(memories=Never()), path, api={"deadline_s": 0.01})
    client = await client_with()
    return await (client.get("/v1/memories") if status == "400" else client.get(path))


def refusals(operation: dict[str, Any]) -> set[str]:
    return set(operation["responses"]) - NO_REFUSALS - {"default"}


@pytest.mark.parametrize("status", ["400", "401", "403", "404", "409", "413", "429", "503", "504"])
async def test_every_refusal_that_is_documented_is_answered_as_documented(
    client_with: ClientWith, status: str
) -> None:
    every = operations(mem0=False) | operations(mem0=True)
    assert {status for operation in every.values() for status in refusals(operation)} == {
        "400", "401", "403", "404", "409", "413", "429", "503", "504",
    }  # fmt: skip
    answer = await refused(client_with, status)
    assert str(answer.status_code) == status, answer.text
    name = checked(answer)
    assert status in refusals(every[name])


async def test_a_dependency_that_is_down_is_told_as_documented() -> None:
    answer = await asked(Parts(health=Down()), "/ready")
    assert answer.status_code == 503
    assert answer.json() == {"ready": False, "dependencies": {"store": "Redis does not answer"}}
    assert checked(answer) == "ready_ready_get"


def test_no_status_is_documented_that_is_never_answered() -> None:
    """FastAPI would document a 422 of its own; our refusals of bad input are 400."""
    statuses = {
        status
        for methods in document()["paths"].values()
        for operation in methods.values()
        for status in operation["responses"]
    }
    assert "200" in statuses
    assert "422" not in statuses
