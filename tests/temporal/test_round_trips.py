"""Random timelines that are backed up and restored on an empty server while they go on, and moved
to another user and another project in the end: every read is held against the oracle as before."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import httpx
import pytest
from hypothesis.stateful import precondition, rule, run_state_machine_as_test

from access import open_access
from access.model import Pass, Right
from config import Settings
from config.settings import Calibration
from deployments.api import create_app
from memory.domain.caller import DEFAULT_PROJECT, Caller
from tests.redis_server import RedisServer
from tests.service import OpenService, started
from tests.temporal.oracle import Timeline
from tests.temporal.reads import KINDS, Reads, Rest
from tests.temporal.test_timelines import SOAK, Timelines, sequences
from tests.temporal.worlds import INTERCEPT, SLOPE

SEQUENCES = 200 if SOAK else 3
HEADERS = {"Content-Type": "application/x-ndjson"}


class OneProject:
    """A door behind which everybody is in one project."""

    def __init__(self, project: str) -> None:
        self._visitor = Pass(Caller(project), "test", frozenset(Right), everywhere=True)

    async def enter(self, credential: str) -> Pass:
        return self._visitor

    async def count(self, visitor: Pass, demand: object) -> None:
        return None


class Lands:
    """A server that can be emptied, with a service on it whose index is empty then as well."""

    def __init__(self, runner: asyncio.Runner, redis: RedisServer, folder: Path) -> None:
        self._runner, self._redis, self._folder = runner, redis, folder
        self._service: OpenService | None = None
        self._clients: dict[str, httpx.AsyncClient] = {}

    def empty(self) -> None:
        self.close()
        self._redis.flush()
        configured = Settings(
            data_dir=Path(mkdtemp(dir=self._folder)),
            redis={"url": self._redis.url},
            ranking={"calibrations": {"test/words": Calibration(slope=SLOPE, intercept=INTERCEPT)}},
        )
        self._service = self._runner.run(started(configured, self._redis.url))
        for project in (DEFAULT_PROJECT, "elsewhere"):
            access = replace(open_access(configured, self._redis.url), door=OneProject(project))
            app = create_app(self._service, configured, access=access)
            transport = httpx.ASGITransport(app)
            self._clients[project] = httpx.AsyncClient(transport=transport, base_url="http://test")

    def make(self, project: str) -> None:
        """Only the default project is made by its first use."""
        assert self._service is not None
        self._runner.run(self._service.record.projects.read(project, 1))

    def rest(self, project: str = DEFAULT_PROJECT) -> Rest:
        return Rest(self._runner, self._clients[project])

    def ask(self, method: str, path: str, project: str = DEFAULT_PROJECT, **sent: Any) -> Any:
        request = self._clients[project].request(method, path, headers=HEADERS, **sent)
        answer = self._runner.run(request)
        assert answer.status_code == 200, answer.text
        return answer

    def close(self) -> None:
        if self._service is not None:
            self._runner.run(self._service.care.close())
            self._service = None


class RoundTrips(Timelines):
    def __init__(self, lands: Lands) -> None:
        lands.empty()
        self.lands = lands
        super().__init__(lands.rest())

    @precondition(lambda self: self.timeline.ever)
    @rule()
    def restore(self) -> None:
        """On an empty server; the timeline goes on with the same ids."""
        backup = self.lands.ask("GET", "/v1/admin/backup").content
        self.lands.empty()
        self.rest = self.lands.rest()
        answer = self.lands.ask("POST", "/v1/admin/restore", content=backup).json()
        assert (answer["present"], answer["refused"]) == (0, [])

    def teardown(self) -> None:
        if not self.timeline.ever:
            return
        super().teardown()
        self.restore()
        super().teardown()
        self.move("other", DEFAULT_PROJECT)
        self.lands.make("elsewhere")
        self.move(self.timeline.user, "elsewhere")

    def move(self, user: str, project: str) -> None:
        lines = self.lands.ask("GET", "/v1/export", params={"user_id": self.timeline.user}).content
        sent = {"project": project, "content": lines, "params": {"user_id": user}}
        answer = self.lands.ask("POST", "/v1/import", **sent).json()
        things = len(self.timeline.memories) + len(self.timeline.edges)
        assert answer["refused"] == []
        assert answer["imported"] == things
        ids = answer["ids"]
        assert len(set(ids.values()) - set(ids)) == things
        again = self.lands.ask("POST", "/v1/import", **sent).json()
        assert (again["present"], again["imported"], again["ids"]) == (things, 0, ids)
        moved = _renamed(self.timeline, user, ids)
        for kind in KINDS * 2:
            kind(Reads(self.lands.rest(project), moved, self.chance))


def _renamed(timeline: Timeline, user: str, ids: dict[str, str]) -> Timeline:
    moved = deepcopy(timeline)
    memories, edges = [*moved.memories.values()], [*moved.edges.values()]
    for memory in memories:
        memory.id = ids[memory.id]
        memory.supersedes = tuple(ids[each] for each in memory.supersedes if each in ids)
    for edge in edges:
        edge.source, edge.target = ids[edge.source], ids[edge.target]
        edge.id = " ".join(edge.ends) if edge.relation == "SUPERSEDES" else ids[edge.id]
    ever = [ids.get(each, each) for each in moved.ever]
    by_id = {each.id: each for each in memories}
    return replace(
        moved, user=user, memories=by_id, edges={each.id: each for each in edges}, ever=ever
    )


@pytest.fixture(scope="module")
def lands(redis_process: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lands]:
    with asyncio.Runner() as runner:
        found = Lands(runner, redis_process, tmp_path_factory.mktemp("lands"))
        yield found
        found.close()


def test_a_timeline_that_came_from_a_backup_or_an_export_reads_as_before(lands: Lands) -> None:
    run_state_machine_as_test(lambda: RoundTrips(lands), settings=sequences(SEQUENCES))
