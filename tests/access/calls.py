"""Visitors and keys, as the tests of access use them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from access import Access
from access.model import NewKey, Pass, Right
from memory.domain.caller import Caller, Once
from tests.access.conftest import ADMIN_KEY

NEW = NewKey("default", "phone", None, frozenset({Right.READ}), None)


async def root(access: Access, once: Once | None = None) -> Pass:
    visitor = await access.door.enter(ADMIN_KEY)
    return replace(visitor, caller=Caller("default", once=once))


@contextmanager
def dying(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whoever does something here dies before the answer is kept."""

    async def die(*_: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr("access.repeats.Repeats.end", die)
        with pytest.raises(ConnectionError):
            yield
