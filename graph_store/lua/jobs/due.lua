#!lua
-- Calls whose time has come go into the queue.
-- KEYS: queue, those put off. ARGV: how many.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, text in ipairs(redis.call('ZRANGE', KEYS[2], '-inf', now, 'BYSCORE', 'LIMIT', 0, ARGV[1])) do
  local slot, job, at = unpack(cjson.decode(text))
  redis.call('XADD', KEYS[1], '*', 's', slot, 'j', job, 't', at)
  redis.call('ZREM', KEYS[2], text)
end
