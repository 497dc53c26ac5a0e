"""Reads places of memories that are there, in order of creation, from several owners at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from graph_store.format.keys import OwnerKeys
from graph_store.format.packing import stamp
from graph_store.memories.snapshot_args import snapshot_arguments
from graph_store.redis.connection import Command
from graph_store.redis.scripts import script
from memory.ports.memories import Cursor
from memory.query.views import Snapshot

SHARE = 5_000
"""Members that one call looks at before it lets others have Redis."""
_PLACES = script("snapshot", "places")
_EVERYTHING = Snapshot(0)


@dataclass(slots=True)
class PlacesRead:
    """`take` the answer to each `command` until it is `done`; then `found` has an owner's places.
    `snapshots` differ in as_of only; none means every memory."""

    owner: OwnerKeys
    session_id: str | None
    limit: int
    start: str
    newest: bool
    snapshots: Sequence[Snapshot]
    done: bool = False
    found: list[Cursor] = field(default_factory=list)

    def command(self) -> Command:
        owner, session_id = self.owner, self.session_id
        snapshot = self.snapshots[0] if self.snapshots else _EVERYTHING
        return (
            "EVAL", _PLACES, 1, owner.session(session_id) if session_id else owner.key("ix"),
            *snapshot_arguments(owner, snapshot),
            self.start, str(int(self.newest)), self.limit - len(self.found), SHARE,
            *(stamp(each.as_of) for each in self.snapshots),
        )  # fmt: skip

    def take(self, answer: Sequence[int | str]) -> None:
        done, start, *places = answer
        self.done, self.start = bool(done), str(start)
        self.found += [
            Cursor(int(float(created_at)), str(memory_id))
            for memory_id, created_at in zip(places[::2], places[1::2], strict=True)
        ]
