"""On whose behalf a call is made. It comes from the key, never from what the request says."""

from __future__ import annotations

from dataclasses import dataclass, replace

DEFAULT_PROJECT = "default"
"""Where the admin key and a service without keys put their memories."""


@dataclass(frozen=True, slots=True)
class Once:
    """What makes a write happen once: the caller's Idempotency-Key, and a digest of the request,
    so that the key cannot be used for another one. With `job` nothing is written once that job of
    the owner is no longer under way (memory.ports.job_queue)."""

    key: str
    request: str
    job: str | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """A project, and the only user of it whose memories may be touched, where there is one."""

    project: str
    user_id: str | None = None
    once: Once | None = None

    def part(self, name: str) -> Caller:
        """The caller, for one write of several of a call: an Idempotency-Key is each one's."""
        if self.once is None:
            return self
        return replace(self, once=replace(self.once, key=f"{self.once.key} {name}"))
