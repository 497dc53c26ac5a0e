"""The audit trail: which calls it has, and what it leaves out."""

from __future__ import annotations

import pytest

from tests.deployments.api.calls import add, assert_refused
from tests.deployments.api.conftest import ClientWith
from tests.deployments.api.keyed import (
    holder,
    issue,
    keyed,
    project,
    with_key,
)


async def test_the_audit_trail(client_with: ClientWith, caplog: pytest.LogCaptureFixture) -> None:
    root = await keyed(client_with)
    own = await project(root)
    made = await issue(root, project_id=own, scopes=["admin"])
    admin = holder(root, made["key"])
    reader = await with_key(root, scopes=["read"])
    with caplog.at_level("INFO", "mem0g.audit"):
        assert_refused(await reader.get("/v1/keys"), 403)
    assert '"action": "GET /v1/keys", "status": 403' in caplog.text  # and in the log alone
    await admin.get("/v1/keys", headers={"x-request-id": "mine-1"})
    await add(root, "lives in Oslo")
    entries = (await root.get("/v1/admin/audit")).json()["entries"]
    assert [(each["key_id"], each["action"], each["status"]) for each in entries] == [
        (made["id"], "GET /v1/keys", 200),
        ("admin", "POST /v1/keys", 201),
        ("admin", "POST /v1/keys", 201),
        ("admin", "POST /v1/projects", 201),
    ]
    assert entries[0]["request_id"] == "mine-1"
    entries = (await admin.get("/v1/admin/audit")).json()["entries"]
    assert [each["request_id"] for each in entries] == ["mine-1"]
    (last,) = (await root.get("/v1/admin/audit", params={"limit": 1})).json()["entries"]
    assert (last["key_id"], last["action"]) == (made["id"], "GET /v1/admin/audit")
    assert_refused(await root.get("/v1/admin/audit", params={"limit": 0}), 400)


async def test_the_audit_trail_holds_ids_and_no_secrets(
    client_with: ClientWith, caplog: pytest.LogCaptureFixture
) -> None:
    admin = await keyed(client_with)
    made = await issue(admin, scopes=["read", "admin"])
    key, reader = holder(admin, made["key"]), await with_key(admin, scopes=["read"])
    with caplog.at_level("INFO", "mem0g.audit"):
        for client in (key, reader, holder(admin, "wrong")):
            for path in (f"/v1/keys/{made['id']}", f"/v1/keys/{made['key']}", "/v1/projects/alice"):
                await client.get(path)
            await client.get(f"/v1/admin/{made['key']}/alice")
    actions = [
        each["action"]
        for each in (await admin.get("/v1/admin/audit")).json()["entries"]
        if each["key_id"] == made["id"]
    ]
    assert actions == [
        "GET /v1/admin/…",
        "GET /v1/projects/{project_id}",
        "GET /v1/keys/{key_id}",
        f"GET /v1/keys/{made['id']}",
    ]
    assert len(caplog.records) == 12
    for word in (made["key"], "alice"):
        assert word not in caplog.text
