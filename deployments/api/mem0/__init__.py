"""The routes that Mem0's clients call (docs/mem0.md), over the same service as ours."""

from __future__ import annotations

from fastapi import APIRouter

from access import Access
from config.settings import Settings
from deployments.api.mem0.routes import (
    entities,
    events,
    exports,
    feedback,
    legacy,
    memories,
    oss,
    ping,
    projects,
    stats,
    summary,
    unsupported,
)
from memory.service.api import Service

# How long calls wait for work that may go on without them.
_SHARE_OF_DEADLINE = 2 / 3


def routers(service: Service, access: Access, settings: Settings) -> list[APIRouter]:
    """All of them; the order is that in which paths are matched."""
    patience = settings.api.deadline_s * _SHARE_OF_DEADLINE
    parts = service.memories, service.search, service.jobs
    return [
        ping.routes(),
        memories.routes(*parts),
        memories.single_routes(service.memories),
        unsupported.profile_routes(service.memories),
        entities.routes(service.memories, service.jobs),
        events.routes(service.jobs),
        exports.routes(service.reports),
        summary.routes(service.reports),
        feedback.routes(service.memories),
        stats.routes(service.memories),
        unsupported.webhook_routes(),
        projects.routes(),
        projects.routes_within(service.maintenance, access),
        legacy.routes(*parts, patience),
        unsupported.configuration_routes(settings),
        oss.routes(*parts, patience),
    ]
