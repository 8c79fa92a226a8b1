"""Versions of a task's models: finding them, and bringing their files here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from mlflow.artifacts import download_artifacts
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from models.catalogue.card import Task
from models.runtime.bundle import Bundle, read_bundle
from training_eval.errors import RegistryUnavailable
from training_eval.registry.tracking import MISSING, Store

CHAMPION, CHALLENGER = "champion", "challenger"
MODEL_ID, DIGESTS = "logged_model", "digests"
"""Tags of a version: MLflow's id of its files, and the SHA-256 of each graph."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A registered version of a task's models.

    Attributes:
        number: 1, 2, 3, … within the task.
        run_id: Of the run that made it, which holds its reports.
        model_id: MLflow's id of its files; empty where something else than this registered it.
        digests: SHA-256 of each graph.
        created: UTC.
        aliases: What it is called at this moment: ``champion``, ``challenger``.
        tags: What was noted of it.
    """

    task: Task
    number: int
    run_id: str
    model_id: str
    digests: tuple[str, ...]
    created: datetime
    aliases: frozenset[str]
    tags: Mapping[str, str]


def find(store: Store, task: Task, which: str | int) -> Version:
    """A version by its number or alias.

    Raises:
        RegistryUnavailable: There is none; the message says what there is.
    """
    if (found := lookup(store, task, which)) is not None:
        return found
    known = ", ".join(str(version.number) for version in listed(store, task)) or "none"
    what = f"version {which}" if str(which).isdecimal() else str(which)
    raise RegistryUnavailable(f"The registry holds no {what} of {task.value}. Versions there: {known}.")


def lookup(store: Store, task: Task, which: str | int) -> Version | None:
    """As ``find``; None where there is none."""
    aliases = aliases_of(store, task)
    number = int(which) if str(which).isdecimal() else aliases.get(str(which))
    if number is None:
        return None
    with _absent():
        return _version(task, store.client.get_model_version(task.value, str(number)), aliases)
    return None


def listed(store: Store, task: Task) -> tuple[Version, ...]:
    """All versions of a task, the newest first."""
    aliases = aliases_of(store, task)
    found, token = [], None
    while True:
        page = store.client.search_model_versions(f"name='{task.value}'", page_token=token)
        found += [_version(task, entity, aliases) for entity in page]
        if not (token := page.token):
            return tuple(sorted(found, key=lambda version: -version.number))


def aliases_of(store: Store, task: Task) -> Mapping[str, int]:
    """Numbers of versions by alias; empty where the registry does not know the task."""
    with _absent():
        return {
            name: int(number)
            for name, number in store.client.get_registered_model(task.value).aliases.items()
        }
    return {}


def fetch(store: Store, version: Version, into: Path) -> Bundle:
    """Bring a version's files into a folder of their own below ``into``, and check their digests.

    Raises:
        ModelUnavailable: What lies there is no bundle.
        DigestMismatch: A graph is not the one that its card names.
    """
    folder = into / f"{version.task.value}-{version.number}"
    folder.mkdir(parents=True, exist_ok=True)
    source = store.client.get_model_version_download_uri(version.task.value, str(version.number))
    return read_bundle(
        Path(download_artifacts(artifact_uri=source, dst_path=str(folder), tracking_uri=store.uri))
    )


def _version(task: Task, entity: ModelVersion, aliases: Mapping[str, int]) -> Version:
    number, tags = int(entity.version), dict(entity.tags)
    return Version(
        task=task,
        number=number,
        run_id=str(entity.run_id or ""),
        model_id=tags.get(MODEL_ID, ""),
        digests=tuple(tags.get(DIGESTS, "").split()),
        created=datetime.fromtimestamp(entity.creation_timestamp / 1000, UTC),
        aliases=frozenset(name for name, held in aliases.items() if held == number),
        tags=MappingProxyType(tags),
    )


@contextmanager
def _absent() -> Iterator[None]:
    """Leave quietly where MLflow says that there is no such thing."""
    try:
        yield
    except MlflowException as error:
        if error.error_code != MISSING:
            raise
