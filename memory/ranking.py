"""From two arms to one score.

fused = cosine + lexical_weight · coverage, where coverage is the share of the query's stems that
the memory holds. Neither arm can veto the other, and nothing that other owners wrote enters the
sum. A calibration of the model turns the fused value into a relevance in [0, 1]; without one the
score is the plain cosine, clipped at 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

from config.settings import Calibration
from memory.lexicon import stems


@dataclass(frozen=True, slots=True)
class Scorer:
    """Scores memories against one query."""

    query_stems: frozenset[str]
    lexical_weight: float
    calibration: Calibration | None

    def score(self, cosine: float, content: str) -> float:
        if self.calibration is None:
            return max(0.0, min(1.0, cosine))
        fused = cosine + self.lexical_weight * self.coverage(content)
        return 1 / (1 + exp(-(self.calibration.slope * fused + self.calibration.intercept)))

    def coverage(self, content: str) -> float:
        if not self.query_stems:
            return 0.0
        return len(self.query_stems.intersection(stems(content))) / len(self.query_stems)
