"""The same range of many sorted sets of an owner, as one command with one answer.

Two hundred answers of a pipeline cost a client several times what they cost Redis, which does the
same work for either.
"""

from __future__ import annotations

from collections.abc import Sequence

from graph_store.connection import Command

_RANGES = """#!lua flags=no-writes
-- KEYS: sorted sets of one slot, ARGV: what follows the key in a ZRANGE
local found = {}
for index, key in ipairs(KEYS) do found[index] = redis.call('ZRANGE', key, unpack(ARGV)) end
return found"""


def ranges(keys: Sequence[str], *arguments: str | int) -> Command:
    """Answers a list of members a key, in order."""
    return ("EVAL", _RANGES, len(keys), *keys, *arguments)
