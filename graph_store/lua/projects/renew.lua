#!lua
-- Gives a project another secret, once a task. What it had is in no generation that is read or
-- written from now on.  KEYS: project.  ARGV: secret, task.
local left = redis.call('HGET', KEYS[1], 'left')
if left == ARGV[2] or redis.call('EXISTS', KEYS[1]) == 0 then return end
local writes = redis.call('HGET', KEYS[1], 'writes') or redis.call('HGET', KEYS[1], 'generation')
local next = tonumber(string.match(writes, '%d+$')) + 1
redis.call('HSET', KEYS[1], 'secret', ARGV[1], 'generation', next, 'writes', next,
  'left', ARGV[2])
redis.call('HINCRBY', KEYS[1], 'epoch', 1)
