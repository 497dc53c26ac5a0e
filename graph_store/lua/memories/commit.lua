#!lua
-- All of a transaction or nothing, in one owner's slot, at one record time. Needs owner.lua.
-- KEYS: clock, operation.  ARGV: owner's key prefix, plan = {checks, before, events, writes} as
-- JSON, the answer to keep with the operation ('': none), seconds to keep it for.
-- A check is {expected, command...}; writes are those of `carry_out`. An event is the fields of an
-- entry in the owner's log.
-- Returns {1, record time}, or what is kept of an operation that was committed already: {1, "record
-- time answer"}, or {0} if a check failed or the record time would not be earlier than `before`.
local clock, operation, prefix = KEYS[1], KEYS[2], ARGV[1]

local committed = redis.call('GET', operation)
if committed then return {1, committed} end

local plan = cjson.decode(ARGV[2])
for _, check in ipairs(plan.checks) do
  local expected = table.remove(check, 1)
  if (redis.call(unpack(check)) or '') ~= expected then return {0} end
end

local now = record_time(clock)
if plan.before ~= cjson.null and tonumber(now) >= plan.before then return {0} end
tell(prefix, plan.events, now)
redis.call('SET', clock, now)
local kept = ARGV[3] == '' and now or now .. ' ' .. ARGV[3]
redis.call('SET', operation, kept, 'EX', ARGV[4])
if ARGV[3] ~= '' then -- listed, so that an erasure of the owner finds them
  local listing = prefix .. KEY_OPERATIONS
  redis.call('ZADD', listing, now, operation)
  redis.call('ZREMRANGEBYSCORE', listing, '-inf', tonumber(now) - ARGV[4] * 1000000)
  redis.call('EXPIRE', listing, ARGV[4])
end
carry_out(prefix, plan.writes, now)
return {1, now}
