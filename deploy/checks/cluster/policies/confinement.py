"""What a container may do to the machine it runs on."""

from __future__ import annotations

from collections.abc import Iterator

from deploy.checks.cluster.objects import Objects, at, name_of
from deploy.checks.finding import Finding

RESOURCES = ("cpu", "memory", "ephemeral-storage")
HOST = ("hostNetwork", "hostPID", "hostIPC")


def no_root(objects: Objects) -> Iterator[Finding]:
    """Who breaks out of a container as root is root outside; an image that is for root must not start at all."""
    for pod in objects.pods:
        if at(pod.spec, "securityContext", "runAsNonRoot") is not True:
            yield Finding(pod.where, "securityContext.runAsNonRoot has to be true")
        users = [pod.spec, *(container.spec for container in pod.containers)]
        if not at(pod.spec, "securityContext", "runAsUser") or any(
            at(one, "securityContext", "runAsUser") == 0 for one in users
        ):
            yield Finding(pod.where, "securityContext.runAsUser has to name a user that is not root")


def read_only_root(objects: Objects) -> Iterator[Finding]:
    """What cannot be written stays what was built and checked: no tool is left behind, no library exchanged."""
    for pod in objects.pods:
        for container in pod.containers:
            if at(container.spec, "securityContext", "readOnlyRootFilesystem") is not True:
                yield Finding(container.where, "securityContext.readOnlyRootFilesystem has to be true")


def no_capabilities(objects: Objects) -> Iterator[Finding]:
    """Nothing here needs a right of root's, and a program that has one can win others."""
    for pod in objects.pods:
        for container in pod.containers:
            context = container.spec.get("securityContext", {})
            if at(context, "capabilities", "drop") != ["ALL"] or at(context, "capabilities", "add"):
                yield Finding(container.where, "securityContext.capabilities has to drop ALL and add none")
            if context.get("allowPrivilegeEscalation") is not False or context.get("privileged"):
                yield Finding(container.where, "securityContext.allowPrivilegeEscalation has to be false")


def system_calls(objects: Objects) -> Iterator[Finding]:
    """The runtime's filter takes away system calls that kernels were broken through and that nobody needs."""
    for pod in objects.pods:
        if at(pod.spec, "securityContext", "seccompProfile", "type") != "RuntimeDefault":
            yield Finding(pod.where, "securityContext.seccompProfile.type has to be RuntimeDefault")


def no_host(objects: Objects) -> Iterator[Finding]:
    """A pod that sees the network, processes or folders of its machine sees those of everybody on it."""
    for pod in objects.pods:
        for name in HOST:
            if pod.spec.get(name):
                yield Finding(pod.where, f"{name} opens the machine to it")
        for volume in pod.volumes:
            if "hostPath" in volume:
                yield Finding(pod.where, f"volume {volume['name']} is a folder of the machine")


def bounded(objects: Objects) -> Iterator[Finding]:
    """Without a request a pod is put where there is no room, without a limit it takes that of its neighbours."""
    for pod in objects.pods:
        for container in pod.containers:
            for kind in ("requests", "limits"):
                given = at(container.spec, "resources", kind, default={})
                if missing := [name for name in RESOURCES if name not in given]:
                    yield Finding(container.where, f"resources.{kind} has to say {', '.join(missing)}")
        for volume in pod.volumes:
            if "emptyDir" in volume and "sizeLimit" not in (volume["emptyDir"] or {}):
                yield Finding(
                    pod.where,
                    f"volume {volume['name']}: it has no sizeLimit and can fill the disk",
                )


def writable_temporary(objects: Objects) -> Iterator[Finding]:
    """Where the root is read-only, a program that wants a temporary file needs a volume for it."""
    for pod in objects.pods:
        for container in pod.containers:
            if "/tmp" not in [mount["mountPath"] for mount in container.spec.get("volumeMounts", ())]:  # noqa: S108
                yield Finding(container.where, "it has no volume at /tmp, and its root is read-only")


def restricted_namespace(objects: Objects) -> Iterator[Finding]:
    """The cluster itself refuses what is not confined, whoever applies it and however."""
    for namespace in objects.of("Namespace"):
        enforced = at(namespace, "metadata", "labels", "pod-security.kubernetes.io/enforce")
        if enforced != "restricted":
            yield Finding(
                f"Namespace/{name_of(namespace)}", "pod-security.kubernetes.io/enforce has to be restricted"
            )


POLICIES = (
    no_root,
    read_only_root,
    no_capabilities,
    system_calls,
    no_host,
    bounded,
    writable_temporary,
    restricted_namespace,
)
