"""On whose behalf a route is called: what the edge found out about the request."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from access.model import Pass
from memory.domain.caller import Caller


async def caller_of(request: HTTPConnection) -> Caller:
    """A coroutine, because FastAPI runs plain functions in a thread, at a third of a request."""
    caller: Caller = request.state.caller
    return caller


async def visitor_of(request: HTTPConnection) -> Pass:
    visitor: Pass = request.state.visitor
    return visitor


# For what touches memories.
Who = Annotated[Caller, Depends(caller_of)]

# For what is about callers themselves: which key it is, and what it may see.
Visitor = Annotated[Pass, Depends(visitor_of)]
