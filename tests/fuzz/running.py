"""The application on a port of its own, in a thread: what a fuzzer needs is a real HTTP server."""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from fastapi import FastAPI

from access import open_access
from config import Settings
from deployments.api import create_app
from deployments.api.feed.event_hub import EventHub
from deployments.models.language_model import open_language_model
from graph_store import open_event_log
from tests.redis_server import free_port
from tests.service import LateService, started

ADMIN = "an admin key for the fuzzer"


@contextmanager
def serving(settings: Settings, redis_url: str) -> Iterator[str]:
    """The URL of a service over real stores. Its loop is the server's, so it starts there."""
    service = LateService()
    app = create_app(
        service,
        settings,
        access=open_access(settings, redis_url),
        feed=EventHub(open_event_log(settings, redis_url)),
    )
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(running: FastAPI) -> AsyncIterator[None]:
        model = open_language_model(settings.llm)
        service.service = await started(settings, redis_url, model=model)
        async with inner(running):
            yield
        await service.service.care.close()

    app.router.lifespan_context = lifespan
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the application does not start"
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()
