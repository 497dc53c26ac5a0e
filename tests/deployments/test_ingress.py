"""The Ingress serves the HTTP edge over a handle of the Store."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from deployments import ingress
from deployments.ingress import Ingress
from deployments.refusal import RefusedToStart


class Response:
    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def __await__(self) -> Any:
        yield from ()
        return self._answer

    def cancel(self) -> None:
        pass


class Store:
    """Its handle: `calls` holds the operations that were asked for."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.call = self

    def remote(self, operation: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Response:
        self.calls.append(operation)
        return Response({"redis": "ok"})


@pytest.fixture(autouse=True)
def _no_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingress, "_get_global_client", lambda: None)
    monkeypatch.setattr(ingress, "_live_host", lambda: "127.0.0.1")
    monkeypatch.setenv("MEM0G_REDIS__URL", "redis://127.0.0.1:1")


async def test_a_request_becomes_a_call_of_the_store() -> None:
    store = Store()
    app = Ingress({}, store).__serve_build_asgi_app__()
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await client.get("/ready", headers={"x-request-id": "mine"})
        assert "/v1/events/stream" in (await client.get("/openapi.json")).json()["paths"]
    assert answer.json() == {"ready": True, "dependencies": {"store": "ok", "redis": "ok"}}
    assert "x-request-id" not in answer.headers  # Serve writes it
    assert store.calls == ["health.ready"]


def test_without_keys_it_is_not_open_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingress, "_live_host", lambda: "0.0.0.0")
    with pytest.raises(RefusedToStart, match=r"auth\.mode"):
        Ingress({}, Store())


def test_a_stream_ends_before_serve_would_cut_it_off(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ingress._live_stream_s() is None
    options = type("Options", (), {"request_timeout_s": 60})
    client = type("Client", (), {"http_config": options})
    monkeypatch.setattr(ingress, "_get_global_client", lambda: client)
    assert ingress._live_stream_s() == 50
