"""The server's own secret: one for all instances, other digests for each purpose."""

from __future__ import annotations

from tests.access.conftest import Opened


async def test_every_instance_makes_the_same_digests(opened: Opened) -> None:
    first, second = (opened().repeats._pepper for _ in range(2))
    digest = await first.digest("key", b"a secret")
    assert len(digest) == 32
    assert await second.digest("key", b"a secret") == digest
    assert await second.digest("once", b"a secret") != digest


async def test_parts_are_told_apart(opened: Opened) -> None:
    pepper = opened().repeats._pepper
    digests = {
        await pepper.digest("key", *parts) for parts in ((b"ab",), (b"a", b"b"), (b"", b"ab"))
    }
    assert len(digests) == 3
