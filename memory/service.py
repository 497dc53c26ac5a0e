"""The memory service: one class a concern, put together here. Its contract is memory.memories."""

from memory.administering import Administering
from memory.differing import Differing
from memory.erasing import Erasing
from memory.exporting import Exporting
from memory.importing import Importing
from memory.relating import Relating
from memory.searching import Searching
from memory.writing import Writing


class MemoryService(
    Erasing, Writing, Searching, Relating, Differing, Exporting, Importing, Administering
):
    """Implements memory.memories.Memories over the ports."""
