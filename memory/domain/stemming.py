"""Words as the lexical arm of a search compares them: case folded, without stopwords, stemmed.

Stemming and stopwords are English. Words of other languages pass as they are. Both vector stores
index the same stems, so both find the same candidates.
"""

from __future__ import annotations

import threading
import unicodedata

import regex
import Stemmer

STOPWORDS = frozenset(
    """a about above after again all am an and any are as at be because been before being below
    between both but by can could did do does doing down during each few for from further had has
    have having he her here hers herself him himself his how i if in into is it its itself just me
    more most my myself no nor not now of off on once only or other our ours out over own same she
    should so some such than that the their theirs them then there these they this those through
    to too under until up very was we were what when where which while who whom why will with
    would you your yours""".split()  # noqa: SIM905
)
# Combining marks belong to the word: without them some scripts lose their vowels.
_WORD = regex.compile(r"[\w\p{M}]+")
_SENTENCE_PUNCTUATION = ".,;:!?…\"'()"
_LONGEST_STEM = 64
_local = threading.local()


def stems(text: str) -> tuple[str, ...]:
    """The stems of the text's words without the stopwords, in order, with repetitions."""
    words = [word for word in _WORD.findall(text.casefold()) if word not in STOPWORDS]
    return tuple(stem[:_LONGEST_STEM] for stem in _stemmer().stemWords(words) if stem)


def _stemmer() -> Stemmer.Stemmer:
    """The stemmer of this thread: PyStemmer objects are not thread-safe."""
    if not hasattr(_local, "stemmer"):
        _local.stemmer = Stemmer.Stemmer("english")
    return _local.stemmer


def normalised(content: str) -> str:
    """Content as dedup compares it. Case, white space and the punctuation of sentences do not
    count. Symbols and signs inside words do: C++ is not C#, and -5 is not 5."""
    folded = unicodedata.normalize("NFC", content).casefold().split()
    words = [word.strip(_SENTENCE_PUNCTUATION) for word in folded]
    return " ".join(filter(None, words)) or " ".join(folded)
