"""How a refusal to start gets out of Ray: a line that stands out in any traceback or status."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from config.settings import InvalidSettings
from memory.domain.errors import StartupRefused

# What keeps the service from starting; each has a `message` of one line.
REFUSALS = (InvalidSettings, StartupRefused)

_LINE = re.compile(r"RefusedToStart: mem0g: (.+?)(?:\\n|\n|$)")


class RefusedToStart(RuntimeError):
    """Fails a deployment; its text is `mem0g: <what is wrong>`, in one line."""

    def __str__(self) -> str:
        return f"mem0g: {' '.join(str(self.args[0]).split())}"


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what is in REFUSALS into the line that `python -m deployments` looks for."""
    try:
        yield
    except REFUSALS as error:
        raise RefusedToStart(error.message) from None


def refusal_in(status: str) -> str | None:
    """The text of the first refusal in a status message of Serve, if there is one."""
    found = _LINE.search(status)
    return found[1].strip() if found else None
