"""All of a Redis as JSON, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import redis

Dump = dict[str, dict[str, Any]]
# Stamps, microseconds and milliseconds of the years 2023 to 2033.
_TIMES = re.compile(
    r"(?P<stamp>11[789]\d{14})|(?<!\d)(?P<micros>1[789]\d{14})(?!\d)|(?<!\d)(?P<ms>1[789]\d{11})(?!\d)"
)
# Who holds what at a moment is no part of the format.
_LEASES = re.compile(r"mg:lease:.*|mg:\{.*\}:lease|mg:erasing:.*|mg:\{.*\}:jl")


def dump(client: redis.Redis) -> Dump:
    """By key its type, its value, and in how many seconds it expires (-1: never)."""
    readers = {
        "string": client.get,
        "hash": lambda key: dict(sorted(client.hgetall(key).items())),
        "set": lambda key: sorted(client.smembers(key)),
        "zset": lambda key: [[member, f"{score:.0f}"] for member, score in _scores(client, key)],
        "stream": lambda key: [[entry, fields] for entry, fields in client.xrange(key)],
    }
    found: Dump = {}
    for key in sorted(client.scan_iter()):
        kind = client.type(key)
        found[key] = {"type": kind, "value": readers[kind](key), "expires": client.ttl(key)}
    return found


def _scores(client: redis.Redis, key: str) -> list[tuple[str, float]]:
    return list(client.zrange(key, 0, -1, withscores=True))


def load(client: redis.Redis, stored: Dump) -> None:
    writers = {
        "string": client.set,
        "hash": lambda key, value: client.hset(key, mapping=value),
        "set": lambda key, value: client.sadd(key, *value),
        "zset": lambda key, value: client.zadd(key, dict(value)),
        "stream": lambda key, value: [client.xadd(key, fields, id=at) for at, fields in value],
    }
    for key, entry in stored.items():
        writers[entry["type"]](key, entry["value"])
        if entry["expires"] >= 0:
            client.expire(key, entry["expires"])


def timeless(stored: Dump) -> Dump:
    """The same without times and leases, so that two runs can be compared."""
    return {
        _without_times(key): {
            "type": entry["type"],
            "value": _without_times(_sorted(entry)),
            "expires": round(entry["expires"], -2),
        }
        for key, entry in stored.items()
        if not _LEASES.fullmatch(key)
    }


def _sorted(entry: Mapping[str, Any]) -> Any:
    """Members of one score stand in the order of their text, which may begin with a time."""
    if entry["type"] == "zset":
        return sorted(_without_times(entry["value"]))
    if entry["type"] == "hash":
        # Until when a task was held, which its lease tells now.
        return {name: text for name, text in entry["value"].items() if name != "until"}
    return entry["value"]


def _without_times(value: Any) -> Any:
    match value:
        case str():
            return _TIMES.sub(lambda found: f"<{found.lastgroup}>", value)
        case dict():
            return {name: _without_times(item) for name, item in value.items()}
        case list():
            return [_without_times(item) for item in value]
    return value
