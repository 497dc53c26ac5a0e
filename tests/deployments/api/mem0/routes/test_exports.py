"""Exports after a schema, and summaries."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from memory.domain.caller import DEFAULT_PROJECT, Caller
from memory.domain.errors import NotFound
from memory.domain.memory import Scope
from memory.service.build import MemoryService
from tests.deployments.api.calls import add, put
from tests.deployments.api.conftest import ClientWith
from tests.deployments.api.keyed import keyed, with_key

Client = httpx.AsyncClient


ALICE = {"user_id": "alice"}


AS_PYDANTIC_WRITES = {
    "$defs": {
        "Fact": {
            "type": "object",
            "properties": {
                "memory": {"type": "string"},
                "user_id": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                "source": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
            },
            "required": ["memory"],
        }
    },
    "type": "object",
    "properties": {
        "facts": {"type": "array", "items": {"$ref": "#/$defs/Fact"}},
        "count": {"type": "integer"},
    },
    "required": ["facts"],
}


TEXTS = {"properties": {"memories": {"type": "array", "items": {"type": "string"}}}}


async def ask(client: Client, path: str, status: int = 200, **body: Any) -> Any:
    answer = await client.post(path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def saved(client: Client, schema: Any = TEXTS, **body: Any) -> str:
    made = await ask(client, "/v1/exports/", 201, schema=schema, **body)
    assert isinstance(made["id"], str)
    assert made["message"]
    return made["id"]


async def got(client: Client, **body: Any) -> Any:
    return await ask(client, "/v1/exports/get/", **body)


async def texts(client: Client, **body: Any) -> list[str]:
    return sorted((await got(client, **body))["memories"])


async def test_a_list_of_memories_is_filled_by_the_names_of_their_fields(client: Client) -> None:
    await add(client, "likes tea", metadata={"source": "chat"})
    await add(client, "has a dog")
    await add(client, "bob's", user_id="bob")
    found = await got(client, memory_export_id=await saved(client, AS_PYDANTIC_WRITES, **ALICE))
    assert found["count"] == 2
    assert sorted(found["facts"], key=lambda each: each["memory"]) == [
        {"memory": "has a dog", "user_id": "alice", "source": None},
        {"memory": "likes tea", "user_id": "alice", "source": "chat"},
    ]


async def test_a_schema_may_be_a_text(client: Client) -> None:
    await add(client, "likes tea")
    schema = '{"type": "array", "items": {"properties": {"text": {"type": "string"}}}}'
    export = await saved(client, schema, filters=ALICE)
    assert await got(client, memory_export_id=export) == [{"text": "likes tea"}]


async def test_an_export_is_of_what_was_known_when_it_was_saved(client: Client) -> None:
    tea = (await add(client, "likes tea"))["id"]
    dog = (await add(client, "has a dog"))["id"]
    export = await saved(client, filters=ALICE)
    await add(client, "plays chess")
    await put(client, tea, content="likes coffee")
    assert await texts(client, memory_export_id=export) == ["has a dog", "likes tea"]
    await client.delete(f"/v1/memories/{dog}")
    assert await texts(client, memory_export_id=export) == ["likes tea"]
    again = await saved(client, filters=ALICE)
    assert again != export
    assert await texts(client, filters=ALICE) == ["likes coffee", "plays chess"]
    assert await texts(client, **ALICE) == ["likes coffee", "plays chess"]


async def test_filters_and_ids_narrow_an_export(client: Client) -> None:
    await add(client, "eats fish", categories=["food"])
    await add(client, "eats rice", categories=["food"], agent_id="cook")
    await add(client, "has a dog")
    export = await saved(client, filters={"categories": {"in": ["food"]}}, user_id="alice")
    assert await texts(client, memory_export_id=export) == ["eats fish", "eats rice"]
    either = {"OR": [{"agent_id": "cook"}, {"AND": [ALICE, {"text": "dog"}]}]}
    export = await saved(client, filters=either)
    assert await texts(client, memory_export_id=export) == ["eats rice", "has a dog"]


@pytest.mark.parametrize(
    "schema",
    [
        {
            "type": "object",
            "properties": {"hobbies": {"type": "array", "items": {"type": "string"}}},
        },
        {"properties": {"name": {"type": "string"}}},
        {"properties": TEXTS["properties"], "required": ["memories", "mood"]},
        {"$ref": "#/$defs/Loop", "$defs": {"Loop": {"$ref": "#/$defs/Loop"}}},
        {},
    ],
)
async def test_what_only_a_language_model_can_fill_is_refused(client: Client, schema: Any) -> None:
    refused = await ask(client, "/v1/exports", 400, schema=schema, filters=ALICE)
    assert "language model" in refused["detail"]


async def test_refused_exports(client: Client) -> None:
    for body in (
        {"schema": "no json", "filters": ALICE},
        {"schema": TEXTS, "filters": {}},
        {"schema": TEXTS, "filters": {"colour": "red"}},
        {"schema": TEXTS, "filters": {"text": "tea"}},
        {"filters": ALICE},
        {"schema": TEXTS | {"maximum": 2**80}, "filters": ALICE},
        {"schema": TEXTS | {"required": [["memories"], 5]}, "filters": {"user_id": 7}},
    ):
        await ask(client, "/v1/exports", 400, **body)
    long = TEXTS | {"title": "x" * 70_000}
    await ask(client, "/v1/exports", 413, schema=long, filters=ALICE)
    await ask(client, "/v1/exports/get", 400)
    for wrong in ("listed", "0d5c7c1e-6a0e-8f0b-9a55-2b1c6d9f1a10"):
        await ask(client, "/v1/exports/get", 404, memory_export_id=wrong)
    await ask(client, "/v1/exports/get", 404, filters=ALICE)


async def test_an_export_is_its_projects_and_its_users(client_with: ClientWith) -> None:
    admin = await keyed(client_with)
    await add(admin, "bob's", user_id="bob")
    export = await saved(admin, filters={"user_id": "bob"})
    bound = await with_key(admin, user_id="alice")
    await ask(bound, "/v1/exports", 403, schema=TEXTS, filters={"user_id": "bob"})
    await ask(bound, "/v1/exports/get", 404, memory_export_id=export)
    await ask(bound, "/v1/exports/get", 404, filters={"user_id": "bob"})
    made = (await admin.post("/v1/projects", json={"name": "other"})).json()["project_id"]
    other = await with_key(admin, project_id=made)
    await ask(other, "/v1/exports/get", 404, memory_export_id=export)


async def test_who_is_erased_is_asked_for_no_more(service: MemoryService) -> None:
    caller = Caller(DEFAULT_PROJECT)
    hers = {"OR": [{"user_id": "bob"}, {"user_id": "alice"}]}
    not_hers = {"AND": [{"user_id": "bob"}, {"NOT": {"user_id": "alice"}}]}
    named = [await service.reports.save(caller, each, TEXTS) for each in (ALICE, hers, not_hers)]
    kept = await service.reports.save(caller, {"agent_id": "alice"}, TEXTS)
    erasure = await service.erasures.erase(caller, Scope(user_id="alice"))
    assert erasure.receipt is not None
    for each in named:
        with pytest.raises(NotFound):
            await service.reports.read(caller, each)
    assert await service.reports.read(caller, kept) == {"memories": []}
    assert [each.id for each in await service.record.reports.all(DEFAULT_PROJECT)] == [kept]
