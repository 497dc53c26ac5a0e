#!lua
-- Finds listed memories that are not there.
-- KEYS: listing, bounded ones, successors. ARGV: '1' to mend, prefix of the owner's keys, memories.
local gone = {}
for index = 3, #ARGV do
  local memory = ARGV[index]
  local there = redis.call('EXISTS', ARGV[2] .. KEY_MEMORY .. memory) == 1
  if not there and redis.call('ZSCORE', KEYS[1], memory) then
    table.insert(gone, memory)
    if ARGV[1] == '1' then
      redis.call('ZREM', KEYS[1], memory)
      redis.call('ZREM', KEYS[2], memory)
      redis.call('HDEL', KEYS[3], memory)
    end
  end
end
return gone
