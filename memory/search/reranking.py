"""A second look at the best of a search: each is judged by its nearest sentence, where that is
nearer than the text as a whole, so that a long memory is not hidden by what else it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import regex

from memory.domain.batched import parts
from memory.domain.results import Found
from memory.ports.vector_store import Embedder, Vectors
from memory.search.ranking import Scorer

MOST_RERANKED = 300
_FEWEST_RERANKED = 30
_MOST_SENTENCES = 32
"""Of one memory; what follows is judged with the text as a whole."""
_TEXTS_A_CALL = 256
_ENDS = regex.compile(r"(?<=[.!?…][\"'”’)]*)\s+|(?<=[。！？])|\s*\n\s*")


def pool(limit: int) -> int:
    """How many of the best are looked at again, for so many answers."""
    return min(max(3 * limit, _FEWEST_RERANKED), MOST_RERANKED)


def sentences(text: str) -> list[str]:
    """Of a text that has several; none of another, which is its own sentence."""
    found = [each for each in _ENDS.split(text.strip(), maxsplit=_MOST_SENTENCES) if each.strip()]
    return found[:_MOST_SENTENCES] if len(found) > 1 else []


async def reranked(
    embedder: Embedder, scorer: Scorer, vector: Vectors, found: Sequence[Found]
) -> list[Found]:
    """All of them, in the same order, with the cosine of what is nearest in each and the score
    that comes of it. Raises Unavailable."""
    inner = {each.memory.id: sentences(each.memory.content) for each in found}
    texts = list(dict.fromkeys(text for each in inner.values() for text in each))
    rows = [await embedder.embed(part) for part in parts(texts, _TEXTS_A_CALL)]
    cosines = (
        dict(zip(texts, (np.concatenate(rows) @ vector).tolist(), strict=True)) if rows else {}
    )
    again = []
    for each in found:
        cosine = max([each.cosine, *(cosines[text] for text in inner[each.memory.id])])
        score = scorer.score(cosine, each.coverage, each.memory.valid_from)
        again.append(replace(each, cosine=cosine, score=score))
    return again
