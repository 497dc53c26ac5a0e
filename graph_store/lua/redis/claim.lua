#!lua
-- The idempotency claim of a key: the first one stands.
-- KEYS: claim.  ARGV: the claim if there is none, seconds to keep it, '1' to put its end off.
-- Returns the claim that stands, as JSON: [digest of the request, answer or null, nonce].
-- Earlier an administrator's claim was a hash. It is read, and made text.
local claim = KEYS[1]
if redis.call('TYPE', claim).ok == 'hash' then
  local request, answer, nonce = unpack(redis.call('HMGET', claim, 'request', 'answer', 'nonce'))
  local left = math.max(redis.call('PTTL', claim), 1)
  redis.call('SET', claim, cjson.encode({request, answer or cjson.null, nonce}), 'PX', left)
end
redis.call('SET', claim, ARGV[1], 'NX', 'EX', ARGV[2])
if ARGV[3] == '1' then redis.call('EXPIRE', claim, ARGV[2]) end
return redis.call('GET', claim)
