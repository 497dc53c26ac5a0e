"""A route is called on behalf of whom admission let in, over HTTP and over a WebSocket."""

from __future__ import annotations

import pytest
from starlette.requests import HTTPConnection

from access.model import Pass, Right
from deployments.api.routes.dependencies import caller_of, visitor_of
from memory.domain.caller import Caller

ALICE = Caller("shop", user_id="alice")
VISITOR = Pass(ALICE, "key_1", frozenset({Right.READ}))


@pytest.mark.parametrize("kind", ["http", "websocket"])
async def test_the_caller_is_whom_admission_found(kind: str) -> None:
    connection = HTTPConnection({"type": kind, "state": {"caller": ALICE, "visitor": VISITOR}})
    assert await caller_of(connection) is ALICE
    assert await visitor_of(connection) is VISITOR
