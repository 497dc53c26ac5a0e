"""From two arms to one score.

fused = cosine + lexical_weight · coverage, where coverage is the share of the query's stems that
the memory holds. Neither arm can veto the other, and nothing that other owners wrote enters the
sum. A calibration of the model turns the fused value into a relevance in [0, 1]; without one the
score is the plain cosine, clipped at 0. On the cosine scale the fused value is the score, clipped
at 0 only. Decay, where asked for, halves a score every half-life.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

from memory.domain.clock import DAY
from memory.domain.stemming import stems
from memory.query.views import Scale

# Of a project that prefers decay, if neither the search nor the settings name another one.
PREFERRED_HALF_LIFE_DAYS = 180.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """score = 1 / (1 + exp(-(slope · fused + intercept))), fitted for a model (docs/ranking.md)."""

    slope: float
    intercept: float


@dataclass(frozen=True, slots=True)
class Ranking:
    """The weights of a search. `calibration` is the curve fitted for the model in use, None if
    there is none. A memory `half_life_days` old scores half; None is without decay."""

    lexical_weight: float
    half_life_days: float | None
    calibration: Calibration | None


@dataclass(frozen=True, slots=True)
class Scorer:
    """Scores memories against one query. Age counts from valid_from to `as_of`, microseconds; what
    begins later is not aged."""

    query_stems: frozenset[str]
    lexical_weight: float
    calibration: Calibration | None
    half_life_days: float | None = None
    as_of: int = 0
    scale: Scale = Scale.RELEVANCE

    def score(self, cosine: float, coverage: float, valid_from: int = 0) -> float:
        return self.relevance(cosine, coverage) * self._decay(valid_from)

    def relevance(self, cosine: float, coverage: float) -> float:
        """The score before decay: the highest that a memory no nearer than this, and with no more
        of the query's stems, can have."""
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
