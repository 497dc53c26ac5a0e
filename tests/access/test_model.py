"""What a caller sees, and how a member is called."""

from __future__ import annotations

from access.model import Member, Pass, Right
from memory.domain.caller import Caller


def test_a_caller_sees_its_own_project_and_the_admin_key_every_one() -> None:
    own = Pass(Caller("shop"), "key_1", frozenset({Right.ADMIN}))
    assert [own.sees(project_id) for project_id in ("shop", "default")] == [True, False]
    everywhere = Pass(Caller("default"), "admin", frozenset(Right), everywhere=True)
    assert everywhere.sees("shop")


def test_no_right_includes_another() -> None:
    assert [right.value for right in Right] == ["read", "write", "admin"]
    assert Right.READ not in frozenset({Right.ADMIN, Right.WRITE})


def test_a_member_is_called_by_the_address_before_the_at() -> None:
    assert Member("ann.lee@shop.test", "READER").username == "ann.lee"
