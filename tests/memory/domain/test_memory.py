"""Scopes, and versions on their two clocks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from memory.domain.clock import AT_COMMIT, DAY
from memory.domain.memory import Edge, Owner, Scope
from tests.memory.given import memory

WHOLE = Scope(user_id="u", agent_id="a", app_id="p", session_id="s")


@pytest.mark.parametrize(
    ("scope", "owner"),
    [
        (WHOLE, Owner("user", "u")),
        (replace(WHOLE, user_id=None), Owner("agent", "a")),
        (Scope(app_id="p", session_id="s"), Owner("app", "p")),
        (Scope(session_id="s"), Owner("session", "s")),
    ],
)
def test_the_first_field_given_owns_a_memory(scope: Scope, owner: Owner) -> None:
    assert scope.owner == owner
    assert scope.entity == (owner if len(scope.given()) == 1 else None)


def test_a_scope_of_nobody_has_no_owner() -> None:
    assert Scope().entity is None
    with pytest.raises(ValueError, match="without an owner"):
        _ = Scope().owner


def test_a_scope_covers_what_gives_all_of_its_fields() -> None:
    assert Scope(user_id="u").covers(WHOLE)
    assert WHOLE.covers(WHOLE)
    assert not WHOLE.covers(Scope(user_id="u"))
    assert not Scope(user_id="v").covers(WHOLE)
    assert Scope().covers(WHOLE)


def test_a_version_is_valid_and_known_from_its_begin_to_before_its_end() -> None:
    version = memory(valid_from=10, valid_to=20, recorded_at=30, retracted_at=40)
    assert [at for at in (9, 10, 19, 20) if version.valid(at)] == [10, 19]
    assert [at for at in (29, 30, 39, 40) if version.known(at)] == [30, 39]
    assert not version.known(None)
    unended = replace(version, valid_to=None, retracted_at=None)
    assert unended.valid(10**15)
    assert unended.known(None)


def test_a_commit_gives_its_time_to_what_waits_for_it_and_to_nothing_else() -> None:
    fresh = memory(valid_from=AT_COMMIT, recorded_at=AT_COMMIT, created_at=AT_COMMIT)
    stamped = fresh.stamped(77)
    assert (stamped.valid_from, stamped.recorded_at, stamped.created_at) == (77, 77, 77)
    assert (stamped.valid_to, stamped.retracted_at) == (None, None)
    ended = replace(fresh, valid_from=5, valid_to=AT_COMMIT, created_at=6).stamped(77)
    assert (ended.valid_from, ended.valid_to, ended.created_at) == (5, 77, 6)
    edge = Edge(id="rel_1", source="a", target="b", relation="KNOWS")
    assert (edge.stamped(77).recorded_at, edge.stamped(77).created_at) == (77, 77)


def test_open_is_what_began_when_recorded_and_has_no_end() -> None:
    version = memory()
    assert version.open
    assert replace(version, valid_from=AT_COMMIT, recorded_at=AT_COMMIT).open
    for closed in ({"retracted_at": 50}, {"valid_to": 50}, {"valid_from": 11}):
        assert not replace(version, **closed).open, closed


def test_the_last_day_is_of_what_ends_by_itself() -> None:
    assert memory(valid_to=DAY).last_day == "1970-01-01"
    assert memory(valid_to=DAY + 1).last_day == "1970-01-02"
    superseded = memory(valid_to=DAY, superseded_by="mem_other")
    assert (superseded.last_day, superseded.expires_at) == (None, None)
    assert memory().last_day is None
