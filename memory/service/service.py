"""The memory service, one class a concern, put together here; memory.service.api is its
contract."""

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
    """Implements memory.service.api.Memories over the ports."""
