"""Who may ask the cluster for something."""

from __future__ import annotations

from collections.abc import Iterator

from deploy.checks.cluster.objects import Objects, at, label
from deploy.checks.finding import Finding

MAY_ASK = frozenset({"prometheus"})
"""Pods, by name, that hold a token of the cluster's."""
CLUSTER_WIDE = ("ClusterRole", "ClusterRoleBinding")
BEYOND = frozenset({"secrets", "pods/exec", "pods/attach", "pods/portforward", "roles", "rolebindings", "*"})
"""Who may change or read these has everything."""
VERBS_BEYOND = frozenset({"*", "escalate", "bind", "impersonate"})


def no_tokens(objects: Objects) -> Iterator[Finding]:
    """A token in a pod is what somebody who broke into it goes on with."""
    for pod in objects.pods:
        if pod.spec.get("automountServiceAccountToken") is not False:
            yield Finding(pod.where, "automountServiceAccountToken has to be false")
        if pod.name not in MAY_ASK and any(_holds_token(volume) for volume in pod.volumes):
            yield Finding(pod.where, "it mounts a token of the cluster, and has nothing to ask it")


def own_accounts(objects: Objects) -> Iterator[Finding]:
    """Rights that somebody once gives to ``default`` would be those of every pod that names no other account."""
    for pod in objects.pods:
        if pod.spec.get("serviceAccountName", "default") == "default":
            yield Finding(pod.where, "serviceAccountName is missing")


def no_service_links(objects: Objects) -> Iterator[Finding]:
    """Variables for every Service of the namespace: they say what there is, and one may look like a setting."""
    for pod in objects.pods:
        if pod.spec.get("enableServiceLinks") is not False:
            yield Finding(pod.where, "enableServiceLinks has to be false")


def least_rights(objects: Objects) -> Iterator[Finding]:
    """Nobody here reads a secret, enters a pod, gives rights, or reaches beyond the namespace."""
    for role in objects.of(*CLUSTER_WIDE):
        yield Finding(label(role), "rights end at the namespace: a Role and a RoleBinding")
    for role in objects.of("Role"):
        for rule in role["rules"]:
            if beyond := BEYOND.intersection(rule.get("resources", ())):
                yield Finding(label(role), f"it may not have {', '.join(sorted(beyond))}")
            if beyond := VERBS_BEYOND.intersection(rule["verbs"]):
                yield Finding(label(role), f"it may not {', '.join(sorted(beyond))}")


def reading_pods(objects: Objects) -> Iterator[Finding]:
    """A program that may ask the cluster may look at pods, and change nothing."""
    for binding in objects.of("RoleBinding"):
        subjects = {subject["name"] for subject in binding.get("subjects", ())}
        role = objects.find("Role", binding["roleRef"]["name"])
        asking = {pod.spec.get("serviceAccountName") for pod in objects.pods}
        for rule in at(role, "rules", default=()) if subjects & asking else ():
            if rule.get("resources") != ["pods"] or not {"get", "list", "watch"}.issuperset(rule["verbs"]):
                yield Finding(
                    label(binding), "a pod's account may get, list and watch pods, and nothing else"
                )


def _holds_token(volume: object) -> bool:
    return any("serviceAccountToken" in source for source in at(volume, "projected", "sources", default=()))


POLICIES = (no_tokens, own_accounts, no_service_links, least_rights, reading_pods)
