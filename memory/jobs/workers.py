"""Workers: take up jobs that wait, see that they end, and put off what cannot be done now."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import suppress
from functools import cached_property
from typing import Any
from uuid import uuid4

from memory.conversations.inference import Inferring, JobGone
from memory.domain import clock
from memory.domain.caller import Caller
from memory.domain.errors import (
    Conflict,
    DeadlineExceeded,
    Mem0gError,
    ModelUnavailable,
    Unavailable,
    UnfitAnswer,
)
from memory.domain.ids import NOBODY, mint_job
from memory.domain.jobs import Job, JobKind
from memory.domain.memory import Scope
from memory.erasure.erase_by_filter import Forgetting
from memory.ports.job_queue import Assignment, Call, Ending
from memory.query.filter_parser import Filters, parse

log = logging.getLogger(__name__)

LEASE_S = 15.0
"""A worker that was not heard of for so long is given up."""
_AT_ONCE = 8
"""Owners whose jobs a process carries out at a time."""
FIRST_WAIT_S, LONGEST_WAIT_S = 2.0, 300.0
"""Before an attempt that follows one that failed; it doubles each time."""
_DOUBLINGS = 10
OUTAGE_S = 5.0
"""Where a store was down, however long it takes. For a model that was down a job waits as long as
it has waited so far, within the times above: that doubles, too."""
_YOUNG_MS = 10_000
"""A call comes before its job is stored."""
_SHORTLY_S = 0.5
"""The least that a call is put off by."""
_LOOK_EVERY_S = 0.05
_SHARE_OF_DEADLINE = 1 / 3
"""For so long an erasure by filters is waited for, before its job is answered as it stands."""


class Working(Inferring, Forgetting):
    """Implements memory.domain.jobs.Jobs."""

    _closing = False

    @cached_property
    def _workers(self) -> set[asyncio.Task[None]]:
        return set()

    async def forget(self, caller: Caller, kind: JobKind, filters: Filters) -> Job:
        place = await self._place(caller)
        await self._extent(place, Scope(), parse(filters))
        operation = await self.once(place, caller)
        bound = Scope(user_id=place.user_id)
        job = Assignment(
            id=mint_job(NOBODY, operation.nonce if operation else ""),
            slot=place.slot(NOBODY),
            kind=kind,
            bound=place.owner_hash(bound.owner) if place.user_id else None,
            request={"filters": dict(filters), "user_id": place.user_id},
        )
        await self._graph.note_job(place.id, job)
        with suppress(TimeoutError):
            async with asyncio.timeout(self._settings.api.deadline_s * _SHARE_OF_DEADLINE):
                await self._work_quietly()
                while True:
                    found = await self.job(caller, job.id)
                    if found.state.ended:
                        return found
                    await asyncio.sleep(_LOOK_EVERY_S)
        return await self.job(caller, job.id)

    async def work(self) -> None:
        """Take up what waits, as far as there is room; goes on in the background."""
        room = _AT_ONCE - len(self._workers)
        if room > 0 and not self._closing:
            for call in await self._graph.calls(room, LEASE_S):
                self._in_background(self._attend_in_turn(call))

    async def worked(self) -> None:
        """Until nothing of it is under way in this process."""
        while self._workers:
            await asyncio.wait({*self._workers})

    async def repair(self) -> int:
        self._meter.gauge("jobs_waiting", await self._graph.jobs_waiting())
        return await super().repair()

    async def close(self) -> None:
        self._closing = True
        while self._workers:  # a call under way may swallow a cancellation: ask again
            for task in self._workers:
                task.cancel()
            await asyncio.wait({*self._workers}, timeout=1)
        await super().close()

    def _begin_work(self) -> None:
        self._in_background(self._work_quietly())

    async def _work_quietly(self) -> None:
        """What is not taken up now is taken up later, here or elsewhere."""
        with suppress(Unavailable):
            await self.work()

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._workers.add(task)
        task.add_done_callback(self._left)

    def _left(self, task: asyncio.Task[None]) -> None:
        self._workers.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        if isinstance(error, Unavailable):
            log.info("a job is left to its next call: %s", error.message)
        else:
            log.error("a worker failed", exc_info=error)

    async def _attend_in_turn(self, call: Call) -> None:
        """This call, then whatever else there is: an owner with many calls, all answered by one
        worker, does not hold up those behind it."""
        calls = [call]
        while calls and not self._closing:
            await self._attend(calls[0])
            calls = [] if self._closing else await self._graph.calls(1, LEASE_S)

    async def _attend(self, call: Call) -> None:
        """An owner's jobs, one after the other, as long as there are any to do now."""
        holder = uuid4().hex
        while (turn := await self._graph.take_job(call, holder, LEASE_S)).job is not None:
            await self._see_to(call, turn.job, holder)
        if turn.wait_s is not None:
            again = call if turn.missing else call.of_any()
            await self._graph.put_call_off(again, max(turn.wait_s, _SHORTLY_S))
        elif turn.missing and turn.now - call.at < _YOUNG_MS:
            await self._graph.put_call_off(call, _SHORTLY_S)
        else:
            await self._graph.dismiss(call)

    async def _see_to(self, call: Call, job: Assignment, holder: str) -> None:
        """Carry a job out, and say how it ended."""
        if job.attempts > self._settings.llm.attempts:
            reason = job.error or "every worker that took it up has died"
            await self._end(job, holder, Ending(), reason)
            return
        work = asyncio.create_task(self._carried_out(job, holder))
        try:
            await self._held(call, holder, work)
        except asyncio.CancelledError:
            await _stopped(work)
            with suppress(Mem0gError):  # then its lease lapses
                await self._graph.put_job_off(job, holder, 0, job.error or "", counts=False)
                await self._graph.put_call_off(call, 0)
            raise
        if not work.cancelled():
            await self._conclude(job, holder, work)

    async def _held(self, call: Call, holder: str, work: asyncio.Task[Ending]) -> None:
        """Returns when the work has ended, or is stopped because others have it."""
        while not work.done():
            await asyncio.wait({work}, timeout=LEASE_S / 3)
            with suppress(Unavailable):
                if not work.done() and not await self._graph.hold_job(call, holder, LEASE_S):
                    await _stopped(work)

    async def _carried_out(self, job: Assignment, holder: str) -> Ending:
        if job.kind is JobKind.ADD:
            return await self._infer(job, holder)
        return await self._forget(job)

    async def _conclude(self, job: Assignment, holder: str, work: asyncio.Task[Ending]) -> None:
        error = work.exception()
        if error is None:
            await self._end(job, holder, work.result())
        elif isinstance(error, JobGone):
            log.info("a job was removed, or went on elsewhere")
        elif isinstance(error, Exception):
            await self._see_again(job, holder, error)
        else:
            raise error

    async def _see_again(self, job: Assignment, holder: str, error: Exception) -> None:
        """Put a job off that may go better later; an outage is no attempt of it."""
        outage, reason = _is_outage(error), _reason(error)
        wait = self._outage_wait(job, error) if outage else self._retry_wait(job, error)
        if wait is None:
            await self._end(job, holder, Ending(), reason)
        elif await self._graph.put_job_off(job, holder, wait, reason, counts=not outage):
            self._count(job, "put_off" if outage else "retried")

    def _outage_wait(self, job: Assignment, error: Exception) -> float | None:
        """Seconds; None where it is given up."""
        if not isinstance(error, ModelUnavailable):
            return OUTAGE_S
        age_s = (clock.now() - job.created_at) / clock.SECOND
        if age_s >= self._settings.llm.patience_s:
            return None
        return min(max(age_s, FIRST_WAIT_S, error.retry_after), LONGEST_WAIT_S)

    def _retry_wait(self, job: Assignment, error: Exception) -> float | None:
        """Seconds; None where it is given up."""
        if not _curable(error) or job.attempts >= self._settings.llm.attempts:
            return None
        return min(FIRST_WAIT_S * (1 << min(job.attempts - 1, _DOUBLINGS)), LONGEST_WAIT_S)

    async def _end(
        self, job: Assignment, holder: str, ending: Ending, reason: str | None = None
    ) -> None:
        ended_at = await self._graph.end_job(job, holder, ending, reason)
        if ended_at is None:
            return
        self._count(job, "failed" if reason else "succeeded")
        seconds = (ended_at - job.created_at) / clock.SECOND
        self._meter.observe("job_seconds", seconds, kind=job.kind.value)
        if reason:
            log.warning("the job %s has failed: %s", job.id, reason)

    def _count(self, job: Assignment, outcome: str) -> None:
        self._meter.count("jobs", kind=job.kind.value, outcome=outcome)


def _is_outage(error: Exception) -> bool:
    """Whether a store or the model was down: that is no failure of the job."""
    down = isinstance(error, Unavailable | DeadlineExceeded)
    return down and not isinstance(error, UnfitAnswer)


def _curable(error: Exception) -> bool:
    """Whether it is a failure of the job itself that another attempt may cure."""
    return isinstance(error, UnfitAnswer | Conflict) or not isinstance(error, Mem0gError)


def _reason(error: Exception) -> str:
    if isinstance(error, Mem0gError):
        return error.message
    log.error("a job failed", exc_info=error)
    return "internal error, see the log"


async def _stopped(work: asyncio.Task[Ending]) -> None:
    """A call under way may swallow a cancellation: ask again."""
    while not work.done():
        work.cancel()
        await asyncio.wait({work}, timeout=1)
