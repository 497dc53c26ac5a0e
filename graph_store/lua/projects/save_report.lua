#!lua
-- Keeps a report, and of all reports of its project the last ones.
-- KEYS: report, listing. ARGV: id, known_at, seconds to keep it, most that are listed, how long
-- their keys' beginning is, then the fields.
redis.call('HSET', KEYS[1], unpack(ARGV, 6))
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])
redis.call('EXPIRE', KEYS[2], ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[2] - ARGV[3] * 1000000)
local beginning = string.sub(KEYS[1], 1, ARGV[5])
for _, id in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1 - ARGV[4])) do
  redis.call('DEL', beginning .. id)
  redis.call('ZREM', KEYS[2], id)
end
