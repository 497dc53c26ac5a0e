"""One way to Redis, a single server or a cluster: pipelines with a deadline, errors as ours."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Sequence
from typing import Any, TypeGuard, cast

import hiredis
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.cluster import RedisCluster
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    ClusterError,
    NoScriptError,
    RedisClusterException,
    RedisError,
    ResponseError,
)
from redis.exceptions import TimeoutError as RedisTimeoutError

from config.settings import RedisSettings
from graph_store.redis.scripts import Script
from memory.domain.errors import StoreUnavailable
from memory.ports.metrics import SILENT, Meter, timed

Argument = str | int | float | Script
Command = Sequence[Argument]
_Plain = Sequence[str | int | float]
_KEYS_A_SCAN = 2_000
_ERRNO = re.compile(r"Err(?:no|or) (\d+)")
_REFUSALS = ("OOM", "MISCONF", "READONLY", "CLUSTERDOWN", "MASTERDOWN", "LOADING", "TRYAGAIN")


class Connection:
    """Commands for one Redis. A repeated send is harmless: every write here is idempotent.

    A script is sent whole once, and as its digest from then on. If the server does not know it (it
    was restarted, another node took over, its scripts were flushed), the commands that did not run
    are sent again, with the text of their scripts.
    """

    def __init__(self, url: str, settings: RedisSettings, meter: Meter = SILENT) -> None:
        self._url, self._settings, self._meter = url, settings, meter
        self._client: Redis | RedisCluster | None = None
        self._opening = asyncio.Lock()
        self._known: set[str] = set()

    async def run(self, *commands: Command) -> list[Any]:
        """All commands in one round trip (one a node in a cluster), answers in order."""
        trip = self._with_scripts(self._pipeline, commands)
        return cast(list[Any], await timed(self._meter, "redis", self._answer(trip)))

    async def one(self, *command: Argument) -> Any:
        """One command, and its answer."""
        trip = self._with_scripts(self._single, [command])
        (answer,) = await timed(self._meter, "redis", self._answer(trip))
        return answer

    async def scan(self, pattern: str) -> AsyncIterator[str]:
        """Keys that match, of every node that takes writes; one may come twice. The deadline is
        for each step: if few keys match, their number says nothing of the way."""
        client = await self._answer(self._connected())
        clustered = isinstance(client, RedisCluster)
        for node in client.get_primaries() if clustered else [None]:
            cursor = 0
            while True:
                aim = {"target_nodes": node} if clustered else {}
                step = client.scan(cursor, pattern, _KEYS_A_SCAN, **aim)
                reached, found = await self._answer(step)
                for key in found:
                    yield key
                cursor = reached if isinstance(reached, int) else next(iter(reached.values()))
                if not cursor:
                    break

    async def is_cluster(self) -> bool:
        return isinstance(await self._answer(self._connected()), RedisCluster)

    async def server(self) -> dict[str, str]:
        """Facts of the server to check at start; of the first node, if there are several."""
        facts: dict[str, str] = {}
        for section in ("server", "persistence", "memory"):
            info = await self.one("INFO", section)
            first = next(iter(info.values()))
            facts |= {
                name: str(value)
                for name, value in (first if isinstance(first, dict) else info).items()
            }
        return facts

    async def on_primaries(self, *command: str) -> list[Any]:
        """The command's answer from every node that takes writes."""
        client = await self._answer(self._connected())
        if not isinstance(client, RedisCluster):
            return [await self.one(*command)]
        nodes = client.get_primaries()
        return [await self._answer(node.execute_command(*command)) for node in nodes]

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def _with_scripts(
        self, send: Callable[[Sequence[_Plain]], Awaitable[list[Any]]], commands: Sequence[Command]
    ) -> list[Any]:
        """The answers to the commands, each of which runs one script at most. `send` gives errors
        of the server as values."""
        used = {part.sha for command in commands for part in command[1:2] if _is_script(part)}
        answers = await send([_plain(command, self._known) for command in commands])
        unknown = [at for at, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
        if unknown:
            again = await send([_plain(commands[at]) for at in unknown])
            for at, answer in zip(unknown, again, strict=True):
                answers[at] = answer
        for answer in answers:
            if isinstance(answer, RedisError):
                raise answer
        self._known |= used
        return answers

    async def _single(self, commands: Sequence[_Plain]) -> list[Any]:
        client = await self._connected()
        try:
            return [await client.execute_command(*commands[0])]
        except NoScriptError as error:
            return [error]

    async def _pipeline(self, commands: Sequence[_Plain]) -> list[Any]:
        client = await self._connected()
        if isinstance(client, RedisCluster):
            pipeline: Any = client.pipeline()
        else:
            pipeline = client.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        return cast(list[Any], await pipeline.execute(raise_on_error=False))

    async def _answer(self, work: Awaitable[Any]) -> Any:
        try:
            async with asyncio.timeout(self._settings.deadline_s):
                return await work
        except AuthenticationError:
            raise StoreUnavailable("Redis refuses the password in MEM0G_REDIS__URL", 5) from None
        except ResponseError as error:
            if isinstance(error, BusyLoadingError | ClusterError) or _refuses(error):
                raise StoreUnavailable(f"Redis cannot serve now: {_brief(error)}", 2) from None
            raise
        except (RedisError, RedisClusterException, OSError, TimeoutError) as error:
            raise StoreUnavailable(f"Redis does not answer: {_brief(error)}") from None

    async def _connected(self) -> Redis | RedisCluster:
        if self._client is None:
            async with self._opening:
                if self._client is None:
                    self._client = await self._connect()
        return self._client

    async def _connect(self) -> Redis | RedisCluster:
        retry = Retry(ExponentialWithJitterBackoff(base=0.02, cap=0.3), 3)
        common: dict[str, Any] = {
            "decode_responses": True,
            "socket_timeout": self._settings.deadline_s,
            "socket_connect_timeout": self._settings.deadline_s,
            "health_check_interval": 15,
            "retry": retry,
        }
        pool = BlockingConnectionPool.from_url(
            self._url,
            max_connections=self._settings.max_connections,
            timeout=self._settings.deadline_s,
            **common,
        )
        pool.connection_class = _packing_in_c(pool.connection_class)
        client = Redis(connection_pool=pool)
        cluster = "cluster_enabled:1" in await _cluster_info(client)
        if not cluster:
            return client
        await client.aclose()
        return RedisCluster.from_url(
            self._url, max_connections=self._settings.max_connections, **common
        )


def _is_script(part: Argument) -> TypeGuard[Script]:
    return isinstance(part, Script)


def _plain(command: Command, known: Collection[str] = ()) -> _Plain:
    """The command as Redis takes it: a script as its digest if it is known, else as its text."""
    if len(command) < 2 or not _is_script(script := command[1]):
        return cast(_Plain, command)
    if script.sha in known:
        return ("EVALSHA", script.sha, *cast(_Plain, command[2:]))
    return ("EVAL", script.text, *cast(_Plain, command[2:]))


async def _cluster_info(client: Redis) -> str:
    info: object = await client.info("cluster")
    if isinstance(info, dict):
        return f"cluster_enabled:{info.get('cluster_enabled', 0)}"
    return str(info)


def _packing_in_c(kind: type[AbstractConnection]) -> type[AbstractConnection]:
    """The same connection, but it packs commands with hiredis: redis-py does so only in its
    blocking client, and packing in Python was a fifth of a walk's time."""

    class Packing(kind):  # type: ignore[misc, valid-type]
        def pack_command(self, *args: Any) -> list[bytes]:
            return [hiredis.pack_command(args)]

        def pack_commands(self, commands: Iterable[Any]) -> list[bytes]:
            return [b"".join(map(hiredis.pack_command, commands))]

    return Packing


def _refuses(error: ResponseError) -> bool:
    return str(error).startswith(_REFUSALS)


def _brief(error: BaseException) -> str:
    """What kind of error it is. Its text may name addresses, and /ready needs no key."""
    text = str(error)
    if found := _ERRNO.search(text):
        return os.strerror(int(found[1])).lower()
    if isinstance(error, TimeoutError | RedisTimeoutError):
        return "no answer in time"
    if text.startswith(_REFUSALS):
        return text.partition(" ")[0]
    return type(error).__name__
