"""The Ingress deployment: serves the HTTP edge over a handle of the Store."""

from typing import Any

from ray.serve.context import _get_global_client  # private: nothing public tells the HTTP host

from config.settings import Settings
from deployments.preflight import refuse_open_door
from deployments.refusal import refusals
from deployments.remote import remote_memories


class Ingress:
    """Holds no state of its own; Serve binds it late, so the app is never pickled."""

    def __init__(self, args: dict[str, Any], store: Any) -> None:
        with refusals():
            self._settings = Settings.load(args)
            refuse_open_door(self._settings, _live_host())
        self._memories = remote_memories(store, self._settings.api.deadline_s)

    def __serve_build_asgi_app__(self) -> Any:
        from deployments.api import create_app  # here, not where the application is built

        return create_app(self._memories, self._settings, sends_request_id=False)


def _live_host() -> str:
    """Where HTTP really listens: http_options count only when Serve first starts on a cluster."""
    client = _get_global_client()
    return str(client.http_config.host) if client else ""
