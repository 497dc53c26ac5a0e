"""A Meter that remembers, and refuses what the catalogue does not have, as Ray's would."""

from __future__ import annotations

from collections import Counter

from deployments.observability.metrics import CATALOGUE

Tags = tuple[tuple[str, str], ...]


class RecordingMeter:
    def __init__(self) -> None:
        self.counts: Counter[tuple[str, Tags]] = Counter()
        self.observed: dict[tuple[str, Tags], list[float]] = {}
        self.gauges: dict[tuple[str, Tags], float] = {}

    def count(self, name: str, value: float = 1, **tags: str) -> None:
        self.counts[self._series("counter", name, tags)] += int(value)

    def observe(self, name: str, value: float, **tags: str) -> None:
        self.observed.setdefault(self._series("histogram", name, tags), []).append(value)

    def gauge(self, name: str, value: float, **tags: str) -> None:
        self.gauges[self._series("gauge", name, tags)] = value

    def counted(self, name: str, **tags: str) -> int:
        """All that was counted under these tags, whatever the others are."""
        return sum(
            number
            for (each, those), number in self.counts.items()
            if each == name and tags.items() <= dict(those).items()
        )

    def seen(self, name: str, **tags: str) -> list[float]:
        return self.observed.get((name, tuple(sorted(tags.items()))), [])

    def stands_at(self, name: str, **tags: str) -> float:
        return self.gauges[name, tuple(sorted(tags.items()))]

    def _series(self, kind: str, name: str, tags: dict[str, str]) -> tuple[str, Tags]:
        metric = CATALOGUE[name]
        assert (metric.kind, set(metric.tags)) == (kind, set(tags)), name
        return name, tuple(sorted(tags.items()))
