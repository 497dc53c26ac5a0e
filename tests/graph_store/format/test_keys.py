"""The key grammar: all of an owner in one cluster slot, and nothing that two kinds share."""

from __future__ import annotations

import pytest
from redis.crc import key_slot

from graph_store.format import keys
from graph_store.format.keys import KeyKind, OwnerKeys
from memory.domain.ids import Project, mint
from memory.domain.memory import Owner
from memory.domain.transaction import DedupKey

OWNER = OwnerKeys("p1.0123456789abcde")


def test_all_of_an_owner_is_in_one_cluster_slot() -> None:
    slots = {key_slot(OWNER.key(kind, "x").encode()) for kind in KeyKind}
    assert len(slots) == 1


def test_no_key_of_one_kind_is_a_key_of_another() -> None:
    names = [OWNER.key(kind, "mem_1" if kind.endswith(":") else "") for kind in KeyKind]
    assert len(set(names)) == len(names)
    assert all(keys.slot_of(name) == OWNER.slot for name in names)
    assert OWNER.claim(DedupKey("content", "f")) != OWNER.claim(DedupKey("mem_1", "f"))


def test_an_id_leads_to_its_owners_keys() -> None:
    project = Project("p1", bytes(32))
    owner_hash = project.owner_hash(Owner("user", "alice"))
    assert keys.of("p1", mint("mem", owner_hash)) == OwnerKeys(project.slot(owner_hash))


@pytest.mark.parametrize("key", [keys.project("p1"), keys.META, keys.PROJECTS, ""])
def test_what_belongs_to_no_owner_has_no_slot(key: str) -> None:
    assert keys.slot_of(key) is None


def test_what_one_script_reaches_is_in_one_cluster_slot() -> None:
    for one, other in (
        (keys.task("task_1"), keys.task_lease("task_1")),
        (keys.api_key("ab"), keys.revoked("ab")),
        (keys.report("p1", "r"), keys.reports("p1")),
        (keys.WORK, keys.LATER),
    ):
        assert key_slot(one.encode()) == key_slot(other.encode())


def test_a_long_session_id_makes_a_short_key_of_its_own() -> None:
    long = OWNER.session("s" * 10_000)
    assert len(long) < 60
    assert long != OWNER.session("s" * 9_999)


def test_marks_of_owners_are_spread() -> None:
    slots = [f"p1.{'0' * 14}{digit:x}" for digit in range(16)]
    assert {keys.dirty(slot) for slot in slots} == set(keys.DIRTY)
