"""Memories that differ in all that conditions are about, and trees of conditions on them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from memory.domain.memory import SCOPE_FIELDS, Scope
from memory.domain.metadata_tokens import category_token, metadata_tokens, value_token
from memory.ports.vector_store import Point
from memory.query.conditions import (
    Compares,
    Condition,
    Equals,
    Every,
    Expires,
    Holds,
    Is,
    Not,
    Present,
    Some,
    Within,
)
from tests.contract.points import point, random_units

_NAMES = ("al", "al*", "a?", "*", "Al", "böb")
_FIELDS = ("owner", *SCOPE_FIELDS, "memory_id", "metadata_token")
_CATEGORIES = ("food", "Food", "travel", " odd ")
_METADATA = (1, 2.5, "1", "tea*", True, None, [1, "tea*"], [], {"a": [1]}, [{"a": 1}])
_IDS = tuple(f"mem_{i:03}" for i in range(0, 120, 7))


def drawn_memories(random: np.random.Generator) -> list[Point]:
    """Two versions of each, at few instants; about half of the fields are absent."""
    points = []
    for i, vector in enumerate(random_units(120, seed=21)):
        names: dict[str, str] = {
            field: str(random.choice(_NAMES)) for field in SCOPE_FIELDS if random.random() < 0.5
        }
        kept = {key: _METADATA[random.integers(len(_METADATA))] for key in ("k", "a key=")}
        metadata = {key: value for key, value in kept.items() if random.random() < 0.7}
        categories = tuple(each for each in _CATEGORIES if random.random() < 0.3)
        ended = [None, int(random.integers(100, 112))][random.integers(2)]
        each = point(
            f"mem_{i // 2:03}",
            vector,
            "green tea",
            metadata_tokens(metadata, categories),
            Scope(**names or {"user_id": "al"}),
            version=i % 2 + 1,
            metadata=metadata,
            categories=categories,
            valid_from=int(random.integers(98, 110)),
            valid_to=ended,
            recorded_at=int(random.integers(100, 110)),
            retracted_at=[None, 110][random.integers(2)],
        )
        successor = [None, "mem_999"][random.integers(2)] if ended else None
        points.append(replace(each, memory=replace(each.memory, superseded_by=successor)))
    return points


def _values(field: str) -> st.SearchStrategy[str]:
    if field == "owner":
        kinds = st.sampled_from([name.removesuffix("_id") for name in SCOPE_FIELDS])
        return st.builds("{}:{}".format, kinds, st.sampled_from(_NAMES))
    if field == "metadata_token":
        held = [category_token(each) for each in _CATEGORIES]
        held += [
            value_token(key, each) for key in ("k", "a key=") for each in (*_METADATA[:6], 1.0)
        ]
        return st.sampled_from([*held, "c=absent"])
    return st.sampled_from(_IDS if field == "memory_id" else (*_NAMES, "absent"))


_instants = st.none() | st.integers(97, 113)
_storable_leaves = st.one_of(
    st.sampled_from(_FIELDS).flatmap(
        lambda field: st.builds(
            Is, st.just(field), st.lists(_values(field), min_size=1, max_size=4).map(tuple)
        )
    ),
    st.builds(Present, st.sampled_from(SCOPE_FIELDS)),
    st.builds(
        Within, st.sampled_from(("valid_from", "valid_to", "recorded_at")), _instants, _instants
    ),
)
_other_leaves = st.one_of(
    st.builds(Expires, _instants, _instants),
    st.sampled_from(
        [
            Holds("content", "TEA", fold=True),
            Holds("content", "coffee"),
            Holds("categories", "OO", fold=True),
            Holds("metadata", "tea", key="k"),
            Holds("metadata", 1, key="k"),
            Compares("k", "gte", 2),
            Compares("a key=", "lt", "tea"),
            Equals("k", {"a": [1]}),
            Equals("k", []),
        ]
    ),
)


def _trees(leaves: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    def of(parts: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
        several = st.lists(parts, min_size=1, max_size=4).map(tuple)
        return st.one_of(st.builds(Not, parts), st.builds(Every, several), st.builds(Some, several))

    return st.recursive(leaves, of, max_leaves=12)


storable_trees = _trees(_storable_leaves)
trees = _trees(_storable_leaves | _other_leaves)
