"""The part that the scripts share: snapshot.lua, and how a snapshot is told to it."""

from __future__ import annotations

from graph_store.format.keys import OwnerKeys
from graph_store.format.packing import score, stamp
from memory.query.views import Snapshot


def snapshot_arguments(owner: OwnerKeys, snapshot: Snapshot) -> tuple[str, ...]:
    """ARGV 1 to 5 of a script that begins with snapshot.lua."""
    known = snapshot.known_at
    known_at = ("", "") if known is None else (stamp(known), score(known))
    return (owner.key(""), *known_at, str(int(snapshot.superseded)), str(int(snapshot.expired)))
