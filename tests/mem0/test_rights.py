"""What Mem0's calls ask of a key."""

from __future__ import annotations

from typing import Any, cast

from config import Settings
from deployments.api import create_app
from deployments.api.middleware.permissions import demand_of

RIGHTS = {
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
}


def test_every_route_has_its_right() -> None:
    document = create_app(cast(Any, None), Settings()).openapi()
    rights = {
        f"{method.upper()} {path}": demand_of(method.upper(), path).right.value
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if "mem0" in operation["tags"]
    }
    assert rights == RIGHTS
