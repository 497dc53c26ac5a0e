#!lua
-- A project that stands keeps where its index is, and is completed. Another one without memories is
-- written over, in an epoch of its own, so that nobody goes on with the secret it had.
-- KEYS: project.  ARGV: secret, then the fields.
local secret = redis.call('HGET', KEYS[1], 'secret')
if secret ~= ARGV[1] then
  local epoch = redis.call('HGET', KEYS[1], 'epoch')
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], unpack(ARGV, 2))
  if epoch then redis.call('HINCRBY', KEYS[1], 'epoch', epoch + 1) end
  return 1
end
for index = 2, #ARGV, 2 do redis.call('HSETNX', KEYS[1], ARGV[index], ARGV[index + 1]) end
return 0
