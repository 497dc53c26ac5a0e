"""How a snapshot is told to the scripts that need snapshot.lua."""

from __future__ import annotations

from graph_store.format.keys import OwnerKeys
from graph_store.format.packing import score, stamp
from memory.query.views import Snapshot


def snapshot_arguments(owner: OwnerKeys, snapshot: Snapshot) -> tuple[str, ...]:
    """ARGV 1 to 5 of such a script."""
    known = snapshot.known_at
    known_at = ("", "") if known is None else (stamp(known), score(known))
    return (owner.prefix, *known_at, str(int(snapshot.superseded)), str(int(snapshot.expired)))
