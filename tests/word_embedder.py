"""An embedder for tests: texts that share words are near. Deterministic, no model."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from memory.domain.stemming import stems
from memory.ports.models import ModelCard, Vectors

DIMENSIONS = 64


class WordEmbedder:
    """Sums a fixed random direction a stem; counts its calls."""

    def __init__(self) -> None:
        self.calls = 0

    async def embed(self, texts: Sequence[str]) -> Vectors:
        self.calls += 1
        return np.stack([_vector(text) for text in texts])

    async def card(self) -> ModelCard:
        return ModelCard("test/words", DIMENSIONS)


def _vector(text: str) -> Vectors:
    total = sum((_direction(word) for word in stems(text) or (text,)), np.zeros(DIMENSIONS))
    return (total / np.linalg.norm(total)).astype(np.float32)


def _direction(word: str) -> Vectors:
    seed = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest())
    return np.random.default_rng(seed).standard_normal(DIMENSIONS).astype(np.float32)
