#!lua flags=no-writes
-- Edges of nodes in a snapshot: valid, known, of the relations asked for. Needs snapshot.lua.
-- If a set holds more than the limit, only those count whose far end is there and was created at
-- `since` or later: looking at far ends costs more than all the rest, and the caller meets them.
-- ARGV from 6: as_of as a stamp and as a score, since ('' for any), relations with a bar around
-- each ('' for all), most edges of a set, most members read of a set, most members of this call,
-- then sets, each as a kind of key and a memory id.
-- Answers one row a set, {1 if it was cut, members ...}, for as many sets as the call's share
-- allows: each is read in one go, so no writer comes between its pages.
local as_of, ends_after, since, relations = ARGV[6], '(' .. ARGV[7], ARGV[8], ARGV[9]
local limit, cap, share = tonumber(ARGV[10]), tonumber(ARGV[11]), tonumber(ARGV[12])
local PAGE = 500
local work, far = 0, {}

local function far_end(member)
  local other = string.match(member, '^[^|]*|([^|]*)|', MEMBER_RELATION_FIRST)
  if far[other] == nil then
    local version = shown(other, as_of)
    far[other] = version ~= nil and sub(version, CREATED_AT_FIRST, CREATED_AT_LAST) >= since
  end
  return far[other]
end

-- A member begins with valid_from and a bar, so it sorts before this while it has begun.
local begun = as_of .. '}'

local function visible(member, live)
  if member > begun then return false end
  if not live and as_of >= sub(member, MEMBER_VALID_TO_FIRST, MEMBER_VALID_TO_LAST) then
    return false
  end
  if known_at ~= '' then
    local recorded_at = sub(member, MEMBER_RECORDED_AT_FIRST, MEMBER_RECORDED_AT_LAST)
    if recorded_at > known_at then return false end
  end
  if relations == '' then return true end
  local relation = string.match(member, '^[^|]*', MEMBER_RELATION_FIRST)
  return string.find(relations, '|' .. relation .. '|', 1, true) ~= nil
end

-- Live members end after the instant, retracted ones were known still.
local function range(side, memory, live, offset)
  if live then
    return redis.call('ZRANGE', prefix .. side .. memory, '+inf', ends_after, 'BYSCORE', 'REV',
      'LIMIT', offset, PAGE)
  end
  return redis.call('ZRANGE', prefix .. RETRACTED[side] .. memory, '(' .. known_score, '+inf',
    'BYSCORE', 'LIMIT', offset, PAGE)
end

-- The visible members of a set up to the limit, and whether it or the cap was met.
local function collect(side, memory, live, far_ends)
  local rows, count, offset = {}, 0, 0
  repeat
    local page = range(side, memory, live, offset)
    for index = 1, #page do
      local member = page[index]
      if visible(member, live) and (not far_ends or far_end(member)) then
        if count == limit then return rows, true end
        count = count + 1
        rows[count] = member
      end
    end
    offset = offset + #page
    work = work + #page
    if #page < PAGE then return rows, false end
  until offset >= cap
  return rows, true
end

-- As Redis orders live members: by valid_to, then as text, the last first.
local function last_first(one, two)
  local ends = sub(one, MEMBER_VALID_TO_FIRST, MEMBER_VALID_TO_LAST)
  local other_ends = sub(two, MEMBER_VALID_TO_FIRST, MEMBER_VALID_TO_LAST)
  if ends ~= other_ends then return ends > other_ends end
  return one > two
end

local function edges(side, memory, far_ends)
  local rows, cut = collect(side, memory, true, far_ends)
  if known_at ~= '' then
    local retracted, too = collect(side, memory, false, far_ends)
    for _, member in ipairs(retracted) do rows[#rows + 1] = member end
    table.sort(rows, last_first)
    cut = cut or too or #rows > limit
    while #rows > limit do rows[#rows] = nil end
  end
  return rows, cut
end

local answers = {}
for index = 13, #ARGV, 2 do
  if work >= share then break end
  local side, memory = ARGV[index], ARGV[index + 1]
  local rows, cut = edges(side, memory, false)
  if cut then rows, cut = edges(side, memory, true) end
  table.insert(rows, 1, cut and 1 or 0)
  answers[#answers + 1] = rows
end
return answers
