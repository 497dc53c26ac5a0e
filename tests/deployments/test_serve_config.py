"""The numbers in serve_config.yaml fit the machine and each other."""

from pathlib import Path

import pytest
import yaml
from ray.serve.schema import ServeDeploySchema

from config.settings import Settings

DOCUMENT = yaml.safe_load((Path(__file__).parents[2] / "serve_config.yaml").read_text())
APPLICATION = DOCUMENT["applications"][0]
DEPLOYMENTS = {each["name"]: each for each in APPLICATION["deployments"]}
FLAGS = DOCUMENT["controller_options"]["runtime_env"]["env_vars"]


def test_serve_takes_it_and_so_do_the_settings():
    ServeDeploySchema.model_validate(DOCUMENT)
    Settings.load(APPLICATION["args"])


def test_it_starts_on_two_cores_without_a_gpu_and_can_be_rolled_out_there():
    options = [each["ray_actor_options"] for each in DEPLOYMENTS.values()]
    assert sum(option["num_cpus"] for option in options) <= 1.5
    assert not any(option.get("num_gpus") for option in options)
    surge = sum(
        each["ray_actor_options"]["num_cpus"]
        for each in DEPLOYMENTS.values()
        if each.get("max_surge_percent")
    )
    assert sum(option["num_cpus"] for option in options) + surge <= 2


def test_all_three_are_scaled_and_shed_load():
    assert set(DEPLOYMENTS) == {"Ingress", "Store", "Embedder"}
    for each in DEPLOYMENTS.values():
        assert ("num_replicas" in each) != ("autoscaling_config" in each)
        assert each["max_queued_requests"] > 0
        assert each["backpressure_config"]["status_code"] == 503
    assert DEPLOYMENTS["Ingress"]["max_surge_percent"] == 100
    assert DEPLOYMENTS["Store"]["max_surge_percent"] == 100


def test_the_edge_sheds_load_before_serve_does():
    settings = Settings.load(APPLICATION["args"])
    assert settings.api.max_in_flight < DEPLOYMENTS["Ingress"]["max_ongoing_requests"]
    assert settings.api.deadline_s < DOCUMENT["http_options"]["request_timeout_s"]


def test_the_embedder_takes_more_calls_than_the_scaler_aims_at():
    embedder = DEPLOYMENTS["Embedder"]
    target = embedder["autoscaling_config"]["target_ongoing_requests"]
    assert embedder["max_ongoing_requests"] > target


@pytest.mark.parametrize("flag", ["RAY_SERVE_ENABLE_HA_PROXY", "RAY_SERVE_THROUGHPUT_OPTIMIZED"])
def test_both_halves_of_the_fast_path_are_on(flag):
    assert FLAGS[flag] == "1"


def test_only_this_machine_is_served():
    assert DOCUMENT["http_options"]["host"] == "127.0.0.1"
    assert FLAGS["RAY_SERVE_HAPROXY_METRICS_ENABLED"] == "0"
