"""Changes of several memories by one call, and erasing a memory with those that it replaced."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from memory.caller import Caller
from memory.errors import Mem0gError, NotFound
from memory.memories import Memories
from memory.model import Memory

_AT_ONCE = 16
_MOST_NAMED = 10


def part(caller: Caller, name: str) -> Caller:
    """The caller, for one write of several of a call: an Idempotency-Key is of each of them."""
    if caller.once is None:
        return caller
    return replace(caller, once=replace(caller.once, key=f"{caller.once.key} {name}"))


async def each(ids: Sequence[str], work: Callable[[str], Awaitable[object]]) -> None:
    """Do it to all, some at once. Raises the first error, once the others have been tried, with
    the ids that are not done."""
    places = asyncio.Semaphore(_AT_ONCE)

    async def one(memory_id: str) -> Mem0gError | None:
        async with places:
            try:
                await work(memory_id)
            except Mem0gError as error:
                return error
        return None

    outcomes = await asyncio.gather(*map(one, ids))
    errors = [error for error in outcomes if error is not None]
    if errors:
        refused = [name for name, error in zip(ids, outcomes, strict=True) if error is not None]
        more = ", …" if len(refused) > _MOST_NAMED else ""
        named = ", ".join(name[:60] for name in refused[:_MOST_NAMED]) + more
        errors[0].message += f" ({len(ids) - len(errors)} of {len(ids)} are done; not {named})"
        raise errors[0]


async def superseded(memories: Memories, caller: Caller, memory_id: str) -> list[str] | None:
    """All that a memory superseded, and that they did, the oldest last. None where the memory is
    not there, as when it was erased by the same call before."""
    first = await get(memories, caller, memory_id)
    if first is None:
        return None
    found: dict[str, None] = {}
    todo = [first]
    while todo:
        memory = todo.pop()
        older = [await get(memories, caller, each) for each in memory.supersedes]
        todo += [each for each in older if each and each.id not in found]
        found |= dict.fromkeys(each.id for each in older if each)
    return list(found)


async def get(memories: Memories, caller: Caller, memory_id: str) -> Memory | None:
    """None for one that is not there, or not any more."""
    try:
        return await memories.get(caller, memory_id)
    except NotFound:
        return None
