"""Prometheus for the stack of one machine: the project's own files, and other targets."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from bentos.contracts import SERVICES
from deploy.nginx.profiles import VERIFIER_OFFSET

HERE = Path(__file__).parent
CONFIG = "prometheus.yml"
PORT = 9090


@dataclass(frozen=True, slots=True)
class Target:
    """Something that answers ``GET /metrics``.

    Attributes:
        job: Of the configuration, which takes it.
        service: The label that its alerts go by.
        address: Host and port.
    """

    job: str
    service: str
    address: str


def local_targets(port_base: int, prometheus: int = PORT) -> Sequence[Target]:
    """The five services, the token verifier and Prometheus itself on this machine."""
    services = [
        Target("services", service.name, f"127.0.0.1:{port_base + service.port_offset}")
        for service in SERVICES
    ]
    return [
        *services,
        Target("gateway", "gateway", f"127.0.0.1:{port_base + VERIFIER_OFFSET}"),
        Target("prometheus", "prometheus", f"127.0.0.1:{prometheus}"),
    ]


def write(folder: Path, targets: Sequence[Target]) -> Path:
    """Put configuration, rules and these targets into a folder.

    Returns:
        Path of the configuration.
    """
    (folder / "targets").mkdir(parents=True, exist_ok=True)
    shutil.copytree(HERE / "rules", folder / "rules", dirs_exist_ok=True)
    groups = [_group(target) for target in targets]
    (folder / "targets" / "local.yml").write_text(yaml.safe_dump(groups, sort_keys=False))
    return Path(shutil.copy(HERE / CONFIG, folder / CONFIG))


def _group(target: Target) -> Mapping[str, object]:
    return {"targets": [target.address], "labels": {"job": target.job, "service": target.service}}
