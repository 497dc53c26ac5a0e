"""Random timelines of one owner over REST, held against a brute-force oracle after every operation.

`make test` runs the same sequences each time, `make soak` more and others.
"""

from __future__ import annotations

import asyncio
import os
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from itertools import cycle
from random import Random
from typing import Any, NamedTuple

import httpx
import pytest
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from config import Settings
from config.settings import Calibration
from deployments.api import create_app
from tests.redis_server import RedisServer
from tests.service import started
from tests.temporal.oracle import Timeline
from tests.temporal.reads import GRID, KINDS, RELATIONS, Reads, Rest
from tests.temporal.versions import Draft, Ends, Json, Scope, Version, iso, micros
from tests.temporal.worlds import INTERCEPT, SLOPE
from tests.weaviate_server import WeaviateServer

STEPS = 30
"""The first step is three operations, each of the others one."""
READS_A_STEP = 4
SOAK = os.environ.get("MEM0G_TEST_SOAK") == "1"
SEQUENCES = 500 if SOAK else 30


def sequences(count: int) -> settings:
    """So many random sequences: in `make test` the same ones each time, not made smaller."""
    return settings(
        max_examples=count,
        stateful_step_count=STEPS,
        deadline=None,
        derandomize=not SOAK,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[phase for phase in Phase if SOAK or phase is not Phase.shrink],
    )


WEAVIATE = pytest.mark.weaviate
CONTENTS = (
    "Ann lives in Oslo",
    "  ann lives in OSLO!",
    "Ann lives in Bergen",
    "Bob drinks tea with Ann",
    "Bob drinks coffee",
)

Times = tuple[str | None, str | None]
"""When it begins, when it ends; None: with its record, and never."""
TIMES = [(begin, end) for begin in GRID for end in (None, *GRID) if end is None or begin < end]

contents = st.sampled_from(CONTENTS)
instants = st.none() | st.sampled_from(GRID)
times = st.just((None, None)) | st.sampled_from(TIMES) | st.tuples(instants, instants)
scopes = st.builds(
    Scope, st.sampled_from(("s1", "s1", "s2", None)), st.sampled_from((None, None, "bot"))
)
moods = st.sampled_from((None, {"mood": "calm"}, {"mood": "sad", "place": "home"}))
relations = st.sampled_from(RELATIONS)


def _micros(text: str | None) -> int | None:
    return None if text is None else micros(text)


def _iso(instant: int | None) -> str | None:
    return None if instant is None else iso(instant)


class Handle(NamedTuple):
    """An edge as it was made."""

    id: str
    ends: Ends
    first: Version

    def path(self, far: bool) -> str:
        return f"/{self.ends[2 if far else 0]}/relationships/{self.id}"


class Timelines(RuleBasedStateMachine):
    """Every rule is one operation. The oracle says beforehand whether it is refused, and takes
    ids and record times from the answer."""

    memories = Bundle("memories")
    erased = Bundle("erased")
    edges = Bundle("edges")
    retracted = Bundle("retracted")

    def __init__(self, rest: Rest) -> None:
        super().__init__()
        self.rest = rest
        self.timeline = Timeline(f"user-{uuid.uuid4()}", [time.time_ns() // 1000])
        self.kinds = cycle(KINDS)

    # Memories.

    @initialize(target=memories, reads=st.integers(0, 2**32 - 1))
    def three_memories(self, reads: int) -> Any:
        """`reads` decides what all reads of the sequence ask for."""
        self.chance = Random(reads)
        drafts = [Draft(content, Scope("s1")) for content in CONTENTS[2:]]
        return multiple(*map(self.add, drafts))

    @rule(
        target=memories,
        content=contents,
        scope=scopes,
        times=times,
        metadata=moods,
        dedup=st.sampled_from((True, True, False)),
    )
    def create(
        self, content: str, scope: Scope, times: Times, metadata: Json | None, dedup: bool
    ) -> Any:
        return self.add(Draft(content, scope, metadata, *map(_micros, times), dedup))

    @rule(target=memories, memory=memories, times=times)
    def repeat(self, memory: str, times: Times) -> Any:
        """What is said already, of some time."""
        said = self.timeline.memories[memory]
        return self.add(Draft(said.last.content.upper(), said.scope, None, *map(_micros, times)))

    @rule(
        target=memories,
        content=contents,
        scope=scopes,
        old=memories,
        other=st.none() | memories,
        times=times,
    )
    def supersede(
        self, content: str, scope: Scope, old: str, other: str | None, times: Times
    ) -> Any:
        supersedes = tuple(dict.fromkeys(filter(None, (old, other))))
        return self.add(Draft(content, scope, None, *map(_micros, times), supersedes=supersedes))

    @rule(
        memory=memories,
        content=st.none() | contents,
        metadata=moods | st.just({"mood": None}),
        valid_from=st.none() | instants,
        valid_to=st.just("unset") | instants,
    )
    def correct(
        self,
        memory: str,
        content: str | None,
        metadata: Json | None,
        valid_from: str | None,
        valid_to: str | None,
    ) -> None:
        given = {"content": content, "metadata": metadata, "valid_from": valid_from}
        changes = {name: value for name, value in given.items() if value is not None}
        self.put(memory, changes | ({} if valid_to == "unset" else {"valid_to": valid_to}))

    @precondition(lambda self: any(each.last.valid_to for each in self.timeline.memories.values()))
    @rule(memory=memories)
    def reopen(self, memory: str) -> None:
        self.put(memory, {"valid_to": None})

    @precondition(lambda self: len(self.timeline.memories) > 3)
    @rule(target=erased, memory=consumes(memories))
    def erase(self, memory: str) -> str:
        answer = self.ask("DELETE", f"/{memory}", {200})
        self.timeline.erase(memory, micros(answer["updated_at"]))
        return memory

    @rule(
        memory=erased,
        living=memories,
        how=st.sampled_from(("get", "put", "delete", "relate", "relate to", "supersede")),
    )
    def touch_erased(self, memory: str, living: str, how: str) -> None:
        edge = {"relation": "KNOWS", "target_id": living}
        draft = {"content": "Too late", "user_id": self.timeline.user, "supersedes": [memory]}
        method, path, body = {
            "get": ("GET", f"/{memory}", None),
            "put": ("PUT", f"/{memory}", {"content": "Too late"}),
            "delete": ("DELETE", f"/{memory}", None),
            "relate": ("POST", f"/{memory}/relationships", edge),
            "relate to": ("POST", f"/{living}/relationships", edge | {"target_id": memory}),
            "supersede": ("POST", "", draft),
        }[how]
        self.ask(method, path, {404}, body)

    # Edges.

    @rule(target=edges, source=memories, relation=relations, other=memories)
    def relate(self, source: str, relation: str, other: str) -> Any:
        return self.join((source, relation, other))

    @rule(target=edges, source=memories, relation=relations, other=memories, times=times)
    def relate_for_a_time(self, source: str, relation: str, other: str, times: Times) -> Any:
        return self.join((source, relation, other), *map(_micros, times))

    @rule(target=edges, edge=edges)
    def relate_again(self, edge: Handle) -> Any:
        """200 where the edge still stands as it was made."""
        return self.join(edge.ends, edge.first.valid_from, edge.first.valid_to)

    @rule(target=edges, edge=retracted)
    def relate_anew(self, edge: Handle) -> Any:
        return self.join(edge.ends, edge.first.valid_from, edge.first.valid_to)

    @rule(edge=edges, valid_to=st.just(GRID[-1]) | st.sampled_from(GRID), far=st.booleans())
    def invalidate(self, edge: Handle, valid_to: str, far: bool) -> None:
        self.patch(edge, valid_to, far)

    @rule(edge=edges, far=st.booleans())
    def reopen_edge(self, edge: Handle, far: bool) -> None:
        self.patch(edge, None, far)

    @rule(target=retracted, edge=consumes(edges), far=st.booleans())
    def retract(self, edge: Handle, far: bool) -> Handle:
        refused = self.timeline.refuses_amend(edge.id, None)
        answer = self.ask("DELETE", edge.path(far), refused or {200})
        if not refused:
            self.timeline.retract(edge.id, micros(answer["updated_at"]))
        return edge

    @rule(edge=retracted, far=st.booleans(), amend=st.booleans())
    def touch_retracted(self, edge: Handle, far: bool, amend: bool) -> None:
        if amend:
            self.patch(edge, None, far)
        else:
            self.ask("DELETE", edge.path(far), {404})

    # What several rules do.

    def add(self, draft: Draft) -> Any:
        """The id, or nothing new."""
        timeline = self.timeline
        refused, twins = timeline.refuses_create(draft), timeline.twins(draft)
        body = {"content": draft.content, "user_id": timeline.user, **draft.scope._asdict()}
        body |= {"metadata": draft.metadata, "dedup": draft.dedup, "supersedes": draft.supersedes}
        body |= {"valid_from": _iso(draft.valid_from), "valid_to": _iso(draft.valid_to)}
        body = {name: value for name, value in body.items() if value not in (None, ())}
        answer = self.ask("POST", "", refused or {200 if twins else 201}, body)
        if refused:
            return multiple()
        if twins:
            assert answer["id"] in twins, f"{answer['id']} stands for it instead of {twins}"
            assert answer.pop("deduplicated") is True
            told = answer.pop("not_stored")
            assert sorted(told) == sorted(timeline.not_stored(draft, answer["id"])), told
            self.same_memory(answer)
            return multiple()
        timeline.create(answer["id"], micros(answer["created_at"]), draft)
        self.same_memory(answer)
        return answer["id"]

    def put(self, memory: str, changes: Json) -> None:
        at = ("valid_from", "valid_to")
        wanted = {name: _micros(value) if name in at else value for name, value in changes.items()}
        refused = self.timeline.refuses_correct(memory, wanted)
        answer = self.ask("PUT", f"/{memory}", refused or {200}, changes)
        if not refused:
            self.timeline.correct(memory, micros(answer["updated_at"]), wanted)
            self.same_memory(answer)

    def join(self, ends: Ends, valid_from: int | None = None, valid_to: int | None = None) -> Any:
        timeline, (source, relation, target) = self.timeline, ends
        refused = timeline.refuses_relate(source, target, valid_from, valid_to)
        standing = timeline.equal_edges(ends, valid_from, valid_to)
        body = {"target_id": target, "relation": relation}
        body |= {"valid_from": _iso(valid_from), "valid_to": _iso(valid_to)}
        path = f"/{source}/relationships"
        answer = self.ask("POST", path, refused or {200 if standing else 201}, body)
        if refused:
            return multiple()
        if standing:
            assert answer["id"] in standing
            self.same_edge(answer)
            return multiple()
        timeline.relate(answer["id"], micros(answer["created_at"]), ends, valid_from, valid_to)
        self.same_edge(answer)
        return Handle(answer["id"], ends, timeline.edges[answer["id"]].last)

    def patch(self, edge: Handle, valid_to: str | None, far: bool) -> None:
        refused = self.timeline.refuses_amend(edge.id, _micros(valid_to))
        answer = self.ask("PATCH", edge.path(far), refused or {200}, {"valid_to": valid_to})
        if not refused:
            self.timeline.amend(edge.id, micros(answer["updated_at"]), _micros(valid_to))
            self.same_edge(answer)

    def ask(self, method: str, path: str, wanted: set[int], body: Json | None = None) -> Json:
        status, answer = self.rest(method, path, body)
        asked = self.timeline.named(f"{method} {path or '/'} {body or ''} -> {status}")
        note(f"# {asked}")
        assert status in wanted, f"{asked} {answer} instead of {wanted}"
        return answer

    def same_memory(self, answer: Json) -> None:
        memory = self.timeline.memories[answer["id"]]
        assert answer == self.timeline.out(memory, memory.last)

    def same_edge(self, answer: Json) -> None:
        edge = self.timeline.edges[answer["id"]]
        assert answer == edge.out(edge.last)

    # Reads: some kinds after every step, in turn, and all of them in the end.

    @invariant()
    def reads_agree(self) -> None:
        if self.timeline.ever:
            self.read(next(self.kinds) for _ in range(READS_A_STEP))

    def teardown(self) -> None:
        if self.timeline.ever:
            self.read(KINDS)

    def read(self, kinds: Iterable[Callable[[Reads], None]]) -> None:
        for kind in kinds:
            kind(Reads(self.rest, self.timeline, self.chance))


@pytest.fixture(scope="module", params=["embedded", pytest.param("weaviate", marks=WEAVIATE)])
def backend(request: pytest.FixtureRequest) -> Iterator[Json]:
    """Settings of one vector store."""
    if request.param == "embedded":
        yield {}
        return
    server: WeaviateServer = request.getfixturevalue("weaviate_process")
    collection = f"Test{uuid.uuid4().hex}"
    place = {"http_url": server.http_url, "grpc_url": server.grpc_url, "collection": collection}
    yield {"vector_store": {"backend": "weaviate"}, "weaviate": place}
    server.remove(collection)


@pytest.fixture(scope="module")
def rest(
    backend: Json, redis_process: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Rest]:
    redis_process.flush()
    calibration = Calibration(slope=SLOPE, intercept=INTERCEPT)
    configured = Settings(
        data_dir=tmp_path_factory.mktemp("temporal"),
        ranking={"calibrations": {"test/words": calibration}},
        **backend,
    )
    with asyncio.Runner() as runner:
        service = runner.run(started(configured, redis_process.url))
        transport = httpx.ASGITransport(create_app(service, configured))
        client = httpx.AsyncClient(transport=transport, base_url="http://test")
        yield Rest(runner, client)
        runner.run(client.aclose())
        runner.run(service.care.close())


def test_random_timelines_read_as_the_oracle_says(rest: Rest) -> None:
    run_state_machine_as_test(
        lambda: Timelines(rest),
        settings=sequences(SEQUENCES),
        _min_steps=STEPS - 1,  # or hypothesis now and then runs a shorter one
    )
