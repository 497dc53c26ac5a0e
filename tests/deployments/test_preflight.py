"""What is wrong before anything starts is said in one line."""

import socket
from pathlib import Path

import pytest
import yaml
from ray.serve.schema import ServeDeploySchema

from config.settings import Settings
from deployments.preflight import (
    held_data_dir,
    read_config,
    refuse_many_nodes,
    refuse_open_door,
    refuse_port_in_use,
)
from graph_store.redis.local_server import ValkeyServer
from memory.domain.errors import StartupRefused

CONFIG = Path(__file__).parents[2] / "serve_config.yaml"


@pytest.fixture
def changed(tmp_path):
    """The shipped config with one thing changed."""

    def write(change):
        document = yaml.safe_load(CONFIG.read_text())
        change(document)
        path = tmp_path / "config.yaml"
        path.write_text(yaml.safe_dump(document))
        return path

    return write


def refusal(path):
    with pytest.raises(StartupRefused) as raised:
        read_config(path, ServeDeploySchema)
    assert "\n" not in raised.value.message
    return raised.value.message


def test_the_shipped_config_is_read():
    document = read_config(CONFIG, ServeDeploySchema)
    assert Settings.load(document["applications"][0]["args"]).embedder.tokens_per_step == 4096


@pytest.mark.parametrize(
    ("place", "change"),
    [
        ("http_option", lambda d: d.update(http_option={})),
        ("http_options.prot", lambda d: d["http_options"].update(prot=1)),
        ("applications[0].arg", lambda d: d["applications"][0].update(arg={})),
        (
            "applications[0].deployments[1].max_ongoing_request",
            lambda d: d["applications"][0]["deployments"][1].update(max_ongoing_request=1),
        ),
        (
            "applications[0].deployments[2].autoscaling_config.min_replica",
            lambda d: d["applications"][0]["deployments"][2]["autoscaling_config"].update(
                min_replica=1
            ),
        ),
        (
            "applications[0].deployments[0].ray_actor_options.num_cpu",
            lambda d: d["applications"][0]["deployments"][0]["ray_actor_options"].update(num_cpu=1),
        ),
        ("logging_config.log_levle", lambda d: d["logging_config"].update(log_levle="INFO")),
    ],
)
def test_an_unknown_key_is_named_with_its_place(changed, place, change):
    assert refusal(changed(change)).endswith(f"Serve has no option {place}")


def test_a_wrong_value_is_named_with_its_place(changed):
    assert "http_options.port" in refusal(changed(lambda d: d["http_options"].update(port="x")))


def test_a_file_that_is_no_config_is_refused(tmp_path):
    assert "No such file" in refusal(tmp_path / "none.yaml")
    for text in ("a: [", "just text", "{}"):
        (tmp_path / "bad.yaml").write_text(text)
        assert refusal(tmp_path / "bad.yaml")


def test_a_port_in_use_is_refused():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(StartupRefused, match="cannot listen on"):
            refuse_port_in_use("127.0.0.1", other.getsockname()[1])


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StartupRefused, match="cannot write to"), held_data_dir(tmp_path / "file/x"):
        pass


def test_a_full_disk_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("deployments.preflight.MIN_FREE_BYTES", 10**18)
    with pytest.raises(StartupRefused, match="too little disk"), held_data_dir(tmp_path):
        pass


def test_a_data_folder_has_one_service_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr("deployments.preflight._STOPPING_S", 0)
    refused = pytest.raises(StartupRefused, match="in use by another service")
    with held_data_dir(tmp_path), refused:
        held_data_dir(tmp_path).__enter__()
    server = ValkeyServer(tmp_path, "one")
    server.start()
    try:
        with pytest.raises(StartupRefused, match="in use by another service"):
            held_data_dir(tmp_path).__enter__()
    finally:
        server.stop()
    with held_data_dir(tmp_path):
        pass


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.org"])
def test_without_keys_only_this_machine_may_call(host):
    refuse_open_door(Settings.load({}), "127.0.0.1")
    with pytest.raises(StartupRefused, match="MEM0G_AUTH__ADMIN_KEY"):
        refuse_open_door(Settings.load({}), host)


def test_with_keys_anyone_may(monkeypatch):
    monkeypatch.setenv("MEM0G_AUTH__MODE", "api_key")
    monkeypatch.setenv("MEM0G_AUTH__ADMIN_KEY", "k" * 16)
    refuse_open_door(Settings.load({}), "0.0.0.0")


def test_files_of_one_machine_are_for_one_node(monkeypatch):
    refuse_many_nodes(Settings.load({}), 1)
    with pytest.raises(StartupRefused, match=r"embedded .* one node only .* use weaviate"):
        refuse_many_nodes(Settings.load({}), 2)
    weaviate = Settings.load({"vector_store": {"backend": "weaviate"}})
    with pytest.raises(StartupRefused, match="MEM0G_REDIS__URL"):
        refuse_many_nodes(weaviate, 2)
    monkeypatch.setenv("MEM0G_REDIS__URL", "redis://redis:6379")
    refuse_many_nodes(Settings.load({"vector_store": {"backend": "weaviate"}}), 2)
