"""The memory service: one class a concern, put together here. Its contract is memory.memories."""

from memory.administering import Administering
from memory.differing import Differing
from memory.erasing import Erasing
from memory.exporting import Exporting
from memory.importing import Importing
from memory.job_workers import Working
from memory.rating import Rating
from memory.relating import Relating
from memory.reporting import Reporting
from memory.searching import Searching
from memory.selecting import Selecting
from memory.several import Several


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
    """Implements memory.memories.Memories over the ports."""
