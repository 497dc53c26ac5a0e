"""What goes on beside the calls of a service, and the order in which it ends."""

from __future__ import annotations

from typing import Any

from memory.service.care import Care


class Part:
    """Writes down what it is asked for."""

    def __init__(self, name: str, journal: list[str]) -> None:
        self._name, self._journal = name, journal

    def __getattr__(self, method: str) -> Any:
        async def call() -> int:
            self._journal.append(f"{self._name}.{method}")
            return 3

        return call


def care(journal: list[str]) -> Care:
    names = ("graph", "vectors", "index", "repair", "erasures", "workers", "runner", "chores")
    parts: Any = {name: Part(name, journal) for name in names}
    return Care(
        parts["graph"], parts["vectors"], parts["index"], parts["repair"], parts["erasures"],
        parts["workers"], parts["runner"], parts["chores"],
    )  # fmt: skip


async def test_what_begins_writes_ends_first_and_the_stores_last() -> None:
    journal: list[str] = []
    await care(journal).close()
    assert journal == [
        "workers.close", "erasures.close", "runner.close", "index.settled", "vectors.close",
        "graph.close",
    ]  # fmt: skip


async def test_a_pass_of_repair_takes_up_erasures_and_tells_what_was_brought_along() -> None:
    journal: list[str] = []
    assert await care(journal).repair() == 3
    assert journal == ["workers.tell_waiting", "erasures.resume", "repair.repair"]


async def test_tasks_are_taken_up_before_forgotten_owners_are_looked_for() -> None:
    journal: list[str] = []
    await care(journal).resume()
    assert journal == ["runner.resume", "chores.look_after"]
