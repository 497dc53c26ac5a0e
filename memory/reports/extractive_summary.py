"""A summary made of sentences that are there: SumBasic (Nenkova and Vanderwende 2005).

The memory whose words are the most frequent ones comes first; what it has said then counts less,
so that the next one says something else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from memory.domain.memory import Memory
from memory.domain.stemming import stems


def central(memories: Sequence[Memory], most: int) -> list[Memory]:
    """At most `most` memories that say the most of what is said, oldest first by valid_from. Of
    equal ones the one that comes first in the sequence."""
    words = {each.id: frozenset(stems(each.content)) for each in memories}
    counts = Counter(word for said in words.values() for word in said)
    weights = {word: count / counts.total() for word, count in counts.items()}
    left = [each for each in memories if words[each.id]]
    chosen: list[Memory] = []
    while left and len(chosen) < most:
        best = max(left, key=lambda each: _mean([weights[word] for word in words[each.id]]))
        chosen.append(best)
        left = [each for each in left if words[each.id] != words[best.id]]
        for word in words[best.id]:
            weights[word] **= 2
    return sorted(chosen, key=lambda each: (each.valid_from, each.id))


def _mean(weights: Sequence[float]) -> float:
    return sum(sorted(weights)) / len(weights)
