"""The connection to Weaviate. It is made when it is first needed, and anew after an outage."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar
from urllib.parse import urlsplit

import httpx
from weaviate import WeaviateAsyncClient
from weaviate.classes.init import AdditionalConfig, Auth, Timeout
from weaviate.connect import ConnectionParams
from weaviate.exceptions import (
    UnexpectedStatusCodeError,
    WeaviateBaseError,
    WeaviateClosedClientError,
    WeaviateConnectionError,
    WeaviateGRPCUnavailableError,
    WeaviateQueryError,
    WeaviateRetryError,
    WeaviateStartUpError,
    WeaviateTimeoutError,
)

from config.settings import WeaviateSettings
from memory.domain.errors import StoreUnavailable
from memory.ports.metrics import SILENT, Meter, timed
from vector_store.breaker import Breaker

T = TypeVar("T")

# This logger writes whole objects, with what people said, when a write fails. Our errors say what
# failed.
logging.getLogger("weaviate-client").disabled = True

_OUTAGES = (
    httpx.HTTPError,
    OSError,
    WeaviateClosedClientError,
    WeaviateConnectionError,
    WeaviateGRPCUnavailableError,
    WeaviateRetryError,
    WeaviateStartUpError,
    WeaviateTimeoutError,
)
_OUTAGE_STATUSES = frozenset({502, 503, 504})
_OUTAGE_DETAILS = ("unavailable", "deadline exceeded", "failed to connect", "socket closed")


class WeaviateConnection:
    """Runs work on a connected client, within the deadline and behind the breaker."""

    def __init__(self, settings: WeaviateSettings, meter: Meter = SILENT) -> None:
        self._settings, self._meter = settings, meter
        self._breaker = Breaker("weaviate", settings.deadline_s, outage, meter=meter)
        self._connecting = asyncio.Lock()
        self._client: WeaviateAsyncClient | None = None
        self._retired: dict[asyncio.Task[None], WeaviateAsyncClient] = {}

    @property
    def healthy(self) -> bool:
        return self._breaker.closed

    async def call(self, work: Callable[[WeaviateAsyncClient], Awaitable[T]]) -> T:
        """The result of `work`. Raises StoreUnavailable if there is an outage, and Weaviate's own
        errors if the server answers and refuses."""
        used: WeaviateAsyncClient | None = None

        async def attempt() -> T:
            nonlocal used
            used = await self._connected()
            return await work(used)

        try:
            return await timed(self._meter, "weaviate", self._breaker.call(attempt))
        except StoreUnavailable:
            if used is not None:
                self._retire(used)
            raise

    async def close(self) -> None:
        clients = list(self._retired.values())
        for task in self._retired:
            task.cancel()
        if self._client is not None:
            clients.append(self._client)
            self._client = None
        await asyncio.gather(*(client.close() for client in clients))

    async def _connected(self) -> WeaviateAsyncClient:
        async with self._connecting:
            if self._client is None:
                client = self._new_client()
                try:
                    await client.connect()
                except BaseException:
                    await client.close()
                    raise
                self._client = client
            return self._client

    def _new_client(self) -> WeaviateAsyncClient:
        settings = self._settings
        http, grpc = urlsplit(settings.http_url), urlsplit(settings.grpc_url)
        tls, grpc_tls = http.scheme == "https", grpc.scheme == "grpcs"
        key = settings.api_key
        return WeaviateAsyncClient(
            connection_params=ConnectionParams.from_params(
                http_host=str(http.hostname),
                http_port=http.port or (443 if tls else 80),
                http_secure=tls,
                grpc_host=str(grpc.hostname),
                grpc_port=grpc.port or (443 if grpc_tls else 50051),
                grpc_secure=grpc_tls,
            ),
            auth_client_secret=Auth.api_key(key.get_secret_value()) if key else None,
            additional_config=AdditionalConfig(
                timeout=Timeout(
                    init=settings.deadline_s, query=settings.deadline_s, insert=settings.deadline_s
                )
            ),
            skip_init_checks=True,  # one of them asks PyPI for a newer client
        )

    def _retire(self, client: WeaviateAsyncClient) -> None:
        """Connect anew next time: a gRPC channel to a server that vanished hangs for minutes.

        Calls that are under way on the old client may still succeed before their deadline.
        """
        if client is not self._client:
            return
        self._client = None
        task = asyncio.create_task(self._close_later(client))
        self._retired[task] = client
        task.add_done_callback(lambda done: self._retired.pop(done, None))

    async def _close_later(self, client: WeaviateAsyncClient) -> None:
        await asyncio.sleep(self._settings.deadline_s)
        await client.close()


def outage(error: Exception) -> bool:
    """Whether the server is gone, starts or hangs. It is not if the server merely refuses."""
    if isinstance(error, _OUTAGES):
        return True
    if isinstance(error, UnexpectedStatusCodeError):
        return error.status_code in _OUTAGE_STATUSES
    if isinstance(error, WeaviateQueryError):
        return any(detail in str(error).lower() for detail in _OUTAGE_DETAILS)
    return False


def status(error: WeaviateBaseError) -> int | None:
    """The HTTP status of an answer. None if the error has none."""
    return error.status_code if isinstance(error, UnexpectedStatusCodeError) else None
