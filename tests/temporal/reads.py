"""Every kind of read over REST, held against the oracle at instants chosen from the state."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import pairwise
from random import Random
from typing import Any

import httpx

from tests.temporal.oracle import Timeline
from tests.temporal.versions import Json, Scope, View, iso, micros
from tests.temporal.worlds import depths, score, steps

GRID = ("2020-01-01", "2021-01-01", "2022-01-01", "2023-01-01", "2200-01-01")
SCOPES = (Scope(), Scope("s1"), Scope("s2"), Scope(agent_id="bot"), Scope("s1", "bot"))
QUERIES = ("Where does Ann live?", "oslo", "tea with Bob")
RELATIONS = ("KNOWS", "LIKES")
ROOT = "/v1/memories"
Answer = tuple[int, Any]


class Rest:
    """The service over REST, in process, on one event loop that stands still between calls."""

    def __init__(self, runner: asyncio.Runner, client: httpx.AsyncClient) -> None:
        self._runner, self._client = runner, client

    def __call__(self, method: str, path: str, body: Json | None = None, **query: Any) -> Answer:
        """Status and body; query parameters of None are left out."""
        given = {name.rstrip("_"): value for name, value in query.items() if value is not None}
        request = self._client.request(method, f"{ROOT}{path}", json=body, params=given)
        answer = self._runner.run(request)
        return answer.status_code, answer.json()


class Reads:
    """Each public method is one kind of read. `chance` decides what it asks for."""

    def __init__(self, rest: Rest, timeline: Timeline, chance: Random) -> None:
        self._rest, self._timeline, self._chance = rest, timeline, chance
        self._view = self._some_view()
        self._asked = ""

    # What to ask for.

    def _some_instant(self, known: bool) -> int:
        """Mostly at or beside one where something there begins, ends or is recorded."""
        timeline = self._timeline
        things = (*timeline.memories.values(), *timeline.edges.values())
        if known or not things or self._maybe():
            near = self._chance.choice(timeline.ticks)
        else:
            version = self._chance.choice(self._chance.choice(things).versions)
            near = self._chance.choice((version.valid_from, version.valid_to or micros(GRID[0])))
        return near + self._chance.choice((-1, 0, 0, 1))

    def _some_view(self) -> View:
        as_of = self._some_instant(known=False) if self._chance.random() < 0.6 else None
        known_at = self._some_instant(known=True) if self._maybe() else None
        return View(as_of, known_at, self._maybe(), self._maybe())

    def _maybe(self) -> bool:
        return self._chance.random() < 0.5

    def _asking(self, **more: Any) -> Json:
        view = self._view
        return more | {
            "as_of": None if view.as_of is None else iso(view.as_of),
            "known_at": None if view.known_at is None else iso(view.known_at),
            "include_superseded": view.superseded or None,
            "include_expired": view.expired or None,
        }

    def _scoped(self, scope: Scope, **more: Any) -> Json:
        return self._asking(user_id=self._timeline.user, **scope._asdict(), **more)

    def _some_walk(self) -> Json:
        relation = self._chance.choice(
            ([], [], ["KNOWS"], ["LIKES", "SUPERSEDES"], ["FOLLOWS"], ["FOLLOWS", "KNOWS"])
        )
        return {"relation": relation, "include_system": self._maybe() or None}

    # Asking and comparing.

    def _ask(self, method: str, path: str, body: Json | None = None, **query: Any) -> Answer:
        given = {name: value for name, value in query.items() if value not in (None, [])}
        self._asked = f"{method} {path} {body or given}"
        status, answer = self._rest(method, path, body, **query)
        return status, _with_names(answer)

    def _pages(self, path: str, **query: Any) -> list[Json]:
        pages: list[Json] = []
        cursor = None
        while not pages or cursor:
            status, page = self._ask("GET", path, cursor=cursor, **query)
            self._same("status", status, 200)
            pages.append(page)
            cursor = page["next_cursor"]
            assert len(pages) < 100, self._told("does not end")
        return pages

    def _told(self, problem: str) -> str:
        return self._timeline.named(f"{self._asked}: {problem}")

    def _same(self, what: str, got: Any, want: Any) -> None:
        assert got == want, self._told(f"{what}\n   got: {got}\n  want: {want}")

    def _same_set(self, what: str, got: Sequence[Json], want: Sequence[Json]) -> None:
        lacking = [each for each in want if each not in got]
        beyond = [each for each in got if each not in want]
        whole = not lacking and not beyond and len(got) == len(want)
        assert whole, self._told(f"{what} of {len(want)}\n  lacks: {lacking}\n  beyond: {beyond}")

    # The kinds.

    def listed(self) -> None:
        scope, order = self._chance.choice(SCOPES), self._chance.choice(("asc", "desc"))
        want = [*self._timeline.world(self._view).within(scope).nodes.values()]
        query = self._scoped(scope, order=order, limit=self._chance.choice((2, 1000)))
        got = [each for page in self._pages("", **query) for each in page["memories"]]
        self._same("memories", got, want[:: 1 if order == "asc" else -1])

    def by_id(self) -> None:
        query = self._asking(include_superseded=None, include_expired=None)
        for memory_id in self._chance.sample(self._timeline.ever, min(2, len(self._timeline.ever))):
            status, got = self._ask(
                "GET", f"/{memory_id}", as_of=query["as_of"], known_at=query["known_at"]
            )
            want = self._timeline.get(memory_id, self._view)
            self._same("status", status, 404 if want is None else 200)
            if want is not None:
                self._same("memory", got, want)

    def history(self) -> None:
        for memory in self._timeline.memories.values():
            status, got = self._ask("GET", f"/{memory.id}/history")
            self._same("status", status, 200)
            ends = [*(each.recorded for each in memory.versions[1:]), None]
            want = [
                {"event": each.event, "content": each.content, "version": number + 1}
                | {"recorded_at": iso(each.recorded), **each.stamps()}
                | {"retracted_at": None if end is None else iso(end)}
                for number, (each, end) in enumerate(zip(memory.versions, ends, strict=True))
            ]
            shape = want[0].keys()
            self._same("versions", [{name: each[name] for name in shape} for each in got], want)

    def search(self) -> None:
        scope, text = self._chance.choice(SCOPES), self._chance.choice(QUERIES)
        mood = self._chance.choice((None, None, "calm"))
        half_life = self._chance.choice((None, None, 400.0))
        body = self._scoped(scope, query=text, threshold=0, limit=1000)
        body["filters"] = mood and {"metadata": {"mood": mood}}
        body["decay"] = half_life and {"half_life_days": half_life}
        body = {name: value for name, value in body.items() if value is not None}
        status, answer = self._ask("POST", "/search", body)
        self._same("status", status, 200)
        got = answer["memories"]
        scores = [each.pop("score") for each in got]
        self._same("order of scores", scores, sorted(scores, reverse=True))
        nodes = self._timeline.world(self._view).within(scope).nodes.values()
        self._same_set(
            "memories",
            got,
            [each for each in nodes if mood in (None, each["metadata"].get("mood"))],
        )
        at = self._timeline.instant(self._view)
        for each, told in zip(got, scores, strict=True):
            want = score(text, each, at, half_life)
            self._same(f"score of {each['id']}", abs(told - want) < 1e-3 or told, True)

    def related(self) -> None:
        world, walk = self._timeline.world(self._view), self._some_walk()
        start, depth = self._chance.choice(self._timeline.ever), self._chance.randint(1, 3)
        direction = self._chance.choice(("out", "in", "both"))
        query = self._asking(depth=depth, direction=direction, limit=1000, **walk)
        status, got = self._ask("GET", f"/{start}/related", **query)
        if start not in world.nodes:
            return self._not_shown(status, got, {"memories": [], "truncated": False}, start)
        allowed = steps(world.links(walk["relation"], bool(walk["include_system"])), direction)
        far = depths(start, allowed)
        want = {key: far[key] for key in far if 0 < far[key] <= depth}
        self._same("status", status, 200)
        walkable = {(a, b) for a, b, _ in allowed}
        hits = got["memories"]
        self._same("depths", {each["id"]: each["depth"] for each in hits}, want)
        self._same("each once", len(hits), len(want))
        self._same("nearest first", [each["depth"] for each in hits], sorted(want.values()))
        self._same("truncated", got["truncated"], False)
        for hit in hits:
            way, edge = hit["path"], hit["edge"]
            told = ("relation", "depth", "path", "edge")
            node = {name: value for name, value in hit.items() if name not in told}
            self._same("memory", node, world.nodes[hit["id"]])
            self._same(
                "ends and length of the path",
                (way[0], way[-1], len(way) - 1),
                (start, hit["id"], hit["depth"]),
            )
            self._same("depths along the path", [far.get(each) for each in way], [*range(len(way))])
            leaps = [each for each in pairwise(way) if each not in walkable]
            self._same("steps along no edge", leaps, [])
            self._same("edge", (way[-2], way[-1], edge) in allowed or edge, True)
            self._same("relation", hit["relation"], edge["relation"])
        self._same("the same answer again", self._ask("GET", f"/{start}/related", **query)[1], got)
        first = self._ask("GET", f"/{start}/related", **query | {"limit": 2})[1]
        self._same("the first two", first, {"memories": hits[:2], "truncated": len(hits) > 2})
        return None

    def relationships(self) -> None:
        world, walk = self._timeline.world(self._view), self._some_walk()
        start = self._chance.choice(self._timeline.ever)
        status, got = self._ask("GET", f"/{start}/relationships", **self._asking(**walk))
        if start not in world.nodes:
            return self._not_shown(status, got, {"relationships": []}, start)
        self._same("status", status, 200)
        links = world.links(walk["relation"], bool(walk["include_system"]))
        want = [each for each in links if start in (each["source"], each["target"])]
        self._same_set("relationships", got["relationships"], want)
        return None

    def graph(self) -> None:
        scope, walk = self._chance.choice(SCOPES), self._some_walk()
        world = self._timeline.world(self._view).within(scope)
        query = self._scoped(scope, limit=self._chance.choice((2, 3, 1000)), **walk)
        pages = self._pages("/graph", **query)
        nodes = [each for page in pages for each in page["nodes"]]
        self._same("nodes", nodes, [*world.nodes.values()][::-1])
        edges = [each for page in pages for each in page["edges"]]
        self._same_set("edges", edges, world.links(walk["relation"], bool(walk["include_system"])))
        self._same(
            "truncated", [each["truncated"] for each in pages], [True] * (len(pages) - 1) + [False]
        )
        shown: set[str] = set()
        for page in pages:
            fresh = {each["id"] for each in page["nodes"]}
            shown |= fresh
            for each in page["edges"]:
                ends = {each["source"], each["target"]}
                self._same(f"the page of {each}", (ends <= shown, bool(ends & fresh)), (True, True))

    def path(self) -> None:
        world, walk = self._timeline.world(self._view), self._some_walk()
        start, end = (
            self._chance.choice(self._timeline.ever),
            self._chance.choice(self._timeline.ever),
        )
        direction, most = self._chance.choice(("out", "in", "both")), self._chance.randint(1, 6)
        query = self._asking(from_=start, to=end, max_depth=most, direction=direction, **walk)
        status, got = self._ask("GET", "/path", **query)
        if not {start, end} <= world.nodes.keys():
            return self._not_shown(status, got, _way([], []), start, end)
        self._same("status", status, 200)
        allowed = steps(world.links(walk["relation"], bool(walk["include_system"])), direction)
        length = depths(start, allowed).get(end, most + 1)
        if length > most:
            return self._same("path", got, _way([], []))
        self._same("length", (len(got["memories"]) - 1, len(got["edges"])), (length, length))
        ids = [each["id"] for each in got["memories"]]
        self._same("ends", (ids[0], ids[-1]), (start, end))
        self._same("memories", got["memories"], [world.nodes[each] for each in ids])
        for step in zip(ids, ids[1:], got["edges"], strict=False):
            self._same("step", step in allowed or step, True)
        self._same("the same answer again", self._ask("GET", "/path", **query)[1], got)
        return None

    def difference(self) -> None:
        scope, known_at = self._chance.choice(SCOPES), self._view.known_at
        start, end = (self._some_instant(known=False) for _ in range(2))
        span = {"from_": iso(start), "to": iso(end), "known_at": known_at and iso(known_at)}
        query = {"user_id": self._timeline.user, **scope._asdict(), **span}
        if end <= start:
            self._same("status", self._ask("GET", "/graph/diff", **query)[0], 400)
            return
        limit = self._chance.choice((2, 1000))
        pages = self._pages("/graph/diff", **query, limit=limit)
        want = self._timeline.difference(start, end, known_at, scope)
        for things, parts in want.items():
            for part, each in parts.items():
                got = [one for page in pages for one in page[things][part]]
                self._same_set(f"{things} {part}", got, each)
            self._same("parts", pages[0][things].keys(), parts.keys())

    def _not_shown(self, status: int, got: Json, empty: Json, *ids: str) -> None:
        """What is not in the view's world, and may not exist at all."""
        there = all(each in self._timeline.memories for each in ids)
        want = 200 if there and not self._view.explicit else 404
        self._same("status", status, want)
        if want == 200:
            self._same("answer", got, empty)


KINDS: tuple[Callable[[Reads], None], ...] = (
    Reads.listed,
    Reads.related,
    Reads.graph,
    Reads.search,
    Reads.path,
    Reads.difference,
    Reads.relationships,
    Reads.by_id,
    Reads.history,
)


def _way(memories: list[Json], edges: list[Json]) -> Json:
    return {"memories": memories, "edges": edges, "truncated": False}


def _with_names(answer: Any) -> Any:
    """The ids of SUPERSEDES edges, which no operation tells, as the oracle writes them."""
    if isinstance(answer, list):
        return [_with_names(each) for each in answer]
    if not isinstance(answer, dict):
        return answer
    if answer.get("relation") == "SUPERSEDES" and str(answer.get("id")).startswith("rel_"):
        return answer | {"id": f"{answer['source']} SUPERSEDES {answer['target']}"}
    return {name: _with_names(each) for name, each in answer.items()}
