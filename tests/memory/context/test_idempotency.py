"""What a request with an Idempotency-Key that is no single commit keeps."""

from __future__ import annotations

import pytest
import redis

from memory.context.idempotency import Idempotency
from memory.domain.errors import IdempotencyMismatch
from memory.service.build import MemoryService
from tests.memory.write.keyed import DEFAULT, keyed
from tests.redis_server import RedisServer


async def test_a_longer_operation_keeps_its_answer_with_its_claim(service: MemoryService) -> None:
    project = await service.project()
    idempotency = Idempotency(service.record.idempotency)
    assert await idempotency.operation(project, DEFAULT) is None
    operation = await idempotency.operation(project, keyed("k"))
    assert operation is not None
    assert operation.kept is None
    assert await idempotency.keep(project, operation, {"imported": 3}) is None
    assert await idempotency.keep(project, operation, {"imported": 0}) == {"imported": 3}
    again = await idempotency.operation(project, keyed("k"))
    assert again is not None
    assert (again.id, again.nonce) == (operation.id, operation.nonce)
    assert again.kept == {"imported": 3}
    with pytest.raises(IdempotencyMismatch):
        await idempotency.operation(project, keyed("k", "other"))


async def test_an_answer_is_not_kept_for_who_uses_the_key_after_a_day(
    service: MemoryService, redis_server: RedisServer
) -> None:
    project = await service.project()
    idempotency = Idempotency(service.record.idempotency)
    slow = await idempotency.operation(project, keyed("k"))
    forget_claims(redis_server)
    later = await idempotency.operation(project, keyed("k", "other"))
    assert slow is not None
    assert later is not None
    assert later.nonce != slow.nonce
    assert await idempotency.keep(project, slow, {"imported": 3}) is None
    again = await idempotency.operation(project, keyed("k", "other"))
    assert again is not None
    assert again.kept is None


def forget_claims(server: RedisServer) -> None:
    """What 25 hours do."""
    with redis.Redis(port=server.port) as client:
        for key in client.scan_iter("mg:once:*"):
            client.delete(key)
