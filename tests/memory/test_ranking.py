"""One score from two arms."""

from config.settings import Calibration
from memory.ranking import Scorer

CURVE = Calibration(slope=8.79, intercept=-1.67)


def test_either_arm_raises_the_score_and_none_vetoes() -> None:
    scorer = Scorer(frozenset({"python", "prefer"}), 0.4, CURVE)
    words = scorer.score(0.0, "prefers Python")
    meaning = scorer.score(0.4, "unrelated")
    assert words == meaning
    assert scorer.score(0.4, "prefers Python") > meaning > scorer.score(0.0, "unrelated")
    assert 0 < scorer.score(-1.0, "x") < scorer.score(1.0, "prefers Python") < 1


def test_without_a_calibration_the_score_is_the_cosine() -> None:
    scorer = Scorer(frozenset({"python"}), 0.4, None)
    assert scorer.score(0.3, "python") == 0.3
    assert scorer.score(-0.2, "python") == 0


def test_a_query_of_stopwords_scores_by_meaning_alone() -> None:
    assert Scorer(frozenset(), 0.4, CURVE).coverage("anything") == 0


def test_nothing_unseen_scores_above_the_relevance_of_its_cosine_and_words() -> None:
    for curve in (CURVE, None):
        scorer = Scorer(frozenset({"python", "prefer"}), 0.4, curve, half_life_days=1, as_of=0)
        for cosine in (-1.0, 0.0, 0.3, 1.0):
            most = scorer.relevance(0.3, coverage=1.0)
            for valid_from in (-(10**12), 0, 10**12):
                score = scorer.score(min(cosine, 0.3), "prefers Python", valid_from)
                assert score <= most
        assert scorer.score(0.3, "prefers Python", 0) == scorer.relevance(0.3, coverage=1.0)
        assert scorer.score(0.3, "unrelated", 0) == scorer.relevance(0.3, coverage=0.0)
