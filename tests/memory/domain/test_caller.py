"""A caller, and the one who stands for them in a part of a call."""

from __future__ import annotations

from memory.domain.caller import Caller, Once


def test_each_part_of_a_call_has_an_idempotency_key_of_its_own() -> None:
    caller = Caller("proj_1", "alice", Once("key", "digest", job="a job"))
    one, other = caller.part("mem_1"), caller.part("mem_2")
    assert one != other
    assert one == caller.part("mem_1")
    assert one.once is not None
    assert one.once.key != "key"
    assert (one.project, one.user_id) == ("proj_1", "alice")
    assert (one.once.request, one.once.job) == ("digest", "a job")


def test_without_a_key_a_part_is_the_caller() -> None:
    caller = Caller("proj_1")
    assert caller.part("mem_1") == caller
