"""Where records of a replica go."""

from __future__ import annotations

import logging

import pytest

from deployments.observability import logs


@pytest.fixture
def serve() -> logging.Logger:
    return logging.getLogger("ray.serve")


class Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


def test_records_of_every_package_reach_serves_handlers_at_its_level(
    serve: logging.Logger,
) -> None:
    logs.install()
    logs.install()
    kept = Kept()
    serve.addHandler(kept)
    serve.setLevel(logging.INFO)
    for name in ("memory.index.outbox", "graph_store.redis.connection", "mem0g.access", "asyncio"):
        logging.getLogger(name).info("from %s", name)
        logging.getLogger(name).debug("too fine")
    serve.removeHandler(kept)
    assert kept.lines == [
        "from memory.index.outbox",
        "from graph_store.redis.connection",
        "from mem0g.access",
        "from asyncio",
    ]


def test_a_traceback_tells_types_and_places_and_no_message(serve: logging.Logger) -> None:
    logs.install()
    kept = Kept()
    serve.addHandler(kept)
    try:
        try:
            raise KeyError("a secret text")
        except KeyError as error:
            raise ValueError("another secret text") from error
    except ValueError:
        logging.getLogger("memory.write.correct_and_erase").exception("it failed")
    serve.removeHandler(kept)
    (line,) = kept.lines
    assert "secret" not in line
    assert line.startswith("it failed\n")
    assert line.index("builtins.ValueError") < line.index("builtins.KeyError")
    assert "test_logs.py" in line
