"""The memory service: one class a concern, put together here. Its contract is memory.memories."""

from memory.differing import Differing
from memory.relating import Relating
from memory.searching import Searching
from memory.writing import Writing


class MemoryService(Writing, Searching, Relating, Differing):
    """Implements memory.memories.Memories over the ports."""
