-- Erases one memory of an owner wholly or not at all, and counts it in an erasure's tally
-- (owner.lua comes before).
-- KEYS: clock, tally.  ARGV: prefix of the owner's keys, memory, the head it has to have, field of
-- its content's claim, its session's key or '', how many points index it, '1' to tell the owner's
-- event stream, version, then the ids that it superseded.
-- Returns 1, or 0 where it is another version by now, or gone.
local clock, tally, prefix, memory, head = KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3]
if redis.call('GETRANGE', prefix .. 'm:' .. memory, 0, #head - 1) ~= head then return 0 end

local now = record_time(clock)
redis.call('SET', clock, now)

-- Holders of a content, a line each; the rest keeps it.
local function release(field)
  local held = redis.call('HGET', prefix .. 'c', field) or ''
  local rest = ''
  for line in string.gmatch(held, '[^\n]+\n') do
    if string.sub(line, 1, #memory + 1) ~= memory .. ' ' then rest = rest .. line end
  end
  if rest == '' then redis.call('HDEL', prefix .. 'c', field)
  elseif rest ~= held then redis.call('HSET', prefix .. 'c', field, rest) end
  return rest == held and 0 or 1
end

local edges, claims = unlink(prefix, memory)
local counts = {
  memories = 1,
  versions = 1 + redis.call('ZCARD', prefix .. 'mv:' .. memory),
  edges = edges,
  claims = claims + release(ARGV[4]),
  index_points = ARGV[6],
}
for name, count in pairs(counts) do redis.call('HINCRBY', tally, name, count) end

redis.call('DEL', prefix .. 'm:' .. memory, prefix .. 'mv:' .. memory)
redis.call('ZREM', prefix .. 'ix', memory)
redis.call('ZREM', prefix .. 'bd', memory)
if ARGV[5] ~= '' then redis.call('ZREM', ARGV[5], memory) end
redis.call('HDEL', prefix .. 'sb', memory, unpack(ARGV, 9))
redis.call('ZADD', prefix .. 'tomb', now, memory)
redis.call('HSET', prefix .. 'ob', memory, 'erased')
if ARGV[7] == '1' then
  redis.call('XADD', prefix .. 'ev', 'MAXLEN', '~', 10000, now .. '-0',
    'e', 'DELETE', 'm', memory, 'v', ARGV[8])
end
return 1
