"""Saved reports in the record. They are kept for seven days, at most the last thousand of each
project."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from memory.domain.reports import Report, Saved


class ReportRecord(Protocol):
    async def save(self, project_id: str, report: Report) -> None: ...

    async def read(self, project_id: str, report_id: str) -> Report | None: ...

    async def all(self, project_id: str) -> list[Saved]:
        """All reports that are kept, newest first."""
        ...

    async def drop(self, project_id: str, report_ids: Sequence[str]) -> None: ...
