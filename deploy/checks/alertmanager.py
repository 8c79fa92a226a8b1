"""Alertmanager: its configuration, and that nothing secret stands in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from deploy.checks.finding import Finding, program, run

CONFIG = Path("deploy/alertmanager/alertmanager.yml")
SECRET = frozenset(
    {
        "api_key",
        "api_url",
        "bearer_token",
        "credentials",
        "password",
        "routing_key",
        "secret",
        "service_key",
        "url",
    }
)
"""Fields that would hold an address with a key in it, or a key: each has a sibling that ends in ``_file``."""
PACKAGE = "prometheus-alertmanager"


def check(root: Path) -> Iterable[Finding]:
    """Whether Alertmanager takes it, every secret is a file, and the first receiver needs nobody.

    Raises:
        MissingProgram: There is no amtool.
    """
    amtool, path = program("amtool", PACKAGE), root / CONFIG
    done = run([amtool, "check-config", path.name], cwd=path.parent)
    if done.returncode:
        yield Finding(path.name, (done.stdout + done.stderr).strip())
        return
    config = yaml.safe_load(path.read_text())
    yield from (
        Finding(path.name, f"{where} stands in it; name a file: {where}_file") for where in secrets_in(config)
    )
    bare = [receiver["name"] for receiver in config["receivers"] if list(receiver) == ["name"]]
    if config["route"]["receiver"] not in bare:
        yield Finding(
            path.name, "the first route's receiver needs an address: unconfigured, nothing would work"
        )


def secrets_in(value: Any, where: str = "") -> Iterator[str]:
    """Paths of fields that hold a secret themselves."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            path = f"{where}.{name}".lstrip(".")
            if name in SECRET and isinstance(inner, str):
                yield path
            yield from secrets_in(inner, path)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from secrets_in(inner, f"{where}[{number}]")
