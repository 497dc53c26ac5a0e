"""The lines of an export and of a backup, and how they end."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from memory.domain.errors import StoreUnavailable
from memory.service.build import MemoryService
from tests.deployments.api.calls import Client, add
from tests.deployments.api.transfer.calls import NDJSON, export, story


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


@pytest.mark.parametrize("path", ["/v1/export?user_id=alice", "/v1/admin/backup"])
async def test_a_stream_that_breaks_has_no_end(
    client: Client, service: MemoryService, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr("memory.transfer.export.MOST_RECORDS", 1)
    await add(client, "one")
    await add(client, "two")
    export = service.transfer._export
    whole, pages = export._owner_page, iter((True,))

    async def fail(*args: Any) -> Any:
        if next(pages, False):
            return await whole(*args)
        raise StoreUnavailable("Redis does not answer")

    monkeypatch.setattr(export, "_owner_page", fail)
    last = json.loads((await client.get(path)).text.splitlines()[-1])
    assert (last["type"], last["code"]) == ("error", "store_unavailable")
