"""Every metric of the service in one catalogue, and the Meter that exports them through Ray.

Ray adds the prefix `ray_` and the tags deployment, replica and application.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ray.serve import metrics

_ray: Any = metrics  # its annotations allow one tag only

PREFIX = "mem0g_"
_LATENCIES = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_TRIPS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 3.0)
_WAITS = (0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0)
_AMOUNTS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0)
_TOKENS = (64.0, 256.0, 1024.0, 2048.0, 4096.0, 8192.0, 16384.0, 32768.0)
_CANDIDATES = (10.0, 30.0, 60.0, 120.0, 250.0, 500.0, 1000.0, 2500.0, 10000.0)


@dataclass(frozen=True, slots=True)
class Metric:
    """`bounds` are the upper bounds of a histogram's buckets."""

    kind: Literal["counter", "gauge", "histogram"]
    tells: str
    tags: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()


CATALOGUE: Mapping[str, Metric] = {
    "requests": Metric(
        "counter", "HTTP requests answered, by route template", ("method", "route", "status")
    ),
    "request_seconds": Metric(
        "histogram", "Seconds from a request to its whole answer", ("method", "route"), _LATENCIES
    ),
    "requests_in_flight": Metric("gauge", "HTTP requests under way in an Ingress replica"),
    "refusals": Metric(
        "counter",
        "Requests refused, by the code in the answer: overloaded is load shed, rate_limited a "
        "limit, internal_error a bug",
        ("code",),
    ),
    "texts_embedded": Metric("counter", "Texts the model has embedded"),
    "step_texts": Metric("histogram", "Texts in one forward pass of the model", (), _AMOUNTS),
    "step_tokens": Metric("histogram", "Padded tokens in one forward pass, estimated", (), _TOKENS),
    "step_seconds": Metric("histogram", "Seconds of one forward pass", (), _LATENCIES),
    "queue_texts": Metric("gauge", "Texts that wait for the model behind the step under way"),
    "store_seconds": Metric(
        "histogram",
        "Seconds of one round trip to a store (redis, weaviate, embedded), by outcome: ok, "
        "unavailable (down or late), abandoned (by its caller), failed (any other error)",
        ("store", "outcome"),
        _TRIPS,
    ),
    "breaker_open": Metric("gauge", "1 while calls to a server fail at once", ("breaker",)),
    "vector_cache_hits": Metric("counter", "Vectors that a search found in memory"),
    "vector_cache_misses": Metric("counter", "Vectors that a search had to read from disk"),
    "vector_cache_rows": Metric("gauge", "Vectors kept in memory"),
    "outbox_owners": Metric(
        "gauge", "Owners whose index may lag, found by the last repair pass (the same in all)"
    ),
    "outbox_oldest_seconds": Metric(
        "gauge", "Seconds since the oldest of these was written; 0 without one (the same in all)"
    ),
    "memories_repaired": Metric("counter", "Memories whose index was brought up to the record"),
    "search_candidates": Metric(
        "histogram", "Memories read from the record and weighed by one search", (), _CANDIDATES
    ),
    "dedup_hits": Metric("counter", "Adds answered with a memory that stood already"),
    "jobs": Metric(
        "counter",
        "Attempts at jobs (Mem0's events) in the background, by kind (ADD, DELETE_ALL, "
        "DELETE_USER) and outcome: succeeded, failed (for good), retried (later, as one of its "
        "attempts), put_off (a store or the model was down)",
        ("kind", "outcome"),
    ),
    "job_seconds": Metric(
        "histogram", "Seconds from a job's call to its end, waits included", ("kind",), _WAITS
    ),
    "jobs_waiting": Metric("gauge", "Jobs that wait or are under way, about (the same in all)"),
    "model_seconds": Metric(
        "histogram",
        "Seconds of one answer of the language model, by outcome: ok, unavailable (down, late, or "
        "no answer that fits), abandoned (its job was stopped), failed (any other error)",
        ("outcome",),
        _WAITS,
    ),
    "model_tokens": Metric(
        "counter", "Tokens that the language model counted, by kind: prompt, answer", ("kind",)
    ),
}


class RayMeter:
    """memory.ports.metrics.Meter over ray.serve.metrics. Each replica makes one for itself: Ray
    takes the replica's own tags when a metric is made."""

    def __init__(self) -> None:
        self._counters: dict[str, Any] = {}
        self._gauges: dict[str, Any] = {}
        self._histograms: dict[str, Any] = {}
        for name, metric in CATALOGUE.items():
            about = (PREFIX + name, metric.tells)
            if metric.kind == "counter":
                self._counters[name] = _ray.Counter(*about, tag_keys=metric.tags)
            elif metric.kind == "gauge":
                self._gauges[name] = _ray.Gauge(*about, tag_keys=metric.tags)
            else:
                self._histograms[name] = _ray.Histogram(
                    *about, boundaries=list(metric.bounds), tag_keys=metric.tags
                )

    def count(self, name: str, value: float = 1, **tags: str) -> None:
        if value > 0:  # Ray refuses 0
            self._counters[name].inc(value, tags)

    def observe(self, name: str, value: float, **tags: str) -> None:
        self._histograms[name].observe(value, tags)

    def gauge(self, name: str, value: float, **tags: str) -> None:
        self._gauges[name].set(value, tags)
