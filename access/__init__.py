"""Who may call, what, and how often: keys, projects, limits and the audit trail, in Redis."""

from __future__ import annotations

from dataclasses import dataclass

from access.audit import AuditTrail
from access.door import Door, KeyDoor, OpenDoor
from access.key_ring import KeyRing
from access.pepper import Pepper
from access.projects import Projects
from access.rate_limits import RateLimits
from access.repeats import Repeats
from config.settings import Settings
from graph_store.redis.connection import Connection
from memory.ports.metrics import SILENT, Meter


@dataclass(frozen=True, slots=True)
class Access:
    """Everything about callers, over one connection that opens at its first use."""

    door: Door
    projects: Projects
    keys: KeyRing
    audit: AuditTrail
    repeats: Repeats
    _limits: RateLimits
    _redis: Connection

    async def close(self) -> None:
        await self._limits.close()
        await self._redis.close()


def open_access(settings: Settings, url: str, meter: Meter = SILENT) -> Access:
    """Access over the record's Redis. In auth.mode none the door itself asks Redis for nothing."""
    redis = Connection(url, settings.redis, meter)
    pepper = Pepper(redis)
    repeats = Repeats(redis, pepper)
    ring = KeyRing(redis, pepper, repeats)
    limits = RateLimits(url, settings.limits, redis, settings.redis)
    admin_key = settings.auth.admin_key if settings.auth.mode == "api_key" else None
    door: Door = (
        OpenDoor() if admin_key is None else KeyDoor(admin_key.get_secret_value(), ring, limits)
    )
    projects = Projects(redis, repeats, settings.vector_store.buckets)
    return Access(door, projects, ring, AuditTrail(redis), repeats, limits, redis)


__all__ = ["Access", "open_access"]
