"""Every public method of the clients has a test of what it does."""

from __future__ import annotations

import pytest

from tests.mem0.clients import KINDS, covered, methods


@pytest.mark.parametrize("kind", KINDS)
def test_every_method_of_the_clients_is_covered(kind: str) -> None:
    known = methods(*KINDS[kind])
    assert {"add", "search", "delete_all"} <= known
    assert known - covered() == set()


def test_nothing_is_covered_that_the_clients_do_not_have() -> None:
    assert covered()
    assert covered() <= set.union(*(methods(*each) for each in KINDS.values()))
