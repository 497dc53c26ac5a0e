"""A real service as its operator sees it: the metrics page, the log files, the traces."""

import json
import socket
import time
import urllib.request
from pathlib import Path

import pytest

from tests.serve.collector import collector

pytestmark = pytest.mark.serve

WANTED = (
    'ray_mem0g_requests_total{method="POST",route="/v1/memories",status="201"} 1',
    'ray_mem0g_request_seconds_count{method="POST",route="/v1/memories/search"} 1',
    "ray_mem0g_step_seconds_count{} 2",
    'ray_mem0g_store_seconds_count{outcome="ok",store="redis"}',
    'ray_mem0g_store_seconds_count{outcome="ok",store="embedded"}',
    "ray_mem0g_outbox_owners{}",
)
OURS = ("method", "route", "status", "outcome", "store")


@pytest.fixture
def traces():
    with collector() as found:
        yield found


def said(service, mark):
    """What follows a mark in the lines of the service."""
    return next(line.partition(mark)[2] for line in service.said if mark in line)


def series(page):
    """Our samples of a page, with our tags alone, in order."""
    for line in page.splitlines():
        if not line.startswith("ray_mem0g_"):
            continue
        name, _, rest = line.partition("{")
        tags, _, value = rest.rpartition("} ")
        kept = sorted(tag for tag in tags.split(",") if tag.partition("=")[0] in OURS)
        yield f"{name}{{{','.join(kept)}}} {float(value):g}"


def page_with(url, wanted, within_s=60):
    """The metrics page once it has all of these."""
    deadline = time.monotonic() + within_s
    while True:
        with urllib.request.urlopen(url, timeout=10) as answer:
            page = answer.read().decode()
        found = list(series(page))
        lacking = [each for each in wanted if not any(one.startswith(each) for one in found)]
        if not lacking:
            return page
        assert time.monotonic() < deadline, lacking
        time.sleep(1)


def records(folder, deployment):
    (path,) = (Path(folder) / "serve").glob(f"replica_mem0g_{deployment}_*.log")
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def syslog():
    """Where HAProxy is told to send its log."""
    with socket.socket(type=socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(0)
        yield listening


def received(listening):
    lines = []
    while True:
        try:
            lines.append(listening.recv(65536))
        except BlockingIOError:
            return lines


def test_a_request_is_seen_in_figures_in_the_log_and_as_a_trace(
    config, launch, tmp_path, traces, syslog
):
    def listened_to(document):
        flags = document["controller_options"]["runtime_env"]["env_vars"]
        target = flags["RAY_SERVE_HAPROXY_LOG_TARGET"]
        there = f"127.0.0.1:{syslog.getsockname()[1]}"
        flags["RAY_SERVE_HAPROXY_LOG_TARGET"] = target.replace("127.0.0.1:514", there)

    service = launch(
        config(listened_to),
        tmp_path / "data",
        MEM0G_TRACING__ENDPOINT=traces.url,
        MEM0G_TRACING__SAMPLING_RATIO="1",
    ).ready()
    folder = said(service, "; logs in ")
    body = {"content": "Canarytext likes green tea", "user_id": "canaryuser"}
    service.post("/v1/memories", body, {"X-Request-ID": "sent-by-me"})
    service.post("/v1/memories/search", {"query": "canaryquery", "user_id": "canaryuser"})
    service.get("/v1/memories?user_id=canaryuser")

    page = page_with(said(service, ", metrics "), WANTED)
    assert "canary" not in page.lower()

    (record,) = [
        each for each in records(folder, "Ingress") if each.get("request_id") == "sent-by-me"
    ]
    assert (record["route"], record["status"]) == ("/v1/memories", 201)
    for path in Path(folder).rglob("*"):
        assert path.is_dir() or "canary" not in path.read_text(errors="replace").lower(), path

    traces.until(
        {
            "replica_handle_request Ingress __call__",
            "replica_handle_request Store call",
            "replica_handle_request Embedder embed",
        }
    )
    assert "canary" not in str(traces.spans).lower()
    assert b"canary" not in b"".join(received(syslog)).lower()
    assert service.stop() == 0
