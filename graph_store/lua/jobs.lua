#!lua
-- What the scripts about an owner's jobs share. Each gets the owner's key prefix as ARGV[1]; under
-- it are j:<id> the jobs, js their ids by time, jw those that wait, in order, jl who is at them.
local prefix = ARGV[1]
local listed, waiting, lease = prefix .. 'js', prefix .. 'jw', prefix .. 'jl'
local time = redis.call('TIME')
local now = time[1] .. string.format('%06d', time[2])
local KEPT_S = 7 * 24 * 3600

-- An ended job keeps nothing of what the caller said, and lapses.
local function close(id)
  local job = prefix .. 'j:' .. id
  redis.call('HDEL', job, 'request', 'plan', 'due')
  redis.call('HSET', job, 'completed_at', now)
  redis.call('EXPIRE', job, KEPT_S)
  redis.call('ZREM', waiting, id)
end
