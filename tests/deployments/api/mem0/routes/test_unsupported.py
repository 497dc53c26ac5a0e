"""What this server does not do is refused in words, and never pretended."""

from __future__ import annotations

from tests.deployments.api.calls import Client, add
from tests.deployments.api.conftest import ADMIN_KEY, ClientWith
from tests.deployments.api.keyed import keyed
from tests.deployments.api.mem0.calls import ask

HOOKS = "/api/v1/webhooks"
PROFILES = "/v2/profiles"


async def test_webhooks_are_none_and_cannot_be_made(client: Client) -> None:
    assert await ask(client, "GET", f"{HOOKS}/projects/default") == []
    refused = await ask(client, "POST", f"{HOOKS}/projects/default", 400, json={})
    assert "GET /v1/events/stream" in refused["detail"]
    for method in ("PUT", "DELETE"):
        assert "wh_1" in (await ask(client, method, f"{HOOKS}/wh_1", 404))["detail"]


async def test_webhooks_of_another_project_are_not_told_of(client_with: ClientWith) -> None:
    admin = await keyed(client_with)
    assert await ask(admin, "GET", f"{HOOKS}/projects/default") == []
    admin.headers["authorization"] = "Token unknown"
    await ask(admin, "GET", f"{HOOKS}/projects/default", 401)


async def test_profiles_are_switched_off_and_stay_so(client: Client) -> None:
    await ask(client, "GET", "/v2/entities/user/alice/profile", 404)
    await add(client, "likes tea")
    profile = await ask(client, "GET", "/v2/entities/user/alice/profile")
    assert (profile["profile"], profile["status"]) == ({}, "not_enabled")
    off = await ask(client, "GET", f"{PROFILES}/settings")
    assert off["enabled"] is False
    same: list[dict[str, object]] = [{}, {"enabled": False}, {"entities": {"user": None}}]
    for body in same:
        assert await ask(client, "POST", f"{PROFILES}/settings", json=body) == off
    wanted: list[dict[str, object]] = [
        {"enabled": True},
        {"entities": {"user": {"schema": {"type": "object"}}}},
        {"schema": {"type": "object"}},
    ]
    for body in wanted:
        await ask(client, "POST", f"{PROFILES}/settings", 400, json=body)
    await ask(client, "POST", f"{PROFILES}/jobs", 400, json={})
    await ask(client, "GET", f"{PROFILES}/jobs/job_1", 404)


async def test_the_configuration_is_read_without_secrets_and_never_written(
    client_with: ClientWith,
) -> None:
    admin = await keyed(client_with)
    answer = await admin.get("/configure")
    assert answer.json()["vector_store"]["provider"] == "embedded"
    assert answer.json()["llm"] is None
    assert ADMIN_KEY not in answer.text
    assert "embedded" in (await ask(admin, "GET", "/configure/providers"))["vector_store"]
    body = {"llm": {"provider": "openai"}}
    assert "read only" in (await ask(admin, "POST", "/configure", 400, json=body))["detail"]


async def test_a_language_model_is_named_without_its_address(client_with: ClientWith) -> None:
    client = await client_with(llm={"base_url": "http://127.0.0.1:9/v1", "model": "small"})
    answer = await client.get("/configure")
    assert answer.json()["llm"] == {"provider": "openai", "config": {"model": "small"}}
    assert "127.0.0.1" not in answer.text


async def test_a_draft_of_instructions_is_about_the_use_case(client: Client) -> None:
    body = {"use_case": "a travel\n agency"}
    drafted = await ask(client, "POST", "/generate-instructions", json=body)
    assert "for this use: a travel agency\n" in drafted["custom_instructions"]
    assert "a travel agency" in drafted["test_message"]
