"""The settings of the memory service, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from memory.search.ranking import Calibration


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """Settings of the memory service. Times are seconds.

    `deadline_s` is a request's. `buckets` is how many tenants a new project's index has. `follows`
    derives edges between consecutive memories of a session. `lexical_weight` is what words count in
    a score. A memory `half_life_days` old scores half; None is without decay. From `similar_cosine`
    on two texts are similar. `calibrations` maps a model's name to the curve that was fitted for
    it. A job has FAILED after so many `job_attempts` that failed, or if the language model was down
    for `job_patience_s`.
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
