"""The Ingress deployment: serves the HTTP edge over a handle of the Store."""

from typing import Any

from ray.serve.context import _get_global_client  # private: nothing public tells the HTTP host

from config.settings import Settings
from deployments.observability import logs
from deployments.observability.metrics import RayMeter
from deployments.preflight import refuse_open_door
from deployments.refusal import refusals
from deployments.remote import remote_service


class Ingress:
    """Holds no state of its own; Serve binds it late, so the app is never pickled."""

    def __init__(self, args: dict[str, Any], store: Any) -> None:
        logs.install()
        self._meter = RayMeter()
        with refusals():
            self._settings = Settings.load(args)
            refuse_open_door(self._settings, _live_host())
        self._service = remote_service(store, self._settings.api.deadline_s)

    def __serve_build_asgi_app__(self) -> Any:
        # Here, not where the application is built.
        from access import open_access
        from deployments.api import create_app
        from deployments.api.feed.event_hub import EventHub
        from deployments.api.middleware.access_log import wordless
        from graph_store import open_event_log, redis_url

        url = redis_url(self._settings)
        event_log = open_event_log(self._settings, url, self._meter)
        app = create_app(
            self._service,
            self._settings,
            sends_request_id=False,
            meter=self._meter,
            access=open_access(self._settings, url, self._meter),
            feed=EventHub(event_log, _live_stream_s()),
        )
        return wordless(app)


def _live_host() -> str:
    """Where HTTP really listens: http_options count only when Serve first starts on a cluster."""
    client = _get_global_client()
    return str(client.http_config.host) if client else ""


def _live_stream_s() -> float | None:
    """How long a stream may last: Serve cuts off answers and WebSockets alike at its timeout."""
    client = _get_global_client()
    timeout_s = client.http_config.request_timeout_s if client else None
    return timeout_s * 5 / 6 if timeout_s else None
