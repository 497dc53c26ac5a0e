#!lua
-- What the scripts that write to an owner share. `prefix` begins every key of the owner.

-- Redis is the clock: its time in microseconds, as text, but later than whatever this owner
-- recorded last. They are exact in a double until the year 2255.
local function record_time(clock)
  local time = redis.call('TIME')
  local now = time[1] .. string.format('%06d', time[2])
  local last = redis.call('GET', clock)
  if last and now <= last then return string.format('%.0f', tonumber(last) + 1) end
  return now
end

-- Removes a memory's edges, live and retracted, on both ends, and the feedback on it. Returns how
-- many edges that were, and how many of their claims.
local function unlink(prefix, memory)
  local other_side = {o = 'i', i = 'o', xo = 'xi', xi = 'xo'}
  local edges, claims = 0, 0
  for side, opposite in pairs(other_side) do
    local key = prefix .. side .. ':' .. memory
    for _, member in ipairs(redis.call('ZRANGE', key, 0, -1)) do
      local times, relation, other, edge =
        string.match(member, '^([^|]*|[^|]*|[^|]*)|([^|]*)|([^|]*)|([^|]*)$')
      redis.call('ZREM', prefix .. opposite .. ':' .. other,
        table.concat({times, relation, memory, edge}, '|'))
      edges = edges + redis.call('DEL', prefix .. 'e:' .. edge)
      redis.call('DEL', prefix .. 'ev:' .. edge)
      claims = claims + redis.call('HDEL', prefix .. 'rc:' .. other, relation .. '|' .. memory)
    end
    redis.call('DEL', key)
  end
  claims = claims + redis.call('HLEN', prefix .. 'rc:' .. memory)
  redis.call('DEL', prefix .. 'rc:' .. memory)
  redis.call('HDEL', prefix .. 'fb', memory)
  return edges, claims
end
