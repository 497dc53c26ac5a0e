"""Which operation an Idempotency-Key means."""

from __future__ import annotations

from dataclasses import replace

from memory.domain.caller import Once
from memory.domain.idempotency import operation_of
from tests.memory.given import PROJECT

ONCE = Once("key", "digest", job="a job")


def test_a_key_means_one_operation_of_its_project_and_its_user() -> None:
    projects = [
        PROJECT,
        replace(PROJECT, secret=b"another secret"),
        replace(PROJECT, user_id="alice"),
        replace(PROJECT, user_id="bob"),
    ]
    ids = {operation_of(project, ONCE).id for project in projects}
    assert len(ids) == 4
    assert operation_of(PROJECT, replace(ONCE, key="other")).id not in ids
    assert operation_of(PROJECT, replace(ONCE, request="other")).id in ids
    # a user's name cannot run into the key
    one = operation_of(replace(PROJECT, user_id="a"), replace(ONCE, key="bc"))
    assert one.id != operation_of(replace(PROJECT, user_id="ab"), replace(ONCE, key="c")).id


def test_an_operation_says_nothing_of_the_key() -> None:
    operation = operation_of(PROJECT, replace(ONCE, key="the colour of her car"))
    assert "colour" not in repr(operation)
    assert (operation.request, operation.job, operation.kept) == ("digest", "a job", None)


def test_each_claim_has_a_nonce_and_each_item_an_id_of_its_own() -> None:
    one, other = operation_of(PROJECT, ONCE), operation_of(PROJECT, ONCE)
    assert one.nonce != other.nonce
    assert one.item(1) == other.item(1) != one.item(11)
