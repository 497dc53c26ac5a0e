"""What a caller does: adds, finds, relates and walks memories of an owner of its own. Answers that
are quick but wrong count as errors."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import count
from random import Random
from typing import Any
from uuid import uuid4

from locust import FastHttpUser, task

from loadtest.sentences import Sentence, sentences

# Names starting with MEM0G_ are the service's own settings, but for those of tests.
KEY = "MEM0G_TEST_API_KEY"
RELATION = "REMINDS_OF"

Body = dict[str, Any]

_run = uuid4().hex[:8]
_numbers = count(1)


def headers() -> dict[str, str]:
    key = os.environ.get(KEY)
    return {"Authorization": f"Token {key}"} if key else {}


class Caller(FastHttpUser):
    """One owner, with memories that nobody else has; they are erased when it stops."""

    def on_start(self) -> None:
        number = next(_numbers)
        self._owner = f"loadtest-{_run}-{number}"
        self._random = Random(number)
        self._sentences = sentences(number)
        self._added: list[tuple[str, Sentence]] = []
        self._related: list[tuple[str, str]] = []
        self.add()

    @task(3)
    def add(self) -> None:
        sentence = next(self._sentences)
        made = self._ask(
            "add",
            "POST",
            "",
            lambda body: body["content"] == sentence.text,
            json={"content": sentence.text, "user_id": self._owner},
        )
        if made:
            self._added.append((made["id"], sentence))

    @task(5)
    def search(self) -> None:
        """What was just added is found by what it is about."""
        if not self._added:
            return
        newest, sentence = self._added[-1]
        self._ask(
            "search",
            "POST",
            "/search",
            lambda body: newest in _ids(body),
            json={"query": sentence.question, "user_id": self._owner, "threshold": 0},
        )

    @task(2)
    def relate(self) -> None:
        if len(self._added) < 2:
            return
        source = self._added[-1][0]
        target, _ = self._random.choice(self._added[:-1])
        made = self._ask(
            "relate",
            "POST",
            f"/{source}/relationships",
            lambda body: (body["source"], body["target"]) == (source, target),
            json={"target_id": target, "relation": RELATION},
        )
        if made:
            self._related.append((source, target))

    @task(2)
    def walk(self) -> None:
        if not self._related:
            return
        source, target = self._random.choice(self._related)
        self._ask(
            "walk",
            "GET",
            f"/{source}/related?depth=2&limit=1000",
            lambda body: body["truncated"] or target in _ids(body),
        )

    def on_stop(self) -> None:
        for memory_id, _ in self._added:
            self._ask("erase", "DELETE", f"/{memory_id}", lambda body: "id" in body)

    def _ask(
        self, name: str, method: str, path: str, right: Callable[[Body], bool], **request: Any
    ) -> Body | None:
        """The answer, if it came and is right."""
        with self.client.request(
            method,
            f"/v1/memories{path}",
            name=name,
            headers=headers(),
            catch_response=True,
            **request,
        ) as answer:
            if answer.status_code not in (200, 201):
                answer.failure(f"{answer.status_code or answer.error} {(answer.text or '')[:200]}")
                return None
            body: Body = answer.json()
            if not right(body):
                answer.failure("answered, but not with what was asked for")
                return None
            return body


def _ids(body: Body) -> set[str]:
    return {memory["id"] for memory in body["memories"]}
