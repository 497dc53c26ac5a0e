"""What each call needs, and what a key may not do."""

from __future__ import annotations

from typing import Any, cast

import pytest
from fastapi import FastAPI
from starlette.routing import Route

from access.model import Demand, Right
from config import Settings
from deployments.api import create_app
from deployments.api.feed.event_hub import EventHub
from deployments.api.middleware import permissions
from deployments.api.middleware.dialect import PREFIX
from deployments.api.middleware.permissions import ADMIN_AREAS, OPEN_PATHS, demand_of
from tests.deployments.api.calls import add, assert_refused, routes_of
from tests.deployments.api.conftest import ClientWith
from tests.deployments.api.documented import NO_SERVICE
from tests.deployments.api.keyed import (
    keyed,
    with_key,
)

MEMORIES = "/v1/memories"


ALICE = {"user_id": "alice"}


OURS = {
    "GET /v1/memories": "read",
    "POST /v1/memories": "write",
    "POST /v1/memories/batch": "write",
    "POST /v1/memories/search": "read",
    "GET /v1/memories/search": "read",
    "GET /v1/memories/graph": "read",
    "GET /v1/memories/graph/diff": "read",
    "GET /v1/memories/path": "read",
    "GET /v1/memories/{memory_id}": "read",
    "PUT /v1/memories/{memory_id}": "write",
    "DELETE /v1/memories/{memory_id}": "write",
    "GET /v1/memories/{memory_id}/history": "read",
    "GET /v1/memories/{memory_id}/related": "read",
    "POST /v1/memories/{memory_id}/relationships": "write",
    "GET /v1/memories/{memory_id}/relationships": "read",
    "PATCH /v1/memories/{memory_id}/relationships/{relationship_id}": "write",
    "DELETE /v1/memories/{memory_id}/relationships/{relationship_id}": "write",
    "DELETE /v1/entities/{kind}/{value}": "write",
    "POST /v1/erasures": "write",
    "GET /v1/erasures/{erasure_id}": "read",
    "POST /v1/erasures/check": "read",
    "GET /v1/export": "read",
    "POST /v1/import": "write",
    "GET /v1/events/stream": "read",
    "POST /v1/projects": "admin",
    "GET /v1/projects": "admin",
    "GET /v1/projects/{project_id}": "admin",
    "DELETE /v1/projects/{project_id}": "admin",
    "POST /v1/keys": "admin",
    "GET /v1/keys": "admin",
    "GET /v1/keys/{key_id}": "admin",
    "DELETE /v1/keys/{key_id}": "admin",
    "GET /v1/admin/audit": "admin",
    "POST /v1/admin/verify": "admin",
    "POST /v1/admin/rebuild": "admin",
    "POST /v1/admin/compact": "admin",
    "GET /v1/admin/tasks": "admin",
    "GET /v1/admin/tasks/{task_id}": "admin",
    "GET /v1/admin/backup": "admin",
    "POST /v1/admin/restore": "admin",
}
MEM0S = {
    "GET /v1/ping": "read",
    "POST /v3/memories/add": "write",
    "POST /v3/memories/search": "read",
    "POST /v3/memories": "read",
    "DELETE /v1/memories": "write",
    "PUT /v1/batch": "write",
    "DELETE /v1/batch": "write",
    "GET /mem0/v1/memories/{memory_id}": "read",
    "PUT /mem0/v1/memories/{memory_id}": "write",
    "DELETE /mem0/v1/memories/{memory_id}": "write",
    "GET /mem0/v1/memories/{memory_id}/history": "read",
    "GET /v2/entities/user/{user_id}/profile": "read",
    "GET /v2/profiles/settings": "read",
    "POST /v2/profiles/settings": "admin",
    "POST /v2/profiles/jobs": "write",
    "GET /v2/profiles/jobs/{job_id}": "read",
    "GET /v1/entities": "read",
    "GET /v1/entities/filters": "read",
    "GET /v2/entities/{kind}/{name}": "read",
    "DELETE /v2/entities/{kind}/{name}": "write",
    "DELETE /mem0/v1/entities/{kind}/{number}": "write",
    "GET /v1/events": "read",
    "GET /v1/event/{event_id}": "read",
    "POST /v1/exports": "write",
    "POST /v1/exports/get": "read",
    "POST /v1/summary": "read",
    "POST /v1/feedback": "write",
    "GET /v1/feedback/{memory_id}": "read",
    "GET /v1/stats": "read",
    "GET /api/v1/webhooks/projects/{project_id}": "read",
    "POST /api/v1/webhooks/projects/{project_id}": "write",
    "DELETE /api/v1/webhooks/{webhook_id}": "write",
    "PUT /api/v1/webhooks/{webhook_id}": "write",
    "GET /api/v1/orgs/organizations": "read",
    "GET /api/v1/orgs/organizations/{org_id}": "read",
    "GET /api/v1/orgs/organizations/{org_id}/projects": "read",
    "POST /api/v1/orgs/organizations/{org_id}/projects": "admin",
    "GET /api/v1/orgs/organizations/{org_id}/projects/{project_id}": "read",
    "PATCH /api/v1/orgs/organizations/{org_id}/projects/{project_id}": "admin",
    "DELETE /api/v1/orgs/organizations/{org_id}/projects/{project_id}": "admin",
    "GET /api/v1/orgs/organizations/{org_id}/projects/{project_id}/members": "read",
    "POST /api/v1/orgs/organizations/{org_id}/projects/{project_id}/members": "admin",
    "PUT /api/v1/orgs/organizations/{org_id}/projects/{project_id}/members": "admin",
    "DELETE /api/v1/orgs/organizations/{org_id}/projects/{project_id}/members": "admin",
    "POST /mem0/v1/memories": "write",
    "GET /mem0/v1/memories": "read",
    "POST /mem0/v1/memories/search": "read",
    "POST /v2/memories/search": "read",
    "POST /v2/memories": "read",
    "GET /configure": "read",
    "POST /configure": "admin",
    "GET /configure/providers": "read",
    "POST /generate-instructions": "read",
    "POST /memories": "write",
    "GET /memories": "read",
    "DELETE /memories": "write",
    "GET /memories/{memory_id}": "read",
    "PUT /memories/{memory_id}": "write",
    "DELETE /memories/{memory_id}": "write",
    "GET /memories/{memory_id}/history": "read",
    "POST /search": "read",
    "GET /entities": "read",
    "DELETE /entities/{kind}/{name}": "write",
    "POST /reset": "admin",
    "GET /v1/events/{event_id}": "read",
}


def routes(app: FastAPI) -> set[tuple[str, str]]:
    """Method and template of every route that takes a key."""
    return {
        (method, route.path_format)
        for route in app.routes
        if isinstance(route, Route)
        for method in route.methods or ()
        if route.path_format not in {*OPEN_PATHS, "/docs/oauth2-redirect"}
    }


@pytest.fixture
def app() -> FastAPI:
    return create_app(NO_SERVICE, Settings(), feed=EventHub(cast(Any, None)))


def test_every_route_has_its_right_and_every_right_a_route(app: FastAPI) -> None:
    rights = {f"{method} {path}": demand_of(method, path).right for method, path in routes(app)}
    assert OURS.keys().isdisjoint(MEM0S)
    assert rights == OURS | MEM0S


def test_only_reads_do_not_count_as_writes(app: FastAPI) -> None:
    found = {(method, path): demand_of(method, path) for method, path in routes(app)}
    writes = {call for call, demand in found.items() if demand.writes}
    assert all(demand.writes for demand in found.values() if demand.right is Right.WRITE)
    assert not any(demand.writes for demand in found.values() if demand.right is Right.READ)
    assert writes.isdisjoint(("GET", path) for _, path in found)
    assert ("POST", "/v1/keys") in writes


def test_whatever_is_named_in_the_rules_is_a_route(app: FastAPI) -> None:
    """A rule about a path that no route has would hide a misspelt one."""
    calls = {(method, path.removeprefix(PREFIX)) for method, path in routes(app)}
    assert {path for method, path in calls if method == "POST"} >= permissions._READING_POSTS
    assert {path for method, path in calls if method == "GET"} >= permissions._LONG_ANSWERS
    assert ("GET", permissions.STREAM_PATH) in calls
    for area in ADMIN_AREAS:
        assert any(path == area or path.startswith(f"{area}/") for _, path in calls), area
    paths = {route.path for route in app.routes if isinstance(route, Route)}
    assert paths >= OPEN_PATHS


async def test_administration_asks_for_its_right_a_second_time(
    client_with: ClientWith, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the edge had taken each path for another one."""
    admin = await keyed(client_with)
    key = await with_key(admin)
    routes = [each for each in await routes_of(admin) if demand_of(*each).right is Right.ADMIN]
    assert len(routes) > 10
    monkeypatch.setattr(
        "deployments.api.middleware.admission.demand_of", lambda *_: Demand(Right.READ, False)
    )
    for method, path in routes:
        assert_refused(await key.request(method, path), 403)


async def test_what_a_key_may_not_do(client_with: ClientWith) -> None:
    admin = await keyed(client_with)
    memory = (await add(admin, "lives in Oslo"))["id"]
    calls = {
        "read": [
            ("GET", MEMORIES),
            ("POST", f"{MEMORIES}/search"),
            ("GET", f"{MEMORIES}/{memory}"),
        ],
        "write": [("POST", MEMORIES), ("DELETE", f"{MEMORIES}/{memory}")],
        "admin": [("GET", "/v1/keys"), ("GET", "/v1/projects"), ("GET", "/v1/admin/audit")],
    }
    for scope in calls:
        client = await with_key(admin, scopes=[scope])
        for right, requests in calls.items():
            for method, path in requests:
                answer = await client.request(method, path, params=ALICE)
                if right == scope:
                    assert answer.status_code in (200, 400), answer.text
                else:
                    assert_refused(answer, 403)
                    assert right in answer.json()["detail"]
        if scope == "write":
            memory = (await add(admin, "lives in Oslo"))["id"]
