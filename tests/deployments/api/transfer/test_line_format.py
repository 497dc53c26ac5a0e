"""What a line may hold."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from typing import Any

import pytest

from deployments.api.errors import invalid
from memory.domain.errors import InvalidInput
from tests.deployments.api.calls import Client, Fields, add
from tests.deployments.api.transfer.calls import bring, export, story

FUTURE = "2199-01-01T00:00:00.000000Z"


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
