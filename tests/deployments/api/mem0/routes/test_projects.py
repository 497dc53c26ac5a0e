"""A project's settings and members, as Mem0's clients change and read them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from memory.domain.preferences import Preferences
from memory.service.build import MemoryService
from tests.deployments.api.conftest import ClientWith
from tests.deployments.api.keyed import keyed, project, with_key

ORGS = "/api/v1/orgs/organizations"
DEFAULT = f"{ORGS}/mem0g/projects/default"
Client = httpx.AsyncClient


async def ask(client: Client, method: str, path: str, status: int = 200, **sent: Any) -> Any:
    answer = await client.request(method, path, **sent)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_settings_stay_until_they_are_changed(client: Client, service: MemoryService) -> None:
    first = {
        "custom_instructions": "Only what concerns the garden.",
        "custom_categories": [{"plants": "what grows"}, "tools"],
        "org_id": "mem0g",
        "project_id": "default",
        "memory_depth": "deep",
    }
    told = await ask(client, "PATCH", DEFAULT + "/", json=first)
    assert told["message"].endswith("of no meaning here: memory_depth")
    await ask(client, "PATCH", DEFAULT, json={"decay": True, "name": "garden"})
    found = await ask(client, "GET", DEFAULT, params={"fields": ["decay", "name"]})
    assert found["custom_instructions"] == "Only what concerns the garden."
    assert found["custom_categories"] == [{"plants": "what grows"}, {"tools": ""}]
    assert (found["decay"], found["multilingual"], found["name"]) == (True, False, "garden")
    assert found["updated_at"] > found["created_at"]
    place = await service.project("default")
    assert place.preferences == Preferences(
        custom_instructions="Only what concerns the garden.",
        custom_categories=(("plants", "what grows"), ("tools", "")),
        decay=True,
    )
    cleared = {"custom_instructions": "", "custom_categories": None, "decay": False}
    await ask(client, "PATCH", DEFAULT, json=cleared)
    assert (await service.project("default")).preferences == Preferences()
    assert (await ask(client, "GET", DEFAULT))["custom_categories"] == []


@pytest.mark.parametrize(
    "change",
    [
        {"custom_instructions": "x" * 20_000},
        {"custom_instructions": 7},
        {"custom_categories": [{"a": "one", "b": "two"}]},
        {"custom_categories": [""]},
        {"name": " "},
        {"decay": "sometimes"},
    ],
)
async def test_a_setting_that_cannot_be_changes_nothing(
    client: Client, change: dict[str, Any]
) -> None:
    before = await ask(client, "GET", DEFAULT)
    refused = await ask(client, "PATCH", DEFAULT, 400, json=change | {"description": "new"})
    assert refused["code"] == "invalid_input"
    assert "constrained" not in refused["detail"]
    assert await ask(client, "GET", DEFAULT) == before


async def test_members_are_listed(client: Client) -> None:
    members = f"{DEFAULT}/members/"
    for email in ("kim@garden.example", "ada@garden.example"):
        told = await ask(client, "POST", members, json={"email": email, "role": "READER"})
        assert "keys give access" in told["message"]
    await ask(client, "PUT", members, json={"email": "kim@garden.example", "role": "OWNER"})
    await ask(client, "DELETE", members, params={"email": "ada@garden.example"})
    kim = {"username": "kim", "email": "kim@garden.example", "role": "OWNER"}
    assert (await ask(client, "GET", members))["members"] == [kim]
    assert (await ask(client, "GET", DEFAULT))["members"] == [kim]
    await ask(client, "POST", members, 409, json={"email": "kim@garden.example"})
    await ask(client, "PUT", members, 404, json={"email": "eve@x.example", "role": "OWNER"})
    await ask(client, "DELETE", members, 404, params={"email": "ada@garden.example"})
    await ask(client, "POST", members, 400, json={"email": "nobody", "role": "READER"})
    await ask(client, "POST", members, 400, json={"email": "a@b.example", "role": "KING"})


async def test_projects_are_made_and_ended(client_with: ClientWith) -> None:
    admin = await keyed(client_with)
    body = {"name": "shop", "description": "what customers said"}
    made = (await ask(admin, "POST", f"{ORGS}/mem0g/projects/", json=body))["project_id"]
    assert isinstance(made, str)
    found = await ask(admin, "GET", f"{ORGS}/mem0g/projects/{made}/")
    assert (found["name"], found["description"]) == ("shop", "what customers said")
    listed = await ask(admin, "GET", f"{ORGS}/mem0g/projects")
    assert [each["project_id"] for each in listed] == ["default", made]
    key = await with_key(admin, project_id=made, scopes=["read"])
    assert [each["project_id"] for each in await ask(key, "GET", f"{ORGS}/mem0g/projects")] == [
        made
    ]
    begun = await ask(admin, "DELETE", f"{ORGS}/mem0g/projects/{made}/")
    assert begun["task_id"].startswith("task_")
    await ask(admin, "GET", f"{ORGS}/mem0g/projects/{made}", 404)


async def test_settings_are_the_administrators(client_with: ClientWith) -> None:
    admin = await keyed(client_with)
    other = await project(admin, "other")
    key = await with_key(admin)
    own = await with_key(admin, scopes=["admin", "read"])
    assert (await ask(key, "GET", DEFAULT))["user_role"] == "READER"
    assert (await ask(own, "GET", DEFAULT))["user_role"] == "OWNER"
    await ask(own, "PATCH", DEFAULT, json={"decay": True})
    email = {"email": "kim@garden.example", "role": "READER"}
    for method, path in (
        ("PATCH", DEFAULT),
        ("DELETE", DEFAULT),
        ("POST", f"{DEFAULT}/members"),
        ("PUT", f"{DEFAULT}/members"),
        ("POST", f"{ORGS}/mem0g/projects"),
    ):
        await ask(key, method, path, 403, json={"decay": False, "name": "x"} | email)
    await ask(own, "DELETE", DEFAULT, 403)
    await ask(own, "POST", f"{ORGS}/mem0g/projects", 403, json={"name": "x"})
    for method in ("GET", "PATCH"):
        await ask(own, method, f"{ORGS}/mem0g/projects/{other}", 404, json={})
    await ask(own, "GET", f"{ORGS}/elsewhere/projects/default", 404)
    assert (await ask(own, "GET", DEFAULT))["decay"] is True
