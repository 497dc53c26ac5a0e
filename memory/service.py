"""The memory service: one class a concern, put together here. Its contract is memory.memories."""

from memory.graphing import Graphing
from memory.relating import Relating
from memory.searching import Searching
from memory.writing import Writing


class MemoryService(Writing, Searching, Relating, Graphing):
    """Implements memory.memories.Memories over the ports."""
