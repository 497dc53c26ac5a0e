-- What a snapshot shows, told by the heads of packed versions alone (packing.py): times are 17
-- digits that sort as text, an open end is all nines. memory.query.views.Snapshot.shows says the
-- same in Python.
-- ARGV: prefix of the owner's keys, known_at as a stamp and as a score (both '' for everything),
-- '1' for superseded, '1' for expired; what a script needs itself follows.
local prefix, known_at, known_score = ARGV[1], ARGV[2], ARGV[3]
local superseded, expired = ARGV[4] == '1', ARGV[5] == '1'
local sub = string.sub

-- Head of the version known then, or nil.
local function head(memory)
  local last = redis.call('GETRANGE', prefix .. KEY_MEMORY .. memory, 0, HEAD_END)
  if last == '' then return nil end
  if known_at == '' then return last end
  if sub(last, RECORDED_AT_FIRST, RECORDED_AT_LAST) <= known_at then return last end
  local earlier = redis.call('ZRANGE', prefix .. KEY_EARLIER_MEMORIES .. memory,
    '(' .. known_score, '+inf', 'BYSCORE', 'LIMIT', 0, 1)[1]
  if earlier and sub(earlier, RECORDED_AT_FIRST, RECORDED_AT_LAST) <= known_at then
    return earlier
  end
  return nil
end

local function has_successor(memory)
  local successor = redis.call('HGET', prefix .. KEY_SUCCESSORS, memory)
  return successor and (known_at == '' or sub(successor, 1, SUCCESSOR_TIME_LAST) <= known_at)
end

-- The head of a memory that is there at an instant, or nil.
local function shown(memory, as_of)
  local version = head(memory)
  if not version or sub(version, VALID_FROM_FIRST, VALID_FROM_LAST) > as_of then return nil end
  if as_of < sub(version, VALID_TO_FIRST, VALID_TO_LAST) then return version end
  if superseded and expired then return version end
  if not superseded and not expired then return nil end
  if has_successor(memory) then return superseded and version or nil end
  return expired and version or nil
end
