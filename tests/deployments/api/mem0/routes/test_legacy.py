"""v1 and v2, with the fields that older clients of Mem0's send."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

ALICE = {"user_id": "alice"}
V0 = {"output_format": "v1.1", "version": "v2", "org_id": "o", "project_id": "p"}
V1 = {"output_format": "v1.1", "async_mode": True, "org_id": "o", "project_id": "p"}


def ok(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()


def add(old: httpx.Client, text: str, **fields: Any) -> Any:
    body = {"messages": [{"role": "user", "content": text}], "infer": False} | ALICE | fields
    return ok(old.post("/v1/memories/", json=body))


def test_an_add_answers_in_the_form_asked_for(old: httpx.Client) -> None:
    (bare,) = add(old, "likes tea")
    assert (bare["event"], bare["memory"], bare["data"]) == (
        "ADD",
        "likes tea",
        {"memory": "likes tea"},
    )
    for fields in (V0, V1):
        wrapped = add(old, "likes jazz", **fields)
        assert wrapped["relations"] == []
        assert wrapped["results"][0]["memory"] == "likes jazz"


def test_lists_are_bare_unless_a_page_is_asked_for(old: httpx.Client) -> None:
    for number in range(3):
        add(old, f"note {number}", timestamp=1_700_000_000 + number)
    for found in (
        ok(old.get("/v1/memories/", params=ALICE)),
        ok(old.post("/v2/memories/", json={"filters": ALICE})),
        ok(old.post("/v2/memories/", json=ALICE | V0)),
    ):
        assert [each["memory"] for each in found] == ["note 2", "note 1", "note 0"]
    assert len(ok(old.get("/v1/memories/", params=ALICE | {"limit": 2}))) == 2
    graph = {"enable_graph": True, "output_format": "v1.1"}
    assert ok(old.get("/v1/memories/", params=ALICE | graph))["relations"] == []
    place = {"page": 2, "page_size": 2}
    for page in (
        ok(old.get("/v1/memories/", params=ALICE | place)),
        ok(old.post("/v2/memories/", params=place, json={"filters": ALICE})),
    ):
        assert (page["count"], page["next"]) == (3, None)
        assert [each["memory"] for each in page["results"]] == ["note 0"]
    assert old.get("/v1/memories/").status_code == 400


def test_the_oldest_list_is_narrowed_as_the_others_are(old: httpx.Client) -> None:
    def listed(**params: Any) -> list[dict[str, Any]]:
        found = ok(old.get("/v1/memories/", params=ALICE | params))
        assert isinstance(found, list)
        return found

    (first,) = add(old, "lives in Oslo", metadata={"topic": "home"})
    add(old, "lives in Bergen", supersedes=[first["id"]])
    assert [
        each["memory"] for each in listed(latest_only="false", metadata='{"topic":"home"}')
    ] == ["lives in Oslo"]
    assert listed(metadata='{"topic":"home"}') == []
    assert [each.keys() for each in listed(fields="memory")] == [{"id", "memory"}]
    assert old.get("/v1/memories/", params=ALICE | {"metadata": "home"}).status_code == 400


def test_searches_answer_in_the_form_asked_for(old: httpx.Client) -> None:
    add(old, "likes green tea")
    add(old, "plays chess on Sundays")
    for path in ("/v1/memories/search/", "/v2/memories/search/"):
        bare = ok(old.post(path, json={"query": "green tea"} | ALICE))
        assert [each["memory"] for each in bare] == ["likes green tea"]
        assert bare[0]["score"] > 0.3
        filters = {"query": "green tea", "filters": {"AND": [ALICE]}}
        wrapped = ok(old.post(path, json=filters | {"output_format": "v1.1"}))
        assert wrapped["results"] == bare
        assert wrapped["relations"] == []
        by_filter = {"query": "anything", "only_metadata_based_search": True} | ALICE
        assert len(ok(old.post(path, json=by_filter))) == 2


@pytest.mark.parametrize("path", ["/v1/memories/search/", "/v2/memories/search/"])
def test_a_search_of_nobody_is_refused(old: httpx.Client, path: str) -> None:
    assert old.post(path, json={"query": "tea"}).status_code == 400
