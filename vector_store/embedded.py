"""The vector store without a server: one SQLite file a tenant, searched exactly with numpy.

It is for one node with a local disk. One thread of a process does all writes and a few threads do
the reads, so the event loop never waits for the disk.
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

from memory.domain.errors import StartupRefused, StoreUnavailable
from memory.domain.ids import project_of_tenant
from memory.ports.metrics import SILENT, Meter, timed
from memory.ports.models import ModelCard, Vectors
from memory.ports.vector_store import Hit, Indexed, Listed, Named, Point, Retraction
from memory.query.views import Where
from vector_store import tenant_file, tenant_rows
from vector_store.group_commit import GroupCommit
from vector_store.vector_cache import VectorCache

T = TypeVar("T")
Work: TypeAlias = Callable[[sqlite3.Connection], T]

_READERS = 4
# Files that a thread keeps open at most.
_FILES_PER_THREAD = 32
# The store takes no writes if the disk has less room.
_LEAST_FREE_BYTES = 32 << 20
# What a cached row takes besides its vector, about.
_ROW_OVERHEAD_BYTES = 200


class EmbeddedVectorStore:
    """Implements memory.ports.vector_store.VectorStore, which holds the contract. `folder` holds
    the tenants' files."""

    def __init__(self, folder: Path, cache_mb: int, meter: Meter = SILENT) -> None:
        self._folder, self._meter = folder, meter
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
        rows = self._cache_bytes // (4 * card.dimensions + _ROW_OVERHEAD_BYTES)
        self._cache = VectorCache(rows, self._meter)
        await asyncio.get_running_loop().run_in_executor(self._writer, self._examine)

    async def upsert(self, tenant: str, points: Sequence[Point]) -> None:
        if points:
            await self._upserts.add(tenant, points)

    async def retract(self, tenant: str, retractions: Sequence[Retraction]) -> None:
        await self._write(tenant, lambda file: tenant_rows.retract(file, retractions))

    async def erase(self, tenant: str, memory_ids: Sequence[str]) -> None:
        def work(file: sqlite3.Connection) -> None:
            self._cache.forget(tenant, tenant_rows.erase(file, memory_ids))

        await self._write(tenant, work)

    async def nearest(self, tenant: str, vector: Vectors, where: Where, limit: int) -> list[Hit]:
        return await self._read(
            tenant, lambda file: self._rank(file, tenant, vector, where, limit), [], where, limit
        )

    async def match(self, tenant: str, terms: Sequence[str], where: Where, limit: int) -> list[Hit]:
        return await self._read(
            tenant,
            lambda file: tenant_rows.match(file, terms, where, limit),
            [],
            where,
            limit if terms else 0,
        )

    async def select(
        self, tenant: str, where: Where, after: Listed | None, limit: int
    ) -> list[Listed]:
        return await self._read(
            tenant, lambda file: tenant_rows.select(file, where, after, limit), [], where, limit
        )

    async def count(self, tenant: str, where: Where) -> int:
        return await self._read(tenant, lambda file: tenant_rows.count(file, where), 0, where)

    async def named(self, tenant: str, field: str, where: Where) -> list[Named]:
        return await self._read(
            tenant, lambda file: tenant_rows.named(file, field, where), [], where
        )

    async def survey(
        self,
        tenant: str,
        prefix: str = "",
        after: tuple[str, int] | None = None,
        limit: int = 1000,
        deep: bool = False,
    ) -> list[Indexed]:
        """`deep` changes nothing: a search here reads the very rows that are surveyed."""
        return await self._in(
            self._readers, tenant, lambda file: tenant_rows.survey(file, prefix, after, limit), []
        )

    async def tenants(self, project_id: str | None = None) -> list[str]:
        return [path.stem for path in self._paths(project_id)]

    async def compact(self, tenant: str) -> bool:
        def work(file: sqlite3.Connection) -> bool:
            if not tenant_file.compact(file):
                raise StoreUnavailable(f"embedded vectors: {tenant} is being read; try again")
            return True

        return await self._in(self._writer, tenant, work, True)

    async def recover(self, project_id: str | None = None) -> list[str]:
        def work() -> list[str]:
            self._make_folder()
            damaged = [path for path in self._paths(project_id) if tenant_file.damaged(path)]
            for path in damaged:
                tenant_file.set_aside(path)
                self._cache.clear(path.stem)
            return [path.stem for path in damaged]

        return await asyncio.get_running_loop().run_in_executor(self._writer, work)

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
            tenant_file.compact(file)
            self._let_go(tenant)
            tenant_file.remove(self._folder / f"{tenant}.db")
            self._cache.clear(tenant)

        await self._write(tenant, work)

    async def close(self) -> None:
        for pool in (self._writer, self._readers):
            await asyncio.to_thread(pool.shutdown)
        for file in self._files:
            file.close()
        self._files.clear()

    async def _write(self, tenant: str, work: Work[None], make: bool = False) -> None:
        await self._in(self._writer, tenant, work, None, make)

    async def _read(
        self, tenant: str, work: Work[T], missing: T, where: Where, limit: int = 1
    ) -> T:
        if limit < 1 or not all(values for _, values in where.clauses):
            return missing
        return await self._in(self._readers, tenant, work, missing)

    async def _in(
        self,
        pool: ThreadPoolExecutor,
        tenant: str,
        work: Work[T],
        missing: T,
        make: bool = False,
    ) -> T:
        loop = asyncio.get_running_loop()
        call = loop.run_in_executor(pool, self._run, tenant, work, missing, make)
        return await timed(self._meter, "embedded", call)

    def _run(self, tenant: str, work: Work[T], missing: T, make: bool) -> T:
        """In a thread: the result of `work` on the tenant's file; `missing` if there is no file."""
        try:
            file = self._file(tenant, make)
            return missing if file is None else work(file)
        except (sqlite3.Error, OSError) as error:
            self._let_go(tenant)
            raise StoreUnavailable(f"embedded vectors: {error}") from None
        except StartupRefused as error:
            raise StoreUnavailable(error.message) from None

    def _file(self, tenant: str, make: bool) -> sqlite3.Connection | None:
        """This thread's connection to a tenant's file. None if there is no file, unless `make`."""
        files = self._thread.files
        path = self._folder / f"{tenant}.db"
        standing = tenant_file.standing(path)
        if tenant in files and files[tenant][1] != standing:
            self._let_go(tenant)  # the file was set aside or lost, so a write to it would be lost
            self._cache.clear(tenant)
        if tenant not in files:
            if standing is None:
                if not make and self._folder.is_dir():
                    return None
                tenant_file.create(path, self._card)
            opened = tenant_file.connect(path, self._card)
            files[tenant] = opened, tenant_file.standing(path)
            self._files.add(opened)
            if len(files) > _FILES_PER_THREAD:
                self._let_go(next(iter(files)))
        files.move_to_end(tenant)
        return files[tenant][0]

    def _let_go(self, tenant: str) -> None:
        if found := self._thread.files.pop(tenant, None):
            self._files.discard(found[0])
            found[0].close()

    def _rank(
        self, file: sqlite3.Connection, tenant: str, vector: Vectors, where: Where, limit: int
    ) -> list[Hit]:
        """The `limit` rows with the highest cosine to `vector`, of shape (dimensions,)."""
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
        """Raises StartupRefused if vectors cannot be kept here, or if a file must not be read."""
        try:
            self._make_folder()
            probe = self._folder / f".{uuid4().hex}.probe"
            tenant_file.create(probe, self._card)
            probe.unlink()
            for path in self._paths():
                tenant_file.connect(path, self._card).close()
        except (sqlite3.Error, OSError) as error:
            raise StartupRefused(f"cannot keep vectors in {self._folder}: {error}") from None

    def _make_folder(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _paths(self, project_id: str | None = None) -> list[Path]:
        return [
            path
            for path in sorted(self._folder.glob("[!.]*.db"))
            if project_id in (None, project_of_tenant(path.stem))
        ]


class _ThreadFiles(threading.local):
    """The files that a thread has open, with their inodes, the least recently used first."""

    def __init__(self) -> None:
        self.files: OrderedDict[str, tuple[sqlite3.Connection, int | None]] = OrderedDict()
