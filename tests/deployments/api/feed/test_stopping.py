"""Streams learn that their server is about to stop, although ASGI does not tell."""

from __future__ import annotations

import asyncio

import uvicorn
from starlette.types import Receive, Scope, Send

from deployments.api.feed.stopping import servers_here
from tests.redis_server import free_port


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.Event().wait()


async def test_a_server_of_this_loop_is_found_while_it_runs() -> None:
    assert servers_here() == []
    server = uvicorn.Server(
        uvicorn.Config(app, port=free_port(), log_level="critical", lifespan="off")
    )
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  # uvicorn tells nobody else
        await asyncio.sleep(0.01)
    assert servers_here() == [server]
    server.should_exit = True
    assert [found.should_exit for found in servers_here()] == [True]
    await running
    assert servers_here() == []
