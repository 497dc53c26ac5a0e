"""The Embedder as its callers see it, and the model that it ships with."""

import asyncio

import numpy as np
import pytest

from config.settings import DEFAULT_MODEL
from deployments.embedder import Embedder
from deployments.refusal import RefusedToStart
from memory.domain.errors import InvalidInput
from memory.ports.models import ModelCard
from tests.deployments.fake_encoder import FakeEncoder


@pytest.fixture
def encoder():
    return FakeEncoder()


@pytest.fixture
def embedder(encoder):
    return Embedder({}, load=lambda settings: encoder)


async def test_64_concurrent_callers_cost_at_most_8_encode_calls(embedder, encoder):
    warm_up = len(encoder.steps)
    texts = [f"user {number} likes tea" for number in range(64)]
    answers = await asyncio.gather(*(embedder.embed([text]) for text in texts))
    assert len(encoder.steps) - warm_up <= 8
    np.testing.assert_array_equal(np.concatenate(answers), FakeEncoder().encode(texts))


async def test_rows_are_float32_of_length_one(embedder):
    rows = await embedder.embed(["one", "two words"])
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)


async def test_the_card_names_the_model(embedder):
    assert await embedder.card() == ModelCard(DEFAULT_MODEL, FakeEncoder.dimensions)


async def test_what_is_not_text_is_refused_before_the_queue(embedder, encoder):
    with pytest.raises(InvalidInput):
        await embedder.embed(["text", None])
    assert len(encoder.steps) == 1


async def test_a_bad_text_does_not_make_the_replica_unhealthy(embedder):
    with pytest.raises(ValueError, match="poison"):
        await embedder.embed(["poison"])
    await embedder.check_health()


async def test_a_dead_device_does(embedder, encoder):
    encoder.encode = lambda texts: (_ for _ in ()).throw(RuntimeError("device lost"))
    with pytest.raises(RuntimeError):
        await embedder.embed(["anything"])
    with pytest.raises(RuntimeError, match="device lost"):
        await embedder.check_health()


def test_a_bad_setting_fails_the_deployment_in_one_line():
    with pytest.raises(RefusedToStart, match=r"^mem0g: config: embedder\.threads"):
        Embedder({"embedder": {"threads": -1}}, load=lambda settings: FakeEncoder())
