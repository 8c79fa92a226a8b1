"""What network policies let through: https://kubernetes.io/docs/concepts/services-networking/network-policies/."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from deploy.checks.cluster.objects import Manifest, Objects, Pod, matches

Address = IPv4Address | IPv6Address
OF_PODS = "10.244.0.10"
"""Some address among those of pods: rules of addresses see it too."""


@dataclass(frozen=True)
class Endpoint:
    """Somebody who sends or is sent something.

    Attributes:
        namespace: None outside of the cluster.
        ports: Named ports of a pod.
    """

    namespace: str | None
    labels: Mapping[str, str] = field(default_factory=dict)
    address: str = OF_PODS
    ports: Mapping[str, int] = field(default_factory=dict)


def endpoint_of(pod: Pod, namespace: str) -> Endpoint:
    """A pod of this build."""
    return Endpoint(namespace, pod.labels, ports=pod.ports)


class Network:
    """Says who reaches whom."""

    def __init__(self, policies: Sequence[Manifest]) -> None:
        self._policies = policies

    @classmethod
    def of(cls, objects: Objects) -> Network:
        return cls(list(objects.of("NetworkPolicy")))

    def allows(self, source: Endpoint, target: Endpoint, port: int, protocol: str = "TCP") -> bool:
        """Whether a connection comes through: both sides have to let it. A pod always reaches itself."""
        if source is target:
            return True
        return self.emits(source, target, port, protocol) and self.admits(target, source, port, protocol)

    def admits(self, target: Endpoint, source: Endpoint, port: int, protocol: str = "TCP") -> bool:
        """Whether ``target``'s policies let ``source`` in."""
        return self._passes("Ingress", target, source, target, port, protocol)

    def emits(self, source: Endpoint, target: Endpoint, port: int, protocol: str = "TCP") -> bool:
        """Whether ``source``'s policies let it out to ``target``."""
        return self._passes("Egress", source, target, target, port, protocol)

    def selecting(self, subject: Endpoint, direction: str) -> list[Manifest]:
        """Policies that say something of this side."""
        return [
            policy
            for policy in self._policies
            if policy["metadata"]["namespace"] == subject.namespace
            and direction in _types(policy["spec"])
            and matches(policy["spec"]["podSelector"], subject.labels)
        ]

    def _passes(
        self, direction: str, subject: Endpoint, peer: Endpoint, listener: Endpoint, port: int, protocol: str
    ) -> bool:
        policies = self.selecting(subject, direction)
        side = "from" if direction == "Ingress" else "to"
        return not policies or any(
            _peers(rule.get(side, ()), peer, policy["metadata"]["namespace"])
            and _ports(rule.get("ports", ()), listener, port, protocol)
            for policy in policies
            for rule in policy["spec"].get(direction.lower(), ())
        )


def _types(spec: Manifest) -> Sequence[str]:
    return list(spec.get("policyTypes") or (["Ingress", "Egress"] if "egress" in spec else ["Ingress"]))


def _peers(peers: Sequence[Manifest], other: Endpoint, own: str) -> bool:
    return not peers or any(_peer(peer, other, own) for peer in peers)


def _peer(peer: Manifest, other: Endpoint, own: str) -> bool:
    if "ipBlock" in peer:
        return _in_block(peer["ipBlock"], ip_address(other.address))
    if other.namespace is None:
        return False
    if "namespaceSelector" in peer:
        # The only label that every namespace is sure to have.
        if not matches(peer["namespaceSelector"], {"kubernetes.io/metadata.name": other.namespace}):
            return False
    elif other.namespace != own:
        return False
    return matches(peer.get("podSelector", {}), other.labels)


def _in_block(block: Manifest, address: Address) -> bool:
    return address in ip_network(block["cidr"]) and not any(
        address in ip_network(hole) for hole in block.get("except", ())
    )


def _ports(ports: Sequence[Manifest], listener: Endpoint, port: int, protocol: str) -> bool:
    return not ports or any(_port(one, listener, port, protocol) for one in ports)


def _port(one: Manifest, listener: Endpoint, port: int, protocol: str) -> bool:
    if one.get("protocol", "TCP") != protocol:
        return False
    first = one.get("port")
    if first is None:
        return True
    if isinstance(first, str):
        return listener.ports.get(first) == port
    return bool(first <= port <= one.get("endPort", first))
