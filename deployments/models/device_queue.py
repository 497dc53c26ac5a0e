"""Continuous batching: whatever waits when the device falls free shares its next steps."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from deployments.models.encoder import Encoder
from memory.ports.metrics import SILENT, Meter
from memory.ports.models import Vectors

# What the operating system shows as the name of the model's threads, torch's own included, so that
# a profile or `top -H` tells the model's CPU from the service's.
MODEL_THREAD = "model"


@dataclass(slots=True, eq=False)
class _Call:
    """One caller's texts. `next` is the first that no round has taken yet."""

    texts: tuple[str, ...]
    costs: tuple[int, ...]
    answer: asyncio.Future[Vectors]
    rows: Vectors
    next: int = 0
    missing: int = field(init=False)

    def __post_init__(self) -> None:
        self.missing = len(self.texts)


@dataclass(frozen=True, slots=True)
class _Item:
    call: _Call
    index: int

    @property
    def cost(self) -> int:
        return self.call.costs[self.index]

    @property
    def text(self) -> str:
        return self.call.texts[self.index]


class DeviceQueue:
    """One device, one thread. Work goes in rounds: each waiting call gives up to one step's worth
    of texts, so a batch of a thousand does not hold up a search; the round is sorted by length
    and cut into steps of at most `tokens_per_step` padded tokens (longest x count).
    """

    def __init__(self, encoder: Encoder, tokens_per_step: int, meter: Meter = SILENT) -> None:
        self._encoder, self._meter = encoder, meter
        self._budget = tokens_per_step
        self._waiting: list[_Call] = []
        self._device = ThreadPoolExecutor(1, "device", initializer=_name_thread)
        self._drain: asyncio.Task[None] | None = None
        # Whether the last step failed.
        self.failing = False

    async def encode(self, texts: Sequence[str]) -> Vectors:
        """Shape (texts, dimensions), in order. What the encoder raised in a step that held one of
        these texts is raised here; a caller that is cancelled leaves the queue."""
        if not texts:
            return np.empty((0, self._encoder.dimensions), dtype=np.float32)
        call = _Call(
            texts=tuple(texts),
            costs=tuple(map(self._cost, texts)),
            answer=asyncio.get_running_loop().create_future(),
            rows=np.empty((len(texts), self._encoder.dimensions), dtype=np.float32),
        )
        self._waiting.append(call)
        if self._drain is None or self._drain.done():
            self._drain = asyncio.create_task(self._run())
        return await call.answer

    def close(self) -> None:
        self._device.shutdown(wait=False, cancel_futures=True)

    def _cost(self, text: str) -> int:
        """Tokens of a text, estimated: exact counts would cost a second tokenisation."""
        return min(self._encoder.max_tokens, 2 + len(text.encode()) // 3)

    async def _run(self) -> None:
        while items := self._round():
            left = len(items)
            for step in _steps(items, self._budget):
                left -= len(step)
                behind = sum(len(call.texts) - call.next for call in self._waiting)
                self._meter.gauge("queue_texts", left + behind)
                await self._step([item for item in step if not item.call.answer.done()])

    def _round(self) -> list[_Item]:
        items: list[_Item] = []
        for call in self._waiting:
            if call.answer.done():
                continue
            spent = 0
            while call.next < len(call.texts) and (
                not spent or spent + call.costs[call.next] <= self._budget
            ):
                spent += call.costs[call.next]
                items.append(_Item(call, call.next))
                call.next += 1
        self._waiting = [
            call for call in self._waiting if not call.answer.done() and call.next < len(call.texts)
        ]
        return sorted(items, key=lambda item: item.cost)

    async def _step(self, items: list[_Item]) -> None:
        if not items:
            return
        loop = asyncio.get_running_loop()
        begun = time.perf_counter()
        try:
            texts = [item.text for item in items]
            rows = await loop.run_in_executor(self._device, self._encoder.encode, texts)
        except Exception as error:
            self.failing = True
            for item in items:
                if not item.call.answer.done():
                    item.call.answer.set_exception(error)
            return
        self.failing = False
        self._meter.observe("step_seconds", time.perf_counter() - begun)
        self._meter.count("texts_embedded", len(items))
        self._meter.observe("step_texts", len(items))
        self._meter.observe("step_tokens", len(items) * max(item.cost for item in items))
        for item, row in zip(items, rows, strict=True):
            call = item.call
            call.rows[item.index] = row
            call.missing -= 1
            if not call.missing and not call.answer.done():
                call.answer.set_result(call.rows)


def _name_thread() -> None:
    with contextlib.suppress(OSError):  # Linux only
        Path(f"/proc/self/task/{threading.get_native_id()}/comm").write_text(MODEL_THREAD)


def _steps(items: list[_Item], budget: int) -> Iterator[list[_Item]]:
    """Cut items, shortest first, before one more would take the padded size over the budget."""
    step: list[_Item] = []
    for item in items:
        if step and item.cost * (len(step) + 1) > budget:
            yield step
            step = []
        step.append(item)
    if step:
        yield step
