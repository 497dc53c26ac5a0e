"""Receipts: signed by their project, for a subject that they do not name."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from memory.domain.erasures import Counts, Order
from memory.domain.memory import Owner, Scope
from memory.erasure.receipts import names, receipt_of, signature_valid, subject_of
from tests.memory.given import PROJECT

ALICE = Owner("user", "alice")
SUBJECT = subject_of(PROJECT, ALICE)
ORDER = Order("era_1", PROJECT.id, "user", SUBJECT, PROJECT.owner_hash(ALICE), None, 0)
RECEIPT = receipt_of(PROJECT, ORDER, Counts(memories=2, versions=3), 10**6)
ELSEWHERE = replace(PROJECT, secret=b"another secret")


def test_a_receipt_says_what_was_erased_and_not_whose_it_was() -> None:
    assert RECEIPT["counts"]["versions"] == 3
    assert RECEIPT["completed_at"] == "1970-01-01T00:00:01.000000Z"
    text = json.dumps(RECEIPT)
    assert "alice" not in text
    assert PROJECT.owner_hash(ALICE) not in text


def test_a_signature_is_of_its_project_and_of_exactly_these_fields() -> None:
    assert signature_valid(PROJECT, RECEIPT)
    assert signature_valid(PROJECT, json.loads(json.dumps(RECEIPT)))
    assert signature_valid(PROJECT, dict(reversed(RECEIPT.items())))
    assert not signature_valid(ELSEWHERE, RECEIPT)
    assert len(RECEIPT) == 9
    for field in RECEIPT:
        assert not signature_valid(PROJECT, {**RECEIPT, field: "forged"}), field
        assert not signature_valid(
            PROJECT, {name: value for name, value in RECEIPT.items() if name != field}
        ), field
    assert not signature_valid(PROJECT, {**RECEIPT, "more": 1})


@pytest.mark.parametrize("forged", ["", None, 5, "\ud800", "0" * 64])
def test_no_other_signature_is_valid(forged: Any) -> None:
    assert not signature_valid(PROJECT, {**RECEIPT, "signature": forged})


def test_what_json_cannot_carry_is_none_of_ours() -> None:
    assert not signature_valid(PROJECT, {**RECEIPT, "counts": {"memories": 2**70}})
    assert not signature_valid(PROJECT, {**RECEIPT, "id": "\ud800"})


def test_a_subject_is_told_by_kind_value_and_project() -> None:
    subjects = {
        subject_of(project, owner)
        for project in (PROJECT, ELSEWHERE)
        for owner in (ALICE, Owner("agent", "alice"), Owner("user", "al"), Owner("use", "ralice"))
    }
    assert len(subjects) == 8
    assert SUBJECT in subjects


def test_a_memory_names_the_subject_if_its_scope_does() -> None:
    assert names(PROJECT, "user", SUBJECT, Scope(user_id="alice", agent_id="helper"))
    assert not names(PROJECT, "user", SUBJECT, Scope(user_id="bob"))
    assert not names(PROJECT, "user", SUBJECT, Scope(agent_id="alice"))
    assert not names(ELSEWHERE, "user", SUBJECT, Scope(user_id="alice"))
