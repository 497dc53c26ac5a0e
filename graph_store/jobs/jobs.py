"""Jobs in Redis: a hash each, in their owner's slot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from graph_store.format import keys
from graph_store.format.keys import OwnerKeys
from graph_store.format.layout import JOB_KEPT_S
from graph_store.jobs.calls import RedisCalls
from graph_store.jobs.hashes import WORDLESS, assignment, fields_of, object_of, text_of
from graph_store.redis.connection import Command, Connection
from graph_store.redis.replies import mapping, pairs
from graph_store.redis.scripts import Script, script
from memory.domain import clock
from memory.domain.batched import batched
from memory.domain.errors import Overloaded
from memory.domain.ids import job_owner_hash, owner_slot
from memory.domain.jobs import Assignment, Ending, JobState
from memory.ports.job_queue import Call, Turn

# Jobs of a project that can be listed; older ones can be asked for by id.
_MOST_LISTED = 10_000
# Jobs of an owner, with the one under way; whoever asks for more is told to come back.
_MOST_WAITING = 1_000
_FULL_S = 30
_JOBS_A_TRIP = 500
# A listed id without a job may be of one that is just being stored.
_YOUNG_S = 60

_NOTE = script("lib/jobs", "jobs/note")
_FORGET = script("lib/jobs", "jobs/forget")
_TAKE, _HOLD, _PLAN, _PUT_OFF, _END = (
    script("lib/lease", "lib/jobs", f"jobs/{name}")
    for name in ("take", "hold", "plan", "put_off", "end")
)


class RedisJobs:
    """Keeps jobs and hands them out: each to one worker at a time, those of an owner one after the
    other, in the order they were asked for."""

    def __init__(self, redis: Connection, calls: RedisCalls) -> None:
        self._redis, self._calls = redis, calls

    async def note(self, project_id: str, job: Assignment) -> Assignment:
        # The call first: a job that waits is never without one.
        trip: list[Command] = []
        if job.state is JobState.PENDING:
            trip.append(("XADD", keys.WORK, "*", "s", job.slot, "j", job.id))
        listing, at = keys.jobs(project_id), clock.now()
        trip += [
            ("ZADD", listing, "NX", at, job.id),
            ("ZREMRANGEBYSCORE", listing, "-inf", at - JOB_KEPT_S * clock.SECOND),
            ("ZREMRANGEBYRANK", listing, 0, -_MOST_LISTED - 1),
        ]
        waits = job.state is JobState.PENDING
        most = _MOST_WAITING if waits else ""
        note = _owners_call(_NOTE, job.slot, job.id, most, *fields_of(job))
        if waits:
            await self._redis.run(*trip)
            kept = await self._redis.one(*note)
        else:
            *_, kept = await self._redis.run(*trip, note)
        if not kept:
            raise Overloaded(f"{_MOST_WAITING} jobs of this entity wait already", _FULL_S)
        return assignment(job.slot, job.id, mapping(kept))

    async def read(self, project_id: str, job_ids: Sequence[str]) -> dict[str, Assignment]:
        slots = {
            job_id: owner_slot(project_id, owner_hash)
            for job_id in job_ids
            if (owner_hash := job_owner_hash(job_id))
        }
        if not slots:
            return {}
        jobs = await self._without_words([(slot, job_id) for job_id, slot in slots.items()])
        return {job.id: job for job in jobs}

    async def page(self, project_id: str, offset: int, limit: int) -> tuple[int, list[Assignment]]:
        listing, now = keys.jobs(project_id), clock.now()
        while True:
            _, count, rows = await self._redis.run(
                ("ZREMRANGEBYSCORE", listing, "-inf", now - JOB_KEPT_S * clock.SECOND),
                ("ZCARD", listing),
                ("ZRANGE", listing, offset, offset + limit - 1, "REV", "WITHSCORES"),
            )
            listed = pairs(rows)
            jobs = await self.read(project_id, [job_id for job_id, _ in listed])
            gone = [
                job_id
                for job_id, at in listed
                if job_id not in jobs and float(at) < now - _YOUNG_S * clock.SECOND
            ]
            if not gone:
                return int(count), [jobs[job_id] for job_id, _ in listed if job_id in jobs]
            await self._redis.one("ZREM", listing, *gone)

    async def of_owner(self, slot: str) -> list[Assignment]:
        owner = OwnerKeys(slot)
        listed, waiting = await self._redis.run(
            ("ZRANGE", owner.jobs, 0, -1, "REV"), ("ZRANGE", owner.waiting_jobs, 0, -1, "REV")
        )
        ids = dict.fromkeys((*listed, *waiting))
        return await self._without_words([(slot, job_id) for job_id in ids])

    async def _without_words(self, places: Sequence[tuple[str, str]]) -> list[Assignment]:
        """Those of the jobs that are there, by slot and id, without request and plan: conversations
        may be long, and many."""
        jobs: list[Assignment] = []
        for part in batched(places, _JOBS_A_TRIP):
            rows = await self._redis.run(
                *(("HMGET", OwnerKeys(slot).job(job_id), *WORDLESS) for slot, job_id in part)
            )
            for (slot, job_id), row in zip(part, rows, strict=True):
                fields = {name: text for name, text in zip(WORDLESS, row, strict=True) if text}
                if fields:
                    jobs.append(assignment(slot, job_id, fields))
        return jobs

    async def forget(self, project_id: str, jobs: Sequence[Assignment]) -> None:
        for slot in {job.slot for job in jobs}:
            ids = [job.id for job in jobs if job.slot == slot]
            await self._owners(_FORGET, slot, *ids)
            await self._redis.one("ZREM", keys.jobs(project_id), *ids)

    async def take(self, call: Call, holder: str, lease_s: float) -> Turn:
        lease = (holder, round(lease_s * 1000), call.job_id)
        what, now, found, *rest = await self._owners(_TAKE, call.slot, *lease)
        at = int(now) // 1000
        if what == "job":
            job_id, row = rest
            return Turn(assignment(call.slot, job_id, mapping(row)), now=at)
        wait_s = max(int(rest[0]), 0) / 1000 if rest else None
        return Turn(None, wait_s, not int(found), at)

    async def hold(self, call: Call, holder: str, lease_s: float) -> bool:
        held = await self._owners(_HOLD, call.slot, holder, round(lease_s * 1000))
        await self._calls.heard_of(call)
        return bool(int(held))

    async def plan(
        self, job: Assignment, holder: str, plan: Mapping[str, Any]
    ) -> Mapping[str, Any] | None:
        kept = await self._owners(_PLAN, job.slot, holder, job.id, text_of(plan))
        return None if kept is None else object_of(kept)

    async def put_off(
        self, job: Assignment, holder: str, seconds: float, error: str, counts: bool
    ) -> bool:
        wait = (round(seconds * 1000), error, int(not counts))
        return bool(int(await self._owners(_PUT_OFF, job.slot, holder, job.id, *wait)))

    async def end(
        self, job: Assignment, holder: str, ending: Ending, error: str | None = None
    ) -> int | None:
        state = JobState.SUCCEEDED if error is None else JobState.FAILED
        fields = (state.value, text_of(asdict(ending)), error or "")
        return int(await self._owners(_END, job.slot, holder, job.id, *fields)) or None

    async def _owners(self, script: Script, slot: str, *arguments: str | int) -> Any:
        return await self._redis.one(*_owners_call(script, slot, *arguments))


def _owners_call(script: Script, slot: str, *arguments: str | int) -> Command:
    owner = OwnerKeys(slot)
    return script.call([owner.waiting_jobs], owner.prefix, *arguments)
