#!lua
-- Lets go of a job, which is not done before a while. Needs lease.lua, jobs.lua.
-- ARGV: prefix, holder, id, milliseconds, error, attempts to take back.
-- Returns 1, or 0 if the job is gone or in other hands.
local job = key_of(ARGV[3])
if not release_lease(lease, ARGV[2]) then return 0 end
if redis.call('EXISTS', job) == 0 then return 0 end
redis.call('HINCRBY', job, 'attempts', -ARGV[6])
redis.call('HSET', job, 'state', 'PENDING', 'updated_at', now, 'error', ARGV[5],
  'due', tonumber(now) + ARGV[4] * 1000)
return 1
