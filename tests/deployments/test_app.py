"""The application as Serve deploys it: three deployments, and a valkey unless there is a Redis."""

from __future__ import annotations

from typing import Any

import pytest

from deployments.app import build
from deployments.refusal import RefusedToStart


def deployment(bound: Any) -> Any:
    return bound._bound_deployment


def test_requests_go_from_ingress_to_store_to_embedder() -> None:
    args: dict[str, Any] = {"api": {"deadline_s": 3}}
    ingress = deployment(build(args))
    store = deployment(ingress.init_args[1])
    embedder = deployment(store.init_args[1])
    assert [each.name for each in (ingress, store, embedder)] == ["Ingress", "Store", "Embedder"]
    # Each loads its settings itself: nothing but the file's own args passes through Ray.
    assert [each.init_args[0] for each in (ingress, store, embedder)] == [args] * 3


def test_a_valkey_of_its_own_is_run_beside_the_store_only_without_a_redis(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def actors() -> list[str]:
        store = deployment(deployment(build({})).init_args[1])
        return [actor.name for actor in store._deployment_config.deployment_actors or ()]

    assert actors() == ["valkey"]
    monkeypatch.setenv("MEM0G_REDIS__URL", "redis://127.0.0.1:6379")
    assert actors() == []


def test_a_bad_setting_fails_the_deploy_in_one_line() -> None:
    with pytest.raises(RefusedToStart, match=r"^mem0g: config: api.deadline_s: "):
        build({"api": {"deadline_s": 0}})
