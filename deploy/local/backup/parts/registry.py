"""The registry of models: MLflow's database, and its files by MLflow's own clients."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from bentos.common.errors import ConfigurationError, DependencyUnavailable
from bentos.common.settings import Settings
from deploy.local.backup import embedded, server
from deploy.local.backup.parts import tar
from deploy.local.backup.parts.piece import Piece
from deploy.local.backup.sealing import Chunks
from deploy.local.backup_settings import PREFIX, BackupSettings

if TYPE_CHECKING:
    from training_eval.registry.artifacts import ArtifactFiles

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
TAR = "tar"


@dataclass(frozen=True, slots=True)
class Registry:
    """Where it is; None where there is none."""

    database: URL | None
    artifacts: str | None

    @classmethod
    def of(cls, settings: Settings, own: BackupSettings, *, new: bool = False) -> Registry:
        """What is set, or the one that training makes in the state folder, where there is one.

        Args:
            settings: Name the state folder.
            own: Name another place.
            new: It need not be there.

        Raises:
            ConfigurationError: The address is neither of PostgreSQL nor of an SQLite file.
        """
        here = settings.state_dir / "mlflow" / "mlflow.sqlite"
        database = _url(own.mlflow_database_url.get_secret_value()) if own.mlflow_database_url else None
        artifacts = own.mlflow_artifacts
        if database is None and artifacts is None and (new or here.exists()):
            return cls(URL.create("sqlite", database=str(here)), str(here.parent / "artifacts"))
        return cls(database, artifacts)

    @property
    def kind(self) -> str | None:
        """Of the database."""
        if self.database is None:
            return None
        return SQLITE if self.database.get_backend_name() == "sqlite" else POSTGRESQL


@contextmanager
def read_database(registry: Registry, scratch: Path) -> Iterator[Piece | None]:
    """MLflow's database, as it is at one moment; None where there is none.

    Raises:
        DependencyUnavailable: It does not answer.
    """
    if registry.database is None:
        yield None
    elif registry.kind == POSTGRESQL:
        with server.dumped(registry.database, []) as source:
            yield Piece("registry", POSTGRESQL, source)
    else:
        copy = scratch / "registry"
        _copy(Path(str(registry.database.database)), copy)
        with copy.open("rb") as source:
            yield Piece("registry", SQLITE, source)
        copy.unlink()


@contextmanager
def read_artifacts(registry: Registry, scratch: Path) -> Iterator[Piece | None]:
    """Its files, read after the database, which names none before it is there; one at a time lies in ``scratch``.

    Raises:
        ConfigurationError: MLflow is not installed.
        FaceSocialError: The store does not answer.
    """
    if registry.artifacts is None:
        yield None
        return
    files, counts = artifact_files(registry.artifacts), {"files": 0}

    def parts() -> Iterator[bytes]:
        for path in files.paths():
            counts["files"] += 1
            with tempfile.TemporaryDirectory(dir=scratch) as folder:
                yield from tar.one_file(path, files.fetch(path, Path(folder)))
        yield tar.END

    yield Piece("artifacts", TAR, Chunks(parts()), counts)


def write_database(file: Path, registry: Registry) -> None:
    """Put a backup in the place of MLflow's database.

    Raises:
        ConfigurationError: MLflow's server still uses the file.
        DependencyUnavailable: PostgreSQL refuses it, and is as it was.
    """
    assert registry.database is not None
    if registry.kind == POSTGRESQL:
        server.replace(registry.database, file)
    else:
        target = Path(str(registry.database.database))
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".restore-", dir=target.parent) as folder:
            embedded.put_in_place(Path(shutil.copy(file, folder)), target)


def write_artifacts(archive: Path, registry: Registry, scratch: Path) -> int:
    """Put all files back, over what is there; how many.

    Raises:
        FaceSocialError: The store does not answer.
    """
    assert registry.artifacts is not None
    files, count = artifact_files(registry.artifacts), 0
    for path, content in tar.members(archive):
        with tempfile.TemporaryDirectory(dir=scratch) as folder:
            file = Path(folder) / Path(path).name
            with file.open("wb") as opened:
                content(opened)
            files.put(path, file)
        count += 1
    return count


def artifact_files(address: str) -> ArtifactFiles:
    """MLflow's client of its files.

    Raises:
        ConfigurationError: MLflow is not installed.
    """
    try:
        from training_eval.registry.artifacts import ArtifactFiles
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"Backing up the registry's files needs the extra `train` ({error.name} is missing): install it, or unset "
            f"{PREFIX}MLFLOW_ARTIFACTS and {PREFIX}MLFLOW_DATABASE_URL."
        ) from error
    return ArtifactFiles(address)


def _copy(file: Path, copy: Path) -> None:
    try:
        with (
            closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
    except sqlite3.Error as error:
        raise DependencyUnavailable(
            f"MLflow's database {file} cannot be read: {error}.", {"dependency": "registry"}
        ) from error
    embedded.fold(copy)


def _url(address: str) -> URL:
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        url = None
    if url is not None and url.get_backend_name() == "postgresql":
        return url.set(drivername="postgresql+psycopg2")
    if url is not None and url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:"):
        return url
    raise ConfigurationError(f"{PREFIX}MLFLOW_DATABASE_URL is neither postgresql://… nor sqlite:///FILE.")
