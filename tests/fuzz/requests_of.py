"""Requests for every documented operation, with a chosen pool of texts in every field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Operation:
    method: str
    path: str
    parameters: Sequence[Mapping[str, Any]]
    # The schema of a JSON body.
    body: Mapping[str, Any] | None


def operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    for path, methods in document["paths"].items():
        for method in METHODS:
            if method in methods:
                found = methods[method]
                content = found.get("requestBody", {}).get("content", {})
                schema = content.get("application/json", {}).get("schema")
                yield Operation(method, path, found.get("parameters", ()), schema)


def requests_of(
    operation: Operation, document: Mapping[str, Any], texts: st.SearchStrategy[str]
) -> st.SearchStrategy[dict[str, Any]]:
    """Keyword arguments of httpx's `request`."""

    def values(schema: Mapping[str, Any], depth: int = 0) -> st.SearchStrategy[Any]:
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            return values(document["components"]["schemas"][name], depth)
        if "anyOf" in schema:
            return st.one_of(*(values(each, depth) for each in schema["anyOf"]))
        match schema.get("type"):
            case "integer":
                return st.integers(1, 5)
            case "number":
                return st.floats(0, 1)
            case "boolean":
                return st.booleans()
            case "null":
                return st.none()
            case "array":
                return st.lists(values(schema.get("items", {}), depth + 1), min_size=1, max_size=2)
            case "object":
                return objects(schema, depth)
            case _:
                return texts

    def objects(schema: Mapping[str, Any], depth: int) -> st.SearchStrategy[dict[str, Any]]:
        named = schema.get("properties")
        if not named:
            return st.dictionaries(texts, texts, max_size=2) if depth < 3 else st.just({})
        required = schema.get("required", ())
        fields = {name: values(each, depth + 1) for name, each in named.items()}
        return st.fixed_dictionaries(
            {name: each for name, each in fields.items() if name in required},
            optional={name: each for name, each in fields.items() if name not in required},
        )

    @st.composite
    def build(draw: st.DrawFn) -> dict[str, Any]:
        path, query = operation.path, {}
        for parameter in operation.parameters:
            name, place = parameter["name"], parameter["in"]
            if place == "path":
                text = quote(str(draw(texts)), safe="")
                path = path.replace(f"{{{name}}}", text)
            elif place == "query" and (parameter.get("required") or draw(st.booleans())):
                query[name] = draw(values(parameter["schema"]))
        request = {"method": operation.method.upper(), "url": path, "params": query}
        if operation.body is not None:
            request["json"] = draw(values(operation.body))
        return request

    return build()
