"""That what one object says of another is true: kubectl takes any name, and the pod then waits for ever."""

from __future__ import annotations

from collections.abc import Iterator

from deploy.checks.cluster.objects import Manifest, Objects, Pod, at, label, matches
from deploy.checks.finding import Finding

FOREIGN_PODS = ("acme.cert-manager.io/http01-solver",)
"""Labels of pods that operators start here."""


def selectors_find(objects: Objects) -> Iterator[Finding]:
    """A selector that finds nobody is a Service that answers nothing, or a policy that protects nobody."""
    for service in objects.of("Service"):
        if not objects.selected({"matchLabels": service["spec"]["selector"]}):
            yield Finding(label(service), "its selector finds no pod")
    for kind, field in (("PodDisruptionBudget", "selector"), ("NetworkPolicy", "podSelector")):
        for one in objects.of(kind):
            selector = one["spec"][field]
            foreign = any(name in selector.get("matchLabels", {}) for name in FOREIGN_PODS)
            if not foreign and not objects.selected(selector):
                yield Finding(label(one), f"its {field} finds no pod")


def own_pods(objects: Objects) -> Iterator[Finding]:
    """A controller takes every pod that its selector finds: its own it has to find, another's it must not."""
    for one in objects.of("Deployment", "StatefulSet", "DaemonSet"):
        owners = [pod.where for pod in objects.selected(one["spec"]["selector"])]
        if owners != [label(one)]:
            yield Finding(label(one), f"its selector finds the pods of {', '.join(owners) or 'nobody'}")
    for pod in objects.pods:
        for spread in pod.spec.get("topologySpreadConstraints", ()):
            if not matches(spread["labelSelector"], pod.labels):
                yield Finding(pod.where, "topologySpreadConstraints count pods that are not its own")


def ports_exist(objects: Objects) -> Iterator[Finding]:
    """A Service, a probe or Prometheus that asks at a port where nobody listens."""
    for service in objects.of("Service"):
        for pod in objects.selected({"matchLabels": service["spec"]["selector"]}):
            for port in service["spec"]["ports"]:
                if not _listens(pod, port.get("targetPort", port["port"])):
                    yield Finding(
                        label(service), f"{pod.where} has no port {port.get('targetPort', port['port'])}"
                    )
    for pod in objects.pods:
        yield from _probes(pod)
        if pod.scraped_port is not None and pod.scraped_port not in pod.ports.values():
            yield Finding(pod.where, f"prometheus.io/port: it has no port {pod.scraped_port}")


def others_exist(objects: Objects) -> Iterator[Finding]:
    """Accounts, priorities, the Service of a StatefulSet, the Service behind an Ingress, the subject of a binding."""
    for pod in objects.pods:
        wanted = [
            ("ServiceAccount", pod.spec.get("serviceAccountName")),
            ("PriorityClass", pod.spec.get("priorityClassName")),
        ]
        if pod.owner["kind"] == "StatefulSet":
            wanted.append(("Service", pod.owner["spec"]["serviceName"]))
        for kind, name in wanted:
            if name not in objects.names(kind):
                yield Finding(pod.where, f"there is no {kind} {name}")
    for binding in objects.of("RoleBinding"):
        for kind, name in [
            ("Role", binding["roleRef"]["name"]),
            *((one["kind"], one["name"]) for one in binding["subjects"]),
        ]:
            if name not in objects.names(kind):
                yield Finding(label(binding), f"there is no {kind} {name}")
    for ingress in objects.of("Ingress"):
        yield from _backends(objects, ingress)


def _backends(objects: Objects, ingress: Manifest) -> Iterator[Finding]:
    hosts = {host for tls in at(ingress, "spec", "tls", default=()) for host in tls["hosts"]}
    for rule in ingress["spec"]["rules"]:
        if rule["host"] not in hosts:
            yield Finding(label(ingress), f"{rule['host']} has no certificate in spec.tls")
        for path in rule["http"]["paths"]:
            wanted = path["backend"]["service"]
            service = objects.find("Service", wanted["name"])
            names = {port["name"] for port in at(service, "spec", "ports", default=())}
            if wanted["port"].get("name") not in names:
                missing = f"{wanted['name']} with a port {wanted['port'].get('name')}"
                yield Finding(label(ingress), f"there is no Service {missing}")


def _listens(pod: Pod, port: str | int) -> bool:
    return port in pod.ports if isinstance(port, str) else port in pod.ports.values()


def _probes(pod: Pod) -> Iterator[Finding]:
    for container in pod.containers:
        names = {port["name"] for port in container.spec.get("ports", ())}
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            for way in ("httpGet", "tcpSocket", "grpc"):
                port = at(container.spec, probe, way, "port")
                if port is not None and port not in names:
                    yield Finding(container.where, f"{probe} asks at port {port}, which is none of its names")


POLICIES = (selectors_find, own_pods, ports_exist, others_exist)
