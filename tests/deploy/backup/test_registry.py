"""The registry of models in a backup: MLflow's database of each kind, and its files through MLflow's own client."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from databases import CONSOLE
from postgres import PostgresServer
from pydantic import SecretStr

from bentos.common.errors import ConfigurationError
from bentos.common.settings import Settings
from deploy.local.backup.making import Maker
from deploy.local.backup.restoring import restore
from deploy.local.backup_settings import BackupSettings

pytest.importorskip("training_eval.registry.tracking")

FILES = {
    "1/model/cards.json": b"{}",
    "1/model/graph with spaces.onnx": bytes(3_000_000),
    "2/empty": b"",
    "top": b"x" * 511,
    "2/" + "long" * 40 + "/file": b"y",
}


def write(folder: Path) -> None:
    for name, data in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def read(folder: Path) -> dict[str, bytes]:
    return {str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


def test_the_one_in_the_state_folder_comes_back(small: Settings, own: BackupSettings) -> None:
    folder = small.state_dir / "mlflow"
    write(folder / "artifacts")
    (folder / "artifacts" / ".artifact.uploading.half").write_text("not whole yet")
    with closing(sqlite3.connect(folder / "mlflow.sqlite")) as writing:
        writing.execute("PRAGMA journal_mode=WAL")
        writing.execute("CREATE TABLE versions (number INTEGER)")
        writing.execute("INSERT INTO versions VALUES (7)")
        writing.commit()
        manifest = Maker(small, own).create()
    assert {part.name: part.kind for part in manifest.parts if part.name in ("registry", "artifacts")} == {
        "registry": "SQLite",
        "artifacts": "tar",
    }
    assert manifest.part("artifacts").counts == {"files": len(FILES)}  # type: ignore[union-attr]
    shutil.rmtree(folder)
    report = restore(small, own, "latest", CONSOLE)
    assert (report.done["registry"], report.done["registry's files"]) == ("put back", "5 put back")
    assert read(folder / "artifacts") == FILES
    with closing(sqlite3.connect(folder / "mlflow.sqlite")) as found:
        assert found.execute("SELECT number FROM versions").fetchall() == [(7,)]


def test_one_on_postgresql_comes_back(
    small: Settings, own: BackupSettings, postgres: PostgresServer, tmp_path: Path
) -> None:
    name = postgres.create()
    postgres.ask("CREATE TABLE versions AS SELECT 7 AS number", name)
    write(tmp_path / "artifacts")
    registry = own.model_copy(
        update={
            "mlflow_database_url": SecretStr(postgres.url(name)),
            "mlflow_artifacts": (tmp_path / "artifacts").as_uri(),
        }
    )
    Maker(small, registry).create()
    postgres.ask("UPDATE versions SET number = 8", name)
    shutil.rmtree(tmp_path / "artifacts")
    report = restore(small, registry, "latest", CONSOLE)
    assert report.sound
    assert postgres.ask("SELECT number FROM versions", name) == [(7,)]
    assert read(tmp_path / "artifacts") == FILES
    left_out = restore(small, own, "latest", CONSOLE).done["registry"]
    assert left_out == "left out: set FACESOCIAL_BACKUP_MLFLOW_DATABASE_URL to one of PostgreSQL"
    postgres.drop(name)


def test_what_is_set_wrong_is_said_without_its_password(
    small: Settings, own: BackupSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for wrong in ("mysql://root:swordfish@db/mlflow", "nonsense swordfish"):
        bad = own.model_copy(update={"mlflow_database_url": SecretStr(wrong)})
        with pytest.raises(ConfigurationError, match="MLFLOW_DATABASE_URL") as caught:
            Maker(small, bad).create()
        assert "swordfish" not in caught.value.message
    monkeypatch.setitem(sys.modules, "training_eval.registry.artifacts", None)
    elsewhere = own.model_copy(update={"mlflow_artifacts": "s3://bucket/mlflow"})
    with pytest.raises(ConfigurationError, match="needs the extra `train`"):
        Maker(small, elsewhere).create()
    assert Maker(small, own).shelf.entries() == []
