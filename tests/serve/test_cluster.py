"""`python -m deployments` on a real Ray: it starts, answers, stops, and says what is wrong."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psutil
import pytest
import yaml

ROOT = Path(__file__).parents[2]
START_S = 180
STOP_S = 10

pytestmark = pytest.mark.serve


class Service:
    """One `python -m deployments` in a process group of its own, as a terminal would have it."""

    def __init__(self, config, data_dir, **environment):
        self.port = yaml.safe_load(config.read_text())["http_options"]["port"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "deployments", str(config)],
            cwd=ROOT,
            env={**os.environ, "MEM0G_DATA_DIR": str(data_dir), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.said = []
        self.family = {}

    def ready(self):
        for line in self.process.stdout:
            self.said.append(line.rstrip())
            if "mem0g: try: curl" in line:
                self._remember_family()
                return self
        pytest.fail(f"ended with {self.process.wait()}: {self.said}")

    def ended(self):
        """Exit code and output of a service that is expected to refuse."""
        text, _ = self.process.communicate(timeout=START_S)
        self.said += text.splitlines()
        return self.process.returncode, self.said

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
            return json.load(answer)

    def post(self, path, body):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def stop(self, number=signal.SIGINT, to_group=False):
        """Exit code; fails when it takes longer than it may, or leaves a process."""
        self._remember_family()
        (os.killpg if to_group else os.kill)(self.process.pid, number)
        code = self.process.wait(STOP_S)
        assert self.left_behind(grace_s=0) == []
        return code

    def left_behind(self, grace_s):
        _, alive = psutil.wait_procs(list(self.family.values()), timeout=grace_s)
        return [" ".join(each.cmdline()[:3]) or each.name() for each in alive]

    def _remember_family(self):
        for each in psutil.Process(self.process.pid).children(recursive=True):
            self.family[each.pid] = each

    def end(self):
        """After a test, whatever became of it."""
        if self.process.poll() is None:
            self._remember_family()
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        for line in self.said:
            if "; logs in " in line:
                logs = Path(line.strip().partition("; logs in ")[2])
                shutil.rmtree(logs.parents[1], ignore_errors=True)
        for each in psutil.wait_procs(list(self.family.values()), timeout=20)[1]:
            each.kill()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def config(tmp_path):
    """The shipped config on a free port; returns a writer that can change it."""

    def write(change=lambda document: None):
        document = yaml.safe_load((ROOT / "serve_config.yaml").read_text())
        document["http_options"]["port"] = free_port()
        change(document)
        path = tmp_path / "serve_config.yaml"
        path.write_text(yaml.safe_dump(document))
        return path

    return write


@pytest.fixture
def launch():
    services = []

    def start(config, data_dir, **environment):
        services.append(Service(config, data_dir, **environment))
        return services[-1]

    yield start
    for service in services:
        service.end()


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
    path, data = config(), tmp_path / "data"
    first = launch(path, data).ready()
    assert all(line.startswith("mem0g: ") for line in first.said)
    assert first.get("/health")["status"] == "ok"
    assert first.get("/ready")["ready"] is True
    memory = first.post(
        "/v1/memories", {"content": "User prefers Python for scripting", "user_id": "alice"}
    )
    assert "cannot listen on" in refused(path, tmp_path / "elsewhere")
    assert "in use by another service" in refused(config(), data)
    assert first.stop(to_group=True) == 0

    second = launch(path, data).ready()
    assert second.get(f"/v1/memories/{memory['id']}")["content"] == memory["content"]
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
