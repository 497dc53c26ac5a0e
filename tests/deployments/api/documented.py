"""Answers held against /openapi.json: no field that it does not name, none missing that it does."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, cast

import httpx
from jsonschema import Draft202012Validator

from config import Settings
from deployments.api import create_app
from deployments.api.middleware.dialect import PREFIX, plain, shared

# No parts are called to write the document.
NO_SERVICE = cast(Any, type("Parts", (), {"__getattr__": lambda *_: None})())


@cache
def document() -> dict[str, Any]:
    """What /openapi.json says, with nothing allowed beside the fields that it names."""
    found = create_app(NO_SERVICE, Settings()).openapi()
    for schema in found["components"]["schemas"].values():
        if "properties" in schema:
            schema["additionalProperties"] = False
    return found


def operations(mem0: bool) -> dict[str, dict[str, Any]]:
    """Mem0's operations, or ours, by their names."""
    return {
        str(operation["operationId"]): operation
        for methods in document()["paths"].values()
        for operation in methods.values()
        if ("mem0" in operation["tags"]) is mem0
    }


def operation_of(request: httpx.Request, mem0: bool) -> dict[str, Any]:
    """Paths without parameters come before those they could be mistaken for."""
    method = request.method
    path, _ = plain(request.url.raw_path.decode().partition("?")[0])
    if mem0 and shared(method, path):
        path = PREFIX + path
    found = sorted(document()["paths"].items(), key=lambda item: item[0].count("{"))
    for template, methods in found:
        known = re.fullmatch(re.sub(r"{\w+}", "[^/]+", template), path)
        if known and method.lower() in methods:
            return cast(dict[str, Any], methods[method.lower()])
    raise AssertionError(f"{method} {path} is not documented")


def checked(answer: httpx.Response, mem0: bool = False) -> str:
    """Hold an answer that has been read against its operation; returns the operation's name."""
    operation = operation_of(answer.request, mem0)
    responses = operation["responses"]
    content = responses.get(str(answer.status_code), responses["default"])["content"]
    (media_type,) = content
    assert answer.headers["content-type"].startswith(media_type), answer.text
    if media_type == "application/json":
        schema = content[media_type]["schema"]
        assert schema
        components = {"components": document()["components"]}
        Draft202012Validator(schema | components).validate(answer.json())
    return str(operation["operationId"])


def check(answer: httpx.Response) -> str:
    """For the hooks of a client that speaks Mem0's language."""
    answer.read()
    return checked(answer, mem0=True)


async def acheck(answer: httpx.Response) -> None:
    await answer.aread()
    checked(answer, mem0=True)
