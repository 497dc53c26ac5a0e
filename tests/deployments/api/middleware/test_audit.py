"""What the audit trail calls a call tells what was done, and no secret that was sent by mistake."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from deployments.api.middleware.audit import action_of

KEY = f"key_{'0' * 32}"


def scope(path: str, method: str = "GET", route: str | None = None, **named: str) -> dict[str, Any]:
    found: dict[str, Any] = {"path": path, "method": method, "path_params": named}
    return found if route is None else found | {"route": SimpleNamespace(path=route)}


def test_an_id_stands_in_its_place() -> None:
    called = scope(f"/v1/keys/{KEY}", "DELETE", "/v1/keys/{key_id}", key_id=KEY)
    assert action_of(called) == f"DELETE /v1/keys/{KEY}"


@pytest.mark.parametrize("sent", ["m0-a-secret", f"{KEY}0", "key_"])
def test_what_is_no_id_is_left_out(sent: str) -> None:
    called = scope(f"/v1/keys/{sent}", "DELETE", "/v1/keys/{key_id}", key_id=sent)
    assert action_of(called) == "DELETE /v1/keys/{key_id}"


def test_a_path_without_a_route_is_told_by_its_area() -> None:
    assert action_of(scope("/v1/admin/m0-a-secret")) == "GET /v1/admin/…"
    assert action_of(scope("/v1/keys", "A" * 40)) == f"{'A' * 16} /v1/keys"
