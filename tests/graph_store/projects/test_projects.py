"""A project's secret, where its index is, and its end."""

from __future__ import annotations

import pytest

from graph_store.redis_graph import RedisGraph
from memory.domain.errors import NotFound
from memory.domain.ids import Project, mint, owner_hash_of
from memory.domain.memory import Owner
from tests.graph_store.ground import Ground


async def test_a_project_keeps_its_secret_and_ids_lead_back(graph: RedisGraph) -> None:
    project = await graph.projects.read("p1", 4)
    assert await graph.projects.read("p1", 8) == project
    other = await graph.projects.read("p2", 4)
    assert other.secret != project.secret
    owner_hash = project.owner_hash(Owner("user", "alice"))
    assert owner_hash_of(mint("mem", owner_hash)) == owner_hash
    assert owner_hash_of(mint("rel", owner_hash)) is None
    assert other.owner_hash(Owner("user", "alice")) != owner_hash
    assert project.tenant(owner_hash) in project.tenants()


async def test_the_pointer_moves_only_from_where_it_was_seen(ground: Ground) -> None:
    first: Project = await ground.graph.projects.read("proj_1", 4)
    assert (first.generation, first.writes, first.epoch) == (1, (1,), 0)
    assert await ground.graph.projects.point(first, 1, (1, 2))
    assert not await ground.graph.projects.point(first, 2, (2,))
    second = await ground.graph.projects.read("proj_1", 4)
    assert (second.generation, second.writes, second.epoch) == (1, (1, 2), 1)
    assert second.secret == first.secret
    assert await ground.graph.projects.epochs(["proj_1", "proj_2"]) == {"proj_1": 1}
    assert "proj_1" in await ground.graph.projects.ids()
    await ground.graph.projects.leave("proj_1", True, "task_1")
    await ground.graph.projects.leave("proj_1", True, "task_1")
    third = await ground.graph.projects.read("proj_1", 4)
    assert (third.generation, third.writes, third.epoch) == (3, (3,), 2)
    assert third.secret != first.secret
    await ground.graph.projects.leave("proj_1", False, "task_2")
    assert await ground.graph.projects.epochs(["proj_1"]) == {}


async def test_an_erasure_of_a_project_that_was_cleared_is_nobodys(ground: Ground) -> None:
    leases = ground.graph.leases
    for name in ("erasing:p1:subject", "erasing:p2:subject"):
        assert await leases.take(name, "one", 60)
    await ground.graph.projects.clear("p1")
    assert await leases.take("erasing:p1:subject", "other", 60)
    assert not await leases.take("erasing:p2:subject", "other", 60)


async def test_a_project_that_ended_comes_back_by_no_late_call(ground: Ground) -> None:
    projects = ground.graph.projects
    await projects.leave("p1", False, "task")
    with pytest.raises(NotFound):
        await projects.read("p1", 1, make=False)
    assert await projects.ids() == []
