"""The memory service, one class a concern, put together here; memory.service.api is its
contract."""

from typing import Any

from memory.erasure.erase_entity import Erasing
from memory.graph.diff import Differing
from memory.graph.relationships import Relating
from memory.jobs.workers import Working
from memory.maintenance.admin import Administering
from memory.read.filtered_lists import Selecting
from memory.reports.reports import Reporting
from memory.search.search import Searching
from memory.transfer.export import Exporting
from memory.transfer.import_records import Importing
from memory.write.batches import Several
from memory.write.feedback import Rating


class MemoryService(
    Reporting,
    Working,
    Selecting,
    Erasing,
    Several,
    Searching,
    Relating,
    Rating,
    Differing,
    Exporting,
    Importing,
    Administering,
):
    """Implements every part of memory.service.api.Service over the ports."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        parts: dict[str, dict[str, Any]] = {}
        for old, (part, new) in _NAMES.items():
            parts.setdefault(part, {})[new] = old
        for part, methods in parts.items():
            setattr(self, part, _View(self, methods))


class _View:
    def __init__(self, service: Any, methods: dict[str, str]) -> None:
        self._service, self._methods = service, methods

    def __getattr__(self, name: str) -> Any:
        return getattr(self._service, self._methods[name])


_NAMES = {
    "add": ("memories", "add"),
    "get": ("memories", "get"),
    "correct": ("memories", "correct"),
    "erase": ("memories", "erase"),
    "correct_each": ("memories", "correct_each"),
    "erase_each": ("memories", "erase_each"),
    "erase_line": ("memories", "erase_line"),
    "history": ("memories", "history"),
    "page": ("memories", "page"),
    "select": ("memories", "select"),
    "entities": ("memories", "entities"),
    "rate": ("memories", "rate"),
    "feedback": ("memories", "feedback"),
    "_search": ("search", "find"),
    "relate": ("graph", "relate"),
    "relationships": ("graph", "relationships"),
    "amend_edge": ("graph", "amend_edge"),
    "retract_edge": ("graph", "retract_edge"),
    "related": ("graph", "related"),
    "path": ("graph", "path"),
    "_graph_page": ("graph", "page"),
    "graph_difference": ("graph", "difference"),
    "remember": ("jobs", "remember"),
    "forget": ("jobs", "forget"),
    "job": ("jobs", "get"),
    "_jobs": ("jobs", "page"),
    "erase_entity": ("erasures", "erase"),
    "erasure": ("erasures", "get"),
    "inspect_receipt": ("erasures", "check"),
    "export": ("transfer", "export"),
    "import_records": ("transfer", "import_records"),
    "inventory": ("transfer", "inventory"),
    "owner_pages": ("transfer", "owner_pages"),
    "restore_entries": ("transfer", "restore_entries"),
    "restore_records": ("transfer", "restore_records"),
    "save_report": ("reports", "save"),
    "report": ("reports", "read"),
    "summary": ("reports", "summarise"),
    "verify": ("maintenance", "verify"),
    "rebuild": ("maintenance", "rebuild"),
    "compact": ("maintenance", "compact"),
    "erase_project": ("maintenance", "erase_project"),
    "task": ("maintenance", "task"),
    "tasks": ("maintenance", "tasks"),
    "ready": ("health", "ready"),
}
