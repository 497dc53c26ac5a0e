"""The vector store without a server: a SQLite file a tenant, searched exactly with numpy.

For one node with a local disk. All writes of a process go through one thread, reads through a
few, so the event loop never waits for the disk.
"""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeAlias, TypeVar
from uuid import uuid4

import numpy as np

from memory.errors import StartupRefused, StoreUnavailable
from memory.ports import Hit, ModelCard, Point, Retraction, Vectors
from memory.view import Where
from vector_store import tenant_file, tenant_rows
from vector_store.group_commit import GroupCommit
from vector_store.vector_cache import VectorCache

T = TypeVar("T")
Work: TypeAlias = Callable[[sqlite3.Connection], T]

_READERS = 4
_FILES_PER_THREAD = 32
_LEAST_FREE_BYTES = 32 << 20
_ROW_OVERHEAD_BYTES = 200


class EmbeddedVectorStore:
    """memory.ports.VectorStore; see there for the contract. `folder` holds the tenants' files."""

    def __init__(self, folder: Path, cache_mb: int) -> None:
        self._folder = folder
        self._cache_bytes = cache_mb << 20
        self._writer = ThreadPoolExecutor(1, "vectors-write")
        self._readers = ThreadPoolExecutor(_READERS, "vectors-read")
        self._thread = _ThreadFiles()
        self._files: set[sqlite3.Connection] = set()
        self._upserts = GroupCommit(
            lambda tenant, take: self._write(
                tenant, lambda file: tenant_rows.write(file, take()), make=True
            )
        )

    async def open(self, card: ModelCard) -> None:
        self._card = card
        self._cache = VectorCache(self._cache_bytes // (4 * card.dimensions + _ROW_OVERHEAD_BYTES))
        await asyncio.get_running_loop().run_in_executor(self._writer, self._examine)

    async def upsert(self, tenant: str, points: Sequence[Point]) -> None:
        if points:
            await self._upserts.add(tenant, points)

    async def restore(self, tenant: str, points: Sequence[Point]) -> None:
        await self.upsert(tenant, points)

    async def retract(self, tenant: str, retractions: Sequence[Retraction]) -> None:
        await self._write(tenant, lambda file: tenant_rows.retract(file, retractions))

    async def erase(self, tenant: str, memory_ids: Sequence[str]) -> None:
        def work(file: sqlite3.Connection) -> None:
            self._cache.forget(tenant, tenant_rows.erase(file, memory_ids))

        await self._write(tenant, work)

    async def nearest(self, tenant: str, vector: Vectors, where: Where, limit: int) -> list[Hit]:
        return await self._read(
            tenant, lambda file: self._rank(file, tenant, vector, where, limit), where, limit
        )

    async def match(self, tenant: str, terms: Sequence[str], where: Where, limit: int) -> list[Hit]:
        return await self._read(
            tenant,
            lambda file: tenant_rows.match(file, terms, where, limit),
            where,
            limit if terms else 0,
        )

    async def check(self) -> None:
        try:
            free = shutil.disk_usage(self._folder).free
        except OSError as error:
            raise StoreUnavailable(f"embedded vectors: {error.strerror}") from None
        if free < _LEAST_FREE_BYTES:
            raise StoreUnavailable("embedded vectors: the disk is full")

    async def drop(self, tenant: str) -> None:
        def work(file: sqlite3.Connection) -> None:
            tenant_rows.clear(file)
            self._cache.clear(tenant)

        await self._write(tenant, work)

    async def close(self) -> None:
        for pool in (self._writer, self._readers):
            await asyncio.to_thread(pool.shutdown)
        for file in self._files:
            file.close()
        self._files.clear()

    async def _write(self, tenant: str, work: Work[None], make: bool = False) -> None:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._writer, self._run, tenant, work, None, make)

    async def _read(
        self, tenant: str, work: Work[list[Hit]], where: Where, limit: int
    ) -> list[Hit]:
        if limit < 1 or not all(values for _, values in where.clauses):
            return []
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, self._run, tenant, work, [], False)

    def _run(self, tenant: str, work: Work[T], missing: T, make: bool) -> T:
        """In a thread: `work` on the tenant's file, or `missing` where there is none to read."""
        try:
            file = self._file(tenant, make)
            return missing if file is None else work(file)
        except (sqlite3.Error, OSError) as error:
            self._let_go(tenant)
            raise StoreUnavailable(f"embedded vectors: {error}") from None
        except StartupRefused as error:
            raise StoreUnavailable(error.message) from None

    def _file(self, tenant: str, make: bool) -> sqlite3.Connection | None:
        """This thread's connection to a tenant's file."""
        files = self._thread.files
        if tenant not in files:
            path = self._folder / f"{tenant}.db"
            if not path.exists():
                if not make:
                    return None
                tenant_file.create(path, self._card)
            files[tenant] = tenant_file.connect(path, self._card)
            self._files.add(files[tenant])
            if len(files) > _FILES_PER_THREAD:
                self._let_go(next(iter(files)))
        files.move_to_end(tenant)
        return files[tenant]

    def _let_go(self, tenant: str) -> None:
        if file := self._thread.files.pop(tenant, None):
            self._files.discard(file)
            file.close()

    def _rank(
        self, file: sqlite3.Connection, tenant: str, vector: Vectors, where: Where, limit: int
    ) -> list[Hit]:
        with tenant_file.transaction(file, "DEFERRED"):
            rows = tenant_rows.candidates(file, where)
            scores = np.empty(len(rows), np.float32)
            for start in range(0, len(rows), tenant_rows.LARGEST_QUERY):
                ids = [rowid for rowid, _, _ in rows[start : start + tenant_rows.LARGEST_QUERY]]
                block = self._cache.load(tenant, ids, partial(tenant_rows.vectors, file))
                matrix = np.frombuffer(block, np.float32).reshape(len(ids), -1)
                scores[start : start + len(ids)] = matrix @ vector
        best = np.arange(len(rows))
        if len(rows) > limit:
            worst = np.partition(scores, -limit)[-limit]
            best = np.flatnonzero(scores >= worst)
        hits = [Hit(rows[i][1], rows[i][2], float(scores[i])) for i in best]
        return sorted(hits, key=lambda hit: (-hit.score, hit.memory_id, hit.version))[:limit]

    def _examine(self) -> None:
        """Raises StartupRefused where vectors cannot be kept, or must not be read."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            probe = self._folder / f".{uuid4().hex}.probe"
            tenant_file.create(probe, self._card)
            probe.unlink()
            for path in sorted(self._folder.glob("[!.]*.db")):
                tenant_file.connect(path, self._card).close()
        except (sqlite3.Error, OSError) as error:
            raise StartupRefused(f"cannot keep vectors in {self._folder}: {error}") from None


class _ThreadFiles(threading.local):
    """The files a thread has open, the one used longest ago first."""

    def __init__(self) -> None:
        self.files: OrderedDict[str, sqlite3.Connection] = OrderedDict()
