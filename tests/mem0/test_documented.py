"""Every call of Mem0's is in /openapi.json, and answers as that says (documented.check)."""

from __future__ import annotations

from typing import Any

import httpx

from tests.deployments.api import documented

ALICE = {"user_id": "alice"}
FILTERS = {"filters": ALICE}
ORG = "/api/v1/orgs/organizations"
PROFILES = "/v2/profiles"
HOOKS = "/api/v1/webhooks"
SCHEMA = {"type": "array", "items": {"properties": {"memory": {"type": "string"}}}}


def test_every_call_answers_as_documented(old: httpx.Client) -> None:
    seen: set[str] = set()

    def call(method: str, path: str, status: int = 200, **given: Any) -> Any:
        answer = old.request(method, path, **given)
        assert answer.status_code == status, (method, path, answer.text)
        seen.add(documented.check(answer))
        return answer.json()

    def add(**fields: Any) -> str:
        body = {"messages": "lives in Oslo", "infer": False} | ALICE | fields
        return str(call("POST", "/v3/memories/add", json=body)["results"][0]["id"])

    project = f"{ORG}/mem0g/projects/{call('GET', '/v1/ping')['project_id']}"
    older = add(timestamp=1_600_000_000, run_id="s")
    one, two, three, four = add(supersedes=[older]), add(), add(), add(agent_id="guide")
    graph = {"messages": "likes tea", "enable_graph": True, "infer": True} | ALICE
    event = call("POST", "/v3/memories/add", json=graph)["event_id"]
    for path in ("/v1/memories", "/memories"):
        call("POST", path, json={"messages": "likes figs"} | ALICE)
    wrapped = {"messages": "likes jazz", "output_format": "v1.1"} | ALICE
    call("POST", "/v1/memories", json=wrapped)
    everything = {"show_expired": True, "latest_only": False}
    paged = {"params": {"page": 1, "page_size": 2}}
    call("POST", "/v3/memories", json=FILTERS | everything)
    call("POST", "/v3/memories", json=FILTERS | {"fields": ["memory", "score"]}, **paged)
    call("POST", "/v2/memories", json=FILTERS)
    call("POST", "/v2/memories", json=FILTERS, **paged)
    call("GET", "/v1/memories", params=ALICE)
    call("GET", "/v1/memories", params=ALICE | {"enable_graph": True, "output_format": "v1.1"})
    call("GET", "/memories", params=ALICE)
    query = {"query": "Oslo", "threshold": 0}
    call("POST", "/v3/memories/search", json=query | FILTERS | everything)
    for path in ("/v1/memories/search", "/v2/memories/search"):
        call("POST", path, json=query | ALICE)
        call("POST", path, json=query | ALICE | {"output_format": "v1.1"})
    call("POST", "/search", json=query | FILTERS | {"explain": True})
    for base in ("/v1/memories", "/memories"):
        call("GET", f"{base}/{older}")
        call("PUT", f"{base}/{one}", json={"metadata": {"seen": base}})
        call("GET", f"{base}/{older}/history")
    call("GET", "/memories/mem_unknown")
    call("GET", "/v1/memories/mem_unknown", 404)
    call("PUT", "/v1/batch", json={"memories": [{"memory_id": one, "text": "lives in Bergen"}]})
    call("DELETE", "/v1/batch", json={"memories": [{"memory_id": two}]})
    call("DELETE", f"/v1/memories/{three}")
    call("DELETE", f"/v1/memories/{one}", params={"delete_linked": True})
    call("DELETE", f"/memories/{four}")
    call("GET", f"/v1/event/{event}")
    call("GET", "/v1/events", **paged)
    made = call("POST", "/v1/exports", 201, json=FILTERS | {"schema": SCHEMA})
    call("POST", "/v1/exports/get", json={"memory_export_id": made["id"]})
    call("POST", "/v1/summary", json=FILTERS)
    fifth = add(app_id="shop")
    call("POST", "/v1/feedback", json={"memory_id": fifth, "feedback": "POSITIVE"})
    call("GET", f"/v1/feedback/{fifth}")
    call("GET", "/v1/stats")
    call("GET", "/v2/entities/user/alice/profile")
    call("GET", f"{PROFILES}/settings")
    call("POST", f"{PROFILES}/settings", json={"enabled": False})
    call("POST", f"{PROFILES}/jobs", 400, json={"operation": "sample", "entity_type": "user"})
    call("GET", f"{PROFILES}/jobs/unknown", 404)
    call("GET", f"{HOOKS}/projects/default")
    call("POST", f"{HOOKS}/projects/default", 400, json={})
    call("PUT", f"{HOOKS}/wh_1", 404, json={})
    call("DELETE", f"{HOOKS}/wh_1", 404)
    for path in (ORG, f"{ORG}/mem0g", f"{ORG}/mem0g/projects", project):
        call("GET", path)
    call("POST", f"{ORG}/mem0g/projects", json={"name": "shop"})
    call("PATCH", project, json={"custom_instructions": "Only facts"})
    member = {"email": "ann@shop.test", "role": "READER"}
    call("POST", f"{project}/members", json=member)
    call("PUT", f"{project}/members", json=member | {"role": "OWNER"})
    call("GET", f"{project}/members")
    call("DELETE", f"{project}/members", params={"email": member["email"]})
    call("GET", "/configure")
    call("GET", "/configure/providers")
    call("POST", "/configure", 400, json={})
    call("POST", "/generate-instructions", json={"use_case": "a shop"})
    call("GET", "/v1/entities", **paged)
    call("GET", "/v1/entities/filters")
    for user in ("bob", "eve", "kim", "lee"):
        add(user_id=user)
    ids = {each["name"]: each["id"] for each in call("GET", "/v1/entities")["results"]}
    call("GET", "/entities")
    call("GET", "/v2/entities/user/alice")
    call("DELETE", "/v2/entities/user/bob")
    call("DELETE", f"/v1/entities/user/{ids['eve']}")
    call("DELETE", "/entities/user/kim")
    call("DELETE", "/v1/memories", params={"user_id": "lee"})
    call("DELETE", "/memories", params=ALICE)
    call("POST", "/reset")
    call("DELETE", project)
    assert seen == {*documented.operations(mem0=True)}
