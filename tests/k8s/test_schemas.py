"""The manifests are what Kubernetes and KubeRay would take, and a misspelt key would not be."""

from __future__ import annotations

import copy
import json

import jsonschema
import kubernetes_validate
import pytest

from tests.k8s.manifests import DOCUMENTS, ROOT, Document, example, name_of, of_kind, rayservice

SCHEMA = ROOT.parent / "shared" / "schemas" / "rayservice_v1.schema.json"
OLDEST, NEWEST = "1.30", "1.37"
BUILT_IN = [document for document in DOCUMENTS if document["kind"] != "RayService"]


def faults(document: Document) -> list[str]:
    """What the schema of KubeRay's CRD has against a RayService."""
    if not SCHEMA.exists():
        pytest.skip("the schema of the RayService CRD is not here")
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("document", [*BUILT_IN, example()], ids=name_of)
def test_kubernetes_takes_it(document: Document, version: str) -> None:
    kubernetes_validate.validate(document, version, strict=True)


def test_kuberay_takes_the_rayservice() -> None:
    assert faults(rayservice()) == []


@pytest.mark.parametrize("key", ["headGroupSpec", "authOptions"])
def test_a_misspelt_key_of_the_rayservice_is_caught(key: str) -> None:
    document = copy.deepcopy(rayservice())
    cluster = document["spec"]["rayClusterConfig"]
    cluster[key + "c"] = cluster.pop(key)
    assert any(f"'{key}c'" in fault for fault in faults(document))


@pytest.mark.parametrize(
    ("kind", "key"), [("NetworkPolicy", "podSelector"), ("StatefulSet", "serviceName")]
)
def test_a_misspelt_key_of_a_built_in_kind_is_caught(kind: str, key: str) -> None:
    document = copy.deepcopy(of_kind(kind)[0])
    document["spec"][key + "s"] = document["spec"].pop(key)
    with pytest.raises(kubernetes_validate.ValidationError, match=f"{key}s"):
        kubernetes_validate.validate(document, NEWEST, strict=True)
