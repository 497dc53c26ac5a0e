"""Writes exports and backups, page by page: the answer begins before all of it has been read."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

import orjson

from deployments.api.transfer.line_format import entry_line, header_line, owner_line, record_line
from memory.domain.caller import Caller
from memory.domain.errors import Mem0gError
from memory.domain.memory import Scope
from memory.domain.transfer import Inventory, Mark, OwnerPage
from memory.service.api import Transfer

log = logging.getLogger(__name__)

CHECKSUM_BYTES = 32
_OWNERS_A_TRIP = 16
_MEMORIES_A_PROGRESS = 1000
_PROGRESS_S = 3.0


class _Pen:
    """Writes lines, counts them by type and takes their checksum."""

    def __init__(self) -> None:
        self._digest = hashlib.blake2b(digest_size=CHECKSUM_BYTES)
        self.written = {"memory": 0, "relationship": 0}

    def write(self, *lines: Mapping[str, Any]) -> bytes:
        text = b"".join(orjson.dumps(line) + b"\n" for line in lines)
        self._digest.update(text)
        for line in lines:
            if line.get("type") in self.written:
                self.written[line["type"]] += 1
        return text

    def counts(self) -> dict[str, int]:
        memories, relationships = self.written.values()
        return {"memories": memories, "relationships": relationships}

    def checksum(self) -> str:
        """Of all that was written so far."""
        return self._digest.hexdigest()


async def export_lines(
    transfer: Transfer, caller: Caller, scope: Scope, first: OwnerPage
) -> AsyncIterator[bytes]:
    """An owner, whose first page has been read."""
    pen = _Pen()
    assert first.owner is not None
    header = header_line("export", first.until, owner=owner_line(first.owner))
    yield pen.write(header, *map(record_line, first.records))
    mark = first.following
    try:
        while mark is not None:
            page = await transfer.export(caller, scope, mark)
            yield pen.write(*map(record_line, page.records))
            mark = page.following
    except Mem0gError as error:
        yield _broken(error)
        return
    yield pen.write({"type": "end", **pen.counts()})


async def backup_lines(
    transfer: Transfer, caller: Caller, inventory: Inventory
) -> AsyncIterator[bytes]:
    """Everything. The last line alone has a checksum, of all lines before it."""
    pen, at, slots = _Pen(), inventory.at, inventory.slots
    yield pen.write(header_line("backup", at), *map(entry_line, inventory.entries))
    owners, told, told_at = 0, 0, time.monotonic()
    try:
        for start in range(0, len(slots), _OWNERS_A_TRIP):
            part = slots[start : start + _OWNERS_A_TRIP]
            pages = await transfer.owner_pages(caller, [Mark(slot, at) for slot in part])
            for done, page in enumerate(pages, start):
                owners += page.owner is not None
                async for text in _owner_lines(pen, transfer, caller, page):
                    yield text
                    memories = pen.written["memory"]
                    late = time.monotonic() - told_at > _PROGRESS_S
                    if late or memories - told >= _MEMORIES_A_PROGRESS:
                        told, told_at = memories, time.monotonic()
                        owned = {"done": done, "total": len(slots), "memories": memories}
                        yield pen.write({"type": "progress", **owned})
    except Mem0gError as error:
        yield _broken(error)
        return
    end = {"type": "end", "owners": owners, **pen.counts(), "checksum": pen.checksum()}
    yield pen.write(end)


async def _owner_lines(
    pen: _Pen, transfer: Transfer, caller: Caller, page: OwnerPage
) -> AsyncIterator[bytes]:
    if page.owner is None:
        return
    project = {"project_id": page.project_id}
    owner = owner_line(page.owner)
    before = pen.counts()
    header = header_line("export", page.until, **project, owner=owner)
    yield pen.write(header, *_with(project, page))
    while page.following is not None:
        (page,) = await transfer.owner_pages(caller, [page.following])
        yield pen.write(*_with(project, page))
    own = {name: count - before[name] for name, count in pen.counts().items()}
    yield pen.write({"type": "end", **own})


def _with(project: Mapping[str, str], page: OwnerPage) -> Iterable[dict[str, Any]]:
    return ({**record_line(record), **project} for record in page.records)


def _broken(error: Mem0gError) -> bytes:
    """Instead of the end: the status has been sent."""
    log.warning("an export broke off: %s", error.message)
    return orjson.dumps({"type": "error", "code": error.code, "message": error.message}) + b"\n"
