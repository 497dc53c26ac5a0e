#!lua
-- Hands out the owner's oldest job. Needs lease.lua, jobs.lua.
-- ARGV: prefix, holder, milliseconds, job of the call.
-- Returns what there is ('held' by another, 'none', 'later' or 'job'), now, whether the job of the
-- call is there, and then: how many milliseconds to wait, or the job's id and fields.
local found = redis.call('EXISTS', key_of(ARGV[4]))
local held, fresh = take_lease(lease, ARGV[2], ARGV[3])
if not held then return {'held', now, found, redis.call('PTTL', lease)} end
while true do
  local id = redis.call('ZRANGE', waiting, 0, 0)[1]
  if not id then
    release_lease(lease, ARGV[2])
    return {'none', now, found}
  end
  local job = key_of(id)
  if redis.call('EXISTS', job) == 1 then
    local due = tonumber(redis.call('HGET', job, 'due') or '0')
    if due > tonumber(now) then
      release_lease(lease, ARGV[2])
      return {'later', now, found, math.ceil((due - tonumber(now)) / 1000)}
    end
    if fresh then redis.call('HINCRBY', job, 'attempts', 1) end
    redis.call('HSETNX', job, 'started_at', now)
    redis.call('HSET', job, 'state', 'RUNNING', 'updated_at', now)
    return {'job', now, found, id, redis.call('HGETALL', job)}
  end
  redis.call('ZREM', waiting, id)
end
