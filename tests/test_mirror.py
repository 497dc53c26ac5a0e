"""One guess finds the tests of a module: `a/b/c.py` is tested by `tests/a/b/test_c.py`, or the
list below says why not."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

import pytest

from tests.source_tree import PACKAGES, ROOT, modules

# Modules without a namesake test, by path or by pattern, and why.
ELSEWHERE: Mapping[str, str] = {
    "vector_store/*.py": "tests/contract is one suite over every store",
    **dict.fromkeys(
        (
            "memory/ports/archive.py",
            "memory/ports/commits.py",
            "memory/ports/edges.py",
            "memory/ports/erasures.py",
            "memory/ports/event_log.py",
            "memory/ports/graph_store.py",
            "memory/ports/job_queue.py",
            "memory/ports/maintenance.py",
            "memory/ports/memories.py",
            "memory/ports/models.py",
            "memory/ports/projects.py",
            "memory/ports/reports.py",
            "memory/ports/vector_store.py",
        ),
        "protocols, and nouns of theirs: whoever keeps them is tested",
    ),
    **dict.fromkeys(
        (
            "memory/domain/conversation.py",
            "memory/domain/erasures.py",
            "memory/domain/feedback.py",
            "memory/domain/reports.py",
            "memory/domain/results.py",
            "memory/domain/selections.py",
            "memory/domain/tasks.py",
            "memory/domain/transfer.py",
            "memory/service/settings.py",
        ),
        "nouns that do nothing",
    ),
    "graph_store/memories/snapshot_args.py": "five arguments that every read of a snapshot sends",
    "loadtest/graph_bench.py": "a measurement of its own, run by hand",
    "loadtest/locustfile.py": "Locust runs it: tests/loadtest/test_main.py starts that",
}


def namesakes() -> dict[str, str]:
    """By module the path of its namesake test; what only introduces a folder has none."""
    found = {}
    for module in modules():
        folder, _, name = module.rpartition("/")
        if name != "__init__.py":
            found[module] = f"tests/{folder}/test_{name.strip('_').replace('__.py', '.py')}"
    return found


def meant_by(pattern: str) -> list[str]:
    return [module for module in namesakes() if fnmatchcase(module, pattern)]


def test_every_module_has_a_namesake_test_or_a_reason() -> None:
    listed = {module for pattern in ELSEWHERE for module in meant_by(pattern)}
    untested = [
        module
        for module, test in namesakes().items()
        if module not in listed and not (ROOT / test).is_file()
    ]
    assert untested == []


@pytest.mark.parametrize("pattern", ELSEWHERE)
def test_whoever_is_on_the_list_is_there_and_has_no_test(pattern: str) -> None:
    assert ELSEWHERE[pattern]
    found = meant_by(pattern)
    assert found
    assert [module for module in found if (ROOT / namesakes()[module]).is_file()] == []


def test_the_list_is_short() -> None:
    listed = [module for pattern in ELSEWHERE for module in meant_by(pattern)]
    assert len(listed) == len(set(listed)) < len(namesakes()) / 4


def test_every_package_is_looked_at() -> None:
    assert len(namesakes()) > 200
    assert {module.partition("/")[0] for module in namesakes()} == set(PACKAGES)
    assert namesakes()["deployments/__main__.py"] == "tests/deployments/test_main.py"
