"""A summary made of memories as they are: SumBasic (Nenkova and Vanderwende 2005).

The memory with the most frequent words is chosen first. Its words then count less, so that the next
memory says something else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from memory.domain.memory import Memory
from memory.domain.stemming import stems


def central(memories: Sequence[Memory], most: int) -> list[Memory]:
    """At most `most` memories that say the most of what all say, by valid_from, oldest first.

    The weight of a word is its share of all words, and that of a memory is the mean of its words.
    Of two equal memories the one that comes first in `memories` is chosen.
    """
    words = {memory.id: frozenset(stems(memory.content)) for memory in memories}
    counts = Counter(word for said in words.values() for word in said)
    weights = {word: count / counts.total() for word, count in counts.items()}
    left = [memory for memory in memories if words[memory.id]]
    chosen: list[Memory] = []
    while left and len(chosen) < most:
        best = max(left, key=lambda memory: _mean([weights[word] for word in words[memory.id]]))
        chosen.append(best)
        left = [memory for memory in left if words[memory.id] != words[best.id]]
        for word in words[best.id]:
            weights[word] **= 2
    return sorted(chosen, key=lambda memory: (memory.valid_from, memory.id))


def _mean(weights: Sequence[float]) -> float:
    """The mean, the same in whatever order the weights come."""
    return sum(sorted(weights)) / len(weights)
