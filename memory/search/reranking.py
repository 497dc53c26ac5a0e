"""A second look at the best memories of a search.

A memory is judged by its nearest sentence, if that is nearer than the text as a whole. So a long
memory is not hidden by what else it says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import regex

from memory.domain.batched import batched
from memory.domain.results import Found
from memory.ports.models import Embedder, Vectors
from memory.search.ranking import Scorer

MOST_RERANKED = 300
_FEWEST_RERANKED = 30
# Sentences of one memory. Further ones are judged only with the text as a whole.
_MOST_SENTENCES = 32
_TEXTS_A_CALL = 256
_ENDS = regex.compile(r"(?<=[.!?…][\"'”’)]*)\s+|(?<=[。！？])|\s*\n\s*")


def pool(limit: int) -> int:
    """How many of the best memories are looked at again if `limit` of them are asked for."""
    return min(max(3 * limit, _FEWEST_RERANKED), MOST_RERANKED)


def sentences(text: str) -> list[str]:
    """The sentences of a text. Empty if it has only one: the whole text is judged anyway."""
    found = [part for part in _ENDS.split(text.strip(), maxsplit=_MOST_SENTENCES) if part.strip()]
    return found[:_MOST_SENTENCES] if len(found) > 1 else []


async def reranked(
    embedder: Embedder, scorer: Scorer, vector: Vectors, found: Sequence[Found]
) -> list[Found]:
    """All hits in the same order, each with the cosine of its nearest sentence or of the whole text
    and with the score that follows. `vector` has shape (dimensions,). Raises Unavailable if the
    model does not answer."""
    inner = {hit.memory.id: sentences(hit.memory.content) for hit in found}
    texts = list(dict.fromkeys(text for parts in inner.values() for text in parts))
    rows = [await embedder.embed(batch) for batch in batched(texts, _TEXTS_A_CALL)]
    cosines = (
        dict(zip(texts, (np.concatenate(rows) @ vector).tolist(), strict=True)) if rows else {}
    )
    again = []
    for hit in found:
        cosine = max([hit.cosine, *(cosines[text] for text in inner[hit.memory.id])])
        score = scorer.score(cosine, hit.coverage, hit.memory.valid_from)
        again.append(replace(hit, cosine=cosine, score=score))
    return again
