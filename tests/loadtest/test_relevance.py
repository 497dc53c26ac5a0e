"""What a conversation's questions find, and the curve that is fitted to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from loadtest.relevance import Conversation, fit, passing, read, recall_at_10
from tests.deployments.fake_encoder import FakeEncoder


def conversation(fused: list[float], evidence: list[bool]) -> Conversation:
    return Conversation(np.array([fused]), np.array([evidence]))


def test_recall_counts_evidence_among_the_ten_best() -> None:
    fused = [1.0 - number / 100 for number in range(20)]
    found = [number in (3, 15) for number in range(20)]
    assert recall_at_10([conversation(fused, found)]) == 0.5
    assert recall_at_10([conversation(fused, [number == 0 for number in range(20)])]) == 1


def test_the_curve_lets_evidence_through_and_little_else() -> None:
    fused = [0.9, 0.8, 0.35, 0.7, 0.3, 0.2, 0.1, 0.0]
    evidence = [True, True, True, False, False, False, False, False]
    several = [conversation(fused, evidence)]
    slope, intercept = fit(several)
    assert slope > 0
    found, through = passing(several, slope, intercept)
    assert found == 1
    assert through < 1


def test_turns_of_a_file_are_weighed_by_meaning_and_words(tmp_path: Path) -> None:
    document: dict[str, Any] = {
        "session_1": [
            {"dia_id": "D1:1", "speaker": "Ann", "text": "I like green tea"},
            {"dia_id": "D1:2", "speaker": "Bob", "text": "The weather was bad"},
        ],
        "session_1_date_time": "yesterday",
        "qa": [
            {"question": "Which tea?", "evidence": ["D1:1; D9:9"]},
            {"question": "Nothing?", "evidence": []},
        ],
    }
    path = tmp_path / "one.json"
    path.write_text(json.dumps(document))
    (fused,) = read(path, cast(Any, FakeEncoder()), 0.4).fused
    assert fused[0] > fused[1]
    assert read(path, cast(Any, FakeEncoder()), 0.4).evidence.tolist() == [[True, False]]
    assert fused[0] - read(path, cast(Any, FakeEncoder()), 0).fused[0][0] == pytest.approx(0.4)
