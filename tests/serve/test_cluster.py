"""`python -m deployments` on a real Ray: it starts, answers, stops, and says what is wrong."""

import signal
import time

import psutil
import pytest
from mem0 import MemoryClient

from tests.language_server import LanguageServer
from tests.serve.running import free_port

pytestmark = pytest.mark.serve


@pytest.fixture
def refused(launch):
    """The one line of a service that must not start."""

    def run(config, data_dir, **environment):
        code, lines = launch(config, data_dir, **environment).ended()
        assert code == 2
        assert len(lines) == 1, lines
        assert lines[0].startswith("mem0g: ")
        return lines[0]

    return run


def test_it_runs_keeps_its_data_and_stops_without_a_trace(config, launch, refused, tmp_path):
    """What waits for a language model that cannot be reached waits across the restart, too."""
    path, data = config(), tmp_path / "data"
    port = free_port()
    known = {
        "MEM0G_LLM__BASE_URL": f"http://127.0.0.1:{port}/v1",
        "MEM0G_LLM__MODEL": "test/rules",
    }
    first = launch(path, data, **known).ready()
    assert first.said
    assert all(line.startswith("mem0g: ") for line in first.said)
    assert first.get("/health")["status"] == "ok"
    assert first.get("/ready")["ready"] is True
    memory = first.post(
        "/v1/memories", {"content": "User prefers Python for scripting", "user_id": "alice"}
    )
    waiting = MemoryClient("m0-any", f"http://127.0.0.1:{first.port}").add(
        "I live in Oslo", user_id="ann"
    )
    assert waiting["status"] == "PENDING"
    assert "cannot listen on" in refused(path, tmp_path / "elsewhere")
    assert "in use by another service" in refused(config(), data)
    assert first.stop(to_group=True) == 0

    model = LanguageServer(port)
    model.start()
    second = launch(path, data, **known).ready()
    assert second.get(f"/v1/memories/{memory['id']}")["content"] == memory["content"]
    event = f"/v1/event/{waiting['event_id']}/"
    while (state := second.get(event)["status"]) in ("PENDING", "RUNNING"):
        time.sleep(0.2)
    assert state == "SUCCEEDED"
    mem0, ann = MemoryClient("m0-any", f"http://127.0.0.1:{second.port}"), {"user_id": "ann"}
    (found,) = mem0.search("where does she live", filters=ann)["results"]
    assert found["memory"] == "user live in Oslo"
    mem0.delete_all(**ann)
    assert mem0.get_all(filters=ann)["count"] == 0
    model.stop()
    assert second.stop(signal.SIGTERM) == 0


@pytest.mark.parametrize("whom", ["supervisor", "supervised"])
def test_a_killed_service_leaves_nothing_for_long(config, launch, tmp_path, whom):
    service = launch(config(), tmp_path / "data").ready()
    top = psutil.Process(service.process.pid)
    (top if whom == "supervisor" else top.children()[0]).kill()
    assert service.left_behind(grace_s=30) == []


def test_stopping_while_it_starts(config, launch, tmp_path):
    service = launch(config(), tmp_path / "data")
    service.said.append(service.process.stdout.readline())
    assert "starting" in service.said[0]
    time.sleep(8)  # somewhere between Ray and the deployments
    assert service.stop() == 0


def test_a_model_that_cannot_be_loaded_ends_it_with_the_reason(config, launch, tmp_path):
    def other_model(document):
        document["applications"][0]["args"] = {"embedder": {"model": "/no/such/model"}}

    code, lines = launch(config(other_model), tmp_path / "data").ended()
    assert code == 1
    assert any("/no/such/model" in line and "cannot be loaded" in line for line in lines)
    assert all(line.startswith("mem0g: ") for line in lines)


def test_a_broken_config_is_one_line(config, refused, tmp_path):
    def unknown_setting(document):
        document["applications"][0]["args"] = {"embedder": {"modle": "x"}}

    def unknown_option(document):
        document["applications"][0]["deployments"][0]["replicas"] = 2

    def everybody(document):
        document["http_options"]["host"] = "0.0.0.0"

    data = tmp_path / "data"
    assert "embedder.modle" in refused(config(unknown_setting), data)
    assert "deployments[0].replicas" in refused(config(unknown_option), data)
    assert "MEM0G_AUTH__ADMIN_KEY" in refused(config(everybody), data)
    assert "MEM0G_EMBEDER__MODEL" in refused(config(), data, MEM0G_EMBEDER__MODEL="x")


def test_a_folder_that_cannot_be_written_is_one_line(config, refused, tmp_path):
    (tmp_path / "file").write_text("")
    assert "cannot write to" in refused(config(), tmp_path / "file" / "data")
