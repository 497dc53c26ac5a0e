"""Where log records go, and what they never hold: in a replica, everything ends in Serve's files.

Serve writes only what its own logger is given. Warnings of any other end on stderr, without level
and request id, and information is lost.
"""

from __future__ import annotations

import logging
import traceback
from typing import Any

# Our packages, and mem0g for what is no module: mem0g.access, one record a request.
OURS = ("config", "memory", "graph_store", "vector_store", "access", "deployments", "mem0g")

# It tells of tasks that failed with nobody waiting.
ALSO = ("asyncio",)

# What they tell below a warning holds URLs, commands or bodies, and with them users' data.
TALKATIVE = (
    *("openai", "httpx", "httpcore", "hpack", "h2"),
    *("grpc", "redis", "urllib3", "uvicorn.access"),
)


def install() -> None:
    """Called first in the constructor of each deployment. Does no harm when called again."""
    serve = logging.getLogger("ray.serve")
    for name in (*OURS, *ALSO):
        logging.getLogger(name).parent = serve  # its handlers and level, as they change
    discreet()


def discreet() -> None:
    """From here on no record of this process holds what an error says, which may quote a text, a
    user or a query: its type and where it was raised are enough to find a bug."""
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    made = logging.getLogRecordFactory()
    if getattr(made, "discreet", False):
        return

    def make(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = made(*args, **kwargs)
        if record.exc_info and record.exc_info[1] is not None:
            record.exc_text = traceback_of(record.exc_info[1])
        return record

    make.discreet = True  # type: ignore[attr-defined]
    logging.setLogRecordFactory(make)


def traceback_of(error: BaseException) -> str:
    """A traceback with types and places, through causes, and without any message."""
    chain: list[str] = []
    seen: set[int] = set()
    next_error: BaseException | None = error
    while next_error is not None and id(next_error) not in seen:
        seen.add(id(next_error))
        kind = type(next_error)
        frames = traceback.extract_tb(next_error.__traceback__)
        lines = [f'  File "{at.filename}", line {at.lineno}, in {at.name}' for at in frames]
        chain.append("\n".join([*lines, f"{kind.__module__}.{kind.__qualname__}"]))
        next_error = next_error.__cause__ or (
            None if next_error.__suppress_context__ else next_error.__context__
        )
    return "\nfrom\n".join(chain)
