"""What the callers remember: sentences made here, so that a load needs no data set, and each with
a question that only it answers well."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from random import Random

_PEOPLE = ("Ada", "Bruno", "Chloe", "Deniz", "Elif", "Farid", "Greta", "Hugo", "Ines", "Jonas")
_DEEDS = ("bought", "borrowed", "repaired", "lost", "found", "painted", "sold", "hid", "cleaned")
# fmt: off
_LOOKS = (
    "copper", "crimson", "dusty", "folding", "foreign", "gilded", "heavy", "ivory", "little",
    "marbled", "narrow", "oval", "polished", "rusty", "silver", "square", "striped", "velvet",
    "wooden", "yellow",
)
_THINGS = (
    "accordion", "anchor", "basket", "bicycle", "camera", "candle", "carpet", "clarinet", "clock",
    "compass", "drum", "easel", "globe", "guitar", "hammock", "kettle", "kite", "ladder", "lantern",
    "mirror", "parasol", "piano", "pillow", "printer", "rucksack", "saddle", "sledge", "sofa",
    "stove", "suitcase", "tandem", "teapot", "telescope", "tent", "toaster", "trumpet", "umbrella",
    "violin", "wardrobe", "wheelbarrow",
)
_PLACES = (
    "at the harbour", "at the railway station", "behind the bakery", "in the attic",
    "near the old mill", "on the ferry", "on the market square", "under the bridge",
)
# fmt: on
DISTINCT = len(_LOOKS) * len(_THINGS)


@dataclass(frozen=True, slots=True)
class Sentence:
    text: str
    question: str


def sentences(seed: int) -> Iterator[Sentence]:
    """Without end, and the same for the same seed; DISTINCT of them before a thing comes back."""
    random = Random(seed)
    things = list(product(_LOOKS, _THINGS))
    while True:
        random.shuffle(things)
        for look, thing in things:
            who, deed, where = map(random.choice, (_PEOPLE, _DEEDS, _PLACES))
            yield Sentence(
                f"{who} {deed} the {look} {thing} {where}.",
                f"Who {deed} the {look} {thing}?",
            )
