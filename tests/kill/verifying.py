"""Reads a service from end to end and compares it with a ledger, both ways."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import httpx

from tests.kill.ledger import Kept, Ledger

T = TypeVar("T")
_EVERY = {"include_superseded": True, "include_expired": True}
_AT_ONCE = 8


def verify(url: str, ledger: Ledger) -> None:
    """Everything acknowledged is there as it was acknowledged, wherever a client may look, and
    nothing else is: no half of a write, nothing twice, nothing that was erased."""
    with httpx.Client(base_url=url, timeout=60) as client:
        reader = _Reader(client, ledger)
        _each(reader.assert_lists, {each.user for each in ledger.memories.values()})
        _each(reader.assert_memory, ledger.memories.values())
        _each(reader.assert_erased, ledger.erased.values())


def _each(check: Callable[[T], None], things: Iterable[T]) -> None:
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(check, things))


class _Reader:
    def __init__(self, client: httpx.Client, ledger: Ledger) -> None:
        self._client, self._ledger = client, ledger

    def assert_lists(self, user: str) -> None:
        """The list, the session's list and the graph hold what the ledger holds."""
        kept = [each for each in self._ledger.memories.values() if each.user == user]
        everything = {each.id: each for each in kept}
        listed = [*self._pages("/v1/memories", "memories", user_id=user, **_EVERY)]
        assert {each["id"]: each["content"] for each in listed} == {
            each.id: each.content for each in kept
        }
        assert len(listed) == len(everything)
        valid = {each["id"] for each in self._pages("/v1/memories", "memories", user_id=user)}
        assert valid == {each.id for each in kept if not each.ended}
        for session in {each.session for each in kept}:
            of_session = self._pages(
                "/v1/memories", "memories", user_id=user, session_id=session, **_EVERY
            )
            assert {each["id"] for each in of_session} == {
                each.id for each in kept if each.session == session
            }
        edges = self._pages("/v1/memories/graph", "edges", user_id=user, **_EVERY)
        told = [
            (each["source"], each["relation"], each["target"], each["metadata"].get("amended"))
            for each in edges
        ]
        expected = [
            (each.source, each.relation, each.target, each.amended)
            for each in self._ledger.edges.values()
            if each.user == user
        ] + [(each.successor, "SUPERSEDES", each.id, None) for each in kept if each.successor]
        assert sorted(told, key=str) == sorted(expected, key=str)

    def assert_memory(self, kept: Kept) -> None:
        """Right by id, every version in its history, found by its own words, its edges there."""
        told = self._get(f"/v1/memories/{kept.id}")
        assert (told["content"], told["version"]) == (kept.content, kept.version)
        assert told.get("superseded_by") == kept.successor
        assert (told["valid_to"] is not None) == kept.ended
        history = self._get(f"/v1/memories/{kept.id}/history")
        assert [each["version"] for each in history] == list(range(1, kept.version + 1))
        assert [each["content"] for each in history][: len(kept.contents)] == [*kept.contents]
        found = self._found(kept, {} if not kept.ended else _EVERY)
        assert found.count(kept.id) == 1, (kept, found)
        if kept.ended:
            assert kept.id not in self._found(kept, {})
        first = self._found(kept, {"known_at": history[0]["recorded_at"]}, kept.contents[0])
        assert kept.id in first, (kept, first)
        if not kept.ended:
            edges = self._get(f"/v1/memories/{kept.id}/relationships")["relationships"]
            told_ids = {each["id"] for each in edges if each["relation"] != "SUPERSEDES"}
            assert told_ids == {
                each.id
                for each in self._ledger.edges.values()
                if kept.id in (each.source, each.target) and self._both_valid(each)
            }

    def assert_erased(self, gone: Kept) -> None:
        for path in ("", "/history", "/relationships", "/related"):
            answer = self._client.get(f"/v1/memories/{gone.id}{path}")
            assert answer.status_code == 404, (path, answer.text)
        assert gone.id not in self._found(gone, _EVERY)

    def _both_valid(self, edge: Any) -> bool:
        return not any(self._ledger.memories[each].ended for each in (edge.source, edge.target))

    def _found(self, kept: Kept, view: dict[str, Any], content: str | None = None) -> list[str]:
        body = {"query": content or kept.content, "user_id": kept.user, "limit": 5, **view}
        answer = self._client.post("/v1/memories/search", json=body)
        assert answer.status_code == 200, answer.text
        return [each["id"] for each in answer.json()["memories"]]

    def _pages(self, path: str, name: str, **query: Any) -> Iterator[dict[str, Any]]:
        cursor: dict[str, str] = {}
        while True:
            page = self._get(path, limit=500, **query, **cursor)
            yield from page[name]
            if page["next_cursor"] is None:
                return
            cursor = {"cursor": page["next_cursor"]}

    def _get(self, path: str, **query: Any) -> Any:
        answer = self._client.get(path, params=query)
        assert answer.status_code == 200, (path, answer.text)
        return answer.json()
