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
  local edges, claims = 0, 0
  for side, mirror in pairs(MIRRORS) do
    local key = prefix .. side .. memory
    for _, member in ipairs(redis.call('ZRANGE', key, 0, -1)) do
      local times, relation, other, edge = string.match(member, MEMBER_PATTERN)
      redis.call('ZREM', prefix .. mirror .. other,
        table.concat({times, relation, memory, edge}, '|'))
      edges = edges + redis.call('DEL', prefix .. KEY_EDGE .. edge)
      redis.call('DEL', prefix .. KEY_EARLIER_EDGES .. edge)
      claims = claims
        + redis.call('HDEL', prefix .. KEY_EDGE_CLAIMS .. other, relation .. '|' .. memory)
    end
    redis.call('DEL', key)
  end
  claims = claims + redis.call('HLEN', prefix .. KEY_EDGE_CLAIMS .. memory)
  redis.call('DEL', prefix .. KEY_EDGE_CLAIMS .. memory)
  redis.call('HDEL', prefix .. KEY_FEEDBACK, memory)
  return edges, claims
end

-- Appends entries, each the fields of one, to the owner's log.
local function tell(prefix, events, now)
  for index, fields in ipairs(events) do
    redis.call('XADD', prefix .. KEY_EVENTS, 'MAXLEN', '~', EVENTS_KEPT, now .. '-' .. index - 1,
      unpack(fields))
  end
end

-- Carries out writes: commands in which \0 stands for the record time as 17 digits and \1 for it
-- as microseconds. ERASE <memory> unlinks a memory. Returns the sums of what `unlink` returns.
local function carry_out(prefix, writes, now)
  local stamps = {['\0'] = '1' .. now, ['\1'] = now}
  local edges, claims = 0, 0
  for _, write in ipairs(writes) do
    if write[1] == 'ERASE' then
      local unlinked, released = unlink(prefix, write[2])
      edges, claims = edges + unlinked, claims + released
    else
      for index, argument in ipairs(write) do
        write[index] = string.gsub(argument, '[%z\1]', stamps)
      end
      redis.call(unpack(write))
    end
  end
  return edges, claims
end
