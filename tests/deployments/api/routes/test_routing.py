"""Routes are one flat list, each with its refusals documented."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.routing import APIRoute

from deployments.api.errors import STATUS
from deployments.api.routes.routing import gathered, new_router


def test_routes_are_gathered_flat_and_in_order() -> None:
    first, second = new_router("one", prefix="/one"), new_router("two")
    for router, paths in ((first, ("", "/{name}")), (second, ("/two",))):
        for path in paths:
            router.add_api_route(path, lambda: None)
    app = FastAPI()
    app.router.routes += gathered([first, second])
    found = [route for route in app.router.routes if isinstance(route, APIRoute)]
    assert [route.path for route in found] == ["/one", "/one/{name}", "/two"]
    assert [route.tags for route in found] == [["one"], ["one"], ["two"]]


def test_every_status_of_a_refusal_is_documented() -> None:
    router = new_router("one")
    router.add_api_route("/one", lambda: None)
    (route,) = router.routes
    assert isinstance(route, APIRoute)
    assert {*STATUS.values(), "default"} == {*route.responses}
