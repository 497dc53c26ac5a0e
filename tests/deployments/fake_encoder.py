"""An encoder without a model: deterministic, and texts that share words are near each other."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence

import numpy as np

from memory.ports.models import Vectors


class FakeEncoder:
    """Keeps the texts of every step. Waits for `gate`; a text with "poison" fails its step."""

    dimensions = 32
    max_tokens = 256

    def __init__(self, gate: threading.Event | None = None) -> None:
        self.steps: list[list[str]] = []
        self.entered = threading.Event()
        self._gate = gate

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.steps.append(list(texts))
        self.entered.set()
        if self._gate:
            self._gate.wait(10)
        if any("poison" in text for text in texts):
            raise ValueError("poison")
        rows = np.array([self._row(text) for text in texts])
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    def _row(self, text: str) -> np.ndarray:
        row = np.full(self.dimensions, 1e-3)
        for word in text.lower().split():
            seed = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=4).digest())
            row += np.random.default_rng(seed).standard_normal(self.dimensions)
        return row
