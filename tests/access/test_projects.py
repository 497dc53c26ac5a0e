"""Projects in Redis: made once, listed by age, changed only while they are there."""

from __future__ import annotations

import pytest

from access.model import Member
from access.projects import require_seen
from memory.domain.errors import Conflict, NotFound
from tests.access.calls import NEW, root
from tests.access.conftest import Opened


async def test_the_default_project_is_there_and_others_follow_by_age(opened: Opened) -> None:
    first, second = opened(), opened()
    caller = await root(first)
    made = [(await first.projects.create(caller, name))[0] for name in ("shop", "bank")]
    found = await second.projects.all()
    assert [project.name for project in found] == ["default", "shop", "bank"]
    assert found[1:] == made
    assert await second.projects.get(made[0].id) == made[0]
    with pytest.raises(NotFound, match="no project"):
        await second.projects.get("proj_unknown")


async def test_settings_are_changed_one_by_one(opened: Opened) -> None:
    access = opened()
    project, _ = await access.projects.create(await root(access), "shop")
    await access.projects.change(project.id, {"description": "a shop"}, "store")
    await access.projects.change(project.id, {"multilingual": True})
    details = await access.projects.details(project.id)
    assert details.project.name == "store"
    assert details.preferences.description == "a shop"
    assert details.preferences.multilingual is True
    assert details.updated_at >= project.created_at
    with pytest.raises(NotFound):
        await access.projects.change("proj_unknown", {"description": "x"})


async def test_members_are_listed_once_each(opened: Opened) -> None:
    access = opened()
    project, _ = await access.projects.create(await root(access), "shop")
    ann = Member("ann@shop.test", "READER")
    await access.projects.add_member(project.id, ann)
    with pytest.raises(Conflict):
        await access.projects.add_member(project.id, ann)
    await access.projects.change_member(project.id, Member(ann.email, "OWNER"))
    (member,) = (await access.projects.details(project.id)).members
    assert (member.username, member.role) == ("ann", "OWNER")
    await access.projects.remove_member(project.id, ann.email)
    assert (await access.projects.details(project.id)).members == []
    for change in (
        access.projects.change_member(project.id, ann),
        access.projects.remove_member(project.id, ann.email),
    ):
        with pytest.raises(NotFound):
            await change


async def test_another_project_is_not_told_of(opened: Opened) -> None:
    access = opened()
    issued = await access.keys.create(await root(access), NEW)
    visitor = await access.door.enter(issued.secret)
    require_seen(visitor, "default")
    with pytest.raises(NotFound, match="no project 'proj_other'"):
        require_seen(visitor, "proj_other")
    require_seen(await root(access), "proj_other")
