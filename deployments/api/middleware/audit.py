"""What the audit trail calls a call."""

from __future__ import annotations

import re

from starlette.types import Scope

from deployments.api.middleware.permissions import ADMIN_AREAS

_ID = re.compile(r"(?:key|proj|task)_[0-9a-f]{32}|default")
_LONGEST_METHOD = 16


def action_of(scope: Scope) -> str:
    """Method and route, with ids in their places. Whatever else stands in a path is left out: it
    may be a secret that was sent there by mistake."""
    path = getattr(scope.get("route"), "path", None)
    if path is None:
        area = next(area for area in ADMIN_AREAS if scope["path"].startswith(area))
        path = area if scope["path"] == area else f"{area}/…"
    for name, value in scope.get("path_params", {}).items():
        if _ID.fullmatch(value):
            path = path.replace(f"{{{name}}}", value)
    return f"{scope['method'][:_LONGEST_METHOD]} {path}"
