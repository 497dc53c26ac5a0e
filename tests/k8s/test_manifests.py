"""Every name in the manifests means something: no cluster is needed to see a port, a label, a
secret's key, a service or a setting that nothing answers to."""

from __future__ import annotations

import re

import pytest

from config.settings import known
from deployments.version import __version__
from tests.k8s.manifests import (
    DOCUMENTS,
    EXAMPLE,
    K8S,
    KUSTOMIZATION,
    containers,
    example,
    name_of,
    of_kind,
    peers,
    selected,
    serve_config,
    texts,
    under,
)

ADDRESS = re.compile(r"(?:\w+://(?:[^/]*@)?)?([a-z][a-z0-9-]*):(\d+)(?:/\d*)?")


def test_every_file_but_the_example_is_applied() -> None:
    files = {path.name for path in K8S.glob("*.yaml")}
    assert files - {"kustomization.yaml", EXAMPLE} == set(KUSTOMIZATION["resources"])


def test_every_setting_named_is_one() -> None:
    texts_of_files = (path.read_text() for path in K8S.glob("*.yaml"))
    named = {name for text in texts_of_files for name in re.findall(r"MEM0G_\w+", text)}
    assert named
    assert named <= known()


def test_every_secret_key_is_in_the_example_and_the_other_way_round() -> None:
    wanted = {(ref["name"], ref["key"]) for ref in under(DOCUMENTS, "secretKeyRef")}
    assert wanted == {(example()["metadata"]["name"], key) for key in example()["stringData"]}


def test_every_address_is_a_service_and_one_of_its_ports() -> None:
    services = {
        (service["metadata"]["name"], port["port"])
        for service in of_kind("Service")
        for port in service["spec"]["ports"]
    }
    values = [*texts([*under(DOCUMENTS, "env")]), *texts(serve_config())]
    values += under(DOCUMENTS, "redisAddress")
    named = {(hit[1], int(hit[2])) for hit in map(ADDRESS.fullmatch, values) if hit}
    assert {host for host, _ in named} == {"weaviate", "redis", "gcs-redis"}
    assert named <= services


def test_every_environment_variable_used_is_set_before() -> None:
    for container in containers():
        before: set[str] = set()
        for variable in container["env"]:
            assert {*re.findall(r"\$\((\w+)\)", variable.get("value", ""))} <= before
            before.add(variable["name"])
        assert {*re.findall(r"\$\((\w+)\)", " ".join(container.get("args", [])))} <= before


def test_every_named_port_is_declared() -> None:
    for container in containers():
        declared = {port["name"] for port in container["ports"]}
        probes = [
            container.get(f"{kind}Probe", {}) for kind in ("startup", "liveness", "readiness")
        ]
        assert {*under(probes, "port")} <= declared
    for service in of_kind("Service"):
        for pod in selected(service["spec"]["selector"]):
            declared = {port["name"] for each in under(pod, "ports") for port in each}
            assert {port["targetPort"] for port in service["spec"]["ports"]} <= declared


@pytest.mark.parametrize("kind", ["Service", "StatefulSet", "PodDisruptionBudget", "NetworkPolicy"])
def test_every_selector_matches_a_pod(kind: str) -> None:
    for document in of_kind(kind):
        spec = document["spec"]
        own = spec["podSelector"] if kind == "NetworkPolicy" else spec["selector"]
        inside = [peer["podSelector"] for peer in peers(document) if {*peer} == {"podSelector"}]
        assert all(map(selected, [own, *inside])), name_of(document)


def test_a_stateful_set_is_named_by_a_service_of_its_own() -> None:
    for stateful in of_kind("StatefulSet"):
        spec = stateful["spec"]
        (service,) = [
            each["spec"]
            for each in of_kind("Service")
            if each["metadata"]["name"] == spec["serviceName"]
        ]
        assert service["selector"] == spec["selector"]["matchLabels"]


def test_every_image_is_pinned() -> None:
    images = {container["image"] for container in containers()}
    assert all(re.search(r":\d+\.\d+\.\d+$", image) for image in images)
    assert f"mem0g:{__version__}" in images
    assert KUSTOMIZATION["images"] == [{"name": "mem0g", "newTag": __version__}]
