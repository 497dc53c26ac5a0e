"""The service as its callers see it: its parts, and which of their writes are finished."""

from __future__ import annotations

import inspect
from typing import get_type_hints

import pytest

from memory.service import api

OPERATIONS = {
    f"{part}.{name}": method
    for part, protocol in api.PARTS.items()
    for name, method in vars(protocol).items()
    if inspect.iscoroutinefunction(method)
}
READS = {
    "memories.get", "memories.history", "memories.page", "memories.select", "memories.entities",
    "memories.feedback", "search.find", "graph.relationships", "graph.related", "graph.path",
    "graph.page", "graph.difference", "jobs.get", "jobs.page", "erasures.get", "erasures.check",
    "transfer.export", "transfer.inventory", "transfer.owner_pages", "reports.read",
    "reports.summarise", "maintenance.task", "maintenance.tasks", "health.ready",
}  # fmt: skip
# They finish each of their writes themselves, and begin no other once their caller is gone.
SEVERAL_WRITES = {"memories.correct_each", "memories.erase_each", "memories.erase_line"}


def test_the_parts_of_a_service_are_found_by_their_names() -> None:
    assert get_type_hints(api.Service) == api.PARTS


def test_every_write_is_finished_and_no_read_is() -> None:
    finished = {name for name, method in OPERATIONS.items() if hasattr(method, "finished")}
    assert finished == OPERATIONS.keys() - READS - SEVERAL_WRITES
    assert OPERATIONS.keys() >= READS | SEVERAL_WRITES
    assert len(finished) > 15


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_every_call_names_its_caller(name: str) -> None:
    _, *parameters = inspect.signature(OPERATIONS[name]).parameters
    assert parameters[:1] == ([] if name == "health.ready" else ["caller"])
