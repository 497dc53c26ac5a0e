"""Which path and whose language a call is in."""

from __future__ import annotations

import httpx
import pytest
from mem0 import MemoryClient

from tests.deployments.api.conftest import KEY, Host

Client = httpx.AsyncClient


async def test_routes_answer_with_and_without_a_slash(client: Client) -> None:
    for slash in ("", "/"):
        made = await client.post(
            f"/v1/memories{slash}", json={"content": f"slash {len(slash)}", "user_id": "a"}
        )
        assert made.status_code == 201
        memory = f"/v1/memories/{made.json()['id']}"
        for path in (memory, f"{memory}/history", f"{memory}/related", "/health", "/ready"):
            assert (await client.get(f"{path}{slash}")).status_code == 200
        listed = await client.get(f"/v1/memories{slash}", params={"user_id": "a"})
        assert listed.status_code == 200


ALICE = {"user_id": "alice"}


MESSAGES = {"messages": "likes tea", "infer": False} | ALICE


HEADERS = {"Mem0-User-ID": ""}


def test_an_add_is_ours_by_its_content_and_mem0s_by_its_messages(http: httpx.Client) -> None:
    ours = http.post("/v1/memories", json={"content": "likes figs"} | ALICE, headers=HEADERS)
    assert (ours.status_code, ours.json()["content"]) == (201, "likes figs")
    theirs = http.post("/v1/memories", json=MESSAGES)
    assert theirs.status_code == 200
    assert theirs.json()[0]["event"] == "ADD"


@pytest.mark.parametrize(
    ("params", "headers", "shape"),
    [
        ({}, {}, dict),
        ({"limit": "5"}, {}, dict),
        ({}, HEADERS, list),
        ({}, {"X-Mem0-Client": "mem0-python/1.0"}, list),
        ({"output_format": "v1.0"}, {}, list),
        ({"run_id": "s"}, {}, list),
    ],
)
def test_a_list_is_wrapped_as_its_caller_expects(
    http: httpx.Client, params: dict[str, str], headers: dict[str, str], shape: type
) -> None:
    http.post("/v1/memories", json=MESSAGES | {"run_id": "s"})
    answer = http.get("/v1/memories", params=ALICE | params, headers=headers).json()
    assert isinstance(answer, shape)
    (memory,) = answer["memories"] if shape is dict else answer
    assert memory["memory"] == memory["content"] == "likes tea"


def test_a_prefix_says_it_as_well(host: Host) -> None:
    client = MemoryClient(api_key=KEY, host=f"{host}/mem0")
    client.add("likes tea", user_id="alice", infer=False)
    client.add("likes jazz", user_id="alice", infer=False)
    page = client.get_all(filters=ALICE, page=1, page_size=1)
    assert page["next"].startswith(f"{host}/mem0/v3/memories/?")
    assert isinstance(httpx.get(f"{host}/mem0/v1/memories", params=ALICE).json(), list)
    assert httpx.get(f"{host}/mem0/health").json() == {"status": "ok"}


@pytest.mark.parametrize(
    "path", ["/v1/ping", "/v1/ping/", "//v1/ping/", "/mem0/v1/ping/", "/mem0//v1/ping/"]
)
def test_no_form_of_a_path_is_redirected(host: Host, path: str) -> None:
    answer = httpx.get(f"{host}{path}")
    assert answer.status_code == 200
    body = answer.json()
    assert body["status"] == "ok"
    assert all(isinstance(body[name], str) and body[name] for name in ("org_id", "project_id"))
