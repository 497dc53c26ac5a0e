"""One score from two arms."""

from itertools import product

from config.settings import Calibration
from memory.query.views import Scale
from memory.search.ranking import Scorer

DAY = 86_400_000_000
CURVE = Calibration(slope=8.79, intercept=-1.67)


def test_either_arm_raises_the_score_and_none_vetoes() -> None:
    scorer = Scorer(frozenset({"python", "prefer"}), 0.4, CURVE)
    assert scorer.coverage("prefers Python") == 1
    assert scorer.coverage("a python in the zoo") == 0.5
    assert scorer.coverage("unrelated") == 0
    words = scorer.score(0.0, 1.0)
    meaning = scorer.score(0.4, 0.0)
    assert words == meaning
    assert scorer.score(0.4, 1.0) > meaning > scorer.score(0.0, 0.0)
    assert 0 < scorer.score(-1.0, 0.0) < scorer.score(1.0, 1.0) < 1


def test_without_a_calibration_the_score_is_the_cosine() -> None:
    scorer = Scorer(frozenset({"python"}), 0.4, None)
    assert scorer.score(0.3, 1.0) == 0.3
    assert scorer.score(-0.2, 1.0) == 0


def test_on_the_cosine_scale_words_add_to_the_cosine_and_only_age_takes_away() -> None:
    for curve in (CURVE, None):
        scorer = Scorer(frozenset({"python"}), 0.4, curve, 1, DAY, Scale.COSINE)
        assert scorer.score(0.9, 1.0, DAY) == 0.9 + 0.4
        assert scorer.score(0.9, 1.0, 0) == (0.9 + 0.4) / 2
        assert scorer.score(-0.2, 0.25, DAY) == 0


def test_a_query_of_stopwords_scores_by_meaning_alone() -> None:
    assert Scorer(frozenset(), 0.4, CURVE).coverage("anything") == 0


def test_nothing_unseen_scores_above_the_relevance_of_its_cosine_and_words() -> None:
    for curve, scale in product((CURVE, None), Scale):
        words = frozenset({"python", "prefer"})
        scorer = Scorer(words, 0.4, curve, half_life_days=1, as_of=0, scale=scale)
        for cosine in (-1.0, 0.0, 0.3, 1.0):
            most = scorer.relevance(0.3, coverage=1.0)
            for valid_from in (-(10**12), 0, 10**12):
                score = scorer.score(min(cosine, 0.3), 1.0, valid_from)
                assert score <= most
        assert scorer.score(0.3, 1.0, 0) == scorer.relevance(0.3, coverage=1.0)
        assert scorer.score(0.3, 0.0, 0) == scorer.relevance(0.3, coverage=0.0)
