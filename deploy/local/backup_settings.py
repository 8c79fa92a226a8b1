"""Settings of backups: where they go, who can open them, how long they stay."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bentos.common.errors import ConfigurationError
from bentos.common.settings import PREFIX as PROJECT
from bentos.common.settings import SECRETS_DIR

PREFIX = f"{PROJECT}BACKUP_"


class BackupSettings(BaseSettings):
    """Names: ``FACESOCIAL_BACKUP_`` and the field's name.

    Attributes:
        dir: Folder of the backups; best on another disk, or another machine's.
        recipients: Public keys of age, separated by commas; each of their owners can open a backup.
        identity_file: Private keys of age; only where backups are opened.
        scratch_dir: Where plaintext lies for a moment; the state folder where it is not set. A tmpfs is good.
        keep_daily: So many days with a backup keep their newest one.
        keep_weekly: The same by ISO weeks.
        keep_monthly: The same by months.
        every_h: Hours between two backups of ``schedule``.
        drill_every_d: Days between two drills of ``schedule``.
        mlflow_database_url: Of the registry; the SQLite file in the state folder where it is not set.
        mlflow_artifacts: Folder or address of the registry's files, as MLflow takes it.
    """

    model_config = SettingsConfigDict(
        secrets_dir=SECRETS_DIR,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        alias_generator=lambda name: f"{PREFIX}{name.upper()}",
    )

    dir: Path | None = None
    recipients: Annotated[tuple[str, ...], NoDecode] = ()
    identity_file: Path | None = None
    scratch_dir: Path | None = None
    keep_daily: Annotated[int, Field(ge=0)] = 7
    keep_weekly: Annotated[int, Field(ge=0)] = 5
    keep_monthly: Annotated[int, Field(ge=0)] = 12
    every_h: Annotated[float, Field(gt=0)] = 24
    drill_every_d: Annotated[float, Field(gt=0)] = 7
    mlflow_database_url: SecretStr | None = None
    mlflow_artifacts: str | None = None

    @field_validator("recipients", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @property
    def folder(self) -> Path:
        """Of the backups.

        Raises:
            ConfigurationError: None is set.
        """
        if self.dir is None:
            raise ConfigurationError(f"Set {PREFIX}DIR to the folder of backups, best on another disk.")
        return self.dir.expanduser().absolute()
