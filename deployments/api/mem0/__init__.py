"""The routes that Mem0's clients call (docs/mem0.md), over the same service as ours."""

from __future__ import annotations

from fastapi import APIRouter

from access import Access
from config.settings import Settings
from deployments.api.mem0.routes import (
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
from memory.service.api import Memories

_SHARE_OF_DEADLINE = 2 / 3
"""How long calls wait for work that may go on without them."""


def routers(service: Memories, access: Access, settings: Settings) -> list[APIRouter]:
    """All of them; the order is that in which paths are matched."""
    patience = settings.api.deadline_s * _SHARE_OF_DEADLINE
    return [
        ping.routes(),
        memories.routes(service),
        memories.single_routes(service),
        profiles.routes(service),
        entities.routes(service),
        events.routes(service),
        exports.routes(service),
        summary.routes(service),
        feedback.routes(service),
        stats.routes(service),
        webhooks.routes(service),
        projects.routes(),
        projects.routes_within(service, access),
        legacy.routes(service, patience),
        configured.routes(settings),
        oss.routes(service, patience),
    ]
