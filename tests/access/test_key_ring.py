"""Keys in Redis, single and cluster: found by their secrets alone, listed until revoked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from memory.domain.caller import Once
from memory.domain.errors import NotFound
from tests.access.calls import NEW, dying, root
from tests.access.conftest import Opened


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
