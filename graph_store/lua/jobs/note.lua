#!lua
-- Keeps a job. Needs jobs.lua.
-- ARGV: prefix, id, most that may wait ('': it need not), fields.
-- Returns the job of this id that stands; nothing if so many wait already.
local id = ARGV[2]
local job = key_of(id)
if redis.call('EXISTS', job) == 0 then
  if ARGV[3] ~= '' and redis.call('ZCARD', waiting) >= tonumber(ARGV[3]) then return {} end
  redis.call('HSET', job, 'created_at', now, 'updated_at', now, unpack(ARGV, 4))
  redis.call('ZREMRANGEBYSCORE', listed, '-inf', tonumber(now) - JOB_KEPT_S * 1000000)
  redis.call('ZADD', listed, now, id)
  redis.call('EXPIRE', listed, JOB_KEPT_S)
  if redis.call('HGET', job, 'state') == 'PENDING' then redis.call('ZADD', waiting, now, id)
  else close(id) end
end
return redis.call('HGETALL', job)
