-- What the scripts about an owner's jobs share. Each gets the owner's key prefix as ARGV[1]; under
-- it are the jobs, `listed` their ids by time, `waiting` those that wait, in order, and `lease` of
-- who is at them (lease.lua).
local prefix = ARGV[1]
local listed, waiting = prefix .. KEY_JOBS, prefix .. KEY_WAITING_JOBS
local lease = prefix .. KEY_JOB_LEASE
local time = redis.call('TIME')
local now = time[1] .. string.format('%06d', time[2])

local function key_of(id) return prefix .. KEY_JOB .. id end

-- An ended job keeps nothing of what the caller said, and lapses.
local function close(id)
  local job = key_of(id)
  redis.call('HDEL', job, 'request', 'plan', 'due')
  redis.call('HSET', job, 'completed_at', now)
  redis.call('EXPIRE', job, JOB_KEPT_S)
  redis.call('ZREM', waiting, id)
end
