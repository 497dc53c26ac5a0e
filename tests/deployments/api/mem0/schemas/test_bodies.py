"""What bodies of Mem0's calls may hold, and what is told of a bad one."""

from __future__ import annotations

import httpx

ALICE = {"user_id": "alice"}


def test_entities_beside_the_filters_of_v3_are_refused(http: httpx.Client) -> None:
    for path, body in (("/v3/memories", {}), ("/v3/memories/search", {"query": "x"})):
        answer = http.post(path, json=body | ALICE)
        assert answer.status_code == 400
        assert "filters" in answer.json()["detail"]
