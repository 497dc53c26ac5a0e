"""Mem0's calls about memories."""

from __future__ import annotations

from typing import Any

import httpx

ALICE = {"user_id": "alice"}


HEADERS = {"Mem0-User-ID": ""}


NAMES = {"id", "content", "memory", "run_id", "session_id"}


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
