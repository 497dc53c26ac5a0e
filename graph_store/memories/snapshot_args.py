"""The part that the scripts share: world.lua, and how a world is told to it."""

from __future__ import annotations

from graph_store.format.keys import OwnerKeys
from graph_store.format.packing import score, stamp
from memory.query.views import World


def world_arguments(owner: OwnerKeys, world: World) -> tuple[str, ...]:
    """ARGV 1 to 5 of a script that begins with world.lua."""
    known = world.known_at
    known_at = ("", "") if known is None else (stamp(known), score(known))
    return (owner.key(""), *known_at, str(int(world.superseded)), str(int(world.expired)))
