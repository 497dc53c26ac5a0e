#!lua
-- All of a transaction or nothing, in one owner's slot, at one record time.
-- KEYS: clock, operation.  ARGV: owner's key prefix, plan = {checks, before, writes} as JSON.
-- A check is {expected, command...}; a write is a command in which \0 stands for the record time
-- as 17 digits and \1 for it as microseconds. ERASE <memory> removes a node's edges on both ends.
-- Returns {1, record time}, also when the operation was committed already, or {0} where a check
-- failed or the record time would not be earlier than `before`.
local clock, operation, prefix = KEYS[1], KEYS[2], ARGV[1]

local committed = redis.call('GET', operation)
if committed then return {1, committed} end

local plan = cjson.decode(ARGV[2])
for _, check in ipairs(plan.checks) do
  local expected = table.remove(check, 1)
  if (redis.call(unpack(check)) or '') ~= expected then return {0} end
end

-- Redis is the clock: its time, but later than whatever this owner recorded last.
local time = redis.call('TIME')
local now = time[1] .. string.format('%06d', time[2])
local last = redis.call('GET', clock)
if last and now <= last then now = string.format('%.0f', tonumber(last) + 1) end
-- Microseconds are exact in a double until the year 2255.
if plan.before ~= cjson.null and tonumber(now) >= plan.before then return {0} end
redis.call('SET', clock, now)
redis.call('SET', operation, now, 'EX', 600)

local function erase(memory)
  local other_side = {o = 'i', i = 'o', xo = 'xi', xi = 'xo'}
  for side, opposite in pairs(other_side) do
    local key = prefix .. side .. ':' .. memory
    for _, member in ipairs(redis.call('ZRANGE', key, 0, -1)) do
      local times, relation, other, edge =
        string.match(member, '^([^|]*|[^|]*|[^|]*)|([^|]*)|([^|]*)|([^|]*)$')
      redis.call('ZREM', prefix .. opposite .. ':' .. other,
        table.concat({times, relation, memory, edge}, '|'))
      redis.call('DEL', prefix .. 'e:' .. edge, prefix .. 'ev:' .. edge)
      redis.call('HDEL', prefix .. 'rc:' .. other, relation .. '|' .. memory)
    end
    redis.call('DEL', key)
  end
  redis.call('DEL', prefix .. 'rc:' .. memory)
end

local stamps = {['\0'] = '1' .. now, ['\1'] = now}
for _, write in ipairs(plan.writes) do
  if write[1] == 'ERASE' then
    erase(write[2])
  else
    for index, argument in ipairs(write) do
      write[index] = string.gsub(argument, '[%z\1]', stamps)
    end
    redis.call(unpack(write))
  end
end
return {1, now}
