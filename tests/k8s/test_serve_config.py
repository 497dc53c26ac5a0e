"""What KubeRay hands to Serve is serve_config.yaml but for the keys listed here, and fits the pods
it is meant for."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from ray.serve.schema import ServeDeploySchema

from config.settings import Settings, variable
from deployments.preflight import refuse_many_nodes, refuse_open_door, unknown_keys
from tests.k8s.manifests import ROOT, Document, rayservice, serve_config

FLAGS = "controller_options.runtime_env.env_vars"
APPLICATION = "applications.mem0g"
AUTOSCALED = (
    "num_replicas",
    *(
        f"autoscaling_config.{key}"
        for key in ("min_replicas", "max_replicas", "target_ongoing_requests")
    ),
)
DIFFERENT = {
    "http_options.host",
    f"{FLAGS}.RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S",
    f"{APPLICATION}.args.auth.mode",
    f"{APPLICATION}.args.embedder.tokens_per_step",
    f"{APPLICATION}.args.vector_store.backend",
    f"{APPLICATION}.args.weaviate.http_url",
    f"{APPLICATION}.args.weaviate.grpc_url",
    *(
        f"{APPLICATION}.deployments.{name}.{key}"
        for name in ("Ingress", "Store")
        for key in (*AUTOSCALED, "graceful_shutdown_timeout_s", "ray_actor_options.num_cpus")
    ),
    *(
        f"{APPLICATION}.deployments.Embedder.{key}"
        for key in (
            "autoscaling_config.min_replicas",
            "autoscaling_config.max_replicas",
            "graceful_shutdown_timeout_s",
            "ray_actor_options.num_cpus",
            "ray_actor_options.num_gpus",
        )
    ),
}


def leaves(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted places and what stands there; members of a list go by their names."""
    if isinstance(value, list):
        value = {item["name"]: item for item in value}
    if not isinstance(value, dict):
        yield place, value
        return
    for key, inner in value.items():
        yield from leaves(inner, f"{place}.{key}".lstrip("."))


def deployments() -> dict[str, Document]:
    return {each["name"]: each for each in serve_config()["applications"][0]["deployments"]}


def test_only_the_listed_keys_differ() -> None:
    local = dict(leaves(yaml.safe_load((ROOT / "serve_config.yaml").read_text())))
    served = dict(leaves(serve_config()))
    assert {place for place, _ in local.items() ^ served.items()} == DIFFERENT


def test_serve_takes_it_and_knows_every_key() -> None:
    ServeDeploySchema.model_validate(serve_config())
    assert [*unknown_keys(serve_config(), ServeDeploySchema)] == []


@pytest.mark.parametrize("key", ["num_replica", "max_surge_percents", "ray_actor_option"])
def test_a_misspelt_key_is_caught(key: str) -> None:
    document = copy.deepcopy(serve_config())
    document["applications"][0]["deployments"][0][key] = 1
    ServeDeploySchema.model_validate(document)  # Serve itself says nothing
    assert [*unknown_keys(document, ServeDeploySchema)] == [f"applications[0].deployments[0].{key}"]


def test_the_settings_load_and_nothing_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable("auth", "admin_key"), "a-key-of-enough-characters")
    monkeypatch.setenv(variable("weaviate", "api_key"), "another")
    monkeypatch.setenv(variable("redis", "url"), "redis://:secret@redis:6379/0")
    settings = Settings.load(serve_config()["applications"][0]["args"])
    refuse_open_door(settings, serve_config()["http_options"]["host"])
    refuse_many_nodes(settings, nodes=5)


def test_the_secret_settings_are_in_every_container_that_loads_them() -> None:
    cluster = rayservice()["spec"]["rayClusterConfig"]
    for group in [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]:
        (container,) = group["template"]["spec"]["containers"]
        names = {each["name"] for each in container["env"]}
        assert {
            variable("auth", "admin_key"),
            variable("weaviate", "api_key"),
            variable("redis", "url"),
            variable("llm", "api_key"),
        } <= names
        assert {"name": "RAY_USAGE_STATS_ENABLED", "value": "0"} in container["env"]


@pytest.mark.parametrize("bound", ["min", "max"])
def test_the_pods_hold_the_replicas_and_no_more(bound: str) -> None:
    wanted = {
        name: each["autoscaling_config"][f"{bound}_replicas"]
        for name, each in deployments().items()
    }
    options = {name: each["ray_actor_options"] for name, each in deployments().items()}
    groups = {
        group["groupName"]: group
        for group in rayservice()["spec"]["rayClusterConfig"]["workerGroupSpecs"]
    }
    cpus = sum(wanted[name] * options[name]["num_cpus"] for name in wanted)
    cpu, gpu = groups["cpu"], groups["gpu"]
    assert cpu[f"{bound}Replicas"] * int(cpu["rayStartParams"]["num-cpus"]) == cpus
    assert gpu["rayStartParams"]["num-cpus"] == "0"
    assert gpu[f"{bound}Replicas"] == wanted["Embedder"] * options["Embedder"]["num_gpus"]


def test_a_pod_outlives_the_drain_of_its_replicas() -> None:
    longest = max(each["graceful_shutdown_timeout_s"] for each in deployments().values())
    for group in rayservice()["spec"]["rayClusterConfig"]["workerGroupSpecs"]:
        assert group["template"]["spec"]["terminationGracePeriodSeconds"] > longest + 20
