#!lua flags=no-writes
-- Cursors in a listing by created_at whose memories are there at one of some instants. Needs
-- snapshot.lua.  KEYS[1]: the listing.  ARGV from 6: where to begin, '1' for the newest first, most
-- cursors, most members of this call, then the instants as stamps; none of them: every memory.
-- Answers {1 if the listing has been read to its end or its limit, where to begin next,
-- memory, created_at, ...}.
local start, newest = ARGV[6], ARGV[7] == '1'
local limit, share = tonumber(ARGV[8]), tonumber(ARGV[9])
local PAGE = 500

local function there(memory)
  if #ARGV == 9 then return true end
  for index = 10, #ARGV do
    if shown(memory, ARGV[index]) then return true end
  end
  return false
end

local found, offset = {1, ''}, 0
while true do
  local page
  if newest then
    page = redis.call('ZRANGE', KEYS[1], start, '-inf', 'BYSCORE', 'REV',
      'LIMIT', offset, PAGE, 'WITHSCORES')
  else
    page = redis.call('ZRANGE', KEYS[1], start, '+inf', 'BYSCORE',
      'LIMIT', offset, PAGE, 'WITHSCORES')
  end
  for index = 1, #page, 2 do
    if there(page[index]) then
      found[#found + 1] = page[index]
      found[#found + 1] = page[index + 1]
      if #found >= 2 * limit + 2 then return found end
    end
  end
  offset = offset + #page / 2
  if #page < 2 * PAGE then return found end
  if offset >= share then
    found[1] = 0
    found[2] = '(' .. page[#page]
    return found
  end
end
