"""Who may reach what, with which rights, and what a drain may take away."""

from __future__ import annotations

from tests.k8s.manifests import (
    containers,
    name_of,
    of_kind,
    pods,
    ports,
    rayservice,
    rules,
    selected,
    under,
)


def test_nothing_is_open_by_default() -> None:
    (policy,) = [
        each["spec"]
        for each in of_kind("NetworkPolicy")
        if each["metadata"]["name"] == "default-deny"
    ]
    assert policy == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_other_namespaces_reach_the_api_and_metrics_and_the_operator_the_dashboard() -> None:
    opened = {
        (policy["metadata"]["name"], port["port"])
        for policy in of_kind("NetworkPolicy")
        for rule in policy["spec"].get("ingress", [])
        if [*under(rule, "namespaceSelector")]
        for port in rule["ports"]
    }
    assert opened == {("api", 8000), ("metrics", 8080), ("operator", 8265)}


def test_every_rule_says_whom_and_opens_only_ports_that_are_there() -> None:
    for policy in of_kind("NetworkPolicy"):
        for rule in rules(policy):
            assert rule.get("from") or rule.get("to"), name_of(policy)
            targets = [peer["podSelector"] for peer in rule.get("to", []) if "podSelector" in peer]
            if "from" in rule:
                targets = [policy["spec"]["podSelector"]]
            opened = {port["port"] for port in rule.get("ports", [])}
            for pod in [pod for target in targets for pod in selected(target)]:
                assert opened <= ports(pod), name_of(policy)


def test_every_pod_keeps_to_the_restricted_standard() -> None:
    for pod in pods():
        assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
        assert pod["spec"]["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    autoscaler = rayservice()["spec"]["rayClusterConfig"]["autoscalerOptions"]
    for container in [*containers(), autoscaler]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


def test_only_the_head_holds_a_token_of_the_api_server() -> None:
    accounts = {account["metadata"]["name"]: account for account in of_kind("ServiceAccount")}
    for pod in pods():
        name = pod["spec"]["serviceAccountName"]
        mounts = [
            place.get("automountServiceAccountToken", True)
            for place in (accounts[name], pod["spec"])
        ]
        assert mounts == [name == "ray-head"] * 2


def test_a_budget_for_ray_pods_is_one_that_kubernetes_can_count() -> None:
    for group in rayservice()["spec"]["rayClusterConfig"]["workerGroupSpecs"]:
        labels = group["template"]["metadata"]["labels"]
        (budget,) = [
            each["spec"]
            for each in of_kind("PodDisruptionBudget")
            if each["spec"]["selector"]["matchLabels"] == labels
        ]
        assert {*budget} == {"minAvailable", "selector"}
        assert 0 < budget["minAvailable"] < group["minReplicas"]
