"""Jobs in Redis: a hash each, in their owner's slot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from graph_store.format import keys
from graph_store.format.keys import OwnerKeys
from graph_store.jobs.calls import RedisCalls
from graph_store.jobs.hashes import WORDLESS, assignment, fields_of, object_of, text_of
from graph_store.redis.connection import Command, Connection
from graph_store.redis.replies import mapping, pairs
from graph_store.redis.scripts import script
from memory.domain import clock
from memory.domain.batched import batched
from memory.domain.errors import Overloaded
from memory.domain.ids import job_owner_hash, owner_slot
from memory.domain.jobs import Assignment, Ending, JobState
from memory.ports.job_queue import Call, Turn

_KEPT_S = 7 * 24 * 3600
_MOST_LISTED = 10_000
"""Jobs of a project that can be listed; older ones can be asked for by id."""
_MOST_WAITING = 1_000
"""Jobs of an owner, with the one under way; whoever asks for more is told to come back."""
_FULL_S = 30
_JOBS_A_TRIP = 500
_YOUNG_S = 60
"""A listed id without a job may be of one that is just being stored."""
_NOTE = (
    script("jobs")
    + """
-- ARGV: prefix, id, most that may wait ('': it need not), fields. Nothing where so many do.
local id = ARGV[2]
local job = prefix .. 'j:' .. id
if redis.call('EXISTS', job) == 0 then
  if ARGV[3] ~= '' and redis.call('ZCARD', waiting) >= tonumber(ARGV[3]) then return {} end
  redis.call('HSET', job, 'created_at', now, 'updated_at', now, unpack(ARGV, 4))
  redis.call('ZREMRANGEBYSCORE', listed, '-inf', tonumber(now) - KEPT_S * 1000000)
  redis.call('ZADD', listed, now, id)
  redis.call('EXPIRE', listed, KEPT_S)
  if redis.call('HGET', job, 'state') == 'PENDING' then redis.call('ZADD', waiting, now, id)
  else close(id) end
end
return redis.call('HGETALL', job)"""
)

_TAKE = (
    script("jobs")
    + """
-- ARGV: prefix, holder, milliseconds, job of the call. Returns what there is, now, and more.
local found = redis.call('EXISTS', prefix .. 'j:' .. ARGV[4])
local holder = redis.call('GET', lease)
if holder and holder ~= ARGV[2] then
  return {'held', now, found, redis.call('PTTL', lease)}
end
while true do
  local id = redis.call('ZRANGE', waiting, 0, 0)[1]
  if not id then
    redis.call('DEL', lease)
    return {'none', now, found}
  end
  local job = prefix .. 'j:' .. id
  if redis.call('EXISTS', job) == 1 then
    local due = tonumber(redis.call('HGET', job, 'due') or '0')
    if due > tonumber(now) then
      redis.call('DEL', lease)
      return {'later', now, found, math.ceil((due - tonumber(now)) / 1000)}
    end
    redis.call('SET', lease, ARGV[2], 'PX', ARGV[3])
    if not holder then redis.call('HINCRBY', job, 'attempts', 1) end
    redis.call('HSETNX', job, 'started_at', now)
    redis.call('HSET', job, 'state', 'RUNNING', 'updated_at', now)
    return {'job', now, found, id, redis.call('HGETALL', job)}
  end
  redis.call('ZREM', waiting, id)
end"""
)

_HOLD = (
    script("jobs")
    + """
-- ARGV: prefix, holder, milliseconds.
if redis.call('GET', lease) ~= ARGV[2] then return 0 end
return redis.call('PEXPIRE', lease, ARGV[3])"""
)

_PLAN = (
    script("jobs")
    + """
-- ARGV: prefix, holder, id, plan.
local job = prefix .. 'j:' .. ARGV[3]
if redis.call('GET', lease) ~= ARGV[2] or redis.call('EXISTS', job) == 0 then return false end
redis.call('HSETNX', job, 'plan', ARGV[4])
return redis.call('HGET', job, 'plan')"""
)

_PUT_OFF = (
    script("jobs")
    + """
-- ARGV: prefix, holder, id, milliseconds, error, attempts to take back.
local job = prefix .. 'j:' .. ARGV[3]
if redis.call('GET', lease) ~= ARGV[2] then return 0 end
redis.call('DEL', lease)
if redis.call('EXISTS', job) == 0 then return 0 end
redis.call('HINCRBY', job, 'attempts', -ARGV[6])
redis.call('HSET', job, 'state', 'PENDING', 'updated_at', now, 'error', ARGV[5],
  'due', tonumber(now) + ARGV[4] * 1000)
return 1"""
)

_END = (
    script("jobs")
    + """
-- ARGV: prefix, holder, id, state, ending, error.
local job = prefix .. 'j:' .. ARGV[3]
local state = redis.call('HGET', job, 'state')
if not state or state == ARGV[4] or redis.call('GET', lease) ~= ARGV[2] then return '0' end
redis.call('HSET', job, 'state', ARGV[4], 'updated_at', now, 'ending', ARGV[5], 'error', ARGV[6])
close(ARGV[3])
redis.call('DEL', lease)
return now"""
)

_FORGET = (
    script("jobs")
    + """
-- ARGV: prefix, ids.
for index = 2, #ARGV do
  redis.call('DEL', prefix .. 'j:' .. ARGV[index])
  redis.call('ZREM', listed, ARGV[index])
  redis.call('ZREM', waiting, ARGV[index])
end"""
)


class RedisJobs(RedisCalls):
    """See memory.ports.job_queue.JobRecord."""

    _redis: Connection

    async def note_job(self, project_id: str, job: Assignment) -> Assignment:
        # The call first: a job that waits is never without one.
        trip: list[Command] = []
        if job.state is JobState.PENDING:
            trip.append(("XADD", keys.WORK, "*", "s", job.slot, "j", job.id))
        listing, at = keys.jobs(project_id), clock.now()
        trip += [
            ("ZADD", listing, "NX", at, job.id),
            ("ZREMRANGEBYSCORE", listing, "-inf", at - _KEPT_S * clock.SECOND),
            ("ZREMRANGEBYRANK", listing, 0, -_MOST_LISTED - 1),
        ]
        waits = job.state is JobState.PENDING
        most = _MOST_WAITING if waits else ""
        note = _call(_NOTE, job.slot, job.id, most, *fields_of(job))
        if waits:
            await self._redis.run(*trip)
            kept = await self._redis.one(*note)
        else:
            *_, kept = await self._redis.run(*trip, note)
        if not kept:
            raise Overloaded(f"{_MOST_WAITING} jobs of this entity wait already", _FULL_S)
        return assignment(job.slot, job.id, mapping(kept))

    async def jobs_of(self, project_id: str, job_ids: Sequence[str]) -> dict[str, Assignment]:
        slots = {
            each: owner_slot(project_id, owner_hash)
            for each in job_ids
            if (owner_hash := job_owner_hash(each))
        }
        if not slots:
            return {}
        found = await self._without_words([(slot, each) for each, slot in slots.items()])
        return {each.id: each for each in found}

    async def job_page(
        self, project_id: str, offset: int, limit: int
    ) -> tuple[int, list[Assignment]]:
        listing, now = keys.jobs(project_id), clock.now()
        while True:
            _, count, rows = await self._redis.run(
                ("ZREMRANGEBYSCORE", listing, "-inf", now - _KEPT_S * clock.SECOND),
                ("ZCARD", listing),
                ("ZRANGE", listing, offset, offset + limit - 1, "REV", "WITHSCORES"),
            )
            listed = pairs(rows)
            found = await self.jobs_of(project_id, [each for each, _ in listed])
            gone = [
                each
                for each, at in listed
                if each not in found and float(at) < now - _YOUNG_S * clock.SECOND
            ]
            if not gone:
                return int(count), [found[each] for each, _ in listed if each in found]
            await self._redis.one("ZREM", listing, *gone)

    async def owners_jobs(self, slot: str) -> list[Assignment]:
        owner = OwnerKeys(slot)
        listed, waiting = await self._redis.run(
            ("ZRANGE", owner.key("js"), 0, -1, "REV"), ("ZRANGE", owner.key("jw"), 0, -1, "REV")
        )
        ids = dict.fromkeys((*listed, *waiting))
        return await self._without_words([(slot, each) for each in ids])

    async def _without_words(self, places: Sequence[tuple[str, str]]) -> list[Assignment]:
        """Those of the jobs that are there, by slot and id, without request and plan: conversations
        may be long, and many."""
        found: list[Assignment] = []
        for part in batched(places, _JOBS_A_TRIP):
            rows = await self._redis.run(
                *(("HMGET", OwnerKeys(slot).job(each), *WORDLESS) for slot, each in part)
            )
            for (slot, each), row in zip(part, rows, strict=True):
                fields = {name: text for name, text in zip(WORDLESS, row, strict=True) if text}
                if fields:
                    found.append(assignment(slot, each, fields))
        return found

    async def forget_jobs(self, project_id: str, jobs: Sequence[Assignment]) -> None:
        for slot in {each.slot for each in jobs}:
            ids = [each.id for each in jobs if each.slot == slot]
            await self._owners(_FORGET, slot, *ids)
            await self._redis.one("ZREM", keys.jobs(project_id), *ids)

    async def take_job(self, call: Call, holder: str, lease_s: float) -> Turn:
        lease = (holder, round(lease_s * 1000), call.job_id)
        what, now, found, *rest = await self._owners(_TAKE, call.slot, *lease)
        at = int(now) // 1000
        if what == "job":
            job_id, row = rest
            return Turn(assignment(call.slot, job_id, mapping(row)), now=at)
        wait_s = max(int(rest[0]), 0) / 1000 if rest else None
        return Turn(None, wait_s, not int(found), at)

    async def hold_job(self, call: Call, holder: str, lease_s: float) -> bool:
        held = await self._owners(_HOLD, call.slot, holder, round(lease_s * 1000))
        await self._heard_of(call)
        return bool(int(held))

    async def plan_job(
        self, job: Assignment, holder: str, plan: Mapping[str, Any]
    ) -> Mapping[str, Any] | None:
        kept = await self._owners(_PLAN, job.slot, holder, job.id, text_of(plan))
        return None if kept is None else object_of(kept)

    async def put_job_off(
        self, job: Assignment, holder: str, seconds: float, error: str, counts: bool
    ) -> bool:
        wait = (round(seconds * 1000), error, int(not counts))
        return bool(int(await self._owners(_PUT_OFF, job.slot, holder, job.id, *wait)))

    async def end_job(
        self, job: Assignment, holder: str, ending: Ending, error: str | None = None
    ) -> int | None:
        state = JobState.SUCCEEDED if error is None else JobState.FAILED
        fields = (state.value, text_of(asdict(ending)), error or "")
        return int(await self._owners(_END, job.slot, holder, job.id, *fields)) or None

    async def _owners(self, text: str, slot: str, *arguments: str | int) -> Any:
        return await self._redis.one(*_call(text, slot, *arguments))


def _call(text: str, slot: str, *arguments: str | int) -> Command:
    owner = OwnerKeys(slot)
    return ("EVAL", text, 1, owner.key("jw"), owner.key(""), *arguments)
