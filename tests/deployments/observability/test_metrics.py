"""The catalogue, what the code says it meters, and what the documents say of it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments.models.device_queue import DeviceQueue
from deployments.observability.metrics import CATALOGUE, PREFIX, Metric, RayMeter
from tests.deployments.fake_encoder import FakeEncoder
from tests.recording_meter import RecordingMeter

ROOT = Path(__file__).parents[3]
KINDS = {"count": "counter", "observe": "histogram", "gauge": "gauge"}
PACKAGES = ("memory", "graph_store", "vector_store", "access", "deployments")


def metered() -> Iterator[tuple[str, str, frozenset[str]]]:
    """Kind, name and tags of every call of a meter in the code."""
    for path in (each for package in PACKAGES for each in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if "meter" not in ast.unparse(node.func.value) or node.func.attr not in KINDS:
                continue
            name = ast.literal_eval(node.args[0])
            tags = frozenset(each.arg or "" for each in node.keywords)
            yield KINDS[node.func.attr], name, tags


def test_the_code_meters_what_the_catalogue_has_and_nothing_else() -> None:
    assert set(metered()) == {
        (metric.kind, name, frozenset(metric.tags)) for name, metric in CATALOGUE.items()
    }


def test_buckets_rise_and_only_histograms_have_them() -> None:
    for name, metric in CATALOGUE.items():
        assert bool(metric.bounds) == (metric.kind == "histogram"), name
        assert list(metric.bounds) == sorted({*metric.bounds}), name


def test_no_tag_could_hold_an_id() -> None:
    tags = {tag for metric in CATALOGUE.values() for tag in metric.tags}
    assert tags == {"method", "route", "status", "code", "store", "outcome", "breaker", "kind"}


def test_ray_takes_every_metric() -> None:
    meter = RayMeter()
    record = {"counter": meter.count, "gauge": meter.gauge, "histogram": meter.observe}
    for name, metric in CATALOGUE.items():
        record[metric.kind](name, 1, **dict.fromkeys(metric.tags, "x"))
    meter.count("dedup_hits", 0)


def test_the_document_has_the_catalogue_as_its_table() -> None:
    document = (ROOT / "docs" / "observability.md").read_text()
    rows = re.findall(rf"^\| `ray_{PREFIX}(\w+)` \| (\w+) \| (.*?) \| (.*?) \|$", document, re.M)
    assert rows == [
        (exported(name, metric), metric.kind, ", ".join(metric.tags), metric.tells)
        for name, metric in CATALOGUE.items()
    ]


def exported(name: str, metric: Metric) -> str:
    return f"{name}_total" if metric.kind == "counter" else name


async def test_the_model_tells_of_its_steps() -> None:
    meter = RecordingMeter()
    queue = DeviceQueue(FakeEncoder(), tokens_per_step=256, meter=meter)
    await queue.encode([f"user {number} likes tea" for number in range(100)])
    queue.close()
    steps = meter.seen("step_texts")
    assert len(steps) > 1
    assert sum(steps) == meter.counted("texts_embedded") == 100
    assert max(meter.seen("step_tokens")) <= 256
    assert len(meter.seen("step_seconds")) == len(steps)
    assert meter.stands_at("queue_texts") == 0


async def test_a_failed_step_embeds_nothing() -> None:
    meter = RecordingMeter()
    queue = DeviceQueue(FakeEncoder(), tokens_per_step=256, meter=meter)
    with pytest.raises(ValueError, match="poison"):
        await queue.encode(["poison"])
    queue.close()
    assert meter.counted("texts_embedded") == 0
