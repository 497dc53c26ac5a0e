"""What can be known to be wrong before anything starts; every check refuses in one line."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args

import yaml  # type: ignore[import-untyped]
from pydantic import BaseModel, ValidationError

from config.settings import Settings, variable
from graph_store.redis import local_server
from memory.domain.errors import StartupRefused

LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
MIN_FREE_BYTES = 500_000_000
_STOPPING_S = 5.0


def read_config(path: Path, schema: type[BaseModel]) -> dict[str, Any]:
    """The document at `path`, valid and without a key that `schema` does not know: Serve itself
    ignores those."""
    try:
        document = yaml.safe_load(path.read_text())
    except OSError as error:
        raise StartupRefused(f"{path}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise StartupRefused(f"{path}: {' '.join(str(error).split())}") from None
    if not isinstance(document, dict):
        raise StartupRefused(f"{path}: not a mapping")
    for option in unknown_keys(document, schema):
        raise StartupRefused(f"{path}: Serve has no option {option}")
    try:
        schema.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        option = ".".join(map(str, first["loc"]))
        raise StartupRefused(f"{path}: {option}: {first['msg']}") from None
    if not document.get("applications"):
        raise StartupRefused(f"{path}: no applications")
    return document


def unknown_keys(value: Any, schema: Any, option: str = "") -> Iterator[str]:
    """Dotted names in a document that no field of the schema, or of those inside it, names."""
    if isinstance(value, list):
        inner = next(iter(get_args(schema)), None)
        for position, item in enumerate(value):
            yield from unknown_keys(item, inner, f"{option}[{position}]")
        return
    model = _model(schema)
    if not isinstance(value, dict) or model is None:
        return
    for key, item in value.items():
        here = f"{option}.{key}".lstrip(".")
        field = model.model_fields.get(key)
        if field is None:
            yield here
        else:
            yield from unknown_keys(item, _with_list(field.annotation, item), here)


def refuse_open_door(settings: Settings, host: str) -> None:
    """Without keys, only this machine may call."""
    if settings.auth.mode == "none" and host not in LOCAL_HOSTS:
        raise StartupRefused(
            f"http_options.host is {host}, which others can reach, and auth.mode is none: set "
            f"{variable('auth', 'mode')}=api_key and {variable('auth', 'admin_key')}, "
            "or listen on 127.0.0.1"
        )


def refuse_many_nodes(settings: Settings, nodes: int) -> None:
    """What lives in files of one machine is not there on another."""
    if nodes <= 1:
        return
    if settings.vector_store.backend == "embedded":
        raise StartupRefused(
            f"the embedded vector store lives on one node only and this cluster has {nodes}: "
            f"use weaviate ({variable('vector_store', 'backend')}=weaviate)"
        )
    if settings.redis.url is None:
        raise StartupRefused(
            f"the service's own valkey lives on one node only and this cluster has {nodes}: "
            f"set {variable('redis', 'url')}"
        )


def refuse_port_in_use(host: str, port: int, setting: str = "http_options.port") -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise StartupRefused(
                f"cannot listen on {host}:{port}: {error.strerror}; set another {setting}"
            ) from None


@contextmanager
def held_data_dir(folder: Path) -> Iterator[None]:
    """Make sure of the data folder, and keep every other service off it while inside."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StartupRefused(f"cannot write to {folder}: {error.strerror}") from None
    try:
        free = shutil.disk_usage(folder).free
        if free < MIN_FREE_BYTES:
            raise StartupRefused(
                f"too little disk for {folder}: {free // 10**6} MB free, "
                f"{MIN_FREE_BYTES // 10**6} MB needed"
            )
        _lock(lock, folder)
        yield
    finally:
        os.close(lock)


def _lock(lock: int, folder: Path) -> None:
    """A service that was just killed gets a moment to go."""
    deadline = time.monotonic() + _STOPPING_S
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not local_server.in_use(folder):
                return
            fcntl.flock(lock, fcntl.LOCK_UN)
        except BlockingIOError:
            pass
        if time.monotonic() > deadline:
            raise StartupRefused(
                f"{folder} is in use by another service; "
                f"stop it or set {variable('data_dir')} to another folder"
            )
        time.sleep(0.1)


def _model(annotation: Any) -> type[BaseModel] | None:
    """The pydantic model an annotation means, through Optional and Union."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_model, get_args(annotation))), None)


def _with_list(annotation: Any, value: Any) -> Any:
    """For a list, the member of a union that is a list."""
    if not isinstance(value, list) or getattr(annotation, "__origin__", None) is list:
        return annotation
    return next((arm for arm in get_args(annotation) if _with_list(arm, value)), None)
