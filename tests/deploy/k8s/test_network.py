"""Who reaches whom: the rules of network policies, and what the architecture wants of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from deploy.checks.cluster.network import Endpoint, Network, endpoint_of
from deploy.checks.cluster.objects import Objects
from deploy.checks.cluster.policies.network import DNS, INGRESS_CONTROLLER, NAMESPACE

FIVE = (
    "face-recognition-service",
    "antispoofing-service",
    "deepfake-detection-service",
    "face-detection-service",
    "age-gender-service",
)
VIDEO = ("video-worker", "video-beat")
OUTSIDE = {
    "ingress controller": INGRESS_CONTROLLER,
    "dns": DNS,
    "chart's milvus": Endpoint("milvus", {"app.kubernetes.io/name": "milvus"}),
    "adapter": Endpoint("prometheus-adapter", {"app.kubernetes.io/name": "prometheus-adapter"}),
    "stranger": Endpoint("default", {"app.kubernetes.io/name": "gateway"}),
    "internet": Endpoint(None, address="93.184.215.14"),
    "internet 6": Endpoint(None, address="2606:2800:21f:cb07::1"),
    "metadata": Endpoint(None, address="169.254.169.254"),
    "node": Endpoint(None, address="192.168.1.10"),
    "api": Endpoint(None, address="10.96.0.1"),
}
"""Who is no pod of ours. The stranger has the gateway's label, in another namespace."""


def reached() -> Iterator[tuple[str, str, int]]:
    """Everything that has to get through, and the only things that may."""
    yield "ingress controller", "gateway", 8443
    for name in FIVE:
        yield from ((caller, name, 8000) for caller in ("gateway", "workbench", "prometheus"))
    for name in (*FIVE, *VIDEO, "migrate", "backup", "backup-drill", "mlflow"):
        yield name, "postgres", 5432
    for name in (*FIVE, *VIDEO, "backup", "backup-drill"):
        yield name, "redis", 6379
    for name in (*FIVE, "video-worker"):
        yield name, "mlflow", 5000
    yield "face-recognition-service", "milvus", 19530
    yield "face-recognition-service", "chart's milvus", 19530
    yield "milvus", "etcd", 2379
    yield "milvus", "minio", 9000
    yield "prometheus", "gateway", 9000
    yield "prometheus", "milvus", 9091
    yield "prometheus", "alertmanager", 9093
    yield "prometheus", "dcgm-exporter", 9400
    yield "prometheus", "api", 443
    yield "grafana", "prometheus", 9090
    yield "grafana", "alertmanager", 9093
    yield "adapter", "prometheus", 9090
    for name in ("video-beat", "alertmanager"):
        yield from ((name, there, 443) for there in ("internet", "internet 6"))


@pytest.fixture(scope="module")
def everybody(built: Callable[[str], Objects]) -> dict[str, Endpoint]:
    pods = built("production+gpu").pods
    return {**OUTSIDE, **{pod.name: endpoint_of(pod, NAMESPACE) for pod in pods}}


@pytest.fixture(scope="module")
def network(built: Callable[[str], Objects]) -> Network:
    return Network.of(built("production+gpu"))


@pytest.mark.parametrize(("source", "target", "port"), list(reached()))
def test_what_has_to_get_through_does(
    network: Network, everybody: dict[str, Endpoint], source: str, target: str, port: int
) -> None:
    assert network.allows(everybody[source], everybody[target], port)


@pytest.mark.parametrize(
    ("source", "target", "port"),
    [
        ("workbench", "postgres", 5432),
        ("workbench", "internet", 443),
        ("gateway", "postgres", 5432),
        ("gateway", "redis", 6379),
        ("gateway", "internet", 443),
        ("ingress controller", "face-detection-service", 8000),
        ("ingress controller", "gateway", 9000),
        ("stranger", "face-detection-service", 8000),
        ("stranger", "gateway", 8443),
        ("internet", "gateway", 8443),
        ("face-detection-service", "milvus", 19530),
        ("face-detection-service", "face-recognition-service", 8000),
        ("face-recognition-service", "etcd", 2379),
        ("face-recognition-service", "minio", 9000),
        ("face-recognition-service", "internet", 443),
        ("video-worker", "internet", 443),
        ("video-worker", "face-detection-service", 8000),
        ("video-beat", "metadata", 80),
        ("video-beat", "metadata", 443),
        ("video-beat", "node", 443),
        ("video-beat", "api", 443),
        ("video-beat", "internet", 25),
        ("mlflow", "redis", 6379),
        ("backup", "internet", 443),
        ("prometheus", "postgres", 5432),
        ("prometheus", "internet", 443),
        ("grafana", "postgres", 5432),
        ("face-detection-service", "api", 443),
        ("postgres", "internet", 443),
        ("redis", "postgres", 5432),
    ],
)
def test_what_must_not_get_through_does_not(
    network: Network, everybody: dict[str, Endpoint], source: str, target: str, port: int
) -> None:
    assert not network.allows(everybody[source], everybody[target], port)


def test_nothing_else_gets_through(network: Network, everybody: dict[str, Endpoint]) -> None:
    """Whoever opens something has to say it above: all pairs are tried, at every port that anybody listens at."""
    ports = {port for one in everybody.values() for port in one.ports.values()} | {22, 80, 443, 2379, 19530}
    ours = [name for name in everybody if name not in OUTSIDE]
    may = set(reached())
    for source in everybody:
        for target in everybody:
            if source == target or (source in OUTSIDE and target in OUTSIDE) or target == "api":
                continue
            assert source in ours or target in ours
            through = {
                (source, target, port)
                for port in ports
                if network.allows(everybody[source], everybody[target], port)
            }
            private = {("prometheus", "node", 443)}  # where the cluster's own address may lie as well
            extra = {one for one in through - may if not (one[0] == "prometheus" and one[2] in (443, 6443))}
            assert extra <= private


def test_everybody_asks_dns_and_nobody_else_for_names(
    network: Network, everybody: dict[str, Endpoint]
) -> None:
    for name in everybody.keys() - OUTSIDE:
        for protocol in ("UDP", "TCP"):
            assert network.allows(everybody[name], DNS, 53, protocol)
            assert not network.allows(everybody[name], OUTSIDE["internet"], 53, protocol)


def policy(labels: dict[str, str], **spec: Any) -> dict[str, Any]:
    return {"metadata": {"namespace": "a"}, "spec": {"podSelector": {"matchLabels": labels}, **spec}}


ONE, TWO = Endpoint("a", {"name": "one"}, ports={"web": 80}), Endpoint("a", {"name": "two"}, "10.0.0.9")
ELSEWHERE = Endpoint("b", {"name": "two"})


def test_without_policies_everybody_reaches_everybody() -> None:
    assert Network([]).allows(ELSEWHERE, ONE, 80)


def test_a_policy_closes_what_it_does_not_open() -> None:
    closed = Network([policy({}, policyTypes=["Ingress"])])
    assert not closed.allows(TWO, ONE, 80)
    assert closed.allows(ONE, ELSEWHERE, 80)
    assert closed.allows(ONE, ONE, 80)


def test_policies_add_up() -> None:
    opened = policy({"name": "one"}, ingress=[{"from": [{"podSelector": {"matchLabels": {"name": "two"}}}]}])
    network = Network([policy({}, policyTypes=["Ingress"]), opened])
    assert network.allows(TWO, ONE, 80)
    assert not network.allows(ELSEWHERE, ONE, 80)
    assert not network.allows(ONE, TWO, 80)


@pytest.mark.parametrize(
    ("ports", "open_at", "closed_at"),
    [
        ([{"port": "web"}], 80, 81),
        ([{"port": 8000, "endPort": 8010}], 8010, 8011),
        ([{"protocol": "TCP"}], 1, None),
        ([{"protocol": "UDP", "port": 80}], None, 80),
    ],
)
def test_ports(ports: list[dict[str, Any]], open_at: int | None, closed_at: int | None) -> None:
    network = Network([policy({}, ingress=[{"ports": ports}])])
    assert open_at is None or network.allows(TWO, ONE, open_at)
    assert closed_at is None or not network.allows(TWO, ONE, closed_at)


def test_blocks_of_addresses_have_holes() -> None:
    block = {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.0.0.0/24"]}}
    network = Network([policy({}, egress=[{"to": [block]}], policyTypes=["Egress"])])
    assert network.allows(ONE, Endpoint(None, address="10.1.0.1"), 443)
    assert not network.allows(ONE, Endpoint(None, address="10.0.0.9"), 443)
    assert not network.allows(ONE, Endpoint(None, address="2001:db8::1"), 443)


def test_a_namespace_and_labels_in_one_peer_belong_together() -> None:
    there = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "b"}}}
    both = {**there, "podSelector": {"matchLabels": {"name": "other"}}}
    assert Network([policy({}, ingress=[{"from": [there]}])]).allows(ELSEWHERE, ONE, 80)
    assert not Network([policy({}, ingress=[{"from": [both]}])]).allows(ELSEWHERE, ONE, 80)
    assert not Network([policy({}, ingress=[{"from": [there]}])]).allows(TWO, ONE, 80)
