-- Edges of nodes in a snapshot (snapshot.lua comes before): valid, known, of the relations asked for.
-- Where a set holds more than the limit, only those count whose far end is there and was created
-- at `since` or later: looking at far ends costs more than all the rest, and the caller meets them.
-- ARGV from 6: as_of as a stamp and as a score, since ('' for any), relations with a bar around
-- each ('' for all), most edges of a set, most members read of a set, most members of this call,
-- then sets as o:<id> or i:<id>.
-- Answers one row a set, {1 where it was cut, members ...}, for as many sets as the call's share
-- allows: each is read in one go, so no writer comes between its pages.
local as_of, ends_after, since, relations = ARGV[6], '(' .. ARGV[7], ARGV[8], ARGV[9]
local limit, cap, share = tonumber(ARGV[10]), tonumber(ARGV[11]), tonumber(ARGV[12])
local PAGE = 500
local work, far = 0, {}

local function far_end(member)
  local other = string.match(member, '^[^|]*|([^|]*)|', 55)
  if far[other] == nil then
    local version = shown(other, as_of)
    far[other] = version ~= nil and sub(version, 2, 18) >= since
  end
  return far[other]
end

-- A member begins with valid_from and a bar, so it sorts before this while it has begun.
local begun = as_of .. '}'

local function visible(member, live)
  if member > begun then return false end
  if not live and as_of >= sub(member, 19, 35) then return false end
  if known_at ~= '' and sub(member, 37, 53) > known_at then return false end
  if relations == '' then return true end
  local relation = string.match(member, '^[^|]*', 55)
  return string.find(relations, '|' .. relation .. '|', 1, true) ~= nil
end

-- Live members end after the instant, retracted ones were known still.
local function range(set, live, offset)
  if live then
    return redis.call('ZRANGE', prefix .. set, '+inf', ends_after, 'BYSCORE', 'REV',
      'LIMIT', offset, PAGE)
  end
  return redis.call('ZRANGE', prefix .. 'x' .. set, '(' .. known_score, '+inf', 'BYSCORE',
    'LIMIT', offset, PAGE)
end

-- The visible members of a set up to the limit, and whether it or the cap was met.
local function collect(set, live, far_ends)
  local rows, count, offset = {}, 0, 0
  repeat
    local page = range(set, live, offset)
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
  local ends, other_ends = sub(one, 19, 35), sub(two, 19, 35)
  if ends ~= other_ends then return ends > other_ends end
  return one > two
end

local function edges(set, far_ends)
  local rows, cut = collect(set, true, far_ends)
  if known_at ~= '' then
    local retracted, too = collect(set, false, far_ends)
    for _, member in ipairs(retracted) do rows[#rows + 1] = member end
    table.sort(rows, last_first)
    cut = cut or too or #rows > limit
    while #rows > limit do rows[#rows] = nil end
  end
  return rows, cut
end

local answers = {}
for index = 13, #ARGV do
  if work >= share then break end
  local rows, cut = edges(ARGV[index], false)
  if cut then rows, cut = edges(ARGV[index], true) end
  table.insert(rows, 1, cut and 1 or 0)
  answers[#answers + 1] = rows
end
return answers
