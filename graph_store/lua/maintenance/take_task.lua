#!lua
-- Takes a task that runs. Needs lease.lua.
-- KEYS: task, its lease.  ARGV: holder, milliseconds.  Returns 1, or 0 if another one has it.
if redis.call('HGET', KEYS[1], 'state') ~= 'running' then return 0 end
if not take_lease(KEYS[2], ARGV[1], ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], 'holder', ARGV[1])
return 1
