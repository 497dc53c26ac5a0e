"""The service as a user starts it: `python -m deployments` as a subprocess, and what it leaves."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest
import yaml

ROOT = Path(__file__).parents[2]
START_S = 180
STOP_S = 10


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
        return self._good(self.call("GET", path))

    def post(self, path, body, headers=None):
        return self._good(self.call("POST", path, body, headers))

    def _good(self, answer):
        status, _, body = answer
        assert status in (200, 201), body
        return body

    def call(self, method, path, body=None, headers=None):
        """Status, headers and body, whatever the status."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            None if body is None else json.dumps(body).encode(),
            {"Content-Type": "application/json"} | (headers or {}),
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.headers, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, error.headers, json.load(error)

    def until(self, path, status, within_s=60):
        """Return once a path answers with this status."""
        deadline = time.monotonic() + within_s
        while (answer := self.call("GET", path))[0] != status:
            assert time.monotonic() < deadline, answer
            time.sleep(0.2)

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
