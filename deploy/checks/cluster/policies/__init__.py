"""Policies: each is a small function that says what it wants and why, and yields what breaks it.

All take the objects of one build. ``ALL`` are those that need nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from deploy.checks.cluster.objects import Objects
from deploy.checks.cluster.policies import (
    access,
    availability,
    confinement,
    mounts,
    network,
    references,
    secrecy,
)
from deploy.checks.finding import Finding

Policy = Callable[[Objects], Iterable[Finding]]

ALL: Sequence[Policy] = (
    *confinement.POLICIES,
    *secrecy.POLICIES,
    *access.POLICIES,
    *references.POLICIES,
    *mounts.POLICIES,
    *availability.POLICIES,
    *network.POLICIES,
)
