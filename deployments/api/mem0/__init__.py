"""The routes that Mem0's clients call (docs/mem0.md), over the same service as ours."""

from __future__ import annotations

from fastapi import APIRouter

from access import Access
from config.settings import Settings
from deployments.api.mem0 import (
    configured,
    entities,
    events,
    exports,
    feedback,
    legacy,
    memories,
    oss,
    ping,
    profiles,
    projects,
    stats,
    summary,
    webhooks,
)
from memory.memories import Memories

_SHARE_OF_DEADLINE = 2 / 3
"""How long calls wait for work that may go on without them."""


def routes(service: Memories, access: Access, settings: Settings) -> APIRouter:
    """All of them; the order is that in which paths are matched."""
    router = APIRouter(tags=["mem0"])
    router.include_router(ping.routes())
    for each in (
        memories,
        profiles,
        entities,
        events,
        exports,
        summary,
        feedback,
        stats,
        webhooks,
    ):
        router.include_router(each.routes(service))
    router.include_router(projects.routes(service, access))
    patience = settings.api.deadline_s * _SHARE_OF_DEADLINE
    router.include_router(legacy.routes(service, patience))
    router.include_router(configured.routes(settings))
    router.include_router(oss.routes(service, patience))
    return router
