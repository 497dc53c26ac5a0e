"""Ids that tell where a memory lives, and nothing about whose it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from memory.domain.errors import Forbidden, ScopeRequired
from memory.domain.ids import (
    NOBODY,
    Project,
    adopt,
    job_owner_hash,
    mint,
    mint_job,
    owner_hash_of,
    owner_prefix,
    project_of_tenant,
    sibling,
    split_slot,
)
from memory.domain.memory import Owner, Scope
from tests.memory.given import PROJECT

ALICE = PROJECT.owner_hash(Owner("user", "alice"))
BOB = PROJECT.owner_hash(Owner("user", "bob"))
BOUND = replace(PROJECT, user_id="alice")


def test_an_id_tells_the_hash_of_its_owner_and_no_two_are_the_same() -> None:
    ids = {mint("mem", ALICE) for _ in range(100)}
    assert len(ids) == 100
    assert {owner_hash_of(each) for each in ids} == {ALICE}
    assert all(each.startswith(owner_prefix(ALICE)) for each in ids)
    assert owner_hash_of(mint("rel", ALICE)) is None
    assert owner_hash_of(mint("rel", ALICE), "rel") == ALICE


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mem_",
        mint("mem", ALICE)[:-1],
        mint("mem", ALICE) + "0",
        mint("mem", ALICE) + "\n",
        mint("mem", ALICE).upper(),
        "mem_" + "0" * 32,
    ],
)
def test_what_was_never_an_id_has_no_owner(text: str) -> None:
    assert owner_hash_of(text) is None


def test_owners_are_told_apart_by_kind_value_and_project() -> None:
    owners = [Owner("user", "a"), Owner("agent", "a"), Owner("user", "b"), Owner("use", "ra")]
    elsewhere = replace(PROJECT, secret=b"another secret")
    hashes = {project.owner_hash(owner) for project in (PROJECT, elsewhere) for owner in owners}
    assert len(hashes) == 8
    assert all(len(each) == 15 for each in hashes)
    assert NOBODY not in hashes


def test_a_sibling_has_the_same_owner() -> None:
    edge = sibling("rel", mint("mem", ALICE))
    assert owner_hash_of(edge, "rel") == ALICE
    with pytest.raises(ValueError, match="no memory id"):
        sibling("rel", edge)


def test_what_is_adopted_has_the_same_id_each_time_and_another_for_each_owner() -> None:
    old = mint("mem", BOB)
    here = adopt(PROJECT, "mem", ALICE, old)
    assert here == adopt(PROJECT, "mem", ALICE, old)
    assert owner_hash_of(here) == ALICE
    others = {
        adopt(PROJECT, "mem", BOB, old),
        adopt(PROJECT, "mem", ALICE, mint("mem", BOB)),
        adopt(replace(PROJECT, secret=b"another secret"), "mem", ALICE, old),
    }
    assert len(others | {here}) == 4


def test_a_job_id_is_a_uuid_that_tells_its_owner() -> None:
    job_id = mint_job(ALICE)
    assert len(job_id) == 36
    assert job_owner_hash(job_id) == ALICE
    assert job_id != mint_job(ALICE)
    nonce = "0123456789abcdef" * 2
    assert mint_job(ALICE, nonce) == mint_job(ALICE, nonce) != mint_job(BOB, nonce)
    assert job_owner_hash("0" * 36) is None
    assert job_owner_hash(mint("mem", ALICE)) is None


def test_a_scope_is_narrowed_to_whom_the_project_is_bound_to() -> None:
    guide = Scope(agent_id="guide")
    assert PROJECT.narrow(guide) == guide
    assert BOUND.narrow(guide) == Scope(user_id="alice", agent_id="guide")
    assert BOUND.narrow(Scope()) == Scope(user_id="alice")
    with pytest.raises(Forbidden):
        BOUND.narrow(Scope(user_id="bob"))
    with pytest.raises(ScopeRequired, match="user_id"):
        PROJECT.narrow(Scope())
    assert (BOUND.holds(ALICE), BOUND.holds(BOB), PROJECT.holds(BOB)) == (True, False, True)


def test_a_slot_is_split_as_it_was_made() -> None:
    assert split_slot(PROJECT.slot(ALICE)) == ("proj_1", ALICE)
    assert split_slot(Project("a.b", b"x").slot(ALICE)) == ("a.b", ALICE)


def test_an_owner_stays_in_a_bucket_of_each_generation() -> None:
    project = replace(PROJECT, generation=2, buckets=3, writes=(2, 3))
    tenant = project.tenant(ALICE)
    assert tenant in project.tenants()
    assert project.written(ALICE) == [tenant, tenant.replace("-g2-", "-g3-")]
    assert len({*project.tenants(), *project.tenants(3)}) == 6
    assert {project_of_tenant(each) for each in project.tenants()} == {"proj_1"}
    assert project_of_tenant("somebody else's") is None
    many = {project.tenant(PROJECT.owner_hash(Owner("user", str(n)))) for n in range(50)}
    assert many == set(project.tenants())
