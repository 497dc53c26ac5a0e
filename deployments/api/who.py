"""On whose behalf a route is called: what the edge found out about the request."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from memory.caller import Caller


async def caller_of(request: Request) -> Caller:
    """A coroutine, because FastAPI runs plain functions in a thread, at a third of a request."""
    caller: Caller = request.state.caller
    return caller


Who = Annotated[Caller, Depends(caller_of)]
