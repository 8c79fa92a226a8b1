"""That what is set is something that a program reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set

from pydantic import AliasChoices
from pydantic_settings import BaseSettings

from deploy.checks.cluster.objects import Objects, at, label
from deploy.checks.finding import Finding

PREFIX = "FACESOCIAL_"


def real_settings(objects: Objects, known: Set[str]) -> Iterator[Finding]:
    """A name that nobody reads is a setting that somebody believes in.

    Args:
        objects: Of one build.
        known: Names of all settings.
    """
    for where, name in _named(objects):
        if name.startswith(PREFIX) and name not in known:
            yield Finding(where, f"no program has a setting {name}")


def names_of(classes: Iterable[type[BaseSettings]]) -> set[str]:
    """Names in the environment that settings are read from."""
    return {name for one in classes for name in _names(one)}


def settings_classes() -> Sequence[type[BaseSettings]]:
    """Those of every program of the project."""
    from bentos.common.settings import Settings
    from bentos.deepfake_detection.settings import VideoSettings
    from deploy.local.backup_settings import BackupSettings
    from deploy.nginx.settings import GatewaySettings
    from training_eval.settings import TrainingSettings
    from workbench.settings import WorkbenchSettings

    return Settings, VideoSettings, GatewaySettings, BackupSettings, TrainingSettings, WorkbenchSettings


def _names(settings: type[BaseSettings]) -> Iterator[str]:
    prefix = str(settings.model_config.get("env_prefix", ""))
    for field, info in settings.model_fields.items():
        alias = info.validation_alias
        if isinstance(alias, AliasChoices):
            yield from (str(choice).upper() for choice in alias.choices)
        else:
            yield (alias if isinstance(alias, str) else f"{prefix}{field}").upper()


def _named(objects: Objects) -> Iterator[tuple[str, str]]:
    for settings in objects.of("ConfigMap"):
        for name in settings.get("data", {}):
            yield label(settings), name
    for secret in objects.of("ExternalSecret"):
        template = at(secret, "spec", "target", "template", "data", default={})
        for name in template or [data["secretKey"] for data in secret["spec"]["data"]]:
            yield label(secret), name
    for pod in objects.pods:
        for container in pod.containers:
            for variable in container.spec.get("env", ()):
                yield container.where, variable["name"]
