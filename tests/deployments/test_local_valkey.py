"""The actor of the local valkey-server."""

from __future__ import annotations

import pytest

from deployments.local_valkey import LocalValkey, local_valkey
from deployments.refusal import RefusedToStart


def test_it_takes_no_core_and_gets_the_args_of_the_config() -> None:
    args = {"redis": {"fsync": "everysec"}}
    actor = local_valkey(args)
    assert (actor.name, actor.init_args) == ("valkey", (args,))
    assert actor.actor_options == {"num_cpus": 0}


def test_a_bad_setting_fails_it_in_one_line() -> None:
    with pytest.raises(RefusedToStart, match=r"^mem0g: config: redis.fsync: "):
        LocalValkey({"redis": {"fsync": "never"}})
