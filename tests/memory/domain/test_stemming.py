"""What counts as the same words, the same content and the same metadata value."""

import pytest

from memory.domain.stemming import normalised, stems


def test_stems_drop_stopwords_and_endings_and_keep_other_languages() -> None:
    assert stems("The users were preferring PYTHON!") == ("user", "prefer", "python")
    assert stems("Käse, müde, 東京 и кот") == ("käse", "müde", "東京", "и", "кот")
    assert stems("what is the") == ()
    assert len(stems("x" * 1000)[0]) == 64


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Lives in Oslo.", "  lives IN oslo", True),
        ("Straße 5", "STRASSE, 5", True),
        ("Alice is Bob's manager", "Bob is Alice's manager", False),
        ("!!!", "???", False),
        ("does not smoke", "does smoke", False),
        ("likes C++", "likes C#", False),
        ("it is -5 degrees", "it is 5 degrees", False),
        ("paid 1.5", "paid 1,5", False),
        ("rated it 👍", "rated it 👎", False),
        ("कि", "की", False),
        ("cafe\u0301", "CAFÉ", True),
    ],
)
def test_contents_are_the_same_but_for_case_space_and_punctuation(
    one: str, other: str, same: bool
) -> None:
    assert (normalised(one) == normalised(other)) is same
