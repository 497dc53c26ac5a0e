"""Processes of one running service, and their sudden end."""

from __future__ import annotations

import psutil

from tests.serve.running import Service

REPLICAS = ("Store", "Ingress", "Embedder")
EVERYTHING = "everything"
LOCAL = (*REPLICAS, "valkey", "LocalValkey")
"""What of a service can be killed while the rest of it lives: replicas, the local server, and the
actor that owns it."""


def found(service: Service, name: str) -> list[psutil.Process]:
    """The processes to kill, so that killing them takes no time. Only what descends from the
    service is looked at."""
    family = psutil.Process(service.process.pid).children(recursive=True)
    if name == EVERYTHING:
        return [psutil.Process(service.process.pid), *family]
    victims = [each for each in family if _is(each, name)]
    assert len(victims) == 1, (name, victims)
    return victims


def kill(victims: list[psutil.Process]) -> None:
    """SIGKILL for all of them at once, as a power cut would: none sees another go."""
    for each in victims:
        each.suspend()
    for each in victims:
        each.kill()


def _is(process: psutil.Process, name: str) -> bool:
    try:
        title = " ".join(process.cmdline())
    except psutil.Error:
        return False
    if name in REPLICAS:
        return title.startswith(f"ray::ServeReplica:mem0g:{name}")
    if name == "valkey":
        return process.name() == "valkey-server"
    return title.startswith(f"ray::{name}")
