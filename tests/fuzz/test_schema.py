"""Whatever /openapi.json allows, and much that it does not: no answer is a failure of ours, and
each is as documented."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, assume, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from config import Settings
from deployments.api import create_app
from tests.deployments.api.documented import NO_SERVICE
from tests.fuzz.running import serving
from tests.redis_server import RedisServer

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)


KNOWN: dict[str, list[str]] = {"memory_id": [], "relationship_id": []}

# Longer ones never reach the service: the server before it answers them in its own words.
LONGEST_URL = 16_000


@pytest.fixture(scope="module")
def url(redis_process: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    redis_process.flush()
    with serving(Settings(data_dir=tmp_path_factory.mktemp("fuzz")), redis_process.url) as found:
        plant(f"{found}/v1/memories")
        yield found


def plant(memories: str) -> None:
    """Memories and relationships that requests can be about."""
    names = {"user_id": "ann", "agent_id": "guide", "app_id": "shop", "session_id": "1"}
    for number in range(6):
        body = names | {"content": f"went to town {number}", "metadata": {"n": number}}
        if number > 3:
            body["supersedes"] = [KNOWN["memory_id"][0 if number == 4 else 1]]
        made = httpx.post(memories, json=body).json()
        KNOWN["memory_id"].append(made["id"])
        relation = {"target_id": KNOWN["memory_id"][0], "relation": "NEAR"}
        edge = httpx.post(f"{memories}/{made['id']}/relationships", json=relation)
        if edge.is_success:
            KNOWN["relationship_id"].append(edge.json()["id"])
    for name in ("target_id", "from", "to"):
        KNOWN[name] = KNOWN["memory_id"]
    KNOWN.update({name: [value] for name, value in names.items()})


def with_known(fields: Any) -> Any:
    """Half of the names and ids are of what is there: other answers than 404 are fuzzed as well."""
    if not isinstance(fields, dict):
        return fields
    chosen = {}
    for name, value in fields.items():
        pick = zlib.crc32(repr(value).encode())
        known = KNOWN.get(name)
        chosen[name] = known[pick // 2 % len(known)] if known and pick % 2 else value
    return chosen


@schemathesis.serializer("application/x-ndjson")
def lines(context: Any, value: Any) -> bytes:
    """What is no text of lines goes as one line of JSON."""
    return value.encode(errors="replace") if isinstance(value, str) else json.dumps(value).encode()


schema = schemathesis.openapi.from_dict(create_app(NO_SERVICE, Settings()).openapi())


@schema.hook
def map_path_parameters(context: Any, path_parameters: Any) -> Any:
    return with_known(path_parameters)


@schema.hook
def map_query(context: Any, query: Any) -> Any:
    return with_known(query)


@schema.hook
def map_body(context: Any, body: Any) -> Any:
    return with_known(body)


def test_every_operation_is_fuzzed() -> None:
    """Without operations the test below would be skipped."""
    assert len([*schema.get_all_operations()]) > 90


@schema.parametrize()
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_as_documented(case: Any, url: str) -> None:
    sent = case.as_transport_kwargs(base_url=url)
    whole = requests.Request(sent["method"], sent["url"], params=sent.get("params")).prepare().url
    assume(whole and len(whole) < LONGEST_URL)
    case.call_and_validate(base_url=url, checks=list(CHECKS))
