#!lua
-- Removes jobs, in whatever hands they are. Needs jobs.lua.  ARGV: prefix, ids.
for index = 2, #ARGV do
  redis.call('DEL', key_of(ARGV[index]))
  redis.call('ZREM', listed, ARGV[index])
  redis.call('ZREM', waiting, ARGV[index])
end
