"""What the memory service is told of the settings."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from config import Settings
from config.settings import DEFAULT_MODEL
from deployments.service_settings import service_settings


@pytest.mark.parametrize(
    ("section", "name", "value", "told"),
    [
        ("api", "deadline_s", 7.0, "deadline_s"),
        ("vector_store", "buckets", 3, "buckets"),
        ("graph", "follows", False, "follows"),
        ("ranking", "lexical_weight", 0.9, "lexical_weight"),
        ("ranking", "half_life_days", 30.0, "half_life_days"),
        ("ranking", "similar_cosine", 0.5, "similar_cosine"),
        ("llm", "attempts", 2, "job_attempts"),
        ("llm", "patience_s", 60.0, "job_patience_s"),
    ],
)
def test_a_setting_arrives_as_a_plain_value(section: str, name: str, value: Any, told: str) -> None:
    by_default = service_settings(Settings())
    changed = service_settings(Settings(**{section: {name: value}}))
    assert getattr(changed, told) == value
    for field in fields(changed):
        if field.name != told:
            assert getattr(changed, field.name) == getattr(by_default, field.name)


def test_each_model_has_its_own_curve() -> None:
    curve = {"slope": 2, "intercept": -1}
    told = service_settings(Settings(ranking={"calibrations": {"test/words": curve}}))
    assert {model: (each.slope, each.intercept) for model, each in told.calibrations.items()} == {
        "test/words": (2, -1)
    }
    assert DEFAULT_MODEL in service_settings(Settings()).calibrations
