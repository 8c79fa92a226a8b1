"""Settings of training and evaluation: where material lies and where results go."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import AliasChoices, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "FACESOCIAL_"
ROOT = Path(__file__).parents[1]


class TrainingSettings(BaseSettings):
    """Names: ``FACESOCIAL_`` and the field's name. Sets of data have no default: nothing is downloaded.

    Attributes:
        photos: Photographs with faces, in folders ``groups``, ``people``, ``liveness``, ``deepfake``, ``video``.
        faces: The AT&T Database of Faces in ``att``.
        mlflow_uri: Of the tracking server and registry; a SQLite file in the state folder where it is not set.
        data_sets: Folders of public sets by their names, as JSON: ``{"lfw": "/data/lfw"}``.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True, populate_by_name=True)

    state_dir: Path = Field(default_factory=lambda: ROOT / ".facesocial")
    model_mirror: str | None = None
    model_dir: Annotated[
        Path | None, Field(validation_alias=AliasChoices(f"{PREFIX}MODEL_DIR", "MODEL_PATH"))
    ] = None
    photos: Annotated[
        Path | None, Field(validation_alias=AliasChoices(f"{PREFIX}PHOTOS", f"{PREFIX}TEST_PHOTOS"))
    ] = None
    faces: Annotated[
        Path | None, Field(validation_alias=AliasChoices(f"{PREFIX}FACES", f"{PREFIX}TEST_FACES"))
    ] = None
    mlflow_uri: Annotated[
        str | None, Field(validation_alias=AliasChoices(f"{PREFIX}MLFLOW_URI", "MLFLOW_TRACKING_URI"))
    ] = None
    mlflow_token: Annotated[
        SecretStr | None,
        Field(validation_alias=AliasChoices(f"{PREFIX}MLFLOW_TOKEN", "MLFLOW_TRACKING_TOKEN")),
    ] = None
    data_sets: dict[str, Path] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _absolute(self) -> Self:
        object.__setattr__(self, "state_dir", self.state_dir.expanduser().absolute())
        return self

    @property
    def cache(self) -> Path:
        """Folder of pulled graphs, the services' own."""
        return (self.model_dir or self.state_dir / "models").expanduser().absolute()

    @property
    def tracking_uri(self) -> str:
        """Where MLflow keeps runs and the registry."""
        return self.mlflow_uri or f"sqlite:///{self.state_dir / 'mlflow' / 'mlflow.sqlite'}"
