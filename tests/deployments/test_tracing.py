"""What leaves the service with its traces."""

from __future__ import annotations

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Status, StatusCode

from deployments.__main__ import EXPORTER
from deployments.refusal import RefusedToStart
from deployments.tracing import Discreet, exporter


def test_spans_keep_their_places_and_lose_what_may_name_a_user() -> None:
    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(Discreet(kept)))
    tracer = provider.get_tracer("test")
    with tracer.start_as_current_span("Store call") as outer:
        outer.set_attributes({"route": "/v1/memories", "request_id": "a", "http.status_code": 200})
        with tracer.start_as_current_span("proxy_http_request GET /v1/of/secret user") as inner:
            inner.set_attribute("http.route", "/v1/of/secret user")
            inner.record_exception(ValueError("secret text"))
            inner.set_status(Status(StatusCode.ERROR, "secret text"))

    second, first = kept.get_finished_spans()
    assert dict(first.attributes or {}) == {
        "route": "/v1/memories",
        "request_id": "a",
        "http.status_code": 200,
    }
    assert second.parent is not None
    assert second.parent.span_id == first.context.span_id
    assert second.name == "proxy_http_request GET"
    assert second.status.status_code is StatusCode.ERROR
    assert [dict(event.attributes or {}) for event in second.events] == [
        {"exception.type": "ValueError"}
    ]
    assert "secret" not in first.to_json() + second.to_json()


def test_it_exports_where_the_setting_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEM0G_TRACING__ENDPOINT", "http://127.0.0.1:1/otel/")
    (processor,) = exporter()
    processor.shutdown()


def test_without_the_setting_it_refuses_in_one_line() -> None:
    with pytest.raises(RefusedToStart, match="MEM0G_TRACING__ENDPOINT is not set"):
        exporter()


def test_serve_is_told_of_a_function_that_is_there() -> None:
    assert f"{exporter.__module__}:{exporter.__name__}" == EXPORTER
