"""A receipt looked at again: who may, and what there is of its entity now."""

from __future__ import annotations

from dataclasses import replace

import pytest

from memory.domain.erasures import Counts
from memory.domain.errors import InvalidInput, NotFound
from memory.domain.memory import Scope
from memory.service.build import MemoryService
from tests.memory.erasure.entities import ALICE, BOB, DEFAULT, HELPER, HERS, add, erased

NOBODY = Scope()


async def test_what_came_back_is_counted(service: MemoryService) -> None:
    await add(service, "knows Ann", **HERS)
    found = await erased(service, ALICE)
    assert found.remaining == Counts()
    await add(service, "is back", "is here", **HERS)
    await add(service, "of bob", user_id="bob")
    again = await service.erasures.get(DEFAULT, found.erasure.id)
    assert again.signature_valid
    assert again.remaining is not None
    assert (again.remaining.memories, again.remaining.index_points) == (2, 2)


async def test_an_erasure_is_seen_by_whom_it_is_about_and_by_administrators(
    service: MemoryService,
) -> None:
    await add(service, "knows Ann", **HERS)
    of_alice, of_helper = await erased(service, ALICE), await erased(service, HELPER)
    alice, bob = replace(DEFAULT, user_id="alice"), replace(DEFAULT, user_id="bob")
    own = await service.erasures.get(alice, of_alice.erasure.id)
    assert own.erasure == of_alice.erasure
    for caller, found in ((bob, of_alice), (alice, of_helper), (bob, of_helper)):
        with pytest.raises(NotFound):
            await service.erasures.get(caller, found.erasure.id)
        assert found.erasure.receipt is not None
        with pytest.raises(NotFound):
            await service.erasures.check(caller, found.erasure.receipt, NOBODY)
    with pytest.raises(NotFound):
        await service.erasures.get(DEFAULT, "era_never")


async def test_a_receipt_that_somebody_kept_is_checked(service: MemoryService) -> None:
    await add(service, "knows Ann", **HERS)
    erasure = (await erased(service, HELPER)).erasure
    assert erasure.receipt is not None
    good = await service.erasures.check(DEFAULT, erasure.receipt, NOBODY)
    assert (good.signature_valid, good.remaining) == (True, Counts())
    forged = {**erasure.receipt, "counts": {"memories": 0}}
    bad = await service.erasures.check(DEFAULT, forged, NOBODY)
    assert (bad.signature_valid, bad.remaining) == (False, None)


async def test_naming_the_entity_counts_owners_that_the_erasure_did_not_touch(
    service: MemoryService,
) -> None:
    await add(service, "knows Ann", **HERS)
    erasure = (await erased(service, HELPER)).erasure
    assert erasure.receipt is not None
    await add(service, "of bob with helper", user_id="bob", agent_id="helper")
    unnamed = await service.erasures.check(DEFAULT, erasure.receipt, NOBODY)
    named = await service.erasures.check(DEFAULT, erasure.receipt, HELPER)
    assert unnamed.remaining == Counts()
    assert named.remaining is not None
    assert named.remaining.memories == 1
    for other in (BOB, Scope(user_id="alice", agent_id="helper")):
        with pytest.raises(InvalidInput, match="another entity"):
            await service.erasures.check(DEFAULT, erasure.receipt, other)
