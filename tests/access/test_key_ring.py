"""Keys and projects in Redis, single and cluster, and what the door makes of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from access import Access, door
from access.model import NewKey, Pass, Right
from memory.domain.caller import Caller, Once
from memory.domain.errors import IdempotencyMismatch, InvalidInput, NotFound, Unauthenticated
from tests.access.conftest import ADMIN_KEY, Opened

NEW = NewKey("default", "phone", None, frozenset({Right.READ}), None)


async def root(access: Access, once: Once | None = None) -> Pass:
    visitor = await access.door.enter(ADMIN_KEY)
    return replace(visitor, caller=Caller("default", once=once))


async def test_a_key_is_found_by_its_secret_alone(opened: Opened) -> None:
    first, second = opened(), opened()
    issued = await first.keys.create(await root(first), replace(NEW, user_id="alice"))
    assert await second.keys.find(issued.secret) == issued.key
    assert await second.keys.get(issued.key.id) == issued.key
    other = "m0-" + "A" * 43
    for wrong in (issued.secret[:-1], issued.secret.upper(), issued.key.id, other, "", "m0-"):
        assert await second.keys.find(wrong) is None
    for wrong in (issued.key.id[4:], issued.key.id[:-1], "key_*", ""):
        with pytest.raises(NotFound):
            await second.keys.get(wrong)


async def test_keys_are_listed_by_project_until_they_are_revoked(opened: Opened) -> None:
    access = opened()
    caller = await root(access)
    project, _ = await access.projects.create(caller, "shop")
    keys = [
        (await access.keys.create(caller, replace(NEW, project_id=each))).key
        for each in ("default", project.id, project.id)
    ]
    assert await access.keys.of(["default", project.id]) == keys
    assert await access.keys.of([project.id]) == keys[1:]
    await access.keys.revoke(keys[1])
    with pytest.raises(NotFound):
        await access.keys.revoke(keys[1])
    assert await access.keys.of([project.id]) == keys[2:]
    await access.keys.revoke(keys[2])
    assert await access.keys.of(["default", project.id]) == keys[:1]
    assert await access.keys.of([]) == []


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


async def test_racing_attempts_make_one_key(opened: Opened) -> None:
    first, second = opened(), opened()
    once = Once("k", "digest")
    attempts = [access.keys.create(await root(access, once), NEW) for access in (first, second)]
    one, other = await asyncio.gather(*attempts)
    assert (one.key, one.secret) == (other.key, other.secret)
    assert await first.keys.of(["default"]) == [one.key]
    with pytest.raises(IdempotencyMismatch):
        await second.projects.create(await root(second, Once("k", "other")), "shop")


@contextmanager
def dying(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whoever does something here dies before the answer is kept."""

    async def die(*_: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr("access.repeats.Repeats.end", die)
        with pytest.raises(ConnectionError):
            yield


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


async def test_an_attempt_that_died_does_not_bring_its_revoked_key_back(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    access = opened()
    once = Once("k", "digest")
    with dying(monkeypatch):
        await access.keys.create(await root(access, once), NEW)
    (key,) = await access.keys.of(["default"])
    await access.keys.revoke(key)
    for _ in range(2):
        again = await access.keys.create(await root(access, once), NEW)
        assert (again.key, again.replayed) == (key, True)
        assert await access.keys.find(again.secret) is None
        assert await access.keys.of(["default"]) == []
    other = await access.keys.create(await root(access), NEW)
    assert await access.keys.find(other.secret) == other.key


async def test_no_key_is_left_of_a_project_that_ended_meanwhile(opened: Opened) -> None:
    access = opened()
    caller = await root(access)
    project, _ = await access.projects.create(caller, "shop")
    await access._redis.one("DEL", f"mg:project:{project.id}")
    with pytest.raises(NotFound, match="no project"):
        await access.keys.create(caller, replace(NEW, project_id=project.id))
    assert [key async for key in access._redis.scan("mg:key*")] == []


async def test_an_idempotency_key_is_the_callers_own(opened: Opened) -> None:
    access = opened()
    once = Once("k", "digest")
    issued = await access.keys.create(await root(access), replace(NEW, rights=frozenset(Right)))
    other = replace(await access.door.enter(issued.secret), caller=Caller("default", once=once))
    mine = await access.keys.create(await root(access, once), NEW)
    theirs = await access.keys.create(other, NEW)
    assert mine.key.id != theirs.key.id
