"""What network policies have to let through, and that they are there."""

from __future__ import annotations

from collections.abc import Iterator

from deploy.checks.cluster.network import Endpoint, Network, endpoint_of
from deploy.checks.cluster.objects import Objects, Pod, at, label
from deploy.checks.finding import Finding

NAMESPACE = "facesocial-ai"
INGRESS_CONTROLLER = Endpoint("ingress-nginx", {"app.kubernetes.io/name": "ingress-nginx"})
DNS = Endpoint("kube-system", {"k8s-app": "kube-dns"})
PROMETHEUS = Endpoint(NAMESPACE, {"app.kubernetes.io/name": "prometheus"})
GATEWAY = Endpoint(NAMESPACE, {"app.kubernetes.io/name": "gateway", "app.kubernetes.io/component": "gateway"})
STRANGER = Endpoint("default", {"app.kubernetes.io/name": "stranger"})


def denied_by_default(objects: Objects) -> Iterator[Finding]:
    """What no policy mentions must be closed: a policy opens, and only where there is one does the rest close."""
    if "network-policies" not in objects.components:
        return
    network = Network.of(objects)
    nobody = Endpoint(NAMESPACE, {"app.kubernetes.io/name": "of-no-policy"})
    for direction in ("Ingress", "Egress"):
        if not network.selecting(nobody, direction):
            yield Finding("NetworkPolicy", f"nothing denies {direction.lower()} by default")
    if network.admits(nobody, STRANGER, 8000) or network.emits(nobody, STRANGER, 443):
        yield Finding("NetworkPolicy", "a pod that no policy mentions reaches others or is reached")


def every_service(objects: Objects) -> Iterator[Finding]:
    """Who is reached by name has a policy of its own that says by whom."""
    network = Network.of(objects)
    for service, pod in _served(objects):
        subject = endpoint_of(pod, NAMESPACE)
        own = [one for one in network.selecting(subject, "Ingress") if one["spec"]["podSelector"]]
        if not own:
            yield Finding(service, "no NetworkPolicy but the general one selects its pods for ingress")
        for port in pod.ports.values():
            if network.admits(subject, STRANGER, port):
                yield Finding(service, f"anybody in the cluster reaches port {port}")


def scraped(objects: Objects) -> Iterator[Finding]:
    """Prometheus gets at whatever serves metrics; otherwise it says that all is down."""
    network = Network.of(objects)
    for pod in objects.pods:
        if (port := pod.scraped_port) is not None and pod.name != "prometheus":  # which always reaches itself
            target = endpoint_of(pod, NAMESPACE)
            if not network.admits(target, PROMETHEUS, port):
                yield Finding(pod.where, f"Prometheus is not let in at port {port}")
            if "monitoring" in objects.components and not network.emits(PROMETHEUS, target, port):
                yield Finding(pod.where, f"Prometheus is not let out to port {port}")


def entered(objects: Objects) -> Iterator[Finding]:
    """The ingress controller gets at what stands behind the Ingress, and the gateway at the five services."""
    network = Network.of(objects)
    for ingress in objects.of("Ingress"):
        for path in (path for rule in ingress["spec"]["rules"] for path in rule["http"]["paths"]):
            for port, pod in _behind(objects, path["backend"]["service"]["name"]):
                if not network.admits(endpoint_of(pod, NAMESPACE), INGRESS_CONTROLLER, port):
                    yield Finding(label(ingress), f"its controller is not let in to {pod.where}, port {port}")
    for pod in objects.pods:
        inference = pod.labels.get("app.kubernetes.io/component") == "inference"
        if inference and not network.allows(GATEWAY, endpoint_of(pod, NAMESPACE), 8000):
            yield Finding(pod.where, "the gateway does not get at it")


def resolves(objects: Objects) -> Iterator[Finding]:
    """Without names nobody finds anybody; answers that do not fit into a datagram come by TCP."""
    network = Network.of(objects)
    for pod in objects.pods:
        for protocol in ("UDP", "TCP"):
            if not network.emits(endpoint_of(pod, NAMESPACE), DNS, 53, protocol):
                yield Finding(pod.where, f"it gets no answer from the cluster's DNS ({protocol})")


def _served(objects: Objects) -> Iterator[tuple[str, Pod]]:
    if "network-policies" in objects.components:
        for service in objects.of("Service"):
            for pod in objects.selected({"matchLabels": service["spec"]["selector"]}):
                yield label(service), pod


def _behind(objects: Objects, name: str) -> Iterator[tuple[int, Pod]]:
    service = objects.find("Service", name)
    for pod in objects.selected({"matchLabels": at(service, "spec", "selector", default={"": ""})}):
        for port in at(service, "spec", "ports", default=()):
            target = port.get("targetPort", port["port"])
            yield pod.ports[target] if isinstance(target, str) else int(target), pod


POLICIES = (denied_by_default, every_service, scraped, entered, resolves)
