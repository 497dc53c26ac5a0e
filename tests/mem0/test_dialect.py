"""Where our paths and those of Mem0 are the same, what is sent decides; and the traps of the wire
that Mem0's clients step into."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from mem0 import MemoryClient
from mem0.exceptions import AuthenticationError, MemoryNotFoundError, ValidationError

from tests.mem0.conftest import ADMIN_KEY, AUTH, KEY, Host, HostWith

ALICE = {"user_id": "alice"}
MESSAGES = {"messages": "likes tea", "infer": False} | ALICE
HEADERS = {"Mem0-User-ID": ""}
NAMES = {"id", "content", "memory", "run_id", "session_id"}


def test_an_add_is_ours_by_its_content_and_mem0s_by_its_messages(http: httpx.Client) -> None:
    ours = http.post("/v1/memories", json={"content": "likes figs"} | ALICE, headers=HEADERS)
    assert (ours.status_code, ours.json()["content"]) == (201, "likes figs")
    theirs = http.post("/v1/memories", json=MESSAGES)
    assert theirs.status_code == 200
    assert theirs.json()[0]["event"] == "ADD"


def test_a_memory_has_all_names_in_either_language(http: httpx.Client) -> None:
    made = http.post("/v1/memories", json={"content": "x", "valid_from": "2020-01-01"} | ALICE)
    url = f"/v1/memories/{made.json()['id']}"
    ours, theirs = http.get(url).json(), http.get(url, headers=HEADERS).json()
    assert ours.keys() >= NAMES
    assert theirs.keys() >= NAMES
    assert theirs["created_at"] == theirs["valid_from"] == ours["valid_from"]
    assert ours["created_at"] != ours["valid_from"]
    assert http.put(url, json={"text": "y"}).json()["memory"] == "y"
    changed = http.put(url, json={"content": "z"}, headers=HEADERS).json()
    assert changed["content"] == "z"
    assert "lifecycle_state" not in changed


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


def test_fields_of_other_versions_are_ignored(mem0: MemoryClient) -> None:
    old = {"org_id": "o", "project_id": "p", "output_format": "v1.1", "version": "v2"}
    old |= {"async_mode": True, "source": "CLI", "enable_graph": False}
    mem0.add("likes tea", user_id="alice", infer=False, **old)
    assert mem0.search("tea", filters=ALICE, **old)["results"]
    assert mem0.get_all(filters=ALICE, **old)["count"] == 1


def test_what_is_wrong_is_told_in_words(mem0: MemoryClient) -> None:
    wrong: list[tuple[Any, dict[str, Any], str]] = [
        (mem0.add, {"messages": []}, "messages"),
        (mem0.add, {"messages": "x"}, "scope"),
        (mem0.add, {"messages": "x", "user_id": " alice"}, "user_id"),
        (mem0.add, {"messages": "x", "user_id": "alice", "expiration_date": "soon"}, "YYYY-MM-DD"),
        (mem0.add, {"messages": "x", "expiration_date": "2020-01-01"} | ALICE, "^expiration_date"),
        (mem0.add, {"messages": "x", "timestamp": True} | ALICE, "^timestamp: seconds"),
        (mem0.add, {"messages": "x", "timestamp": 10**400} | ALICE, "^timestamp"),
        (mem0.add, {"messages": "x", "timestamp": [1]} | ALICE, "^timestamp: seconds"),
        (mem0.add, {"messages": [7], "user_id": "alice"}, r"messages\[0\]"),
        (mem0.add, {"messages": [{"role": 7, "content": "x"}]} | ALICE, r"messages\[0\].role"),
        (mem0.search, {"query": "x", "filters": ALICE, "top_k": 0}, "top_k"),
        (mem0.search, {"query": "x", "filters": {"AND": [{"colour": 1}]}}, "colour"),
        (mem0.get_all, {"filters": ALICE, "page": 0}, "page"),
        (mem0.get_all, {"filters": ALICE, "start_date": "soon"}, "^start_date"),
        (mem0.update, {"memory_id": "mem_x", "timestamp": "soon"}, "timestamp"),
        (mem0.batch_update, {"memories": []}, "memories"),
    ]
    for call, fields, words in wrong:
        with pytest.raises(ValidationError, match=words) as caught:
            call(**fields)
        assert isinstance(caught.value.message, str)
    with pytest.raises(MemoryNotFoundError):
        mem0.get("no/such memory")


def test_an_add_of_nothing_does_not_say_that_it_is_stored(mem0: MemoryClient) -> None:
    for said in ("  ", [{"role": "system", "content": "be brief"}]):
        told = mem0.add(said, user_id="alice")
        assert (told["message"], told["results"]) == ("nothing to store", [])


def test_entities_beside_the_filters_of_v3_are_refused(http: httpx.Client) -> None:
    for path, body in (("/v3/memories", {}), ("/v3/memories/search", {"query": "x"})):
        answer = http.post(path, json=body | ALICE)
        assert answer.status_code == 400
        assert "filters" in answer.json()["detail"]


def test_messages_may_have_many_forms(mem0: MemoryClient) -> None:
    picture = {"type": "image_url", "image_url": {"url": "https://x.test/cat.png"}}
    added = mem0.add(
        [
            {"role": "user", "content": [{"type": "text", "text": "This is my cat"}, picture]},
            {"role": "assistant", "content": None, "tool_calls": []},
            {"role": "user", "content": picture},
            {"role": "assistant", "content": "A fine cat", "name": "guide"},
        ],
        user_id="alice",
        infer=False,
    )
    assert [each["memory"] for each in added["results"]] == ["This is my cat", "A fine cat"]
    assert mem0.get(added["results"][1]["id"])["actor_id"] == "guide"
    event = httpx.get(f"{mem0.host}/v1/event/{added['event_id']}/").json()
    assert event["metadata"]["not_applied"] == ["messages[0]: image_url", "messages[2]: image_url"]


def test_a_key_opens_its_project_only(host_with: HostWith) -> None:
    host = host_with(auth=AUTH)
    with pytest.raises(ValueError, match="key"):
        MemoryClient(api_key="m0-wrong", host=host)
    admin = httpx.Client(base_url=host, headers={"X-API-Key": ADMIN_KEY})
    shop = admin.post("/v1/projects", json={"name": "shop"}).json()["project_id"]

    def client(*scopes: str, **fields: Any) -> MemoryClient:
        body = {"project_id": shop, "label": "test", "scopes": scopes} | fields
        return MemoryClient(api_key=admin.post("/v1/keys", json=body).json()["key"], host=host)

    writer = client("read", "write")
    assert writer.project_id == shop
    writer.add("likes tea", user_id="alice", infer=False)
    writer.add("likes figs", user_id="bob", infer=False)
    stars = {f"{name}_id": "*" for name in ("user", "agent", "app", "run")}
    for call in (
        lambda: client("read").add("x", user_id="alice"),
        lambda: writer.delete_all(**stars),
        lambda: writer.delete_all(filters={"OR": [{name: "*"} for name in stars]}),
        lambda: client("read", "write", user_id="bob").search("tea", filters=ALICE),
        lambda: client("read", "write", user_id="bob").delete_all(**ALICE),
    ):
        with pytest.raises(AuthenticationError):
            call()
    bobs = client("read", "write", user_id="bob")
    assert [each["memory"] for each in bobs.get_all(filters={"user_id": "*"})["results"]] == [
        "likes figs"
    ]
    assert writer.get_all(filters={"user_id": "*"})["count"] == 2
    assert MemoryClient(api_key=ADMIN_KEY, host=host).get_all(filters={"user_id": "*"})[
        "count"
    ] == 0  # fmt: skip
    client("read", "write", "admin").delete_all(**stars)
    assert writer.get_all(filters={"user_id": "*"})["count"] == 0


def test_a_call_repeated_with_its_key_changes_nothing_more(http: httpx.Client) -> None:
    """The writes of one call are told apart by what they are about."""

    def add(text: str, **fields: Any) -> str:
        body = {"messages": text, "infer": False} | ALICE | fields
        return str(http.post("/v3/memories/add/", json=body).json()["results"][0]["id"])

    older = add("lives in Oslo", timestamp=1_600_000_000)
    ids = [add("lives in Bergen", supersedes=[older]), add("likes tea")]
    changes = {"memories": [{"memory_id": each, "metadata": {"seen": True}} for each in ids]}
    deletes = {"memories": [{"memory_id": ids[1]}]}
    calls: list[tuple[str, str, Any, Any]] = [
        ("PUT", "/v1/batch/", changes, None),
        ("DELETE", "/v1/batch/", deletes, None),
        ("POST", "/v3/memories/add/", {"messages": "has a dog", "infer": False} | ALICE, None),
        ("DELETE", f"/v1/memories/{ids[0]}/", None, {"delete_linked": "true"}),
    ]
    for number, (method, path, body, params) in enumerate(calls):
        headers = HEADERS | {"Idempotency-Key": f"call {number}"}
        sent = {"json": body, "params": params, "headers": headers}
        answers = [http.request(method, path, **sent) for _ in range(2)]
        assert [each.status_code for each in answers] == [200, 200], answers[1].text
        first, second = (each.json() for each in answers)
        first.pop("cascade_count", None)  # of what is gone by then
        assert first == second
        if number == 0:
            for each in ids:
                assert http.get(f"/v1/memories/{each}").json()["version"] == 2
    listed = http.post("/v3/memories/", json={"filters": ALICE, "latest_only": False}).json()
    assert [each["memory"] for each in listed["results"]] == ["has a dog"]
