"""Export, import, backup and restore over HTTP: the lines, what is refused of them, and to whom."""

from __future__ import annotations

import asyncio
import copy
import hashlib
import json
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import SecretStr

from deployments.api.errors import invalid
from deployments.api.transfer.read_lines import MOST_LINES
from memory.domain.errors import InvalidInput, StoreUnavailable
from memory.service.service import MemoryService
from tests.api.calls import Client, Fields, add, edge, listed, put, search
from tests.api.conftest import ClientWith

NDJSON = {"Content-Type": "application/x-ndjson"}
ADMIN_KEY = "an-admin-key-of-some-length"
FUTURE = "2199-01-01T00:00:00.000000Z"


async def export(client: Client, **query: Any) -> list[Fields]:
    answer = await client.get("/v1/export", params={"user_id": "alice"} | query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


async def bring(client: Client, lines: list[Any], status: int = 200, **query: Any) -> Fields:
    body = "".join(each if isinstance(each, str) else json.dumps(each) + "\n" for each in lines)
    answer = await client.post("/v1/import", content=body, headers=NDJSON, params=query)
    assert answer.status_code == status, answer.text
    return answer.json()


async def story(client: Client) -> tuple[str, str]:
    old = await add(client, "lives in Oslo", session_id="s", metadata={"n": 1})
    new = await add(client, "lives in Bergen", session_id="s", supersedes=[old["id"]])
    await put(client, old["id"], content="lived in Oslo")
    await edge(client, new["id"], old["id"], relation="AFTER")
    return old["id"], new["id"]


async def test_an_export_names_everything_and_its_end_counts_it(client: Client) -> None:
    old, new = await story(client)
    header, *records, end = await export(client)
    assert (header["mem0g"], header["format"]) == ("export", 1)
    assert header["owner"] == {"user_id": "alice"}
    assert [(each["type"], each.get("relation")) for each in records] == [
        ("memory", None),
        ("memory", None),
        ("relationship", "SUPERSEDES"),
        ("relationship", "AFTER"),
    ]
    assert end == {"type": "end", "memories": 2, "relationships": 2}
    first = records[0]
    assert (first["id"], first["session_id"], first["holds_claim"]) == (old, "s", True)
    versions = first["versions"]
    assert [each["event"] for each in versions] == ["ADD", "SUPERSEDE", "UPDATE"]
    assert [each["retracted_at"] for each in versions] == [
        versions[1]["recorded_at"],
        versions[2]["recorded_at"],
        None,
    ]
    assert records[1]["versions"][0]["supersedes"] == [old]
    assert {records[2]["source"], records[3]["source"]} == {new}


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


def change(**fields: Any) -> Any:
    return lambda line: line | fields


def version(index: int = 0, **fields: Any) -> Any:
    def tampered(line: Fields) -> Fields:
        line["versions"][index] |= fields
        return line

    return tampered


MEMORY, LATER, LINK, EDGE = 1, 2, 3, 4
TAMPERED = {
    "an end before the beginning": (MEMORY, version(valid_to="1990-01-01")),
    "recorded in the future": (LATER, version(recorded_at=FUTURE)),
    "created in the future": (LATER, change(created_at=FUTURE)),
    "created at another time": (LATER, change(created_at="2020-01-01")),
    "recorded before there were records": (LATER, version(recorded_at="1999-01-01")),
    "retracted too early": (MEMORY, version(retracted_at="2020-01-01")),
    "retracted in the end": (MEMORY, version(2, retracted_at=FUTURE)),
    "never retracted": (MEMORY, version(retracted_at=None)),
    "record times backwards": (MEMORY, version(1, recorded_at="2020-01-01")),
    "a year that no store can hold": (LATER, version(valid_from="9999-01-01")),
    "no time": (LATER, version(valid_from="yesterday")),
    "an instant as a number": (LATER, version(valid_from=1)),
    "versions that do not count from 1": (MEMORY, version(1, version=7)),
    "an event of its own": (MEMORY, version(1, event="ERASE")),
    "a second beginning": (MEMORY, version(1, event="ADD")),
    "no versions": (MEMORY, change(versions=[])),
    "content too large": (LATER, version(content="x" * 65_537)),
    "blank content": (LATER, version(content="  ")),
    "content with a NUL": (LATER, version(content="a\x00b")),
    "metadata too deep": (LATER, version(metadata=json.loads('{"a":' * 9 + "1" + "}" * 9))),
    "metadata too large": (LATER, version(metadata={"a": "x" * 32_768})),
    "too many categories": (LATER, version(categories=["c"] * 101)),
    "a control character in the user": (LATER, change(user_id="al\x07ice")),
    "a control character in the session": (LATER, change(session_id="\x1b[2J")),
    "a control character in the id": (LATER, change(id="mem_\x00" + "0" * 32)),
    "no memory id": (LATER, change(id="rel_0d5c7c1e6a0e8f0b9a552b1c6d9f1a10")),
    "superseding itself": (LATER, lambda line: version(supersedes=[line["id"]])(line)),
    "superseding what is no memory": (LATER, version(supersedes=["mem_1"])),
    "an unknown type": (LATER, change(type="note")),
    "a claim that is no flag": (LATER, change(holds_claim="yes")),
    "a derived edge": (EDGE, change(relation="FOLLOWS")),
    "a relation that is none": (EDGE, change(relation="is|not")),
    "an edge to itself": (EDGE, lambda line: line | {"target": line["source"]}),
    "an edge to nothing": (EDGE, change(target="mem_0d5c7c1e6a0e8f0b9a552b1c6d9f1a10")),
    "an edge retracted in the future": (EDGE, version(retracted_at=FUTURE)),
    "a succession the memories do not tell of": (EDGE, change(relation="SUPERSEDES")),
    "a succession that ends": (LINK, version(valid_to=FUTURE)),
    "a succession from another time": (LINK, version(valid_from="2020-01-01")),
    "a succession backwards": (
        LINK,
        lambda line: line | {"source": line["target"], "target": line["source"]},
    ),
}


async def test_a_tampered_line_is_refused_with_what_stands_on_it_and_nothing_else(
    client: Client,
) -> None:
    await story(client)
    lines = await export(client)
    whole = {each["line"] for each in (await bring(client, lines, user_id="bob"))["refused"]}
    assert whole == set()
    stands_on_it = {MEMORY: {2, 3, 4, 5}, LATER: {3, 4, 5}, LINK: {4}, EDGE: {5}}
    for name, (index, tamper) in TAMPERED.items():
        wrong = copy.deepcopy(lines)
        wrong[index] = tamper(wrong[index])
        answer = await bring(client, wrong, user_id=name)
        refused = {each["line"] for each in answer["refused"]}
        assert refused == stands_on_it[index], (name, answer)
        assert all(each["error"] and each["code"] for each in answer["refused"]), name
        _, *left, _ = await export(client, user_id=name)
        assert len(left) == answer["imported"] == 4 - len(refused), name


async def test_a_line_without_an_owner_needs_one_from_the_request(client: Client) -> None:
    await add(client, "a memory")
    _, line, _ = await export(client)
    del line["user_id"]
    answer = await bring(client, [line])
    assert [each["code"] for each in answer["refused"]] == ["scope_required"]
    assert (await bring(client, [line], user_id="bob"))["imported"] == 1


@pytest.mark.parametrize("line", ["{", "[]", "1", '{"type":"memory"}', '{"mem0g":"export"}', "NaN"])
async def test_what_is_no_line_is_refused_by_number(client: Client, line: str) -> None:
    await add(client, "a memory")
    lines = await export(client)
    answer = await bring(client, [lines[0], "\n", f"{line}\n", *lines[1:]])
    assert [each["line"] for each in answer["refused"]] == [3]
    assert answer["present"] == 1


async def test_a_body_that_is_not_ndjson_is_refused(client: Client) -> None:
    answer = await client.post("/v1/import", json={"type": "memory"})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")
    await bring(client, [], 400, user_id="alice", agent_id="bot")
    assert (await client.get("/v1/export")).json()["code"] == "scope_required"
    for query in ({"agent_id": "bot"}, {"known_at": "soon"}):
        answer = await client.get("/v1/export", params={"user_id": "alice"} | query)
        assert answer.status_code == 400


async def test_a_forged_owner_does_not_reach_another_users_memories(client: Client) -> None:
    theirs = await add(client, "a secret of Bob", user_id="bob")
    await add(client, "a memory")
    _, line, _ = await export(client)
    forged = line | {"id": theirs["id"]}
    answer = await bring(client, [forged])
    assert answer["ids"][theirs["id"]] != theirs["id"]
    assert (await client.get(f"/v1/memories/{theirs['id']}")).json()["content"].endswith("Bob")


async def test_a_backup_ends_with_the_checksum_of_its_lines_and_restores(client: Client) -> None:
    await story(client)
    await add(client, "of somebody else", user_id="bob")
    answer = await client.get("/v1/admin/backup")
    *lines, last = answer.content.splitlines(keepends=True)
    end = json.loads(last)
    assert (end["owners"], end["memories"], end["relationships"]) == (2, 3, 2)
    assert end["checksum"] == hashlib.blake2b(b"".join(lines), digest_size=32).hexdigest()
    put_back = await client.post("/v1/admin/restore", content=answer.content, headers=NDJSON)
    told = put_back.json()
    entries = sum(b'"type":"entry"' in line for line in lines)
    assert told == {"restored": 0, "present": 5 + entries, "refused": []}


async def test_lines_of_an_export_are_no_backup(client: Client) -> None:
    await add(client, "a memory")
    lines = await export(client)
    body = "".join(json.dumps(each) + "\n" for each in lines)
    body += json.dumps({"type": "entry", "key": "mg:meta", "kind": "hash", "value": {"a": "b"}})
    answer = (await client.post("/v1/admin/restore", content=body, headers=NDJSON)).json()
    assert [each["line"] for each in answer["refused"]] == [2, 4]
    entry = {"type": "entry", "key": "mg:projects", "kind": "set", "value": ["default"]}
    assert (await bring(client, [entry]))["refused"][0]["line"] == 1


@pytest.mark.parametrize("path", ["/v1/export?user_id=alice", "/v1/admin/backup"])
async def test_a_stream_that_breaks_has_no_end(
    client: Client, service: MemoryService, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr("memory.transfer.export.MOST_RECORDS", 1)
    await add(client, "one")
    await add(client, "two")
    whole, pages = service._owner_page, iter((True,))

    async def fail(*args: Any) -> Any:
        if next(pages, False):
            return await whole(*args)
        raise StoreUnavailable("Redis does not answer")

    monkeypatch.setattr(service, "_owner_page", fail)
    last = json.loads((await client.get(path)).text.splitlines()[-1])
    assert (last["type"], last["code"]) == ("error", "store_unavailable")


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


async def test_a_body_has_a_bound_of_lines(client: Client) -> None:
    await add(client, "a memory")
    blank = "\n" * (MOST_LINES - 3)
    assert (await bring(client, [*await export(client), blank]))["present"] == 1
    answer = await bring(client, [*await export(client), blank, "\n"], 413)
    assert answer["code"] == "too_large"
    answer = await client.post("/v1/admin/restore", content="1\n" * 10_001, headers=NDJSON)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


FLOODS = {
    "versions that are none": {"type": "memory", "id": "i", "versions": [0] * 200_000},
    "parts of an entry that are no text": {"type": "entry", "key": "k", "value": [0] * 200_000},
    "fields of an entry that are no text": {
        "type": "entry", "key": "k", "value": dict.fromkeys(map(str, range(100_000)), 0)
    },
    "more parts than an entry has": (
        '{"type":"entry","key":"k","value":[' + '"",' * 1_000_000 + '""]}'
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FLOODS)
async def test_a_line_of_many_faults_is_refused_for_the_first_ones(
    client: Client, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    faults = []

    def counted(problems: Sequence[Any]) -> InvalidInput:
        faults.append(len(problems))
        return invalid(problems)

    monkeypatch.setattr("deployments.api.transfer.read_lines.invalid", counted)
    await bring(client, [FLOODS[name]])
    assert len(faults) == 1
    assert faults[0] < 5


async def test_others_are_answered_while_lines_are_read(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, answered = threading.Event(), threading.Event()

    def slow(*given: Any) -> None:
        reading.set()
        assert answered.wait(20)

    monkeypatch.setattr("deployments.api.transfer.read_lines._read", slow)
    importing = asyncio.create_task(bring(client, [{"type": "memory"}]))
    assert await asyncio.to_thread(reading.wait, 20)
    assert (await client.get("/health")).status_code == 200
    answered.set()
    await importing


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
