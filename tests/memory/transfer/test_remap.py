"""What an imported record becomes, and what it must hold to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from memory.domain.errors import Conflict, Forbidden, InvalidInput, Refused
from memory.domain.ids import Project, mint, owner_hash_of, sibling
from memory.domain.memory import Edge, Memory, Scope, VersionEvent
from memory.domain.records import EdgeRecord, MemoryRecord
from memory.service.build import MemoryService
from memory.transfer import remap
from tests.memory.given import ALICE, BOB, PROJECT, memory
from tests.memory.transfer.owners import ME, add, exported

AT = 10**15
ELSEWHERE = replace(PROJECT, secret=b"another secret")


async def test_json_tells_true_from_one(service: MemoryService) -> None:
    await add(service, "a flag", metadata={"on": {"deep": [True]}})
    (record,) = await exported(service)
    forged = replace(
        record, versions=(replace(record.versions[0], metadata={"on": {"deep": [1]}}),)
    )
    (outcome,) = await service.transfer.import_records(ME, None, [forged])
    assert isinstance(outcome, Refused)


def told(project: Project = PROJECT, scope: Scope = ALICE, **fields: Any) -> MemoryRecord:
    """A memory in two versions, recorded at AT and one later."""
    memory_id = mint("mem", project.owner_hash(scope.owner))
    first = Memory(
        id=memory_id, content="likes tea", scope=scope, valid_from=5, recorded_at=AT,
        retracted_at=AT + 1, created_at=AT, **fields,
    )  # fmt: skip
    last = replace(
        first, content="likes milk", recorded_at=AT + 1, retracted_at=None, version=2,
        event=VersionEvent.UPDATE,
    )  # fmt: skip
    return MemoryRecord((first, last), holds_claim=True)


def edge_of(record: MemoryRecord, **fields: Any) -> EdgeRecord:
    edge = Edge(
        id=sibling("rel", record.id), source=record.id, target=sibling("mem", record.id),
        relation="KNOWS", valid_from=5, recorded_at=AT, created_at=AT,
    )  # fmt: skip
    return EdgeRecord(ALICE.owner, (replace(edge, **fields),))


def test_what_is_at_home_keeps_its_ids() -> None:
    for record in (told(), edge_of(told())):
        assert remap.adopted(PROJECT, None, record) == record
        assert remap.kept(PROJECT, record) == record


def test_what_comes_from_elsewhere_has_new_ids_the_same_each_time() -> None:
    record = told(supersedes=(mint("mem", PROJECT.owner_hash(ALICE.owner)),))
    here = remap.adopted(ELSEWHERE, None, record)
    assert here == remap.adopted(ELSEWHERE, None, record)
    assert isinstance(here, MemoryRecord)
    ids = {here.id, *here.versions[0].supersedes}
    assert {owner_hash_of(memory_id) for memory_id in ids} == {ELSEWHERE.owner_hash(ALICE.owner)}
    assert len({version.id for version in here.versions}) == 1
    assert ids.isdisjoint({record.id, *record.versions[0].supersedes})
    edge = edge_of(record)
    there = remap.adopted(ELSEWHERE, None, edge)
    assert isinstance(there, EdgeRecord)
    assert there.versions[0].source == here.id
    with pytest.raises(Conflict, match="secret"):
        remap.kept(ELSEWHERE, record)


def test_a_new_owner_owns_it_and_the_names_after_it_stay() -> None:
    record = told(scope=Scope(user_id="alice", agent_id="helper", session_id="talk"))
    for target, scope in (
        (BOB.owner, Scope(user_id="bob", agent_id="helper", session_id="talk")),
        (Scope(app_id="desk").owner, Scope(app_id="desk", session_id="talk")),
    ):
        here = remap.adopted(PROJECT, target, record)
        assert isinstance(here, MemoryRecord)
        assert {version.scope for version in here.versions} == {scope}


def test_a_bound_project_takes_in_its_user_alone() -> None:
    bob = replace(PROJECT, user_id="bob")
    for record in (told(), edge_of(told())):
        with pytest.raises(Forbidden):
            remap.adopted(bob, None, record)


def test_only_one_entity_can_own() -> None:
    assert remap.only_owner(ALICE) == ALICE.owner
    for scope in (Scope(), Scope(user_id="alice", agent_id="helper")):
        with pytest.raises(InvalidInput, match="exactly one"):
            remap.only_owner(scope)


WRONG: list[tuple[str, Callable[[Memory, Memory], tuple[Memory, ...]]]] = [
    ("valid_to", lambda one, two: (replace(one, valid_to=5), two)),
    ("created_at", lambda one, two: (one, replace(two, created_at=AT + 1))),
    ("retracted when", lambda one, two: (replace(one, retracted_at=AT + 2), two)),
    ("retracted when", lambda one, two: (replace(one, retracted_at=None), two)),
    ("increase", lambda one, two: (
        replace(one, retracted_at=AT), replace(two, recorded_at=AT))),
    ("between", lambda one, two: (
        replace(one, retracted_at=2 * AT), replace(two, recorded_at=2 * AT))),
    ("between", lambda one, two: (
        replace(one, recorded_at=AT - 1, created_at=AT - 1), replace(two, created_at=AT - 1))),
    ("count from 1", lambda one, two: (one, replace(two, version=3))),
    ("ADD", lambda one, two: (one, replace(two, event=VersionEvent.ADD))),
    ("ADD", lambda one, two: (replace(one, event=VersionEvent.UPDATE), two)),
    ("not retracted", lambda one, two: (one, replace(two, retracted_at=AT + 2))),
    ("supersedes does not", lambda one, two: (one, replace(two, supersedes=("mem_x",)))),
    ("itself", lambda one, two: (
        replace(one, supersedes=(one.id,)), replace(two, supersedes=(one.id,)))),
]  # fmt: skip


@pytest.mark.parametrize(("why", "change"), WRONG)
def test_what_the_service_could_not_have_recorded_is_refused(
    why: str, change: Callable[[Memory, Memory], tuple[Memory, ...]]
) -> None:
    record = told()
    remap.check(record, AT + 10)
    one, two = record.versions
    with pytest.raises(InvalidInput, match=why):
        remap.check(replace(record, versions=change(one, two)), AT + 10)


@pytest.mark.parametrize(
    ("why", "fields"),
    [
        ("FOLLOWS", {"relation": "FOLLOWS"}),
        ("SUPERSEDES", {"relation": "SUPERSEDES", "valid_to": 9}),
        ("SUPERSEDES", {"relation": "SUPERSEDES", "retracted_at": AT + 1}),
    ],
)
def test_edges_that_nobody_could_have_made_are_refused(why: str, fields: dict[str, Any]) -> None:
    remap.check(edge_of(told()), AT + 10)
    with pytest.raises(InvalidInput, match=why):
        remap.check(edge_of(told(), **fields), AT + 10)
    loop = edge_of(told())
    own = replace(loop.versions[0], target=loop.versions[0].source)
    with pytest.raises(InvalidInput, match="itself"):
        remap.check(replace(loop, versions=(own,)), AT + 10)


def test_a_succession_is_what_both_its_memories_say() -> None:
    old = memory(valid_to=20)
    new = memory(valid_from=20, supersedes=(old.id,))
    edge = Edge(id="rel_1", source=new.id, target=old.id, relation="SUPERSEDES", valid_from=20)
    remap.check_succession(edge, new, old)
    remap.check_succession(edge, None, old)
    for source, target, begin in (
        (replace(new, supersedes=()), old, 20),
        (new, replace(old, valid_to=None), 20),
        (new, replace(old, valid_to=21), 20),
        (new, old, 19),
    ):
        with pytest.raises(InvalidInput):
            remap.check_succession(replace(edge, valid_from=begin), source, target)
