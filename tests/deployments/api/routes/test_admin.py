"""Upkeep over HTTP: tasks with progress, and who may ask for which project's."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from tests.deployments.api.calls import add, search
from tests.deployments.api.conftest import ClientWith
from tests.deployments.api.keyed import holder, issue, keyed, project, with_key
from tests.memory.upkeep import quick

TASK = {
    "id", "kind", "project_id", "state", "done", "total", "report", "error", "started_at",
    "updated_at",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quick(monkeypatch)


async def asked(client: httpx.AsyncClient, path: str, **body: Any) -> dict[str, Any]:
    """The task that was begun."""
    begun = await client.post(path, json=body)
    assert begun.status_code == 202, begun.text
    assert begun.headers["location"] == f"/v1/admin/tasks/{begun.json()['id']}"
    return dict(begun.json())


async def ended(client: httpx.AsyncClient, task: dict[str, Any]) -> dict[str, Any]:
    async with asyncio.timeout(30):
        while task["state"] == "running":
            await asyncio.sleep(0.05)
            task = (await client.get(f"/v1/admin/tasks/{task['id']}")).json()
    assert task["state"] == "done", task
    return task


async def test_every_kind_of_upkeep_ends_and_is_listed(client: httpx.AsyncClient) -> None:
    for n in range(5):
        await add(client, content=f"likes tea {n}", user_id="alice")
    before = await search(client, "tea", threshold=0)
    begun = []
    for path, body in [
        ("/v1/admin/verify", {"dry_run": True}),
        ("/v1/admin/verify", {}),
        ("/v1/admin/rebuild", {"project_id": "default"}),
        ("/v1/admin/compact", {}),
    ]:
        task = await asked(client, path, **body)
        assert task.keys() == TASK
        done = await ended(client, task)
        assert done["kind"] == path.rpartition("/")[2]
        assert done["done"] == done["total"]
        assert done["error"] is None
        assert done["project_id"] == body.get("project_id")
        assert done["started_at"] < done["updated_at"]
        begun.append(done)
    assert begun[0]["report"] == {"dry_run": True, "differences": {}}
    assert (await client.get("/v1/admin/tasks")).json() == {"tasks": begun[::-1]}
    assert (await client.post("/v1/admin/verify")).status_code == 202
    assert await search(client, "tea", threshold=0) == before


async def test_what_is_not_there_or_malformed_is_refused(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/admin/tasks/task_none")).status_code == 404
    refused = await client.post("/v1/admin/verify", json={"project_id": "proj_none"})
    assert refused.status_code == 404
    assert (await client.delete("/v1/projects/proj_none")).status_code == 404
    assert (await client.post("/v1/admin/verify", json={"dry_run": "perhaps"})).status_code == 400


async def test_a_projects_admin_keeps_up_its_own_and_sees_no_other(
    client_with: ClientWith,
) -> None:
    admin = await keyed(client_with)
    shop, other = await project(admin), await project(admin, "other")
    owner = await with_key(admin, project_id=shop, scopes=["admin"])
    mine = await asked(owner, "/v1/admin/verify")
    assert mine["project_id"] == shop
    everything = await asked(admin, "/v1/admin/verify")
    theirs = await asked(admin, "/v1/admin/verify", project_id=other)
    for task in (mine, everything, theirs):
        await ended(admin, task)
    listed = (await owner.get("/v1/admin/tasks")).json()["tasks"]
    assert [task["id"] for task in listed] == [mine["id"]]
    assert len((await admin.get("/v1/admin/tasks")).json()["tasks"]) == 3
    assert (await owner.get(f"/v1/admin/tasks/{theirs['id']}")).status_code == 404
    for path in ("verify", "rebuild", "compact"):
        refused = await owner.post(f"/v1/admin/{path}", json={"project_id": other})
        assert refused.status_code == 404
    assert (await owner.delete(f"/v1/projects/{shop}")).status_code == 403
    writer = await with_key(admin, project_id=shop)
    assert (await writer.post("/v1/admin/verify")).status_code == 403


async def test_a_deleted_project_is_gone_with_its_keys_and_memories(
    client_with: ClientWith,
) -> None:
    admin = await keyed(client_with, api={"deadline_s": 4})
    shop = await project(admin)
    key = await issue(admin, project_id=shop)
    customer = holder(admin, key["key"])
    await add(customer, content="likes tea", user_id="alice")
    kept = await add(admin, content="likes coffee", user_id="alice")
    deleted = await admin.delete(f"/v1/projects/{shop}")
    assert deleted.status_code == 202
    task = await ended(admin, deleted.json())
    assert (task["kind"], task["project_id"]) == ("erase_project", shop)
    assert task["report"]["keys"] > 3
    assert (await customer.get("/v1/memories?user_id=alice")).status_code == 401
    assert (await admin.get(f"/v1/projects/{shop}")).status_code == 404
    assert await search(admin, "likes", threshold=0) == [kept["id"]]


async def test_keys_made_while_their_project_is_deleted_do_not_outlive_it(
    client_with: ClientWith,
) -> None:
    root = await keyed(client_with, api={"deadline_s": 1})
    shop = await project(root)
    admin = await with_key(root, project_id=shop, scopes=["admin"])
    secrets: list[str] = []
    several = asyncio.Event()

    async def make_keys() -> int:
        body = {"project_id": shop, "scopes": ["read", "write", "admin"]}
        while (made := await admin.post("/v1/keys", json=body)).status_code == 201:
            secrets.append(made.json()["key"])
            if len(secrets) == 10:
                several.set()
        return made.status_code

    makers = [asyncio.create_task(make_keys()) for _ in range(4)]
    await several.wait()
    task = (await root.delete(f"/v1/projects/{shop}")).json()
    assert set(await asyncio.gather(*makers)) <= {401, 404}
    await ended(root, task)
    await asyncio.sleep(1)
    for secret in secrets:
        answer = await holder(root, secret).get("/v1/memories?user_id=alice")
        assert answer.status_code == 401
    assert shop not in (await root.get("/v1/keys")).text


async def test_upkeep_is_begun_once_for_an_idempotency_key(client_with: ClientWith) -> None:
    admin = await keyed(client_with, api={"deadline_s": 1})
    shop = await project(admin)
    asked_for = [
        *(("POST", f"/v1/admin/{kind}") for kind in ("verify", "rebuild", "compact")),
        ("DELETE", f"/v1/projects/{shop}"),
    ]
    for method, path in asked_for:
        once = {"Idempotency-Key": path}
        first = await admin.request(method, path, headers=once)
        await ended(admin, first.json())
        again = await admin.request(method, path, headers=once)
        assert (first.status_code, again.status_code) == (202, 202)
        assert first.json() == again.json()
        assert first.headers["location"] == again.headers["location"]
        assert "idempotent-replayed" not in first.headers
        assert again.headers["idempotent-replayed"] == "true"
        other = await admin.request(method, path, headers=once, json={"project_id": "default"})
        assert (other.status_code, other.json()["code"]) == (409, "idempotency_mismatch")
    assert len((await admin.get("/v1/admin/tasks")).json()["tasks"]) == len(asked_for)
