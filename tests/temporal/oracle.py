"""One owner's timeline by brute force: lists of versions, looked through from end to end.

Written from the contract, not from the product: it shares only the words (memory.domain.stemming)
and the
tests' embedder. Instants are microseconds since 1970; answers have the wire's shape.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from memory.domain.stemming import normalised
from tests.temporal.versions import (
    Draft,
    Edge,
    Ends,
    Json,
    Memory,
    Scope,
    Version,
    View,
    iso,
    last_day,
    micros,
)
from tests.temporal.worlds import World


@dataclass
class Timeline:
    """`ticks` are the record times so far, after the instant it began at; `ever` holds the ids of
    all memories there have been."""

    user: str
    ticks: list[int]
    memories: dict[str, Memory] = field(default_factory=dict)
    edges: dict[str, Edge] = field(default_factory=dict)
    ever: list[str] = field(default_factory=list)

    @property
    def now(self) -> int:
        """Nothing tells the instants since the last record time apart."""
        return self.ticks[-1] + 1

    # Operations: which statuses may refuse it (none: it is done), and what it does.

    def refuses_create(self, draft: Draft) -> set[int]:
        begin = self.now if draft.valid_from is None else draft.valid_from
        old = [self.memories.get(each) for each in draft.supersedes]
        taken = any(self.successor(each) for each in draft.supersedes)
        early = any(each and begin <= each.last.valid_from for each in old)
        return _reasons(
            (400, not _forward(begin, draft.valid_to)), (404, None in old), (409, taken or early)
        )

    def twins(self, draft: Draft) -> set[str]:
        """Memories that may stand for the draft; one that holds it already keeps it out."""
        if not draft.dedup or draft.supersedes:
            return set()
        begin = self.now if draft.valid_from is None else draft.valid_from
        text = normalised(draft.content)
        return {
            each.id
            for each in self.memories.values()
            if each.claims
            and each.scope == draft.scope
            and normalised(each.last.content) == text
            and (draft.valid_to is None or each.last.valid_from < draft.valid_to)
            and (each.last.valid_to is None or begin < each.last.valid_to)
            and not (each.last.valid_from > max(self.now, begin))
        }

    def not_stored(self, draft: Draft, twin: str) -> set[str]:
        """An end that was not given is asked for as well: none."""
        last = self.memories[twin].last
        given = {"content", "metadata", "valid_from"}
        lost = {name for name in given if getattr(draft, name) not in (None, getattr(last, name))}
        return lost if draft.valid_to == last.valid_to else {*lost, "valid_to"}

    def create(self, memory_id: str, at: int, draft: Draft) -> None:
        self._tick(at)
        begin = at if draft.valid_from is None else draft.valid_from
        first = Version(begin, draft.valid_to, at, draft.metadata or {}, draft.content)
        memory = Memory(memory_id, [first], draft.scope, draft.dedup, draft.supersedes)
        for old in map(self.memories.__getitem__, draft.supersedes):
            end = begin if old.last.valid_to is None else min(begin, old.last.valid_to)
            old.versions.append(replace(old.last, valid_to=end, recorded=at, event="SUPERSEDE"))
            ends = (memory_id, "SUPERSEDES", old.id)
            self.edges[" ".join(ends)] = Edge(" ".join(ends), [Version(begin, None, at, {})], *ends)
        self.memories[memory_id] = memory
        self.ever.append(memory_id)

    def named(self, text: str) -> str:
        """Ids as M0, M1 … in order of creation."""
        for place, memory_id in enumerate(self.ever):
            text = text.replace(memory_id, f"M{place}")
        return text

    def corrected(self, memory_id: str, changes: Json) -> Version:
        """What the memory would say; only given fields are in `changes`."""
        last = self.memories[memory_id].last
        merged = last.metadata | changes.get("metadata", {})
        merged = {name: value for name, value in merged.items() if value is not None}
        return replace(last, event="UPDATE", **(changes | {"metadata": merged}))

    def refuses_correct(self, memory_id: str, changes: Json) -> set[int]:
        fresh = self.corrected(memory_id, changes)
        old = [
            self.memories[each].last
            for each in self.memories[memory_id].supersedes
            if each in self.memories
        ]
        backwards = any(
            fresh.valid_from <= each.valid_from or fresh.valid_from < (each.valid_to or 0)
            for each in old
        )
        successor = self.successor(memory_id)
        beyond = successor and (
            fresh.valid_to is None or fresh.valid_to > self.memories[successor].last.valid_from
        )
        return _reasons(
            (400, not _forward(fresh.valid_from, fresh.valid_to)), (409, backwards or bool(beyond))
        )

    def correct(self, memory_id: str, at: int, changes: Json) -> None:
        fresh = self.corrected(memory_id, changes)
        memory = self.memories[memory_id]
        if fresh.says_as(memory.last):
            return
        self._tick(at)
        if fresh.valid_from != memory.last.valid_from:
            for edge in self.edges.values():
                if (edge.source, edge.relation) == (memory_id, "SUPERSEDES"):
                    begun = replace(edge.last, valid_from=fresh.valid_from, recorded=at)
                    edge.versions.append(begun)
        memory.versions.append(replace(fresh, recorded=at))

    def erase(self, memory_id: str, at: int) -> None:
        self._tick(at)
        del self.memories[memory_id]
        self.edges = {
            key: edge
            for key, edge in self.edges.items()
            if memory_id not in (edge.source, edge.target)
        }

    def refuses_relate(
        self, source: str, target: str, valid_from: int | None, valid_to: int | None
    ) -> set[int]:
        begin = self.now if valid_from is None else valid_from
        return _reasons(
            (400, source == target or not _forward(begin, valid_to)),
            (404, not {source, target} <= self.memories.keys()),
        )

    def equal_edges(self, ends: Ends, valid_from: int | None, valid_to: int | None) -> set[str]:
        """Edges that stand already; without a beginning, one that has begun is the same."""
        return {
            edge.id
            for edge in self.edges.values()
            if edge.retracted is None
            and edge.ends == ends
            and edge.last.valid_to == valid_to
            and (
                edge.last.valid_from == valid_from
                or (valid_from is None and edge.last.valid_from <= self.now)
            )
        }

    def relate(
        self,
        edge_id: str,
        at: int,
        ends: Ends,
        valid_from: int | None,
        valid_to: int | None,
    ) -> None:
        self._tick(at)
        begin = at if valid_from is None else valid_from
        self.edges[edge_id] = Edge(edge_id, [Version(begin, valid_to, at, {})], *ends)

    def refuses_amend(self, edge_id: str, valid_to: int | None) -> set[int]:
        edge = self.edges.get(edge_id)
        if edge is None or edge.retracted is not None:
            return {404}
        return _reasons((400, not _forward(edge.last.valid_from, valid_to)))

    def amend(self, edge_id: str, at: int, valid_to: int | None) -> None:
        edge = self.edges[edge_id]
        fresh = replace(edge.last, valid_to=valid_to)
        if fresh.says_as(edge.last):
            return
        self._tick(at)
        edge.versions.append(replace(fresh, recorded=at))

    def retract(self, edge_id: str, at: int) -> None:
        self._tick(at)
        self.edges[edge_id].retracted = at

    def _tick(self, at: int) -> None:
        assert at >= self.now, f"record time {iso(at)} is not later than {iso(self.ticks[-1])}"
        self.ticks.append(at)

    # Reads.

    def successor(self, memory_id: str, known_at: int | None = None) -> str | None:
        for each in self.memories.values():
            if memory_id in each.supersedes and (known_at is None or each.created <= known_at):
                return each.id
        return None

    def out(self, memory: Memory, version: Version, known_at: int | None = None) -> Json:
        successor = self.successor(memory.id, known_at)
        return {
            "id": memory.id,
            "user_id": self.user,
            "app_id": None,
            **memory.scope._asdict(),
            "run_id": memory.scope.session_id,
            "content": version.content,
            "memory": version.content,
            "categories": [],
            "immutable": False,
            "role": None,
            "actor_id": None,
            "expiration_date": None if successor else last_day(version.valid_to),
            "created_at": iso(memory.created),
            "version": memory.versions.index(version) + 1,
            **version.stamps(),
            **({"superseded": True, "superseded_by": successor} if successor else {}),
        }

    def get(self, memory_id: str, view: View) -> Json | None:
        memory = self.memories.get(memory_id)
        version = memory.known(view.known_at) if memory else None
        if memory is None or version is None:
            return None
        if view.as_of is not None and not version.valid(view.as_of):
            return None
        return self.out(memory, version, view.known_at)

    def instant(self, view: View) -> int:
        return self.now if view.as_of is None else view.as_of

    def world(self, view: View) -> World:
        nodes = {
            memory.id: self.out(memory, version, view.known_at)
            for memory in self.memories.values()
            if (version := memory.known(view.known_at)) and self._shows(memory, version, view)
        }
        edges = [
            edge.out(version)
            for edge in self.edges.values()
            if (version := edge.known(view.known_at))
            and version.valid(self.instant(view))
            and {edge.source, edge.target} <= nodes.keys()
        ]
        return World(nodes, edges)

    def _shows(self, memory: Memory, version: Version, view: View) -> bool:
        if version.valid(self.instant(view)):
            return True
        ended = version.valid_from <= self.instant(view)
        return ended and (
            view.superseded if self.successor(memory.id, view.known_at) else view.expired
        )

    def difference(self, start: int, end: int, known_at: int | None, scope: Scope) -> Json:
        before = self.world(View(start, known_at)).within(scope)
        after = self.world(View(end, known_at)).within(scope)
        until = end if known_at is None else min(end, known_at)

        def memory(key: str, known: int) -> Json | None:
            version = self.memories[key].known(known)
            return self.out(self.memories[key], version, known) if version else None

        def edge(key: str, known: int) -> Json | None:
            version = self.edges[key].known(known)
            return self.edges[key].out(version) if version else None

        def changed(keys: Iterable[str], read: Any) -> list[Json]:
            both = [(read(key, start), read(key, until)) for key in keys]
            return [
                {"before": old, "after": new}
                for old, new in both
                if old and new and start < micros(new["updated_at"]) <= until
            ]

        edges = [{e["id"]: e for e in world.edges} for world in (before, after)]
        first = self.world(View(start, min(start, until))).within(scope)
        retracted = [
            each
            for each in first.edges
            if {each["source"], each["target"]} <= before.nodes.keys()
            and start < (self.edges[each["id"]].retracted or 0) <= until
        ]
        return {
            "nodes": _apart(before.nodes, after.nodes)
            | {"changed": changed(before.nodes.keys() & after.nodes.keys(), memory)},
            "edges": _apart(*edges)
            | {"changed": changed(edges[0].keys() & edges[1].keys(), edge), "retracted": retracted},
        }


def _apart(before: dict[str, Json], after: dict[str, Json]) -> Json:
    return {
        "began": [each for key, each in after.items() if key not in before],
        "ended": [each for key, each in before.items() if key not in after],
    }


def _forward(valid_from: int, valid_to: int | None) -> bool:
    return valid_to is None or valid_from < valid_to


def _reasons(*cases: tuple[int, bool]) -> set[int]:
    return {status for status, refused in cases if refused}
