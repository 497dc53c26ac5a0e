#!lua flags=no-writes
-- KEYS: log, ARGV: position, count. Returns the first position, the last one, how many entries were
-- dropped, and the entries beyond the position.
if redis.call('EXISTS', KEYS[1]) == 0 then return {'', '0-0', 0, {}} end
local flat, state = redis.call('XINFO', 'STREAM', KEYS[1]), {}
for index = 1, #flat, 2 do state[flat[index]] = flat[index + 1] end
local first = state['first-entry']
return {
  first and first[1] or '', state['last-generated-id'], state['entries-added'] - state['length'],
  redis.call('XRANGE', KEYS[1], '(' .. ARGV[1], '+', 'COUNT', ARGV[2])}
