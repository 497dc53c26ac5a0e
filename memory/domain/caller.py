"""On whose behalf a call is made. The key tells this, never the request."""

from __future__ import annotations

from dataclasses import dataclass, replace

# The project of the admin key, and of a service without keys.
DEFAULT_PROJECT = "default"


@dataclass(frozen=True, slots=True)
class Once:
    """What makes a write happen once: the caller's Idempotency-Key, and a digest of the request.
    With the digest the key cannot be used for another request. If a `job` is named, nothing is
    written when that job of the owner is no longer under way (memory.ports.job_queue)."""

    key: str
    request: str
    job: str | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """A project. If `user_id` is given, only memories of that user may be touched."""

    project: str
    user_id: str | None = None
    once: Once | None = None

    def part(self, name: str) -> Caller:
        """The caller for one of several writes of a call. Each write gets an Idempotency-Key of its
        own."""
        if self.once is None:
            return self
        return replace(self, once=replace(self.once, key=f"{self.once.key} {name}"))
