"""The models: the embedder turns texts into vectors, the language model fills a JSON schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

# Shape (texts, dimensions), rows of length 1.
Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ModelCard:
    """Which model made the vectors. It is recorded with the data and compared at every start."""

    name: str
    dimensions: int


class Embedder(Protocol):
    async def embed(self, texts: Sequence[str]) -> Vectors:
        """One row for each text, in order. Raises Unavailable if the model does not answer."""
        ...

    async def card(self) -> ModelCard: ...


class LanguageModel(Protocol):
    @property
    def name(self) -> str: ...

    async def fill(self, instructions: str, text: str, schema: Mapping[str, Any]) -> dict[str, Any]:
        """A JSON object that is made from the text. The model is asked to keep to the JSON schema.
        It may not do so, so the caller must check the object. Raises ModelUnavailable if there is
        no answer, and UnfitAnswer if the answer is no JSON object."""
        ...
