#!lua
-- Takes a task that runs. Needs lease.lua.
-- KEYS: task, its lease.  ARGV: holder, milliseconds.  Returns 1, or 0 if another one has it.
if redis.call('HGET', KEYS[1], 'state') ~= 'running' then return 0 end
-- A replica of commit f10c03a or before holds a task by these two fields alone, and reads them.
local holder, until_ = unpack(redis.call('HMGET', KEYS[1], 'holder', 'until'))
local now = tonumber(redis.call('TIME')[1])
if holder and holder ~= ARGV[1] and tonumber(until_ or '0') > now then return 0 end
if not take_lease(KEYS[2], ARGV[1], ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], 'holder', ARGV[1], 'until', now + math.ceil(ARGV[2] / 1000))
return 1
