#!lua
-- Keeps what is to be done; the first plan stands. Needs lease.lua, jobs.lua.
-- ARGV: prefix, holder, id, plan.  Returns the plan; false if the job is gone or in other hands.
local job = key_of(ARGV[3])
if not holds_lease(lease, ARGV[2]) or redis.call('EXISTS', job) == 0 then return false end
redis.call('HSETNX', job, 'plan', ARGV[4])
return redis.call('HGET', job, 'plan')
