"""A registry and a stack's database of their own, as files, for the commands on models."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from candidates import bundle_of, measure_of, report_of
from databases import address_of
from mlflow_stores import make_template, settings_on_a_copy
from pydantic import SecretStr
from rich.console import Console
from sqlalchemy import select

from bentos.common.audit.chain import verify_all
from bentos.common.audit.tables import AuditEvent
from bentos.common.database import Database
from bentos.common.database.upgrade import upgrade
from bentos.common.settings import DatabaseSettings
from deploy.local.cli import main
from training_eval.settings import TrainingSettings

if TYPE_CHECKING:
    from deploy.local.promoting import Promoting
    from training_eval.registry.tracking import Store
    from training_eval.registry.versions import Version


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Files with the tables of the stack and of MLflow, to be copied."""
    file = tmp_path_factory.mktemp("stack") / "facesocial.sqlite"
    made = _database(file)
    upgrade(made)
    made.close()
    return file, make_template(tmp_path_factory.mktemp("mlflow"))


@pytest.fixture
def database(templates: tuple[Path, Path], tmp_path: Path) -> Iterator[Database]:
    """The stack's SQLite file."""
    found = _database(Path(shutil.copyfile(templates[0], tmp_path / "facesocial.sqlite")))
    yield found
    found.close()


@pytest.fixture
def training(templates: tuple[Path, Path], tmp_path: Path) -> TrainingSettings:
    return settings_on_a_copy(templates[1], tmp_path / "state")


@dataclass(frozen=True, slots=True)
class Done:
    """What a command printed, and its exit code."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def facesocial(
    database: Database,
    training: TrainingSettings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., Done]:
    """Runs the command as the console script does, in this process: MLflow takes seconds to import."""
    for name in [name for name in os.environ if name.startswith(("FACESOCIAL_", "MLFLOW_TRACKING"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FACESOCIAL_DATABASE_URL", address_of(database))
    monkeypatch.setenv("FACESOCIAL_STATE_DIR", str(training.state_dir))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str | Path) -> Done:
        monkeypatch.setattr(sys, "argv", ["facesocial", "model", *map(str, arguments)])
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        return Done(code, *capsys.readouterr())

    return run


@pytest.fixture
def store(training: TrainingSettings) -> Iterator[Store]:
    from training_eval.registry.tracking import opened

    with opened(training) as store:
        yield store


@pytest.fixture
def promoting(store: Store, database: Database) -> Promoting:
    from deploy.local.promoting import Promoting

    return Promoting(store, database, Console(quiet=True))


@pytest.fixture
def register(store: Store, tmp_path: Path) -> Callable[[float], Version]:
    """Registers a version with the AUC that it was measured at."""
    from training_eval.registry.candidates import log_candidate
    from training_eval.registry.runs import RunFacts

    def run(value: float) -> Version:
        bundle = bundle_of(tmp_path / f"bundle-{value}", value)
        return log_candidate(
            store, bundle, RunFacts(), report=report_of(bundle.cards, measure_of(value=value))
        )

    return run


def _database(file: Path) -> Database:
    return Database(DatabaseSettings(url=SecretStr(f"sqlite:///{file}"), pool_size=4, timeout_s=10))


@pytest.fixture
def events(database: Database) -> Callable[[], list[tuple[str, str, dict[str, Any], dict[str, Any]]]]:
    """Reads the audit chain, which must be sound: action, outcome, target and details of each event."""

    def run() -> list[tuple[str, str, dict[str, Any], dict[str, Any]]]:
        with database.read() as session:
            assert all(report.fault is None for report in verify_all(session))
            found = session.scalars(select(AuditEvent).order_by(AuditEvent.seq)).all()
            assert {(event.tenant, event.actor, event.role) for event in found} <= {
                ("default", "command line", "admin")
            }
            return [(event.action, event.outcome, event.target, event.details) for event in found]

    return run
