"""Projects over HTTP, and who administers them."""

from __future__ import annotations

from tests.deployments.api.calls import add, assert_refused, search
from tests.deployments.api.conftest import ClientWith
from tests.deployments.api.keyed import (
    issue,
    keyed,
    project,
    with_key,
)

MEMORIES = "/v1/memories"


async def test_a_key_with_the_right_admin_administers_its_own_project(
    client_with: ClientWith,
) -> None:
    root = await keyed(client_with)
    own, other = await project(root, "own"), await project(root, "other")
    foreign = await issue(root, project_id=other)
    admin = await with_key(root, project_id=own, scopes=["admin"])
    made = await issue(admin, project_id=own)
    assert [each["project_id"] for each in (await root.get("/v1/projects")).json()["projects"]] == [
        "default",
        own,
        other,
    ]
    assert [each["name"] for each in (await admin.get("/v1/projects")).json()["projects"]] == [
        "own"
    ]
    assert (await admin.get(f"/v1/projects/{own}")).json()["project_id"] == own
    keys = (await admin.get("/v1/keys")).json()["keys"]
    assert {each["project_id"] for each in keys} == {own}
    assert made["id"] in {each["id"] for each in keys}
    for path in (f"/v1/projects/{other}", "/v1/projects/proj_none", f"/v1/keys/{foreign['id']}"):
        assert_refused(await admin.get(path), 404)
    assert_refused(await admin.get("/v1/keys", params={"project_id": other}), 404)
    assert_refused(await admin.delete(f"/v1/keys/{foreign['id']}"), 404)
    body = {"project_id": other, "label": "l", "scopes": ["read"]}
    assert_refused(await admin.post("/v1/keys", json=body), 404)
    assert_refused(await admin.post("/v1/projects", json={"name": "mine"}), 403)
    assert (await admin.delete(f"/v1/keys/{made['id']}")).status_code == 200
    assert_refused(await root.post("/v1/keys", json=body | {"project_id": "proj_none"}), 404)
    assert (await root.get(f"/v1/keys/{foreign['id']}")).status_code == 200


async def test_projects_and_keys_are_made_once_for_an_idempotency_key(
    client_with: ClientWith,
) -> None:
    admin, second = await keyed(client_with), await keyed(client_with)
    wanted = {
        "/v1/projects": {"name": "shop"},
        "/v1/keys": {"project_id": "default", "label": "l", "scopes": ["read"]},
    }
    for path, body in wanted.items():
        once = {"Idempotency-Key": f"one {path}"}
        first = await admin.post(path, json=body, headers=once)
        again = await second.post(path, json=body, headers=once)
        assert (first.status_code, again.status_code) == (201, 201)
        assert first.json() == again.json()
        assert "idempotent-replayed" not in first.headers
        assert again.headers["idempotent-replayed"] == "true"
        changed = body | {"name": "other", "label": "other"}
        assert_refused(await admin.post(path, json=changed, headers=once), 409)
        apart = await admin.post(path, json=body, headers={"Idempotency-Key": "another"})
        if path == "/v1/projects":
            assert apart.json()["project_id"] != first.json()["project_id"]
        else:
            assert_refused(apart, 409)  # it was given to the project
    assert len((await admin.get("/v1/keys")).json()["keys"]) == 1
    assert len((await admin.get("/v1/projects")).json()["projects"]) == 3
    for bad in ("", "x" * 256, "a\tb", "é"):
        answer = await admin.post(
            "/v1/projects", json={"name": "n"}, headers={"Idempotency-Key": bad.encode()}
        )
        assert_refused(answer, 400)
    reading = await admin.get("/v1/keys", headers={"Idempotency-Key": "x" * 256})
    assert reading.status_code == 200


async def test_memory_calls_and_projects_agree(client_with: ClientWith) -> None:
    """The record of a project is made by whichever comes first."""
    admin = await keyed(client_with)
    before = (await add(admin, "lives in Oslo"))["id"]
    default = (await admin.get("/v1/projects/default")).json()
    assert default["name"] == "default"
    assert (await admin.get(f"{MEMORIES}/{before}")).status_code == 200
    second = await keyed(client_with)
    assert (await second.get(f"{MEMORIES}/{before}")).status_code == 200
    assert (await second.get("/v1/projects/default")).json() == default
    assert await search(second, "Oslo") == [before]
