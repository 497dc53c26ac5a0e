"""Whose memories a read is about."""

from __future__ import annotations

from dataclasses import replace

import pytest

from memory.domain.errors import Forbidden, ScopeRequired
from memory.domain.memory import Owner, Scope
from memory.query.conditions import ANY, EVERYTHING, Condition, Every, Is, Not, Present, Some
from memory.query.extent import Extent, bounded
from tests.memory.given import ALICE, BOB, PROJECT, memory

BOUND = replace(PROJECT, user_id="alice")
ANN, BOT = Is("user_id", ("ann",)), Is("agent_id", ("bot",))
TEA = Is("metadata_token", ("c=tea",))


@pytest.mark.parametrize(
    ("scope", "condition", "named"),
    [
        (ALICE, EVERYTHING, (ALICE,)),
        (ALICE, BOT, (ALICE,)),
        (Scope(), Some((ANN, BOT)), (Scope(user_id="ann"), Scope(agent_id="bot"))),
        (Scope(), Every((BOT, Present("user_id"))), (Scope(agent_id="bot"),)),
        (Scope(), Present("user_id"), (Scope(),)),
    ],
)
def test_owners_are_named_by_the_scope_or_else_by_the_condition(
    scope: Scope, condition: Condition, named: tuple[Scope, ...]
) -> None:
    assert bounded(PROJECT, scope, condition) == (scope, named)


@pytest.mark.parametrize("condition", [EVERYTHING, TEA, Not(ANN), Some((ANN, TEA))])
def test_every_branch_has_to_name_somebody(condition: Condition) -> None:
    with pytest.raises(ScopeRequired):
        bounded(PROJECT, Scope(), condition)
    # a bound project names its user itself
    assert bounded(BOUND, Scope(), TEA) == (ALICE, (ALICE,))


def test_a_bound_project_reads_no_other_user() -> None:
    for scope, condition in ((BOB, EVERYTHING), (Scope(), ANN), (ALICE, Some((ANN, TEA)))):
        with pytest.raises(Forbidden):
            bounded(BOUND, scope, condition)
    assert bounded(BOUND, Scope(), Is("user_id", (ANY,)))[0] == ALICE


def test_an_extent_reads_each_tenant_of_its_owners_once() -> None:
    project = replace(PROJECT, buckets=4)
    hashes = [project.owner_hash(Owner("user", str(number))) for number in range(20)]
    known = Extent(project, Scope(), EVERYTHING, (), hashes)
    assert known.tenants == sorted(project.tenants())
    assert known.slots == [project.slot(each) for each in hashes]
    one = Extent(project, ALICE, EVERYTHING, (ALICE,), [project.owner_hash(ALICE.owner)])
    assert len(one.tenants) == 1
    unknown = replace(known, owner_hashes=None)
    assert (unknown.tenants, unknown.slots) == (project.tenants(), [])


def test_an_index_is_asked_for_owners_only_where_all_of_them_are_users() -> None:
    both = Scope(user_id="alice", agent_id="bot")
    user = Extent(PROJECT, both, TEA, (both,), ["0" * 15])
    assert user.where().clauses == (
        ("owner", ("user:alice",)), ("user_id", ("alice",)), ("agent_id", ("bot",)),
        ("metadata_token", ("c=tea",)),
    )  # fmt: skip
    bot = Scope(agent_id="bot")
    agent = Extent(PROJECT, bot, EVERYTHING, (bot,), ["0" * 15])
    assert agent.where().clauses == (("agent_id", ("bot",)),)


def test_a_memory_is_covered_by_scope_and_condition() -> None:
    extent = Extent(PROJECT, ALICE, BOT, (ALICE,), [])
    assert extent.covers(memory(scope=Scope(user_id="alice", agent_id="bot")))
    assert not extent.covers(memory(scope=ALICE))
    assert not extent.covers(memory(scope=Scope(user_id="bob", agent_id="bot")))
