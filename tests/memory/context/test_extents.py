"""Which owners a read is about, and the instant to pin it at."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from memory.context.extents import Extents
from memory.domain.errors import ScopeRequired
from memory.domain.ids import NOBODY
from memory.domain.memory import Owner, Scope
from memory.ports.memories import Instant
from memory.query.conditions import EVERYTHING, Is, Present, Some
from tests.memory.given import ALICE, PROJECT

HELPER, DESK = Scope(agent_id="helper"), Scope(app_id="desk")
OWN = PROJECT.owner_hash(Owner("agent", "helper"))


class Register:
    """The owners that named somebody beside themselves; and an instant of every slot."""

    def __init__(self, **naming: list[str]) -> None:
        self._naming, self.asked = naming, list[str]()

    async def naming(self, project_id: str, field: str, value: str) -> list[str]:
        assert project_id == PROJECT.id
        return self._naming.get(f"{field}_{value}", [])

    async def instant(self, slots: list[str]) -> Instant:
        self.asked = slots
        return Instant(50, bounded=False)


def extents(register: Register) -> Extents:
    stores: Any = register
    return Extents(stores, stores)


async def test_a_users_memories_have_one_owner() -> None:
    both = Scope(user_id="alice", agent_id="helper")
    register = Register(agent_id_helper=["1" * 15])
    for scope in (ALICE, both):
        found = await extents(register).owner_hashes(PROJECT, scope)
        assert found == [PROJECT.owner_hash(Owner("user", "alice"))]


async def test_an_agents_lie_with_it_and_with_every_owner_that_named_it() -> None:
    register = Register(agent_id_helper=["1" * 15, OWN, "2" * 15])
    found = await extents(register).owner_hashes(PROJECT, HELPER)
    assert found == [OWN, "1" * 15, "2" * 15]


async def test_an_owner_that_several_branches_name_is_read_once() -> None:
    register = Register(agent_id_helper=["1" * 15], app_id_desk=["1" * 15])
    either = Some((Is("agent_id", ("helper",)), Is("app_id", ("desk",))))
    extent = await extents(register).of(PROJECT, Scope(), either)
    assert extent.owner_hashes == [OWN, "1" * 15, PROJECT.owner_hash(Owner("app", "desk"))]
    assert extent.scopes == (HELPER, DESK)


async def test_who_is_named_by_no_value_may_be_anybody() -> None:
    """A memory of any of them may be valid without being open."""
    register = Register()
    anybody = await extents(register).of(PROJECT, Scope(), Present("user_id"))
    assert anybody.owner_hashes is None
    assert await extents(register).instant(anybody) == Instant(50, bounded=True)
    assert register.asked == [PROJECT.slot(NOBODY)]


async def test_a_read_is_pinned_at_an_instant_of_its_owners() -> None:
    register = Register(agent_id_helper=["1" * 15])
    extent = await extents(register).of(PROJECT, HELPER, EVERYTHING)
    assert await extents(register).instant(extent) == Instant(50, bounded=False)
    assert register.asked == [PROJECT.slot(OWN), PROJECT.slot("1" * 15)]


async def test_a_read_of_nobody_is_refused_and_a_bound_one_is_of_its_user() -> None:
    with pytest.raises(ScopeRequired):
        await extents(Register()).of(PROJECT, Scope(), EVERYTHING)
    bound = replace(PROJECT, user_id="alice")
    extent = await extents(Register()).of(bound, Scope(), EVERYTHING)
    assert (extent.scope, len(extent.owner_hashes or [])) == (ALICE, 1)
