#!lua
-- Erases one memory of an owner wholly or not at all, and counts it in an erasure's tally. Needs
-- owner.lua.
-- KEYS: clock, tally, content claims.  ARGV: prefix of the owner's keys, memory, the head it has to
-- have, field of its content's claim, how many points index it, plan = {events, writes} as JSON
-- (commit.lua).
-- Returns 1, or 0 if it is another version by now, or gone.
local clock, tally, contents = KEYS[1], KEYS[2], KEYS[3]
local prefix, memory, head, field = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if redis.call('GETRANGE', prefix .. KEY_MEMORY .. memory, 0, #head - 1) ~= head then return 0 end

local now = record_time(clock)
redis.call('SET', clock, now)

-- Holders of its content, a line each; the rest keeps the claim. Returns how many held it: 1 or 0.
local function release_content()
  local held = redis.call('HGET', contents, field) or ''
  local rest = ''
  for line in string.gmatch(held, '[^\n]+\n') do
    if string.sub(line, 1, #memory + 1) ~= memory .. ' ' then rest = rest .. line end
  end
  if rest == '' then redis.call('HDEL', contents, field)
  elseif rest ~= held then redis.call('HSET', contents, field, rest) end
  return rest == held and 0 or 1
end

local plan = cjson.decode(ARGV[6])
local versions = 1 + redis.call('ZCARD', prefix .. KEY_EARLIER_MEMORIES .. memory)
local edges, claims = carry_out(prefix, plan.writes, now)
local counts = {
  memories = 1,
  versions = versions,
  edges = edges,
  claims = claims + release_content(),
  index_points = ARGV[5],
}
for name, count in pairs(counts) do redis.call('HINCRBY', tally, name, count) end
tell(prefix, plan.events, now)
return 1
