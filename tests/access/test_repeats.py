"""What was asked for once is done once, by whichever instance."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from access.model import Right
from memory.domain.caller import Caller, Once
from memory.domain.errors import IdempotencyMismatch, NotFound
from tests.access.calls import NEW, dying, root
from tests.access.conftest import Opened


async def test_racing_attempts_make_one_key(opened: Opened) -> None:
    first, second = opened(), opened()
    once = Once("k", "digest")
    attempts = [access.keys.create(await root(access, once), NEW) for access in (first, second)]
    one, other = await asyncio.gather(*attempts)
    assert (one.key, one.secret) == (other.key, other.secret)
    assert await first.keys.of(["default"]) == [one.key]
    with pytest.raises(IdempotencyMismatch):
        await second.projects.create(await root(second, Once("k", "other")), "shop")


async def test_an_attempt_that_died_halfway_is_finished(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    access = opened()
    once = Once("k", "digest")
    with dying(monkeypatch):
        await access.projects.create(await root(access, once), "shop")
    made, replayed = await access.projects.create(await root(access, once), "shop")
    assert not replayed
    assert [each.id for each in await access.projects.all()] == ["default", made.id]


async def test_an_idempotency_key_is_the_callers_own(opened: Opened) -> None:
    access = opened()
    once = Once("k", "digest")
    issued = await access.keys.create(await root(access), replace(NEW, rights=frozenset(Right)))
    other = replace(await access.door.enter(issued.secret), caller=Caller("default", once=once))
    mine = await access.keys.create(await root(access, once), NEW)
    theirs = await access.keys.create(other, NEW)
    assert mine.key.id != theirs.key.id


async def test_work_is_done_once_and_told_again(opened: Opened) -> None:
    first, second = opened(), opened()
    done = []

    async def work() -> dict[str, int]:
        done.append(1)
        return {"number": len(done)}

    once = Once("k", "digest")
    assert await first.repeats.once(await root(first, once), work) == ({"number": 1}, False)
    assert await second.repeats.once(await root(second, once), work) == ({"number": 1}, True)
    assert await first.repeats.once(await root(first), work) == ({"number": 2}, False)
    with pytest.raises(IdempotencyMismatch):
        await first.repeats.once(await root(first, Once("k", "other")), work)
    assert len(done) == 2


async def test_work_that_failed_is_done_again(opened: Opened) -> None:
    access = opened()
    visitor = await root(access, Once("k", "digest"))
    outcomes: list[Exception | None] = [NotFound("not yet"), None]

    async def work() -> dict[str, str]:
        if outcome := outcomes.pop(0):
            raise outcome
        return {"state": "done"}

    with pytest.raises(NotFound):
        await access.repeats.once(visitor, work)
    assert await access.repeats.once(visitor, work) == ({"state": "done"}, False)
