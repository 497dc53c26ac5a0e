"""What one world holds, looked through from end to end: links, walks, scores."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import exp
from typing import Any

from memory.domain.stemming import stems
from tests.temporal.versions import Json, Scope, micros
from tests.word_embedder import WordEmbedder

Step = tuple[str, str, Json]
_DAY = 86_400 * 10**6
LEXICAL_WEIGHT, SLOPE, INTERCEPT = 0.4, 10, -2


@dataclass(frozen=True, slots=True)
class World:
    """What one view shows: memories by id in record order, and the stored edges between them."""

    nodes: dict[str, Json]
    edges: list[Json]

    def within(self, scope: Scope) -> World:
        nodes = {key: node for key, node in self.nodes.items() if scope.holds(node)}
        return World(
            nodes, [e for e in self.edges if e["source"] in nodes and e["target"] in nodes]
        )

    def links(self, relations: Collection[str] = (), system: bool = False) -> list[Json]:
        """The edges a read looks at; those of a session are derived."""
        every = self.edges + (self._follows() if system or "FOLLOWS" in relations else [])
        return [edge for edge in every if not relations or edge["relation"] in relations]

    def _follows(self) -> list[Json]:
        sessions: dict[str, list[Json]] = {}
        for node in self.nodes.values():
            if node["session_id"] is not None:
                sessions.setdefault(node["session_id"], []).append(node)
        return [_follow(*pair) for session in sessions.values() for pair in pairwise(session)]


def _follow(earlier: Json, later: Json) -> Json:
    return {
        "id": None,
        "source": later["id"],
        "target": earlier["id"],
        "relation": "FOLLOWS",
        "metadata": {},
        "valid_from": max(earlier["valid_from"], later["valid_from"]),
        "valid_to": None,
        "created_at": later["created_at"],
        "updated_at": later["created_at"],
    }


def steps(edges: Iterable[Json], direction: str) -> list[Step]:
    """Every step the edges allow: from, to, along."""
    out = [(e["source"], e["target"], e) for e in edges]
    back = [(target, source, edge) for source, target, edge in out]
    return {"out": out, "in": back, "both": out + back}[direction]


def depths(start: str, allowed: Sequence[Step]) -> dict[str, int]:
    """How far every reachable memory is."""
    found, level = {start: 0}, {start}
    while level:
        depth = max(found.values()) + 1
        level = {to for origin, to, _ in allowed if origin in level and to not in found}
        found |= dict.fromkeys(level, depth)
    return found


@cache
def _vector(text: str) -> Any:
    return asyncio.run(WordEmbedder().embed([text]))[0]


def score(query: str, node: Json, at: int, half_life_days: float | None) -> float:
    wanted = set(stems(query))
    coverage = len(wanted & set(stems(node["content"]))) / len(wanted)
    fused = float(_vector(query) @ _vector(node["content"])) + LEXICAL_WEIGHT * coverage
    age = max(0, at - micros(node["valid_from"])) / _DAY
    decay = 1 if half_life_days is None else 2 ** (-age / half_life_days)
    return decay / (1 + exp(-(SLOPE * fused + INTERCEPT)))
