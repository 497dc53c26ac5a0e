-- A lease: a key that holds the name of its holder, and lapses by itself. Times are milliseconds.

local function holds_lease(lease, holder)
  return redis.call('GET', lease) == holder
end

-- Whether the holder has it now, and whether it was free before. Whoever holds it takes it again:
-- an answer may have been lost, and the command sent a second time.
local function take_lease(lease, holder, milliseconds)
  local held = redis.call('GET', lease)
  if held and held ~= holder then return false, false end
  redis.call('SET', lease, holder, 'PX', milliseconds)
  return true, not held
end

-- Puts the lapse off; false if it has lapsed, or is another's.
local function keep_lease(lease, holder, milliseconds)
  if not holds_lease(lease, holder) then return false end
  redis.call('PEXPIRE', lease, milliseconds)
  return true
end

-- False if it has lapsed, or is another's; then it stays.
local function release_lease(lease, holder)
  if not holds_lease(lease, holder) then return false end
  redis.call('DEL', lease)
  return true
end
