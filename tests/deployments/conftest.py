"""What every test of the deployments leaves as it found it."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from deployments.observability import logs


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """A deployment, while it is made, sends the records of this process to Serve's logger and
    keeps messages out of them. Without this, every later test would see the records of a
    replica."""
    names = (*logs.OURS, *logs.ALSO, *logs.TALKATIVE, "ray.serve")
    loggers = [logging.getLogger(name) for name in names]
    before = [(logger.parent, logger.level) for logger in loggers]
    factory = logging.getLogRecordFactory()
    yield
    logging.setLogRecordFactory(factory)
    for logger, (parent, level) in zip(loggers, before, strict=True):
        logger.parent = parent
        logger.setLevel(level)
