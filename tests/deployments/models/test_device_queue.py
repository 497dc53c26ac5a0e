"""What concurrent callers of one device get, and how often the device is asked."""

import asyncio
import threading

import numpy as np
import pytest

from deployments.models.device_queue import DeviceQueue
from tests.deployments.fake_encoder import FakeEncoder


@pytest.fixture
def gate():
    """Holds the device until it is set, so that a test decides what is waiting."""
    gate = threading.Event()
    yield gate
    gate.set()


async def busy(queue, encoder):
    """Occupy the device; what is asked from now on waits."""
    first = asyncio.create_task(queue.encode(["first"]))
    await asyncio.to_thread(encoder.entered.wait, 10)
    return first


async def test_64_concurrent_calls_share_8_steps_and_get_their_own_rows():
    encoder = FakeEncoder()
    queue = DeviceQueue(encoder, tokens_per_step=512)
    texts = [f"memory number {number} " + "word " * (number % 7) for number in range(64)]
    answers = await asyncio.gather(*(queue.encode([text]) for text in texts))
    assert len(encoder.steps) <= 8
    for text, answer in zip(texts, answers, strict=True):
        assert answer.shape == (1, encoder.dimensions)
        np.testing.assert_array_equal(answer, FakeEncoder().encode([text]))


async def test_what_waits_is_sorted_by_length_and_cut_by_padded_tokens(gate):
    encoder = FakeEncoder(gate)
    queue = DeviceQueue(encoder, tokens_per_step=100)
    first = await busy(queue, encoder)
    texts = ["x" * length for length in (90, 3, 120, 60, 3, 30)]
    waiting = [asyncio.create_task(queue.encode([text])) for text in texts]
    await asyncio.sleep(0.01)
    gate.set()
    await asyncio.gather(first, *waiting)
    lengths = [[len(text) for text in step] for step in encoder.steps[1:]]
    assert lengths == [[3, 3, 30, 60], [90, 120]]


async def test_a_long_batch_does_not_hold_up_one_short_call(gate):
    encoder = FakeEncoder(gate)
    queue = DeviceQueue(encoder, tokens_per_step=50)
    first = await busy(queue, encoder)
    batch = asyncio.create_task(queue.encode(["y" * 30] * 100))
    await asyncio.sleep(0.01)
    single = asyncio.create_task(queue.encode(["short"]))
    await asyncio.sleep(0.01)
    gate.set()
    await single
    assert len(encoder.steps) <= 4
    assert not batch.done()
    assert (await batch).shape == (100, encoder.dimensions)
    await first


async def test_a_failed_step_fails_only_the_calls_in_it():
    encoder = FakeEncoder()
    queue = DeviceQueue(encoder, tokens_per_step=40)
    good, bad = await asyncio.gather(
        queue.encode(["good"]), queue.encode(["poison " * 14]), return_exceptions=True
    )
    assert isinstance(bad, ValueError)
    assert good.shape == (1, encoder.dimensions)
    assert (await queue.encode(["and on it goes"])).shape == (1, encoder.dimensions)


async def test_a_cancelled_call_is_never_encoded(gate):
    encoder = FakeEncoder(gate)
    queue = DeviceQueue(encoder, tokens_per_step=512)
    first = await busy(queue, encoder)
    gone = asyncio.create_task(queue.encode(["nobody waits for this"]))
    stays = asyncio.create_task(queue.encode(["somebody waits for this"]))
    await asyncio.sleep(0.01)
    gone.cancel()
    await asyncio.sleep(0.01)
    gate.set()
    await asyncio.gather(first, stays)
    assert encoder.steps[1:] == [["somebody waits for this"]]


async def test_no_texts_give_no_rows():
    encoder = FakeEncoder()
    assert (await DeviceQueue(encoder, 512).encode([])).shape == (0, encoder.dimensions)
    assert not encoder.steps
