"""The parts of a service are what their protocols say."""

from __future__ import annotations

import inspect

from memory.service import api
from memory.service.build import MemoryService


async def test_every_part_takes_what_its_protocol_says_and_has_nothing_else(
    service: MemoryService,
) -> None:
    compared = 0
    for name, protocol in api.PARTS.items():
        part = type(getattr(service, name))
        promised = {
            method: inspect.signature(function)
            for method, function in vars(protocol).items()
            if inspect.iscoroutinefunction(function)
        }
        compared += len(promised)
        kept = {
            method: inspect.signature(function)
            for method, function in vars(part).items()
            if inspect.isfunction(function) and not method.startswith("_")
        }
        public = {method: kept.get(method) for method in promised}
        assert public == promised, name
        assert name == "reports" or kept.keys() == promised.keys(), name
    assert compared > 40
