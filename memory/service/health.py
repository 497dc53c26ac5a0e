"""Whether the service can work: the state of everything that it depends on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from memory.domain.errors import Mem0gError
from memory.ports.graph_store import GraphStore
from memory.ports.models import Embedder, ModelCard
from memory.ports.vector_store import VectorStore

# A caller who asks for the states does not wait for a dependency's own deadline.
_READY_WITHIN_S = 3.0


class Health:
    """Implements memory.service.api.Health."""

    def __init__(
        self,
        graph: GraphStore,
        vectors: VectorStore,
        embedder: Embedder,
        card: ModelCard,
        calibrated: bool,
    ) -> None:
        self._graph, self._vectors, self._embedder = graph, vectors, embedder
        self._card, self._calibrated = card, calibrated

    async def ready(self) -> dict[str, str]:
        names = ("redis", "vector_store", "embedder")
        checks = (self._graph.ping(), self._vectors.check(), self._embedder.card())
        states = await asyncio.gather(*map(_state, checks))
        return dict(zip(names, states, strict=True)) | {"score": self._score_state()}

    def _score_state(self) -> str:
        if self._calibrated:
            return "ok"
        return f"ok: plain cosine, no calibration is set for {self._card.name}"


async def _state(check: Awaitable[object]) -> str:
    """The state in words. It is "ok" if the check succeeds."""
    try:
        async with asyncio.timeout(_READY_WITHIN_S):
            await check
    except TimeoutError:
        return f"no answer in {_READY_WITHIN_S:g} s"
    except Mem0gError as error:
        return error.message
    except Exception as error:
        return type(error).__name__
    return "ok"
