"""Routers whose routes document our refusals, and one flat list of all their routes.

FastAPI keeps an included router as a router of its own: it builds every route once more for each
level of inclusion, and asks level by level which one a request is for: with a hundred routes that
was 0.25 ms of every request.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fastapi import APIRouter
from fastapi.params import Depends
from starlette.routing import BaseRoute

_REFUSALS: dict[int | str, str] = {
    400: "Bad input; nothing was changed",
    401: "No key, or an unknown one",
    403: "The key may not do this",
    404: "Nothing of this id that the caller may see",
    409: "It conflicts with what is stored",
    413: "The body is too large",
    429: "More requests than the key may send; see Retry-After",
    503: "A store is down or the service is full; see Retry-After",
    504: "No answer within the deadline",
    "default": "Any other refusal",
}

# By its name: a model would be built again for every status of every route.
_BODY = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorOut"}}}


def new_router(tag: str, prefix: str = "", dependencies: Sequence[Depends] = ()) -> APIRouter:
    return APIRouter(
        prefix=prefix,
        tags=[tag],
        dependencies=dependencies,
        responses={
            status: {"description": text, "content": _BODY} for status, text in _REFUSALS.items()
        },
    )


def gathered(routers: Iterable[APIRouter]) -> list[BaseRoute]:
    """In the order in which paths are matched."""
    return [route for router in routers for route in router.routes]
