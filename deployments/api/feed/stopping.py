"""Tells open streams that their server is about to stop, which ASGI does not: the lifespan ends
only after the last answer, and that is the stream's."""

from __future__ import annotations

import asyncio

import uvicorn


def servers_here() -> list[uvicorn.Server]:
    """The servers that run on this event loop; `should_exit` says that one was asked to stop. A
    replica of Serve runs the same one as a process of our own. It hands itself to nobody, but it is
    what the method that its task runs belongs to."""
    frames = (getattr(task.get_coro(), "cr_frame", None) for task in asyncio.all_tasks())
    owners = (frame.f_locals.get("self") for frame in frames if frame)
    return [owner for owner in owners if isinstance(owner, uvicorn.Server)]
