"""Requests of every kind on what a user has, to be cut short by crashes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

from memory.domain.caller import Caller
from memory.domain.memory import UNSET, Correction, NewEdge, NewMemory, Scope
from memory.domain.results import Added
from memory.service.build import MemoryService
from tests.memory.witness import DEFAULT

LONG_AGO, LONG_HENCE = 10**15, 4 * 10**15
"""Microseconds: the years 2001 and 2096."""
CONTENTS = {"likes green tea", "lives in oslo", "lives in bergen", "plays the cello"}
_users = (f"user-{number}" for number in count())


@dataclass(frozen=True)
class Known:
    """What a user has before the request that crashes: three memories, of which `bergen` has
    superseded `oslo`, and `edge` from `tea` to `bergen`."""

    user: str
    tea: str
    oslo: str
    bergen: str
    edge: str


Request = Callable[[MemoryService, Known, Caller], Awaitable[object]]


def draft(known: Known, content: str, **fields: Any) -> NewMemory:
    scope = Scope(user_id=known.user, agent_id=f"{known.user}-agent", session_id="s1")
    return NewMemory(content=content, scope=scope, **fields)


async def stored(service: MemoryService, caller: Caller, *drafts: NewMemory) -> list[str]:
    answers = await service.memories.add(caller, drafts)
    assert all(isinstance(answer, Added) for answer in answers), answers
    return [answer.memory.id for answer in answers if isinstance(answer, Added)]


async def a_user(service: MemoryService) -> Known:
    known = Known(next(_users), "", "", "", "")
    tea, oslo = await stored(
        service,
        DEFAULT,
        draft(known, "likes green tea"),
        draft(known, "lives in oslo", categories=("home",)),
    )
    [bergen] = await stored(service, DEFAULT, draft(known, "lives in bergen", supersedes=(oslo,)))
    edge, _ = await service.graph.relate(
        DEFAULT, NewEdge(source=tea, target=bergen, relation="DRUNK_IN")
    )
    await service.care.settled()
    return Known(known.user, tea, oslo, bergen, edge.id)


async def add(service: MemoryService, known: Known, caller: Caller = DEFAULT) -> object:
    return await stored(service, caller, draft(known, "plays the cello", metadata={"since": 2001}))


async def add_what_is_there(
    service: MemoryService, known: Known, caller: Caller = DEFAULT
) -> object:
    return await stored(service, caller, draft(known, "Likes  green tea."))


async def add_a_period(service: MemoryService, known: Known, caller: Caller = DEFAULT) -> object:
    period = {"valid_from": LONG_AGO, "valid_to": LONG_HENCE}
    return await stored(service, caller, draft(known, "owns a red boat", **period))


async def supersede(service: MemoryService, known: Known, caller: Caller = DEFAULT) -> object:
    return await stored(service, caller, draft(known, "lives in moss", supersedes=(known.bergen,)))


async def add_a_second_time(
    service: MemoryService, known: Known, caller: Caller = DEFAULT
) -> object:
    return await stored(service, caller, draft(known, "likes green tea", dedup=False))


def batch(known: Known) -> list[NewMemory]:
    return [
        draft(known, "plays the cello"),
        draft(known, "likes green tea"),
        draft(known, "owns a red boat", supersedes=(known.tea,)),
        draft(known, "Plays the cello"),
        draft(known, "lives in moss", supersedes=(known.bergen,)),
        draft(known, "likes black coffee"),
    ]


async def add_a_batch(service: MemoryService, known: Known, caller: Caller = DEFAULT) -> object:
    return await stored(service, caller, *batch(known))


async def correct(service: MemoryService, known: Known, caller: Caller = DEFAULT) -> object:
    correction = Correction(content="likes black coffee", metadata={"cups": 3})
    return await service.memories.correct(caller, known.tea, correction)


async def end(service: MemoryService, known: Known, caller: Caller = DEFAULT) -> object:
    return await service.memories.correct(caller, known.bergen, Correction(valid_to=LONG_HENCE))


async def begin_a_successor_later(
    service: MemoryService, known: Known, caller: Caller = DEFAULT
) -> object:
    return await service.memories.correct(caller, known.bergen, Correction(valid_from=LONG_HENCE))


async def erase(service: MemoryService, known: Known, caller: Caller = DEFAULT) -> object:
    return await service.memories.erase(caller, known.tea)


async def erase_a_successor(
    service: MemoryService, known: Known, caller: Caller = DEFAULT
) -> object:
    return await service.memories.erase(caller, known.bergen)


async def relate(service: MemoryService, known: Known, caller: Caller = DEFAULT) -> object:
    edge = NewEdge(source=known.bergen, target=known.tea, relation="HAS", metadata={"a": 1})
    return await service.graph.relate(caller, edge)


async def relate_again(service: MemoryService, known: Known, caller: Caller = DEFAULT) -> object:
    edge = NewEdge(source=known.tea, target=known.bergen, relation="DRUNK_IN")
    return await service.graph.relate(caller, edge)


async def amend(service: MemoryService, known: Known, caller: Caller = DEFAULT) -> object:
    return await service.graph.amend_edge(caller, known.tea, known.edge, UNSET, {"cups": 3})


async def end_an_edge(service: MemoryService, known: Known, caller: Caller = DEFAULT) -> object:
    return await service.graph.amend_edge(caller, known.tea, known.edge, LONG_HENCE, UNSET)


async def retract(service: MemoryService, known: Known, caller: Caller = DEFAULT) -> object:
    return await service.graph.retract_edge(caller, known.tea, known.edge)


REPEATABLE: list[Request] = [
    add, add_what_is_there, add_a_period, correct, end, begin_a_successor_later, relate,
    relate_again, amend, end_an_edge,
]  # fmt: skip
"""Whoever sends these again gets the same answer, even without an Idempotency-Key."""
REQUESTS: list[Request] = [
    *REPEATABLE, add_a_second_time, supersede, add_a_batch, erase, erase_a_successor, retract,
]  # fmt: skip
