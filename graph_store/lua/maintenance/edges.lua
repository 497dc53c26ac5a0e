#!lua
-- Finds edges of a memory that do not fit the rest of the record.
-- ARGV: '1' to mend, owner's key prefix, side (a kind of key), memory, members of that side's set.
-- Returns pairs of fault and edge.
local prefix, side, memory = ARGV[2], ARGV[3], ARGV[4]
local here = prefix .. side .. memory

local function release_claim(key, field, edge)
  local held = redis.call('HGET', key, field)
  if not held then return end
  local rest = string.gsub(held, edge .. ' [^\n]*\n', '')
  if rest == '' then redis.call('HDEL', key, field) else redis.call('HSET', key, field, rest) end
end

local found = {}
for index = 5, #ARGV do
  local member = ARGV[index]
  local score = redis.call('ZSCORE', here, member)
  local times, relation, other, edge = string.match(member, MEMBER_PATTERN)
  if score and edge then
    local there = prefix .. MIRRORS[side] .. other
    local mirror = table.concat({times, relation, memory, edge}, '|')
    local record = prefix .. KEY_EDGE .. edge
    local ends = redis.call('EXISTS', prefix .. KEY_MEMORY .. memory, prefix .. KEY_MEMORY .. other)
    local fault
    if ends < 2 then fault = 'edges_without_memory'
    elseif redis.call('EXISTS', record) == 0 then fault = 'edges_without_record'
    elseif not redis.call('ZSCORE', there, mirror) then fault = 'edges_without_mirror' end
    if fault then
      table.insert(found, fault)
      table.insert(found, edge)
      if ARGV[1] == '1' then
        if fault == 'edges_without_mirror' then redis.call('ZADD', there, score, mirror)
        else
          redis.call('ZREM', here, member)
          redis.call('ZREM', there, mirror)
          if ends < 2 then redis.call('DEL', record, prefix .. KEY_EARLIER_EDGES .. edge) end
          local outgoing = side == KEY_OUTGOING or side == KEY_RETRACTED_OUTGOING
          local source = outgoing and memory or other
          local target = source == memory and other or memory
          release_claim(prefix .. KEY_EDGE_CLAIMS .. source, relation .. '|' .. target, edge)
        end
      end
    end
  end
end
return found
