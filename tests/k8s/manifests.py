"""The manifests as data, for the tests beside this."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

Document = dict[str, Any]

ROOT = Path(__file__).resolve().parents[2]
K8S = ROOT / "k8s"
EXAMPLE = "secrets.example.yaml"
KUSTOMIZATION: Document = yaml.safe_load((K8S / "kustomization.yaml").read_text())
DOCUMENTS: list[Document] = [
    document
    for name in KUSTOMIZATION["resources"]
    for document in yaml.safe_load_all((K8S / name).read_text())
]
"""All that the kustomization applies."""


def example() -> Document:
    """The secret that the others refer to."""
    document: Document = yaml.safe_load((K8S / EXAMPLE).read_text())
    return document


def name_of(document: Document) -> str:
    return f"{document['kind']}/{document['metadata']['name']}"


def of_kind(kind: str) -> list[Document]:
    return [document for document in DOCUMENTS if document["kind"] == kind]


def rayservice() -> Document:
    (document,) = of_kind("RayService")
    return document


def serve_config() -> Document:
    document: Document = yaml.safe_load(rayservice()["spec"]["serveConfigV2"])
    return document


def pods() -> list[Document]:
    """Every pod template."""
    return [template for document in DOCUMENTS for template in under(document, "template")]


def containers() -> list[Document]:
    return [container for pod in pods() for container in pod["spec"]["containers"]]


def ports(pod: Document) -> set[int]:
    declared = [port for each in pod["spec"]["containers"] for port in each["ports"]]
    return {port["containerPort"] for port in declared}


def rules(policy: Document) -> list[Document]:
    """A network policy's, in and out."""
    return [*policy["spec"].get("ingress", []), *policy["spec"].get("egress", [])]


def peers(policy: Document) -> list[Document]:
    return [peer for each in rules(policy) for peer in [*each.get("from", []), *each.get("to", [])]]


def selected(selector: Document) -> list[Document]:
    """Pod templates that a label selector, or a Service's plain labels, would match."""
    plain = selector if not selector.keys() & {"matchLabels", "matchExpressions"} else {}
    wanted = {name: {value} for name, value in (selector.get("matchLabels") or plain).items()}
    for expression in selector.get("matchExpressions", []):
        assert expression["operator"] == "In"
        wanted[expression["key"]] = set(expression["values"])
    return [
        pod
        for pod in pods()
        if all(pod["metadata"]["labels"].get(name) in values for name, values in wanted.items())
    ]


def under(value: Any, key: str) -> Iterator[Any]:
    """What stands under `key`, at any depth."""
    for name, inner in _items(value):
        if name == key:
            yield inner
        yield from under(inner, key)


def texts(value: Any) -> Iterator[str]:
    """Every string that is a value, at any depth."""
    if isinstance(value, str):
        yield value
    for _, inner in _items(value):
        yield from texts(inner)


def _items(value: Any) -> list[tuple[Any, Any]]:
    if isinstance(value, dict):
        return list(value.items())
    return list(enumerate(value)) if isinstance(value, list) else []
