#!lua
-- Empties the event log of an owner that there was. Needs owner.lua.
-- KEYS: clock, tally, log.  Returns the record time of the one event that is left; false if there
-- was no such owner.
local clock, tally, log = KEYS[1], KEYS[2], KEYS[3]
if redis.call('EXISTS', clock) == 0 then return false end
local length = redis.call('XLEN', log)
local first = redis.call('XRANGE', log, '-', '+', 'COUNT', 1)[1]
local told = first and first[2][2] == 'ERASE'
if told and length == 1 then return string.match(first[1], '%d+') end
redis.call('HINCRBY', tally, 'events', told and length - 1 or length)
local now = record_time(clock)
redis.call('SET', clock, now)
-- Trimmed, not deleted: the stream then still knows that it has held more.
redis.call('XTRIM', log, 'MAXLEN', 0)
redis.call('XADD', log, now .. '-0', 'e', 'ERASE', 'm', '', 'v', '0')
return now
