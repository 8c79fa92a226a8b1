"""The configuration for Kubernetes, as far as Debian's promtool can judge it: it is built without that discovery."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

KUBERNETES = "kubernetes_sd_configs"
PODS = [
    {
        "role": "pod",
        "namespaces": {"own_namespace": True},
        "selectors": [{"role": "pod", "label": "app.kubernetes.io/part-of=facesocial-ai"}],
    }
]
"""The only discovery: Prometheus may ask for pods of its own namespace and for nothing else."""


def without_kubernetes(path: Path) -> str:
    """The same configuration with files in the place of discovery: everything else stays to be judged."""
    config = yaml.safe_load(path.read_text())
    for scrape in _scrapes(config):
        if scrape.pop(KUBERNETES, None) is not None:
            scrape["file_sd_configs"] = [{"files": ["none/*.yml"]}]
    return yaml.safe_dump(config)


def faults(path: Path, other: Path) -> Iterator[str]:
    """What is wrong with discovery in Kubernetes, and how its jobs differ from those of the other configuration."""
    config, local = (yaml.safe_load(one.read_text()) for one in (path, other))
    for scrape in _scrapes(config):
        if scrape.get(KUBERNETES) != PODS:
            yield f"{scrape.get('job_name', 'alertmanagers')}: pods of the own namespace alone, by the label part-of"
    here, there = (
        {scrape["job_name"]: scrape.get("honor_labels", False) for scrape in one["scrape_configs"]}
        for one in (config, local)
    )
    if here != there:
        yield f"its jobs are not those of {other.name}: {sorted(here.items() ^ there.items())}"


def _scrapes(config: Any) -> list[Any]:
    return [*config["scrape_configs"], *config["alerting"]["alertmanagers"]]
