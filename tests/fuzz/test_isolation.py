"""What is another's stays unseen and unchanged, whatever is asked and whoever asks it.

Victims are alice and bob of one project. Everybody else tries every documented operation with
injections, patterns and the victims' own ids in every field.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config import Settings
from deployments.api import create_app
from deployments.api.middleware.permissions import OPEN_PATHS
from tests.deployments.api.documented import NO_SERVICE
from tests.fuzz.requests_of import Operation, operations, requests_of
from tests.fuzz.running import ADMIN, serving
from tests.redis_server import RedisServer

# In every content, metadata, category and relation of the victims, and in nothing else.
CANARY = "cormorant"

# Paths with control characters lead nowhere, whoever asks.
CONTROL = re.compile("%[01][0-9A-F]|%7F")
DOCUMENT = create_app(NO_SERVICE, Settings()).openapi()
OPERATIONS = [*operations(DOCUMENT)]
INJECTIONS = (
    *("*", "?", "%", "_", "a*", "al?ce", "[a-z]*", "alice*", "alice-bob", "Alice", "ALICE"),
    *("alice' OR '1'='1", '" OR 1=1 --', "'; DROP TABLE points; --", 'alice" OR ""="'),
    *('{"$ne": null}', '{"operator": "Or"}', '{"user_id": "alice"}', "$where", "{{7*7}}"),
    *("../alice", "..%2falice", "user:alice", "default.*", "{default}", "mg:{*}:ix", "p*-g1-b0"),
    *("alice\u200b", "\u0061\u0300lice", "ａｌｉｃｅ", "alice\r\nX-API-Key: x", "0", "null"),
)


@dataclass(frozen=True)
class Ground:
    """A service with victims, the keys of those who must not see them, and how they looked."""

    url: str
    owner: httpx.Client
    strangers: dict[str, httpx.Client]
    names: list[str]
    events: list[str]
    exports: list[str]
    before: list[Any]


def ok(answer: httpx.Response) -> Any:
    assert answer.is_success, answer.text
    return answer.json()


def snapshot(owner: httpx.Client, events: list[str], exports: list[str]) -> list[Any]:
    """Everything of the victims that a read shows."""
    seen: list[Any] = []
    for user in ("alice", "bob"):
        scope = {"user_id": user, "include_superseded": True, "limit": 100}
        page = ok(owner.get("/v1/memories", params=scope))
        seen += [page, ok(owner.get("/v1/memories/graph", params=scope))]
        for path in ("/v1/memories/{}/history", "/v1/feedback/{}"):
            seen += [ok(owner.get(path.format(each["id"]))) for each in page["memories"]]
    seen += [ok(owner.get(f"/v1/event/{each}")) for each in events]
    asked = ({"memory_export_id": each} for each in exports)
    return seen + [ok(owner.post("/v1/exports/get", json=each)) for each in asked]


@pytest.fixture(scope="module")
def ground(
    redis_process: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ground]:
    redis_process.flush()
    service = Settings(
        data_dir=tmp_path_factory.mktemp("isolation"),
        auth={"mode": "api_key", "admin_key": ADMIN},
        limits={"key_read": "", "key_write": "", "project_read": "", "project_write": ""},
    )
    with serving(service, redis_process.url) as url:

        def client(key: str) -> httpx.Client:
            return httpx.Client(base_url=url, headers={"X-API-Key": key}, timeout=30)

        admin = client(ADMIN)

        def project(name: str) -> str:
            return str(ok(admin.post("/v1/projects", json={"name": name}))["project_id"])

        def key(project_id: str, *scopes: str, **fields: Any) -> str:
            body = {"project_id": project_id, "label": "test", "scopes": scopes} | fields
            return str(ok(admin.post("/v1/keys", json=body))["key"])

        ours, theirs = project("ours"), project("theirs")
        owner = client(key(ours, "read", "write"))
        names, events, exports = [ours], list[str](), list[str]()
        for user in ("alice", "bob"):
            ids = []
            for number in range(3):
                body = {"content": f"{CANARY} {user} {number}", "user_id": user, "session_id": "s"}
                body |= {"agent_id": "shared", "metadata": {"a": CANARY}, "categories": [CANARY]}
                if number == 2:
                    body |= {"supersedes": [ids[0]]}
                ids.append(ok(owner.post("/v1/memories", json=body))["id"])
            relation = {"target_id": ids[1], "relation": CANARY.upper()}
            edge = ok(owner.post(f"/v1/memories/{ids[2]}/relationships", json=relation))
            said = {"messages": f"{CANARY} {user} said", "user_id": user, "run_id": "s"}
            event = ok(owner.post("/v3/memories/add/", json=said))["event_id"]
            rating = {"feedback": "POSITIVE", "feedback_reason": CANARY}
            ok(owner.post("/v1/feedback/", json={"memory_id": ids[2], **rating}))
            entry = {"type": "object", "properties": {"memory": {}, CANARY: {}}}
            asked = {"schema": {"properties": {"memories": {"type": "array", "items": entry}}}}
            asked |= {"filters": {"user_id": user}, "export_instructions": CANARY}
            exports.append(ok(owner.post("/v1/exports", json=asked))["id"])
            # By a key of the victim's own, with filters that name nobody.
            own = client(key(ours, "read", "write", user_id=user))
            asked["filters"] = {"AND": []}
            unnamed = ok(own.post("/v1/exports", json=asked))["id"]
            events.append(event)
            names += [*ids, edge["id"], user, event, exports[-1], unnamed]
        strangers = {
            "another project": client(key(theirs, "read", "write")),
            "admin of another project": client(key(theirs, "read", "write", "admin")),
            "another user": client(key(ours, "read", "write", user_id="mallory")),
            "a reader": client(key(ours, "read", user_id="alicia")),
            "no right": client("m0-" + "x" * 40),
            "nobody": httpx.Client(base_url=url, timeout=30),
        }
        before = snapshot(owner, events, exports)
        yield Ground(url, owner, strangers, names, events, exports, before)


@pytest.mark.parametrize(
    "operation", OPERATIONS, ids=lambda operation: f"{operation.method} {operation.path}"
)
def test_nothing_of_another_is_seen_or_changed(ground: Ground, operation: Operation) -> None:
    texts = st.sampled_from([*INJECTIONS, *ground.names, "s", "shared", "mallory", "memory"])

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(requests_of(operation, DOCUMENT, texts), st.dictionaries(
        st.sampled_from(["X-Project-Id", "X-User-Id", "Mem0-User-ID", "X-Forwarded-User"]),
        st.sampled_from(["alice", "default"]), max_size=1,
    ))  # fmt: skip
    def attack(request: dict[str, Any], headers: dict[str, str]) -> None:
        for who, client in ground.strangers.items():
            answer = client.request(**request, headers=headers)
            assert answer.status_code < 500, (who, request, answer.text)
            assert CANARY not in answer.text.lower(), (who, request, answer.text)
            if who in ("no right", "nobody") and request["url"] not in OPEN_PATHS:
                expected = 404 if CONTROL.search(request["url"]) else 401
                assert answer.status_code == expected, (who, request, answer.text)

    attack()
    assert snapshot(ground.owner, ground.events, ground.exports) == ground.before


def test_every_operation_is_attacked() -> None:
    """Without operations the test above would be skipped."""
    assert len(OPERATIONS) == sum(len(methods) for methods in DOCUMENT["paths"].values()) > 90


def test_what_is_asked_for_by_filters_stays_within_the_key(ground: Ground) -> None:
    names = [*ground.names, "*"]
    trees: list[dict[str, Any]] = [
        *({"user_id": each} for each in names),
        *({"run_id": each} for each in ("s", "*")),
        *({"agent_id": each} for each in ("shared", "*")),
        {"OR": [{"user_id": "mallory"}, {"user_id": "alice"}]},
        {"OR": [{"user_id": "mallory"}, {"agent_id": "shared"}]},
        {"AND": [{"user_id": "mallory"}, {"NOT": {"user_id": "mallory"}}]},
        {"NOT": {"user_id": "mallory"}},
        {"user_id": {"ne": "mallory"}},
        {"user_id": {"in": ["mallory", "alice"]}},
        {"AND": []},
        {"memory_ids": [each for each in ground.names if each.startswith("mem_")]},
        {"text": {"contains": CANARY}},
        {"categories": {"in": ["a", CANARY]}},
        {},
    ]
    for who, client in ground.strangers.items():
        for tree in trees:
            asked: list[tuple[str, dict[str, Any]]] = [
                ("/v3/memories", {}),
                ("/v3/memories/search", {"query": "alice 1"}),
                ("/v2/memories/search", {"query": "alice 1"}),
                ("/v2/memories", {}),
                ("/v1/summary", {}),
                ("/v1/exports/get", {}),
            ]
            for path, body in asked:
                answer = client.post(path, json={**body, "filters": tree})
                assert answer.status_code < 500, (who, path, tree, answer.text)
                told = answer.text.lower().replace(str(tree).lower(), "")
                assert CANARY not in told, (who, path, tree, answer.text)
            gone = client.delete("/v1/memories", params={"filters": json.dumps(tree)})
            assert gone.status_code < 500, (who, tree, gone.text)
    assert snapshot(ground.owner, ground.events, ground.exports) == ground.before


def test_what_is_anothers_reads_like_what_is_not_there(ground: Ground) -> None:
    existing = next(name for name in ground.names if name.startswith("mem_"))
    missing = existing[:-4] + ("0000" if existing[-4:] != "0000" else "1111")
    for who in ("another project", "another user"):
        for method, tail in (
            *(("GET", tail) for tail in ("", "/history", "/related", "/relationships")),
            ("DELETE", ""),
        ):
            answers = [
                ground.strangers[who].request(method, f"/v1/memories/{name}{tail}")
                for name in (existing, missing)
            ]
            assert_alike(answers, existing, missing)
        missing_id = "00000000-0000-8000-8000-000000000000"
        for event in ground.events:
            answers = [
                ground.strangers[who].get(f"/v1/event/{each}") for each in (event, missing_id)
            ]
            assert_alike(answers, event, missing_id)
        for export in (each for each in ground.names if re.fullmatch("[0-9a-f-]{36}", each)):
            bodies = ({"memory_export_id": each} for each in (export, missing_id))
            answers = [ground.strangers[who].post("/v1/exports/get", json=each) for each in bodies]
            assert_alike(answers, export, missing_id)


def assert_alike(answers: list[httpx.Response], existing: str, missing: str) -> None:
    assert [each.status_code for each in answers] == [404, 404]
    theirs, none = (each.json() for each in answers)
    for body in (theirs, none):
        del body["request_id"]
    assert str(theirs).replace(existing, missing) == str(none)
