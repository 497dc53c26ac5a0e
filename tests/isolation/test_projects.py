"""A project's memories are its own."""

from __future__ import annotations

from tests.deployments.api.calls import UNKNOWN, add, assert_refused, relate, search
from tests.deployments.api.conftest import ClientWith
from tests.deployments.api.keyed import (
    keyed,
    project,
    with_key,
)

MEMORIES = "/v1/memories"


ALICE = {"user_id": "alice"}


async def test_another_projects_memories_read_like_missing_ones(client_with: ClientWith) -> None:
    admin = await keyed(client_with)
    ours, theirs = [await with_key(admin, project_id=await project(admin)) for _ in range(2)]
    memory, other = [(await add(ours, text))["id"] for text in ("lives in Oslo", "likes tea")]
    edge = (await relate(ours, memory, other)).json()["id"]
    for client in (theirs, admin):
        for method, path, body in (
            ("GET", "", None),
            ("PUT", "", {"content": "x"}),
            ("DELETE", "", None),
            ("GET", "/history", None),
            ("GET", "/related", None),
            ("GET", "/relationships", None),
            ("POST", "/relationships", {"target_id": other, "relation": "KNOWS"}),
            ("PATCH", f"/relationships/{edge}", {"metadata": {}}),
            ("DELETE", f"/relationships/{edge}", None),
        ):
            answers = [
                await client.request(method, f"{MEMORIES}/{each}{path}", json=body)
                for each in (memory, UNKNOWN)
            ]
            for answer in answers:
                assert_refused(answer, 404)
            told, missing = [
                answer.json()["detail"].replace(memory, UNKNOWN).replace(other, UNKNOWN)
                for answer in answers
            ]
            assert told == missing
        assert await search(client, "Oslo", threshold=0) == []
        assert (await client.get(MEMORIES, params=ALICE)).json()["memories"] == []
    assert (await ours.get(f"{MEMORIES}/{memory}")).json()["content"] == "lives in Oslo"
