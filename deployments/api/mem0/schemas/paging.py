"""Pages by number: which one is asked for, and the envelope that names the next one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode

from fastapi import Query
from pydantic import Field
from starlette.requests import Request

from deployments.api.mem0.schemas.fields import Mem0Fields

# More than Mem0's 200: who asks for more than is given may take it for the end of the list.
MAX_PAGE = 1_000
DEFAULT_PAGE = 100


class Paging(Mem0Fields):
    """A page, counted from 1."""

    page: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    page_size: Annotated[int, Field(ge=1, le=MAX_PAGE)] | None = None

    @property
    def asked(self) -> bool:
        return self.page is not None or self.page_size is not None

    @property
    def number(self) -> int:
        return self.page or 1

    @property
    def size(self) -> int:
        return self.page_size or DEFAULT_PAGE

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size

    def over(self, other: Paging) -> Paging:
        """These, and the other's if they say nothing."""
        return Paging(page=self.page or other.page, page_size=self.page_size or other.page_size)


Paged = Annotated[Paging, Query()]


def envelope(
    request: Request, paging: Paging, count: int, results: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """The page of a list that has `count` in all. The addresses of its neighbours are absolute,
    and of the form in which this one was asked for."""
    number = paging.number
    more = paging.offset + paging.size < count
    return {
        "count": count,
        "next": _address(request, paging, number + 1) if more else None,
        "previous": _address(request, paging, number - 1) if number > 1 else None,
        "results": results,
    }


def _address(request: Request, paging: Paging, number: int) -> str:
    raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    path = raw.partition(b"?")[0].decode("latin-1")
    kept = [
        (name, value)
        for name, value in parse_qsl(request.url.query, keep_blank_values=True)
        if name not in ("page", "page_size")
    ]
    query = urlencode([*kept, ("page", number), ("page_size", paging.size)])
    return f"{request.url.scheme}://{request.url.netloc}{path}?{query}"
