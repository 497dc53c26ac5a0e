"""Mem0's published clients, as tests use them. tests/conftest.py tells the package to send
nothing home and to keep out of the home directory."""

from __future__ import annotations

import asyncio
import importlib
import inspect
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from mem0 import AsyncMemoryClient, MemoryClient
from mem0.client.project import AsyncProject, Project

KINDS = {"sync": (MemoryClient, Project), "async": (AsyncMemoryClient, AsyncProject)}


def public(kind: type) -> set[str]:
    return {name for name, _ in inspect.getmembers(kind, inspect.isfunction) if name[0] != "_"}


def methods(client: type, project: type) -> set[str]:
    """Everything a user can call, as tests name it: `add`, `project.get`."""
    return public(client) | {f"project.{name}" for name in public(project)}


class Blocking:
    """An asynchronous client that is used like the other one, so that a test is for both."""

    def __init__(self, client: Any, runner: asyncio.Runner) -> None:
        self._client, self._runner = client, runner

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._client, name)
        if isinstance(value, AsyncProject):
            return Blocking(value, self._runner)
        if not callable(value):
            return value

        def call(*args: Any, **fields: Any) -> Any:
            made = value(*args, **fields)
            return self._runner.run(made) if inspect.iscoroutine(made) else made

        return call


def recorded(patch: pytest.MonkeyPatch) -> set[str]:
    """The names of the methods called from now on."""
    calls: set[str] = set()

    def record(kind: type, name: str, spoken: str) -> None:
        method: Callable[..., Any] = getattr(kind, name)

        @wraps(method)
        def noted(*args: Any, **fields: Any) -> Any:
            calls.add(spoken)
            return method(*args, **fields)

        patch.setattr(kind, name, noted)

    for client, project in KINDS.values():
        for name in public(client):
            record(client, name, name)
        for name in public(project):
            record(project, name, f"project.{name}")
    return calls


def tests_here() -> Iterator[ModuleType]:
    for file in sorted(Path(__file__).parent.glob("test_*.py")):
        yield importlib.import_module(f"tests.mem0.{file.stem}")


def covered() -> set[str]:
    """What tests in this folder are marked to cover; `claims` keeps the marks honest."""
    return {
        name
        for module in tests_here()
        for test in vars(module).values()
        for mark in getattr(test, "pytestmark", ())
        if mark.name == "covers"
        for name in mark.args
    }
