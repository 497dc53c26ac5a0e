"""Requests with an Idempotency-Key."""

from __future__ import annotations

from dataclasses import replace

from memory.domain.caller import DEFAULT_PROJECT, Caller, Once

DEFAULT = Caller(DEFAULT_PROJECT)


def keyed(key: str, request: str = "digest", caller: Caller = DEFAULT) -> Caller:
    return replace(caller, once=Once(key, request))
