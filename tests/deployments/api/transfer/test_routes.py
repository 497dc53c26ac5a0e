"""Export, import, backup and restore over HTTP: the lines, what is refused of them, and to whom."""

from __future__ import annotations

import json
from typing import Any

from pydantic import SecretStr

from tests.deployments.api.calls import Client, add, listed, search
from tests.deployments.api.conftest import ClientWith
from tests.deployments.api.transfer.calls import NDJSON, bring, export, story

ADMIN_KEY = "an-admin-key-of-some-length"


async def test_an_owner_without_memories_has_an_empty_export(client: Client) -> None:
    header, end = await export(client, user_id="nobody")
    assert header["owner"] == {"user_id": "nobody"}
    assert end == {"type": "end", "memories": 0, "relationships": 0}
    assert (await bring(client, [header, end]))["refused"] == []


async def test_an_import_tells_new_ids_and_can_be_searched(client: Client) -> None:
    old, new = await story(client)
    lines = await export(client)
    answer = await bring(client, lines, user_id="bob")
    assert (answer["imported"], answer["present"], answer["refused"]) == (4, 0, [])
    mine = answer["ids"][new]
    assert mine != new
    assert await search(client, "Bergen", user_id="bob") == [mine]
    theirs = (await client.get(f"/v1/memories/{answer['ids'][old]}")).json()
    assert (theirs["user_id"], theirs["superseded_by"]) == ("bob", mine)
    again = await bring(client, lines, user_id="bob")
    assert (again["imported"], again["present"], again["ids"]) == (0, 4, answer["ids"])
    assert await listed(client) == [new]


async def test_an_import_into_an_agent_leaves_out_who_owned_it(client: Client) -> None:
    await add(client, "helps Alice", agent_id="bot", session_id="s")
    answer = await bring(client, await export(client), agent_id="other")
    (moved,) = answer["ids"].values()
    memory = (await client.get(f"/v1/memories/{moved}")).json()
    assert (memory["user_id"], memory["agent_id"], memory["session_id"]) == (None, "other", "s")


async def test_a_forged_owner_does_not_reach_another_users_memories(client: Client) -> None:
    theirs = await add(client, "a secret of Bob", user_id="bob")
    await add(client, "a memory")
    _, line, _ = await export(client)
    forged = line | {"id": theirs["id"]}
    answer = await bring(client, [forged])
    assert answer["ids"][theirs["id"]] != theirs["id"]
    assert (await client.get(f"/v1/memories/{theirs['id']}")).json()["content"].endswith("Bob")


async def test_lines_of_an_export_are_no_backup(client: Client) -> None:
    await add(client, "a memory")
    lines = await export(client)
    body = "".join(json.dumps(each) + "\n" for each in lines)
    body += json.dumps({"type": "entry", "key": "mg:meta", "kind": "hash", "value": {"a": "b"}})
    answer = (await client.post("/v1/admin/restore", content=body, headers=NDJSON)).json()
    assert [each["line"] for each in answer["refused"]] == [2, 4]
    entry = {"type": "entry", "key": "mg:projects", "kind": "set", "value": ["default"]}
    assert (await bring(client, [entry]))["refused"][0]["line"] == 1


async def test_who_may_move_what(client_with: ClientWith) -> None:
    auth = {"mode": "api_key", "admin_key": SecretStr(ADMIN_KEY)}
    client = await client_with(auth=auth)
    client.headers["X-API-Key"] = ADMIN_KEY
    await story(client)
    lines = await export(client)

    async def key(**fields: Any) -> str:
        body = {"project_id": "default", "label": "test"} | fields
        answer = await client.post("/v1/keys", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()["key"]

    async def status(secret: str, method: str, path: str) -> int:
        body = "".join(json.dumps(each) + "\n" for each in lines)
        sent = {"content": body} if method == "POST" else {}
        headers = {**NDJSON, "X-API-Key": secret}
        return (await client.request(method, path, headers=headers, **sent)).status_code

    bound = await key(user_id="alice", scopes=["read", "write"])
    assert await status(bound, "GET", "/v1/export?user_id=alice") == 200
    assert await status(bound, "GET", "/v1/export") == 200
    assert await status(bound, "GET", "/v1/export?user_id=bob") == 403
    assert await status(bound, "POST", "/v1/import?user_id=alice") == 200
    assert await status(bound, "POST", "/v1/import?user_id=bob") == 403
    reader, writer = await key(scopes=["read"]), await key(scopes=["write"])
    assert await status(reader, "POST", "/v1/import") == 403
    assert await status(writer, "GET", "/v1/export?user_id=alice") == 403
    assert await status(writer, "POST", "/v1/import") == 200
    of_project = await key(scopes=["admin"])
    for secret in (bound, reader, of_project):
        assert await status(secret, "GET", "/v1/admin/backup") == 403
        assert await status(secret, "POST", "/v1/admin/restore") == 403
    assert await status(ADMIN_KEY, "GET", "/v1/admin/backup") == 200


async def test_an_import_that_is_sent_again_says_so(client: Client) -> None:
    await story(client)
    lines = "".join(json.dumps(each) + "\n" for each in await export(client))
    lines += json.dumps({"type": "memory"})
    path, headers = "/v1/import?user_id=bob", NDJSON | {"Idempotency-Key": "one"}
    first = await client.post(path, content=lines, headers=headers)
    assert (first.json()["imported"], len(first.json()["refused"])) == (4, 1)
    assert "idempotent-replayed" not in first.headers
    again = await client.post(path, content=lines, headers=headers)
    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"
