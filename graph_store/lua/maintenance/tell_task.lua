#!lua
-- Stores how far a task has come. Needs lease.lua.
-- KEYS: task, its lease.  ARGV: holder, milliseconds (0 lets go of it), seconds to keep the task,
-- fields.  Returns 1, or 0 if another one has taken it since. If its lease has lapsed and nobody
-- took it, the holder takes it again.
if redis.call('HGET', KEYS[1], 'holder') ~= ARGV[1] then return 0 end
if ARGV[2] == '0' then release_lease(KEYS[2], ARGV[1])
else take_lease(KEYS[2], ARGV[1], ARGV[2]) end
local time = redis.call('TIME')
redis.call('HSET', KEYS[1], 'until', time[1] + math.ceil(ARGV[2] / 1000),
  'updated_at', time[1] .. string.format('%06d', time[2]), unpack(ARGV, 4))
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
