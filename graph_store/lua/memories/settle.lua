#!lua
-- Looks at memories of an owner's outbox.  KEYS: outbox.  ARGV: '1' to clear what stands, prefix of
-- the owner's keys, then pairs of a memory and the token that it should have.
-- Returns the memories that have another one: they were written, or erased, meanwhile.
local moved = {}
for index = 3, #ARGV, 2 do
  local memory, token = ARGV[index], ARGV[index + 1]
  local found = redis.call('GETRANGE', ARGV[2] .. KEY_MEMORY .. memory, VERSION_START, HEAD_END)
  local stands = found == '' and ERASED or string.format('%d', tonumber(found))
  if stands ~= token then table.insert(moved, memory)
  elseif ARGV[1] == '1' then redis.call('HDEL', KEYS[1], memory) end
end
return moved
