"""The users, agents, apps and sessions that memories name."""

from __future__ import annotations

from dataclasses import replace

from memory.domain.memory import Correction, Owner, Scope
from memory.service.build import MemoryService
from tests.memory.given import DEFAULT, stored

BOTH = Scope(user_id="alice", agent_id="helper", session_id="talk")


async def told(service: MemoryService, user_id: str | None = None) -> dict[str, int]:
    caller = replace(DEFAULT, user_id=user_id)
    entities = await service.memories.entities(caller)
    return {f"{entity.kind} {entity.value}": entity.memories for entity in entities}


async def test_whoever_a_memory_names_is_an_entity_as_long_as_one_does(
    service: MemoryService,
) -> None:
    assert await told(service) == {}
    first = await stored(service, "likes tea", BOTH)
    await stored(service, "likes skis", Scope(user_id="bob", agent_id="helper"))
    everybody = {"agent helper": 2, "session talk": 1, "user alice": 1, "user bob": 1}
    assert await told(service) == everybody
    await service.memories.correct(DEFAULT, first.id, Correction(content="likes coffee"))
    assert await told(service) == everybody
    assert await told(service, "alice") == {"agent helper": 1, "session talk": 1, "user alice": 1}
    await service.memories.erase(DEFAULT, first.id)
    assert await told(service) == {"agent helper": 1, "user bob": 1}


async def test_an_entity_tells_its_first_and_its_last_instant(service: MemoryService) -> None:
    await stored(service, "was in Oslo", BOTH, valid_from=5, valid_to=6)
    late = await stored(service, "likes tea", BOTH)
    (helper,) = await service.memories.entities(DEFAULT, Owner("agent", "helper"))
    assert (helper.memories, helper.first, helper.last) == (2, 5, late.recorded_at)


async def test_an_entitys_number_is_its_own_and_one_that_javascript_can_hold(
    service: MemoryService,
) -> None:
    await stored(service, "likes tea", Scope(user_id="x", agent_id="x", session_id="y"))
    entities = await service.memories.entities(DEFAULT)
    assert len({entity.id for entity in entities}) == len(entities) == 3
    assert all(0 < int(entity.id) < 2**53 for entity in entities)
    assert await service.memories.entities(DEFAULT) == entities
