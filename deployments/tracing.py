"""Traces, if the setting tracing.endpoint says where to: Serve makes the spans, this exports them.

Serve imports `deployments.tracing:exporter` in every process of its own
(tracing_config).
"""

from __future__ import annotations

from collections.abc import Sequence

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import Event, ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Status

from config.settings import Settings, variable
from deployments.refusal import refusals
from memory.domain.errors import StartupRefused

# Attributes that are exported. Not among them: http.route and others where Serve's own proxy writes
# the path as it was asked for, and a path may name a user.
KEPT = frozenset(
    {
        "app",
        "call_method",
        "deployment",
        "http.method",
        "http.status_code",
        "replica_id",
        "request_id",
        "route",
        "rpc.method",
        "rpc.service",
        "rpc.system",
    }
)


def exporter() -> list[SpanProcessor]:
    """Spans to `<tracing.endpoint>/v1/traces`, OTLP over HTTP, in batches behind the requests."""
    with refusals():
        endpoint = Settings.load().tracing.endpoint
        if endpoint is None:
            raise StartupRefused(
                f"tracing_config is enabled and {variable('tracing', 'endpoint')} is not set"
            )
    target = f"{endpoint.rstrip('/')}/v1/traces"
    return [BatchSpanProcessor(Discreet(OTLPSpanExporter(target)))]


class Discreet(SpanExporter):
    """Exports spans without what could hold a text, a user or a query: Serve records the message
    of every error, and its proxy the path of every request."""

    def __init__(self, inner: SpanExporter) -> None:
        self._inner = inner

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._inner.export([_bare(span) for span in spans])

    def shutdown(self) -> None:
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._inner.force_flush(timeout_millis)


def _bare(span: ReadableSpan) -> ReadableSpan:
    return ReadableSpan(
        name=span.name.partition(" /")[0],
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes={name: value for name, value in (span.attributes or {}).items() if name in KEPT},
        events=[_without_message(event) for event in span.events],
        links=span.links,
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _without_message(event: Event) -> Event:
    kind = (event.attributes or {}).get("exception.type")
    return Event(event.name, {"exception.type": kind} if kind else {}, event.timestamp)
