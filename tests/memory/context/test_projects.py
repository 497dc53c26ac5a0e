"""Projects as a process knows them: read from the record, and believed for a while."""

from __future__ import annotations

from typing import Any

import pytest

from memory.context.projects import Projects
from memory.domain.caller import DEFAULT_PROJECT, Caller
from memory.domain.errors import NotFound
from memory.domain.ids import Project


class Record:
    """Has one project, and makes the others if it is asked to."""

    def __init__(self) -> None:
        self.reads: list[tuple[str, int, bool]] = []
        self.epoch = 1

    async def read(self, project_id: str, buckets: int, make: bool = True) -> Project:
        self.reads.append((project_id, buckets, make))
        if project_id != "proj_1" and not make:
            raise NotFound("no project")
        return Project(project_id, b"x", epoch=self.epoch)


@pytest.fixture
def record() -> Record:
    return Record()


@pytest.fixture
def projects(record: Record) -> Projects:
    reads: Any = record
    return Projects(reads, 3)


async def test_only_the_default_project_is_made_by_its_first_use(
    projects: Projects, record: Record
) -> None:
    assert (await projects.of(Caller(DEFAULT_PROJECT))).id == DEFAULT_PROJECT
    with pytest.raises(NotFound):
        await projects.of(Caller("proj_erased"))
    assert record.reads == [(DEFAULT_PROJECT, 3, True), ("proj_erased", 3, False)]


async def test_a_caller_bound_to_a_user_has_the_project_bound_and_nobody_else_has(
    projects: Projects,
) -> None:
    bound = await projects.of(Caller("proj_1", user_id="alice"))
    assert bound.user_id == "alice"
    assert (await projects.of(Caller("proj_1"))).user_id is None


async def test_a_project_is_believed_for_a_while_and_not_longer(
    projects: Projects, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    await projects.cached("proj_1")
    record.epoch = 2
    assert (await projects.cached("proj_1")).epoch == 1
    assert (await projects.fresh("proj_1")).epoch == 2
    record.epoch = 3
    assert (await projects.cached("proj_1")).epoch == 2
    projects.forget()
    assert (await projects.cached("proj_1")).epoch == 3
    record.epoch = 4
    monkeypatch.setattr("memory.context.projects.CACHE_LIFE_S", -1)
    assert (await projects.cached("proj_1")).epoch == 4
    assert len(record.reads) == 4
