"""Reads cursors of memories that are there, in order of creation, of one owner at a time."""

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

# Members that one call looks at before it lets others have Redis.
SHARE = 5_000
_LISTING = script("lib/snapshot", "memories/listing")
_EVERYTHING = Snapshot(0)


@dataclass(slots=True)
class ListingRead:
    """`take` the answer to each `command` until it is `done`; then `found` has an owner's cursors.
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
        return _LISTING.call(
            [owner.session(session_id) if session_id else owner.listing],
            *snapshot_arguments(owner, snapshot),
            self.start, str(int(self.newest)), self.limit - len(self.found), SHARE,
            *(stamp(snapshot.as_of) for snapshot in self.snapshots),
        )  # fmt: skip

    def take(self, answer: Sequence[int | str]) -> None:
        done, start, *rows = answer
        self.done, self.start = bool(done), str(start)
        self.found += [
            Cursor(int(float(created_at)), str(memory_id))
            for memory_id, created_at in zip(rows[::2], rows[1::2], strict=True)
        ]
