"""What the owner's event log says of a write: its kind and ids, never text."""

from __future__ import annotations

from collections.abc import Sequence

from memory.domain.memory import SUPERSEDES
from memory.domain.transaction import EraseMemory, PutEdge, PutMemory, RetractEdge, Write


def events(writes: Sequence[Write]) -> list[list[str]]:
    """One entry a change, as fields and values; what ends comes before what is added. The edges
    of an erased memory go without one, and so do those that only say what `supersedes` did."""
    entries = [entry for write in writes if (entry := _event(write))]
    return sorted(entries, key=lambda entry: entry[1] == "ADD")


def _event(write: Write) -> list[str] | None:
    match write:
        case PutMemory(memory=memory):
            return ["e", memory.event.value, "m", memory.id, "v", str(memory.version)]
        case EraseMemory(memory=memory):
            return ["e", "DELETE", "m", memory.id, "v", str(memory.version)]
        case PutEdge(edge=edge, previous=previous) if edge.relation != SUPERSEDES:
            name = "RELATE" if previous is None else "AMEND"
            return ["e", name, "r", edge.id, "m", edge.source, "o", edge.target]
        case RetractEdge(edge=edge):
            return ["e", "RETRACT", "r", edge.id, "m", edge.source, "o", edge.target]
    return None
