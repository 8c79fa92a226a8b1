"""Rules of what containers of this project are told: settings and commands that exist."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import typer
from pydantic import AliasChoices
from pydantic_settings import BaseSettings

from deploy.checks.composing.reading import Composition, Service, words
from deploy.checks.finding import Finding

PREFIX = "FACESOCIAL_"
SETTINGS = (
    "bentos.common.settings:Settings",
    "bentos.deepfake_detection.settings:VideoSettings",
    "deploy.nginx.settings:GatewaySettings",
    "workbench.settings:WorkbenchSettings",
    "deploy.local.backup_settings:BackupSettings",
)


def named(composition: Composition) -> Iterator[Finding]:
    """Every setting in an environment, or in a secret, is one that a program reads."""
    known = settings_names()
    for name, service in composition.services.items():
        given = [*(service.get("environment") or {}), *_targets(service)]
        for setting in given:
            if setting.startswith(PREFIX) and setting not in known:
                yield composition.at(name, f"no program reads {setting}")


def callable_(composition: Composition) -> Iterator[Finding]:
    """Modules and commands of this project that a container runs are there."""
    for name, service in composition.services.items():
        command = words(service.get("command"))
        for module in modules(command):
            if not _importable(module):
                yield composition.at(name, f"there is no module {module}")
        if command[:1] == ["facesocial"] and (wrong := unknown_command(command[1:])):
            yield composition.at(name, f"there is no command `facesocial {wrong}`")


def settings_names() -> frozenset[str]:
    """Names in the environment of all settings of this project."""
    return frozenset(name for place in SETTINGS for name in _names(_load(place)))


def modules(command: Sequence[str]) -> Iterator[str]:
    """Modules that a command runs: ``python -m MODULE``, ``celery -A MODULE``, a scheduler's ``MODULE:CLASS``."""
    program = command[0].rpartition("/")[2] if command else ""
    flags = {"python": ("-m",), "celery": ("-A", "--scheduler")}.get(program, ())
    for flag, value in pairwise(command):
        if flag in flags:
            yield value.partition(":")[0]


def unknown_command(arguments: Sequence[str]) -> str | None:
    """The first words that the command line has no command for; None where it has one."""
    from deploy.local.cli import app

    current: Any = typer.main.get_command(app)
    for count, word in enumerate(arguments, 1):
        children = getattr(current, "commands", None)
        if children is None or word.startswith("-"):
            return None
        if word not in children:
            return " ".join(arguments[:count])
        current = children[word]
    return None


def _targets(service: Service) -> list[str]:
    given = service.get("secrets") or ()
    return [one if isinstance(one, str) else str(one.get("target", one["source"])) for one in given]


def _load(place: str) -> type[BaseSettings]:
    module, _, name = place.partition(":")
    found: type[BaseSettings] = getattr(importlib.import_module(module), name)
    return found


def _names(settings: type[BaseSettings]) -> Iterator[str]:
    prefix = settings.model_config.get("env_prefix", "")
    for name, field in settings.model_fields.items():
        alias = field.validation_alias
        choices = alias.choices if isinstance(alias, AliasChoices) else [alias or f"{prefix}{name}"]
        yield from (str(choice).upper() for choice in choices)


def _importable(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False
