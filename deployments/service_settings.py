"""What of the settings the memory service is told, as plain values."""

from __future__ import annotations

from config.settings import Settings
from memory.search.ranking import Calibration
from memory.service.settings import ServiceSettings


def service_settings(settings: Settings) -> ServiceSettings:
    ranking = settings.ranking
    return ServiceSettings(
        deadline_s=settings.api.deadline_s,
        buckets=settings.vector_store.buckets,
        follows=settings.graph.follows,
        lexical_weight=ranking.lexical_weight,
        half_life_days=ranking.half_life_days,
        similar_cosine=ranking.similar_cosine,
        calibrations={
            model: Calibration(curve.slope, curve.intercept)
            for model, curve in ranking.calibrations.items()
        },
        job_attempts=settings.llm.attempts,
        job_patience_s=settings.llm.patience_s,
    )
