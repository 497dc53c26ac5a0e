"""Sentences for a load are the same each time, and tell themselves apart."""

from __future__ import annotations

from itertools import islice

from loadtest.sentences import DISTINCT, sentences


def test_a_seed_always_gives_the_same_sentences() -> None:
    first, again, other = (list(islice(sentences(seed), 50)) for seed in (7, 7, 8))
    assert first == again
    assert first != other


def test_no_thing_comes_back_before_all_had_their_turn() -> None:
    taken = list(islice(sentences(1), DISTINCT + 1))
    things = [tuple(sentence.question.split()[-2:]) for sentence in taken]
    assert len(set(things[:DISTINCT])) == DISTINCT
    assert things[-1] in things[:-1]


def test_a_question_is_about_its_sentence() -> None:
    for sentence in islice(sentences(3), 20):
        about = sentence.question.removeprefix("Who").removesuffix("?")
        assert f"{about} " in sentence.text
