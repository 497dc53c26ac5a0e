"""Pages by number, and the addresses of their neighbours."""

from __future__ import annotations

from starlette.requests import Request

from deployments.api.mem0.schemas.paging import DEFAULT_PAGE, Paging, envelope


def request(path: str, query: str) -> Request:
    return Request(
        {
            "type": "http",
            "scheme": "https",
            "server": ("memory.test", 443),
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [],
        }
    )


def test_a_page_names_its_neighbours_in_the_form_it_was_asked_for() -> None:
    asked = request("/mem0/v1/entities/", "user_id=a%20b&page=2&page_size=1")
    page = envelope(asked, Paging(page=2, page_size=1), 3, [{"id": "x"}])
    url = "https://memory.test/mem0/v1/entities/?user_id=a+b"
    assert page == {
        "count": 3,
        "next": f"{url}&page=3&page_size=1",
        "previous": f"{url}&page=1&page_size=1",
        "results": [{"id": "x"}],
    }


def test_the_only_page_has_none() -> None:
    page = envelope(request("/v1/entities", ""), Paging(), DEFAULT_PAGE, [])
    assert (page["next"], page["previous"]) == (None, None)
    assert envelope(request("/v1/entities", ""), Paging(), DEFAULT_PAGE + 1, [])["next"]


def test_a_body_goes_before_the_query_string() -> None:
    query = Paging(page=2, page_size=5)
    body = Paging(page_size=50)
    paging = body.over(query)
    assert (paging.number, paging.size, paging.offset) == (2, 50, 50)
    assert (Paging().asked, paging.asked) == (False, True)
