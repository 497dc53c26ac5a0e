"""What the memory service may be told, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from memory.search.ranking import Calibration


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """What the service may be told. Times are seconds.

    `calibrations` maps a model's name to the curve fitted for it. A job has FAILED after so many
    `job_attempts` that failed, or if the language model was down for `job_patience_s`.
    """

    deadline_s: float
    buckets: int
    follows: bool
    lexical_weight: float
    half_life_days: float | None
    similar_cosine: float
    calibrations: Mapping[str, Calibration]
    job_attempts: int
    job_patience_s: float
