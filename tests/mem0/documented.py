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


@cache
def document() -> dict[str, Any]:
    found = create_app(cast(Any, None), Settings()).openapi()
    for schema in found["components"]["schemas"].values():
        if "properties" in schema:
            schema["additionalProperties"] = False
    return found


def mem0s() -> set[str]:
    """The names of Mem0's operations."""
    return {
        str(each["operationId"])
        for methods in document()["paths"].values()
        for each in methods.values()
        if "mem0" in each["tags"]
    }


def operation(request: httpx.Request) -> dict[str, Any]:
    """Of Mem0's language. Paths without parameters come before those they could be mistaken for."""
    method = request.method
    path, _ = plain(request.url.raw_path.decode().partition("?")[0])
    if shared(method, path):
        path = PREFIX + path
    found = sorted(document()["paths"].items(), key=lambda each: each[0].count("{"))
    for template, methods in found:
        known = re.fullmatch(re.sub(r"{\w+}", "[^/]+", template), path)
        if known and method.lower() in methods:
            return cast(dict[str, Any], methods[method.lower()])
    raise AssertionError(f"{method} {path} is not documented")


def check(answer: httpx.Response) -> str:
    """For the hooks of a client that speaks Mem0's language; returns the operation's name."""
    answer.read()
    named = operation(answer.request)
    responses = named["responses"]
    found = responses.get(str(answer.status_code), responses["default"])
    assert answer.headers["content-type"].startswith("application/json"), answer.text
    schema = found["content"]["application/json"]["schema"]
    assert schema
    components = {"components": document()["components"]}
    Draft202012Validator(schema | components).validate(answer.json())
    return str(named["operationId"])


async def acheck(answer: httpx.Response) -> None:
    await answer.aread()
    check(answer)
