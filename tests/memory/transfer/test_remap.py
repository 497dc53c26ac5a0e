"""What an imported record becomes, and what it must hold to."""

from __future__ import annotations

from dataclasses import replace

from memory.domain.errors import Refused
from memory.service.service import MemoryService
from tests.memory.transfer.owners import ME, add, exported


async def test_json_tells_true_from_one(service: MemoryService) -> None:
    await add(service, "a flag", metadata={"on": {"deep": [True]}})
    (record,) = await exported(service)
    forged = replace(
        record, versions=(replace(record.versions[0], metadata={"on": {"deep": [1]}}),)
    )
    (outcome,) = await service.transfer.import_records(ME, None, [forged])
    assert isinstance(outcome, Refused)
