"""A TCP proxy in front of a store: it can be slow, fall silent, or refuse everybody."""

from __future__ import annotations

import asyncio
from contextlib import suppress

_CHUNK = 65_536


class Proxy:
    """Passes bytes on to a port of this machine. `delay_s` holds each piece up; a silent proxy
    takes everything and passes nothing on; a closed one resets what is open and lets nobody in."""

    def __init__(self, target: int) -> None:
        self._target = target
        self.port = 0
        self.delay_s = 0.0
        self._talking = asyncio.Event()
        self._talking.set()
        self._server: asyncio.Server | None = None
        self._streams: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Take connections, on the port that it had before."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for stream in self._streams:
            stream.transport.abort()
        self._talking.set()
        await asyncio.gather(*self._serving)

    def silence(self) -> None:
        self._talking.clear()

    async def restore(self) -> None:
        self.delay_s = 0.0
        self._talking.set()
        if self._server is None:
            await self.open()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._streams.add(writer)
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            with suppress(OSError):
                back, forth = await asyncio.open_connection("127.0.0.1", self._target)
                self._streams.add(forth)
                await asyncio.gather(self._pass(reader, forth), self._pass(back, writer))
                self._streams.discard(forth)
        finally:
            self._serving.discard(task)
            self._streams.discard(writer)
            writer.transport.abort()

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await source.read(_CHUNK):
                await asyncio.sleep(self.delay_s)
                await self._talking.wait()
                sink.write(piece)
                await sink.drain()
        sink.close()
