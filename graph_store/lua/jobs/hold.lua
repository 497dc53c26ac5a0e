#!lua
-- Puts the lapse of the lease off. Needs lease.lua, jobs.lua.  ARGV: prefix, holder, milliseconds.
return keep_lease(lease, ARGV[2], ARGV[3]) and 1 or 0
