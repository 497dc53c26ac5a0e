"""Takes up jobs that wait, sees that they end, and puts off those that cannot be done now."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from uuid import uuid4

from memory.context.background import Background, stopped
from memory.conversations.inference import Inference, JobGone
from memory.domain import clock
from memory.domain.errors import (
    Conflict,
    DeadlineExceeded,
    Mem0gError,
    ModelUnavailable,
    Unavailable,
    UnfitAnswer,
)
from memory.domain.jobs import Assignment, Ending, JobKind
from memory.erasure.erase_by_filter import EraseByFilter
from memory.ports.job_queue import Call, JobCalls, JobRecord
from memory.ports.metrics import Meter

log = logging.getLogger(__name__)

# A worker is given up if it was not heard of for so long.
LEASE_S = 15.0
# Owners whose jobs a process carries out at a time.
_AT_ONCE = 8
# How long a job waits after an attempt that failed. The time doubles with each failure.
FIRST_WAIT_S, LONGEST_WAIT_S = 2.0, 300.0
_DOUBLINGS = 10
# How long a job waits after a store was down, however often that is. After the model was down it
# waits for as long as it has waited so far, within the times above, so that this time doubles too.
OUTAGE_S = 5.0
# The job of a call may be stored so long after the call.
_YOUNG_MS = 10_000
# How long a call is put off at least.
_SHORTLY_S = 0.5


class Workers:
    """The workers of one process.

    A job has FAILED after so many `attempts` that failed, or if the model was down for
    `patience_s`, seconds.
    """

    def __init__(
        self,
        jobs: JobRecord,
        calls: JobCalls,
        inference: Inference,
        erase_by_filter: EraseByFilter,
        attempts: int,
        patience_s: float,
        meter: Meter,
    ) -> None:
        self._jobs, self._calls = jobs, calls
        self._inference, self._erase_by_filter = inference, erase_by_filter
        self._attempts, self._patience_s, self._meter = attempts, patience_s, meter
        self._background = Background(_tell)
        self._closing = False

    async def close(self) -> None:
        """Stop. Workers of other processes take up what is left."""
        self._closing = True
        await self._background.cancel()

    def begin(self) -> None:
        """Take up jobs that wait, in the background."""
        self._background.start(self.work_quietly())

    async def work_quietly(self) -> None:
        """As `work`, but do nothing if the store is down: the jobs are taken up later."""
        with suppress(Unavailable):
            await self.work()

    async def ended(self) -> None:
        """Return when no job is under way in this process."""
        await self._background.ended()

    async def tell_waiting(self) -> None:
        """Tell the meter how many jobs wait."""
        self._meter.gauge("jobs_waiting", await self._calls.waiting())

    async def work(self) -> None:
        """Take up jobs that wait, as far as there is room. The work goes on in the background."""
        room = _AT_ONCE - len(self._background.under_way)
        if room > 0 and not self._closing:
            for call in await self._calls.due(room, LEASE_S):
                self._background.start(self._attend_in_turn(call))

    async def _attend_in_turn(self, call: Call) -> None:
        """Answer this call, and then any others that are due. One worker answers all calls of an
        owner, so an owner with many calls does not hold up the others."""
        calls = [call]
        while calls and not self._closing:
            await self._attend(calls[0])
            calls = [] if self._closing else await self._calls.due(1, LEASE_S)

    async def _attend(self, call: Call) -> None:
        """Carry out an owner's jobs, one after the other, until none can be done now."""
        holder = uuid4().hex
        while (turn := await self._jobs.take(call, holder, LEASE_S)).job is not None:
            await self._see_to(call, turn.job, holder)
        if turn.wait_s is not None:
            again = call if turn.missing else call.of_any()
            await self._calls.put_off(again, max(turn.wait_s, _SHORTLY_S))
        elif turn.missing and turn.now - call.at < _YOUNG_MS:
            await self._calls.put_off(call, _SHORTLY_S)
        else:
            await self._calls.dismiss(call)

    async def _see_to(self, call: Call, job: Assignment, holder: str) -> None:
        """Carry a job out, and say how it ended."""
        if job.attempts > self._attempts:
            reason = job.error or "every worker that took it up has died"
            await self._end(job, holder, Ending(), reason)
            return
        work = asyncio.create_task(self._carry_out(job, holder))
        try:
            await self._held(call, holder, work)
        except asyncio.CancelledError:
            await stopped(work)
            with suppress(Mem0gError):  # if this fails, its lease lapses
                await self._jobs.put_off(job, holder, 0, job.error or "", counts=False)
                await self._calls.put_off(call, 0)
            raise
        if not work.cancelled():
            await self._conclude(job, holder, work)

    async def _held(self, call: Call, holder: str, work: asyncio.Task[Ending]) -> None:
        """Keep the lease until the work has ended. Stop the work if another worker has the job."""
        while not work.done():
            await asyncio.wait({work}, timeout=LEASE_S / 3)
            with suppress(Unavailable):
                if not work.done() and not await self._jobs.hold(call, holder, LEASE_S):
                    await stopped(work)

    async def _carry_out(self, job: Assignment, holder: str) -> Ending:
        if job.kind is JobKind.ADD:
            return await self._inference.carry_out(job, holder)
        return await self._erase_by_filter.carry_out(job)

    async def _conclude(self, job: Assignment, holder: str, work: asyncio.Task[Ending]) -> None:
        """End the job whose work has ended, or put it off."""
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
        """Put a job off if another attempt may succeed; else end it. An outage does not count as an
        attempt of the job."""
        outage, reason = _is_outage(error), _reason(error)
        wait = self._outage_wait(job, error) if outage else self._retry_wait(job, error)
        if wait is None:
            await self._end(job, holder, Ending(), reason)
        elif await self._jobs.put_off(job, holder, wait, reason, counts=not outage):
            self._count(job, "put_off" if outage else "retried")

    def _outage_wait(self, job: Assignment, error: Exception) -> float | None:
        """How long the job waits for the end of an outage, seconds. None if it is given up."""
        if not isinstance(error, ModelUnavailable):
            return OUTAGE_S
        age_s = (clock.now() - job.created_at) / clock.SECOND
        if age_s >= self._patience_s:
            return None
        return min(max(age_s, FIRST_WAIT_S, error.retry_after), LONGEST_WAIT_S)

    def _retry_wait(self, job: Assignment, error: Exception) -> float | None:
        """How long the job waits for its next attempt, seconds. None if it is given up."""
        if not _curable(error) or job.attempts >= self._attempts:
            return None
        return min(FIRST_WAIT_S * (1 << min(job.attempts - 1, _DOUBLINGS)), LONGEST_WAIT_S)

    async def _end(
        self, job: Assignment, holder: str, ending: Ending, reason: str | None = None
    ) -> None:
        """Say how a job has ended: it has failed if there is a `reason`."""
        ended_at = await self._jobs.end(job, holder, ending, reason)
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
    """Whether a store or the model was down. That is no failure of the job."""
    down = isinstance(error, Unavailable | DeadlineExceeded)
    return down and not isinstance(error, UnfitAnswer)


def _curable(error: Exception) -> bool:
    """Whether another attempt of the job may succeed."""
    return isinstance(error, UnfitAnswer | Conflict) or not isinstance(error, Mem0gError)


def _reason(error: Exception) -> str:
    if isinstance(error, Mem0gError):
        return error.message
    log.error("a job failed", exc_info=error)
    return "internal error, see the log"


def _tell(error: BaseException) -> None:
    if isinstance(error, Unavailable):
        log.info("a job is left to its next call: %s", error.message)
    else:
        log.error("a worker failed", exc_info=error)
