"""What is sent and answered about projects and keys."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import ValidationError

from access.model import IssuedKey, Key, Right
from deployments.api.schemas.access import KeyIn, ProjectIn, key_out, new_key_out
from memory.domain.clock import parse_instant

KEY = Key("key_1", "m0-abc", "shop", "web", None, frozenset({Right.WRITE, Right.READ}), 0, None)


def test_a_key_is_answered_without_its_secret_but_once() -> None:
    out = key_out(KEY)
    assert (out["scopes"], out["user_id"], out["expires_at"]) == (["read", "write"], None, None)
    assert out["created_at"] == "1970-01-01T00:00:00.000000Z"
    assert "key" not in out
    issued = IssuedKey(replace(KEY, expires_at=10**6), "m0-abcdef", replayed=False)
    assert new_key_out(issued)["key"] == "m0-abcdef"
    assert new_key_out(issued)["expires_at"] == "1970-01-01T00:00:01.000000Z"


def test_a_body_says_what_key_to_make() -> None:
    body = KeyIn.model_validate(
        {"project_id": "shop", "scopes": ["read"], "expires_at": "2030-01-01"}
    )
    new = body.draft()
    assert (new.project_id, new.label, new.rights) == ("shop", "", frozenset({Right.READ}))
    assert new.expires_at == parse_instant("2030-01-01", "expires_at")


@pytest.mark.parametrize("name", ["", "  ", "x" * 257, "a\x00b", 7])
def test_a_project_has_a_name(name: object) -> None:
    with pytest.raises(ValidationError):
        ProjectIn.model_validate({"name": name})
