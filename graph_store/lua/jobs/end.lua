#!lua
-- Ends a job. Needs lease.lua, jobs.lua.  ARGV: prefix, holder, id, state, ending, error.
-- Returns when; '0' if it has ended before, is gone or in other hands.
local job = key_of(ARGV[3])
local state = redis.call('HGET', job, 'state')
if not state or state == ARGV[4] or not release_lease(lease, ARGV[2]) then return '0' end
redis.call('HSET', job, 'state', ARGV[4], 'updated_at', now, 'ending', ARGV[5], 'error', ARGV[6])
close(ARGV[3])
return now
