"""The language model as the service needs it: instructions and a text in, a JSON object out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class LanguageModel(Protocol):
    @property
    def name(self) -> str: ...

    async def fill(self, instructions: str, text: str, schema: Mapping[str, Any]) -> dict[str, Any]:
        """A JSON object after the JSON schema, which the model is asked to keep to, but may not
        have kept to: look at what comes. Raises ModelUnavailable, UnfitAnswer for what is none."""
        ...
