"""`python -m loadtest.relevance FOLDER`: what search finds in LoCoMo conversations; no server.

Fits the calibration of the default model on the first two conversations and prints, for the rest,
turn recall@10 and what the default threshold lets through. A turn is remembered as "Speaker: text".
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from math import log
from pathlib import Path

import numpy as np
import numpy.typing as npt

from config import Settings
from deployments.api.schemas.bodies import DEFAULT_THRESHOLD
from deployments.models.encoder import SentenceEncoder
from memory.domain.stemming import stems
from memory.search.ranking import Scorer

# Conversations, in order of their file names.
FITTED_ON = 2

# How many turns let through in vain one missed evidence turn weighs in the fit.
EVIDENCE_WEIGHT = 17


@dataclass(frozen=True, slots=True)
class Conversation:
    """Fused scores of every question and turn, and which turns are the question's evidence;
    both of shape (questions, turns)."""

    fused: npt.NDArray[np.float64]
    evidence: npt.NDArray[np.bool_]


def read(path: Path, encoder: SentenceEncoder, lexical_weight: float) -> Conversation:
    document = json.loads(path.read_text())
    turns = {
        turn["dia_id"]: f"{turn['speaker']}: {turn['text']}"
        for name, session in document.items()
        if name.startswith("session") and isinstance(session, list)
        for turn in session
    }
    asked = [question for question in document["qa"] if question.get("evidence")]
    questions = [question["question"] for question in asked]
    cosines = encoder.encode(questions) @ encoder.encode(list(turns.values())).T
    fused = cosines.astype(np.float64)
    evidence = np.zeros(fused.shape, dtype=bool)
    column = {dia_id: index for index, dia_id in enumerate(turns)}
    for row, question in enumerate(asked):
        scorer = Scorer(frozenset(stems(question["question"])), lexical_weight, None)
        fused[row] += [lexical_weight * scorer.coverage(text) for text in turns.values()]
        named = {part for text in question["evidence"] for part in re.split(r"[;, ]+", text)}
        evidence[row, [column[dia_id] for dia_id in named if dia_id in column]] = True
    return Conversation(fused, evidence)


def recall_at_10(conversations: list[Conversation]) -> float:
    shares = []
    for conversation in conversations:
        for fused, evidence in zip(conversation.fused, conversation.evidence, strict=True):
            if evidence.any():
                top = np.argsort(-fused)[:10]
                shares.append(evidence[top].sum() / evidence.sum())
    return float(np.mean(shares))


def fit(conversations: list[Conversation]) -> tuple[float, float]:
    """Slope and intercept of the logistic curve, by Newton's method on the weighted likelihood:
    both classes weigh the same as a whole, then evidence EVIDENCE_WEIGHT times more."""
    fused = np.concatenate([conversation.fused.ravel() for conversation in conversations])
    evidence = np.concatenate([conversation.evidence.ravel() for conversation in conversations])
    weight = np.where(evidence, 1 / evidence.sum(), 1 / (~evidence).sum()) * len(fused)
    inputs = np.stack([fused, np.ones_like(fused)])
    curve = np.zeros(2)
    for _ in range(30):
        chance = 1 / (1 + np.exp(-(curve @ inputs)))
        gradient = inputs @ (weight * (evidence - chance))
        curvature = (inputs * (weight * chance * (1 - chance))) @ inputs.T
        curve += np.linalg.solve(curvature, gradient)
    return float(curve[0]), float(curve[1]) + log(EVIDENCE_WEIGHT)


def passing(
    conversations: list[Conversation], slope: float, intercept: float
) -> tuple[float, float]:
    """Shares of evidence turns and of all turns that reach the default threshold."""
    fused = np.concatenate([conversation.fused.ravel() for conversation in conversations])
    evidence = np.concatenate([conversation.evidence.ravel() for conversation in conversations])
    reached = 1 / (1 + np.exp(-(slope * fused + intercept))) >= DEFAULT_THRESHOLD
    return float(reached[evidence].mean()), float(reached.mean())


def main() -> None:
    if len(sys.argv) != 2 or not (paths := sorted(Path(sys.argv[1]).glob("*.json"))):
        raise SystemExit(
            "usage: python -m loadtest.relevance FOLDER  (LoCoMo conversations, *.json)"
        )
    settings = Settings.load()
    encoder = SentenceEncoder(settings.embedder)
    weight = settings.ranking.lexical_weight
    conversations = [read(path, encoder, weight) for path in paths]
    slope, intercept = fit(conversations[:FITTED_ON])
    print(
        f"fitted on {', '.join(path.stem for path in paths[:FITTED_ON])}: "
        f"slope {slope:.2f}, intercept {intercept:.2f}"
    )
    shipped = settings.ranking.calibrations[settings.embedder.model]
    cut = (log(DEFAULT_THRESHOLD / (1 - DEFAULT_THRESHOLD)) - shipped.intercept) / shipped.slope
    print(f"shipped: slope {shipped.slope}, intercept {shipped.intercept}")
    print(f"a fused value of {cut:.3f} scores {DEFAULT_THRESHOLD}")
    for name, part in (
        ("fitted on", conversations[:FITTED_ON]),
        ("held out", conversations[FITTED_ON:]),
        ("all", conversations),
    ):
        found, through = passing(part, shipped.slope, shipped.intercept)
        print(
            f"{name:9}: recall@10 {recall_at_10(part):.3f}, evidence turns let through "
            f"{found:.1%}, all turns {through:.1%}"
        )


if __name__ == "__main__":
    main()
