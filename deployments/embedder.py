"""The Embedder deployment: texts in, vectors out, one device a replica."""

import logging
from collections.abc import Callable, Sequence
from typing import Any

from config.settings import EmbedderSettings, Settings
from deployments.models.device_queue import DeviceQueue
from deployments.models.encoder import Encoder, SentenceEncoder
from deployments.observability import logs
from deployments.observability.metrics import RayMeter
from deployments.refusal import refusals
from memory.domain.errors import InvalidInput
from memory.ports.models import ModelCard, Vectors

logger = logging.getLogger("ray.serve")


class Embedder:
    """Implements memory.ports.models.Embedder; concurrent callers share each forward pass."""

    def __init__(
        self,
        args: dict[str, Any],
        load: Callable[[EmbedderSettings], Encoder] = SentenceEncoder,
    ) -> None:
        logs.install()
        with refusals():
            settings = Settings.load(args).embedder
            encoder = load(settings)
        encoder.encode(["The first pass allocates what later ones reuse."])
        self._card = ModelCard(settings.model, encoder.dimensions)
        self._queue = DeviceQueue(encoder, settings.tokens_per_step, RayMeter())
        logger.info("Embedder ready: %s", self._card)

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Shape (texts, dimensions), float32, rows of length 1, in order."""
        if not all(isinstance(text, str) for text in texts):
            raise InvalidInput("only text can be embedded")
        return await self._queue.encode(texts)

    async def card(self) -> ModelCard:
        return self._card

    async def check_health(self) -> None:
        """A device that fails a plain sentence after a failed step needs a new process; a text
        that the model cannot take does not."""
        if self._queue.failing:
            await self._queue.encode(["Is the device still there?"])
