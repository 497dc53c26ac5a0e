"""The door lets in whose key stands, and remembers it for less than a second."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest

from access import door
from access.model import Demand, Right
from memory.domain.errors import Forbidden, InvalidInput, Unauthenticated
from tests.access.calls import NEW, root
from tests.access.conftest import ADMIN_KEY, Opened


async def test_a_revoked_key_is_forgotten_within_a_second(opened: Opened) -> None:
    first, second = opened(), opened()
    issued = await first.keys.create(await root(first), NEW)
    for access in (first, second):
        assert (await access.door.enter(issued.secret)).key_id == issued.key.id
    await first.keys.revoke(issued.key)
    await asyncio.sleep(1)
    for access in (first, second):
        with pytest.raises(Unauthenticated):
            await access.door.enter(issued.secret)


async def test_a_remembered_key_asks_redis_for_nothing(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "_FRESH_S", 3600)
    access = opened()
    issued = await access.keys.create(await root(access), NEW)
    entered = await access.door.enter(issued.secret)
    await access.keys.revoke(issued.key)
    assert await access.door.enter(issued.secret) == entered


async def test_no_more_keys_are_remembered_than_fit(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "_FRESH_S", 3600)
    monkeypatch.setattr(door, "_REMEMBERED", 2)
    access = opened()
    caller = await root(access)
    issued = [await access.keys.create(caller, NEW) for _ in range(3)]
    for each in issued:
        await access.door.enter(each.secret)
    for each in issued:
        await access.keys.revoke(each.key)
    for each in issued[1:]:
        assert (await access.door.enter(each.secret)).key_id == each.key.id
    with pytest.raises(Unauthenticated):
        await access.door.enter(issued[0].secret)


async def test_a_key_ends_at_its_time_even_while_it_is_remembered(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "_FRESH_S", 3600)
    access = opened()
    expires_at = time.time_ns() // 1_000 + 3_600_000_000
    issued = await access.keys.create(await root(access), replace(NEW, expires_at=expires_at))
    await access.door.enter(issued.secret)
    monkeypatch.setattr(time, "time_ns", lambda: expires_at * 1_000)
    with pytest.raises(Unauthenticated, match="expired"):
        await access.door.enter(issued.secret)
    with pytest.raises(InvalidInput):
        await access.keys.create(await root(access), replace(NEW, expires_at=expires_at))


async def test_without_keys_everybody_may_do_everything() -> None:
    open_door = door.OpenDoor()
    visitor = await open_door.enter("")
    assert (visitor.key_id, visitor.everywhere, visitor.rights) == ("none", True, frozenset(Right))
    assert await open_door.count(visitor, Demand(Right.WRITE, writes=True)) is None


async def test_the_admin_key_has_every_right_and_no_limit(opened: Opened) -> None:
    access = opened(key_write="1/minute")
    visitor = await access.door.enter(ADMIN_KEY)
    assert (visitor.key_id, visitor.everywhere) == (door.ADMIN, True)
    for _ in range(3):
        assert await access.door.count(visitor, Demand(Right.WRITE, writes=True)) is None
    door.require_everywhere(visitor, "not reached")


async def test_a_key_may_do_what_its_rights_say(opened: Opened) -> None:
    access = opened()
    issued = await access.keys.create(await root(access), NEW)
    visitor = await access.door.enter(issued.secret)
    door.require(visitor, Demand(Right.READ, writes=False))
    with pytest.raises(Forbidden, match="lacks the right write"):
        door.require(visitor, Demand(Right.WRITE, writes=True))
    with pytest.raises(Forbidden, match="the admin key alone"):
        door.require_everywhere(visitor, "the admin key alone does this")


@pytest.mark.parametrize("credential", ["", "m0-unknown", ADMIN_KEY[:-1]])
async def test_nobody_comes_in_without_a_key_that_is_known(opened: Opened, credential: str) -> None:
    with pytest.raises(Unauthenticated):
        await opened().door.enter(credential)
