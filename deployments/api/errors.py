"""Codes to statuses, in one table, and every error body."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match, Route

from deployments.api.schemas.serialize import Json, error_out
from memory.domain.errors import InvalidInput, Mem0gError, NotFound, Unavailable

log = logging.getLogger(__name__)

STATUS = {
    "invalid_input": 400,
    "scope_required": 400,
    "unauthenticated": 401,
    "forbidden": 403,
    "not_found": 404,
    "conflict": 409,
    "version_mismatch": 409,
    "supersede_conflict": 409,
    "immutable": 409,
    "idempotency_mismatch": 409,
    "too_large": 413,
    "rate_limited": 429,
    "unavailable": 503,
    "store_unavailable": 503,
    "model_unavailable": 503,
    "overloaded": 503,
    "deadline_exceeded": 504,
}


def status_of(code: str) -> int:
    return STATUS.get(code, 500)


def refusal(error: Mem0gError, request_id: str, status: int | None = None) -> Json:
    headers = {}
    if isinstance(error, Unavailable):
        headers["Retry-After"] = str(error.retry_after)
    if error.code == "unauthenticated":
        headers["WWW-Authenticate"] = "Bearer"
    return Json(error_out(error, request_id), status or status_of(error.code), headers)


def invalid(problems: Sequence[Any]) -> InvalidInput:
    """The first of pydantic's problems, as one sentence."""
    first = problems[0]
    if first["type"] == "json_invalid" and first["loc"][:1] == ("body",):
        return InvalidInput("the body is not valid JSON")
    begin = 1 if first["loc"][:1] in (("body",), ("query",), ("path",)) else 0
    field = ".".join(map(str, first["loc"][begin:]))
    message = first["msg"].removeprefix("Value error, ")
    return InvalidInput(f"{field}: {message}" if field else message)


def _says_json(request: Request) -> bool:
    return "json" in request.headers.get("content-type", "").lower()


def _methods(app: FastAPI, request: Request) -> set[str]:
    """Of all routes of a path; Starlette would name those of the first."""
    return {
        method
        for route in app.routes
        if isinstance(route, Route) and route.matches(request.scope)[0] is Match.PARTIAL
        for method in route.methods or ()
    }


def install(app: FastAPI) -> None:
    @app.exception_handler(Mem0gError)
    async def _domain(request: Request, error: Mem0gError) -> Response:
        request.state.refusal = error.code
        return refusal(error, request.state.request_id)

    @app.exception_handler(RequestValidationError)
    async def _shape(request: Request, error: RequestValidationError) -> Response:
        problem = invalid(error.errors())
        if request.method in ("POST", "PUT", "PATCH") and not _says_json(request):
            problem = InvalidInput("send the body as JSON, with Content-Type: application/json")
        request.state.refusal = problem.code
        return refusal(problem, request.state.request_id)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        kind = NotFound if error.status_code == 404 else InvalidInput
        request.state.refusal = kind.code
        answer = refusal(kind(str(error.detail)), request.state.request_id, error.status_code)
        answer.headers.update(error.headers or {})
        if error.status_code == 405:
            answer.headers["Allow"] = ", ".join(sorted(_methods(app, request)))
        return answer

    @app.exception_handler(Exception)
    async def _bug(request: Request, error: Exception) -> Response:
        log.exception("request %s failed", request.state.request_id)
        return refusal(Mem0gError("internal error"), request.state.request_id)
