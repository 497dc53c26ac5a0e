"""Answers are what /openapi.json says: every field documented, every documented field there."""

from __future__ import annotations

import re
from typing import Any

import httpx
from jsonschema import Draft202012Validator

from tests.api.calls import Client


def exact(document: dict[str, Any]) -> dict[str, Any]:
    """The document's components, with nothing allowed beside the fields they name."""
    for schema in document["components"]["schemas"].values():
        if "properties" in schema:
            schema["additionalProperties"] = False
    return {"components": document["components"]}


def operation(document: dict[str, Any], request: httpx.Request) -> dict[str, Any]:
    """Templates without parameters are listed before those they could be mistaken for."""
    for path, methods in document["paths"].items():
        if re.fullmatch(re.sub(r"{\w+}", "[^/]+", path), request.url.path):
            return methods[request.method.lower()]
    raise AssertionError(request.url.path)


async def test_answers_are_as_documented(client: Client) -> None:
    document = (await client.get("/openapi.json")).json()
    components = exact(document)
    seen = set()

    async def check(answer: httpx.Response) -> None:
        await answer.aread()
        found = operation(document, answer.request)
        content = found["responses"][str(answer.status_code)]["content"]
        (media_type,) = content
        assert answer.headers["content-type"].startswith(media_type)
        if media_type == "application/json":
            schema = content[media_type]["schema"]
            assert schema
            Draft202012Validator(schema | components).validate(answer.json())
        seen.add((found["operationId"], answer.status_code))

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
        each["operationId"]
        for path in document["paths"].values()
        for each in path.values()
        if "mem0" not in each["tags"]  # those are tests/mem0/test_documented.py's
    }
    assert {name for name, _ in seen} == documented
    assert {status for _, status in seen} == {200, 201, 202, 400, 404}


async def test_no_status_is_documented_that_is_never_answered(client: Client) -> None:
    document = (await client.get("/openapi.json")).json()
    for methods in document["paths"].values():
        for each in methods.values():
            assert "422" not in each["responses"]
