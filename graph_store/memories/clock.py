"""Redis's time as an owner sees it."""

from __future__ import annotations

from graph_store.format.keys import OwnerKeys
from graph_store.redis.connection import Command
from graph_store.redis.scripts import inline

_NOW = inline("""#!lua flags=no-writes
-- KEYS: clock, bounded memories. Redis's time, but never before the owner's last record time,
-- and how many memories could be valid then or later without being open.
local time = redis.call('TIME')
local now = time[1] .. string.format('%06d', time[2])
local last = redis.call('GET', KEYS[1])
if last and now < last then now = last end
return {now, redis.call('ZCOUNT', KEYS[2], '(' .. now, '+inf')}""")


def now_call(owner: OwnerKeys) -> Command:
    """Answers now, in microseconds, and how many bounded memories end later."""
    return _NOW.call([owner.clock, owner.bounded])
