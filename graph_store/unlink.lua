#!lua
-- What the scripts that erase share. `prefix` begins every key of the owner.

-- Removes a memory's edges, live and retracted, on both ends. Returns how many edges that were,
-- and how many of their claims.
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
  return edges, claims
end
