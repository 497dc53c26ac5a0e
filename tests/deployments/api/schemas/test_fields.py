"""What bodies and query strings have in common."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from deployments.api.schemas.fields import (
    Body,
    Fields,
    InstantFields,
    Relation,
    Role,
    ScopeFields,
    ViewFields,
)
from memory.domain.clock import parse_instant
from memory.domain.errors import InvalidInput


class Query(Fields):
    number: int = 0


class Numbered(Body):
    number: int = 0


def test_a_query_string_is_read_and_a_body_is_not() -> None:
    assert Query.model_validate({"number": "7", "unknown": 1}).number == 7
    with pytest.raises(ValidationError):
        Numbered.model_validate({"number": "7"})
    assert Numbered.model_validate({"number": 7, "unknown": 1}).number == 7


def test_a_view_has_both_instants() -> None:
    fields = ViewFields(as_of="2020-01-01", include_expired=True)
    view = fields.view()
    assert view.as_of == parse_instant("2020-01-01", "as_of")
    assert (view.known_at, view.superseded, view.expired) == (None, False, True)
    with pytest.raises(InvalidInput, match=r"^known_at "):
        InstantFields(known_at="soon").view()


def test_a_scope_is_of_the_fields_given() -> None:
    scope = ScopeFields(user_id="alice", session_id="s").scope()
    assert scope.given() == {"user_id": "alice", "session_id": "s"}


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [(Relation, ["KNOWS", "a.b-c_1"], ["1st", "a b", "x" * 65]), (Role, ["user"], ["User", ""])],
)
def test_words_of_a_few_letters(kind: object, right: list[str], wrong: list[str]) -> None:
    adapter: TypeAdapter[str] = TypeAdapter(kind)
    assert [adapter.validate_python(word) for word in right] == right
    for word in wrong:
        with pytest.raises(ValidationError):
            adapter.validate_python(word)
