"""From two arms to one score.

fused = cosine + lexical_weight · coverage. The coverage is the share of the query's stems that the
memory holds. Neither arm can veto the other, and nothing that other owners wrote enters the sum.

On the relevance scale a calibration of the model turns the fused value into a relevance in [0, 1].
Without a calibration the score is the plain cosine, clipped to [0, 1]. On the cosine scale the
score is the fused value, clipped at 0 only. Decay halves a score every half-life, if it is asked
for.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

from memory.domain.clock import DAY
from memory.domain.stemming import stems
from memory.query.views import Scale

# The half-life for a project that prefers decay, if neither the search nor the settings name one.
PREFERRED_HALF_LIFE_DAYS = 180.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """relevance = 1 / (1 + exp(-(slope · fused + intercept))). Slope and intercept are fitted for a
    model (docs/ranking.md)."""

    slope: float
    intercept: float


@dataclass(frozen=True, slots=True)
class Ranking:
    """The weights of a search. `calibration` is the curve that is fitted for the model in use; None
    if there is none. A memory that is `half_life_days` old scores half; None is without decay."""

    lexical_weight: float
    half_life_days: float | None
    calibration: Calibration | None


@dataclass(frozen=True, slots=True)
class Scorer:
    """Scores memories against one query. The age of a memory counts from valid_from to `as_of`, in
    microseconds. A memory that begins later has the age 0."""

    query_stems: frozenset[str]
    lexical_weight: float
    calibration: Calibration | None
    half_life_days: float | None = None
    as_of: int = 0
    scale: Scale = Scale.RELEVANCE

    def score(self, cosine: float, coverage: float, valid_from: int = 0) -> float:
        return self.relevance(cosine, coverage) * self._decay(valid_from)

    def relevance(self, cosine: float, coverage: float) -> float:
        """The score before decay. No memory with a lower or equal cosine and coverage can score
        higher."""
        fused = cosine + self.lexical_weight * coverage
        if self.scale is Scale.COSINE:
            return max(0.0, fused)
        if self.calibration is None:
            return max(0.0, min(1.0, cosine))
        return 1 / (1 + exp(-(self.calibration.slope * fused + self.calibration.intercept)))

    def coverage(self, content: str) -> float:
        if not self.query_stems:
            return 0.0
        return len(self.query_stems.intersection(stems(content))) / len(self.query_stems)

    def _decay(self, valid_from: int) -> float:
        if self.half_life_days is None:
            return 1.0
        days = max(0, self.as_of - valid_from) / DAY
        return float(0.5 ** (days / self.half_life_days))
