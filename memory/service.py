"""The memory service: one class a concern, put together here. Its contract is memory.memories."""

from memory.relating import Relating
from memory.walking import Walking
from memory.writing import Writing


class MemoryService(Writing, Relating, Walking):
    """Implements memory.memories.Memories over the ports."""
