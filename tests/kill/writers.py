"""Writers that send each request, with one Idempotency-Key, until it is acknowledged."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import httpx

from tests.kill.ledger import Kept, Ledger, Related

AGAIN = {429, 502, 503, 504}
"""Answers after which a client sends the same request again."""
GIVE_UP_S = 90
_WORDS = ["amber", "anchor", "apple", "bridge", "candle", "canyon", "cello", "coffee", "desert"]
_WORDS += ["falcon", "glacier", "harbor", "jasmine", "lantern", "linen", "marble", "mirror"]
_WORDS += ["needle", "orchard", "pepper", "quartz", "river", "saddle", "timber", "violin"]


class Crew:
    """Writers that run together; knows what is under way and what was acknowledged."""

    def __init__(self, url: str, count: int, seed: int) -> None:
        self.url = url
        self.stopping = threading.Event()
        self.statuses: Counter[int] = Counter()
        self._under_way: set[str] = set()
        self._lock = threading.Lock()
        self.writers = [Writer(self, number, seed) for number in range(count)]
        for writer in self.writers:
            writer.start()

    def ledger(self) -> Ledger:
        return Ledger.merged(writer.ledger for writer in self.writers)

    @property
    def acknowledged(self) -> int:
        return sum(writer.acknowledged for writer in self.writers)

    def under_way(self) -> set[str]:
        """Keys of requests that were sent and not answered yet."""
        with self._lock:
            return set(self._under_way)

    @contextmanager
    def sending(self, key: str) -> Iterator[None]:
        with self._lock:
            self._under_way.add(key)
        try:
            yield
        finally:
            with self._lock:
                self._under_way.discard(key)

    def until(self, acknowledged: int) -> None:
        """Return once so many writes in all are acknowledged; raises what a writer met."""
        deadline = time.monotonic() + GIVE_UP_S
        while self.acknowledged < acknowledged:
            self.check()
            assert time.monotonic() < deadline, f"writers are stuck: {self.statuses}"
            time.sleep(0.02)

    def stop(self) -> Ledger:
        """What was acknowledged, once every request is."""
        self.stopping.set()
        for writer in self.writers:
            writer.join(GIVE_UP_S)
            assert not writer.is_alive(), "a writer was never answered"
        self.check()
        return self.ledger()

    def check(self) -> None:
        for writer in self.writers:
            if writer.failure is not None:
                raise AssertionError(f"writer {writer.number}") from writer.failure


class Writer(threading.Thread):
    """Writes memories of a user of its own, and of one that it shares with the others."""

    def __init__(self, crew: Crew, number: int, seed: int) -> None:
        super().__init__(name=f"writer-{number}", daemon=True)
        self.number, self._crew = number, crew
        self.ledger, self.acknowledged = Ledger(), 0
        self.failure: BaseException | None = None
        self._random = random.Random(f"{seed}-{number}")
        self._sent = 0

    def run(self) -> None:
        acts = [self.add, self.batch, self.correct, self.supersede, self.relate]
        acts += [self.amend, self.retract, self.erase]
        try:
            with httpx.Client(base_url=self._crew.url, timeout=40) as self._client:
                while not self._crew.stopping.is_set():
                    self._random.choices(acts, [6, 2, 3, 2, 4, 1, 1, 1])[0]()
        except BaseException as failure:
            self.failure = failure

    def add(self, **more: Any) -> Kept:
        draft = self._draft() | more
        memory = _kept(self._send("POST", "/v1/memories", draft))
        self.ledger.keep(memory)
        return memory

    def batch(self) -> None:
        drafts = [self._draft() for _ in range(4)]
        results = self._send("POST", "/v1/memories/batch", {"memories": drafts})["results"]
        for draft, result in zip(drafts, results, strict=True):
            assert result["status"] == 201, result
            assert result["memory"]["content"] == draft["content"]
            self.ledger.keep(_kept(result["memory"]))

    def correct(self) -> None:
        memory = self._one()
        content = self._content()
        answer = self._send("PUT", f"/v1/memories/{memory.id}", {"content": content})
        assert answer["version"] == memory.version + 1, (answer, memory)
        self.ledger.keep(replace(memory, contents=(*memory.contents, content)))

    def supersede(self) -> None:
        old = self._one()
        draft = self._draft() | {"user_id": old.user, "supersedes": [old.id]}
        self.ledger.supersede(old, _kept(self._send("POST", "/v1/memories", draft)))

    def relate(self) -> None:
        source = self._one()
        target = self._random.choice(
            [each for each in self.ledger.valid() if each.user == source.user]
        )
        if source.id == target.id:
            return
        relation = f"R{self._sent}"
        body = {"target_id": target.id, "relation": relation, "metadata": {"amended": 0}}
        edge = self._send("POST", f"/v1/memories/{source.id}/relationships", body)
        self.ledger.edges[edge["id"]] = Related(
            edge["id"], source.user, source.id, target.id, relation
        )

    def amend(self) -> None:
        if self.ledger.edges:
            edge = self._random.choice(list(self.ledger.edges.values()))
            fresh = replace(edge, amended=edge.amended + 1)
            body = {"metadata": {"amended": fresh.amended}}
            self._send("PATCH", f"/v1/memories/{edge.source}/relationships/{edge.id}", body)
            self.ledger.edges[edge.id] = fresh

    def retract(self) -> None:
        if self.ledger.edges:
            edge = self._random.choice(list(self.ledger.edges.values()))
            self._send("DELETE", f"/v1/memories/{edge.source}/relationships/{edge.id}")
            del self.ledger.edges[edge.id]

    def erase(self) -> None:
        memory = self._one()
        self._send("DELETE", f"/v1/memories/{memory.id}")
        self.ledger.erase(memory)

    def _one(self) -> Kept:
        """A memory that is valid now."""
        valid = self.ledger.valid()
        return self._random.choice(valid) if valid else self.add()

    def _draft(self) -> dict[str, Any]:
        """Without dedup: only its key keeps a request from storing a second one."""
        user = self._random.choice([f"writer-{self.number}"] * 3 + ["everybody"])
        return {
            "content": self._content(),
            "user_id": user,
            "session_id": f"session-{self.number}",
            "dedup": False,
        }

    def _content(self) -> str:
        words = " ".join(self._random.sample(_WORDS, 5))
        return f"{words} {self.number}x{self._random.randrange(10**9)}"

    def _send(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """The answer of a request that was acknowledged, however often it had to be sent."""
        self._sent += 1
        key = f"{self.number}-{self._sent}"
        deadline = time.monotonic() + GIVE_UP_S
        while True:
            status, answer = self._try(method, path, body, key)
            self._crew.statuses[status] += 1
            if status in (200, 201):
                self.acknowledged += 1
                return answer
            assert status in AGAIN or "text" in answer, (method, path, body, status, answer)
            assert time.monotonic() < deadline, (method, path, status, answer)
            time.sleep(0.1 + self._random.random() / 5)

    def _try(
        self, method: str, path: str, body: dict[str, Any] | None, key: str
    ) -> tuple[int, dict[str, Any]]:
        """Status and body; 0 where the connection broke before there was an answer. `text` is the
        proxy's: while it knows no application, it says 404 of everything."""
        with self._crew.sending(key):
            try:
                answer = self._client.request(
                    method, path, json=body, headers={"Idempotency-Key": key}
                )
            except httpx.HTTPError as error:
                return 0, {"text": repr(error)}
        try:
            return answer.status_code, answer.json()
        except ValueError:
            return answer.status_code, {"text": answer.text[:200]}


def _kept(answer: dict[str, Any]) -> Kept:
    return Kept(answer["id"], answer["user_id"], answer["session_id"], (answer["content"],))
