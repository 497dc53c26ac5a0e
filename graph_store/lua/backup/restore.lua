#!lua
-- One memory or edge with every version at its own record times: wholly or not at all.
-- KEYS: clock, the thing itself.  ARGV[1]: plan as JSON: `needs`, keys that must be there;
-- `successors`, a hash and a field of it that must be free ([]: none); `claim`, a hash, a field and
-- what to add to it ([]: none); `newest`, the record time that the owner's clock has to reach;
-- `writes`, commands.  Returns restored, stands, lacks or superseded: a Landing of
-- memory.domain.records.
local clock, thing = KEYS[1], KEYS[2]
local plan = cjson.decode(ARGV[1])

if redis.call('EXISTS', thing) == 1 then return 'stands' end
for _, key in ipairs(plan.needs) do
  if redis.call('EXISTS', key) == 0 then return 'lacks' end
end
if #plan.successors > 0 and redis.call('HEXISTS', unpack(plan.successors)) == 1 then
  return 'superseded'
end

if #plan.claim > 0 then
  local key, field, holding = unpack(plan.claim)
  redis.call('HSET', key, field, (redis.call('HGET', key, field) or '') .. holding)
end
for _, write in ipairs(plan.writes) do redis.call(unpack(write)) end
local last = redis.call('GET', clock)
if not last or tonumber(last) < tonumber(plan.newest) then
  redis.call('SET', clock, plan.newest)
end
return 'restored'
