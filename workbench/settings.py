"""The one place of the workbench that reads the environment."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Self

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from workbench.endpoints import DEFAULT_PORT_BASE, Endpoints, http_host, service_address

PREFIX = "FACESOCIAL_WORKBENCH_"
LOCAL = "local"
CHECKOUT = Path(__file__).parents[1]


class Environment(BaseModel):
    """A deployment under a name: a gateway, services with addresses of their own, or both.

    Attributes:
        gateway: Base address, such as ``https://faces.example.com``.
        services: Base addresses by service name.
        token_file: Holds a token for this deployment and no other.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    gateway: str | None = None
    services: dict[str, str] = Field(default_factory=dict)
    token_file: Path | None = None

    @model_validator(mode="after")
    def _usable(self) -> Self:
        addresses = [*self.services.values(), *([self.gateway] if self.gateway else [])]
        if not addresses:
            raise ValueError("an environment needs `gateway`, or addresses in `services`")
        for address in addresses:
            if http_host(address) is None:
                raise ValueError(f"{address} is no http or https address")
        try:
            for name in self.services:
                service_address(name)
        except LookupError as error:
            raise ValueError(str(error)) from error
        return self

    @property
    def endpoints(self) -> Endpoints:
        return Endpoints(MappingProxyType(dict(self.services)), self.gateway)


class WorkbenchSettings(BaseSettings):
    """Names: ``FACESOCIAL_WORKBENCH_`` and the field's name.

    Attributes:
        environments: Deployments beside ``local``, as JSON: ``{"staging": {"gateway": "https://…"}}``.
        host: Where the services of ``local`` run.
        port_base: Their ports begin after it; the stack's own ``FACESOCIAL_PORT_BASE``.
        token_file: A token for ``local``; `facesocial up` names one.
        token: The same, given directly.
        timeout_s: Seconds to wait for an answer.
        data_dir: Where batch runs and labels are kept; in the stack's state folder, else in the checkout.
        folders: As JSON, the folders below which batch runs may read pictures; without it any folder, as long as
            the workbench is reached from its own machine alone.
        registry_uri: Of the MLflow server that holds the registry of models.
        registry_token: Of that server, where it asks for one.
        model_command: Moves the registry's aliases through the gate; words as a shell would split them.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True, populate_by_name=True)

    environments: dict[str, Environment] = Field(default_factory=dict)
    host: str = "127.0.0.1"
    port_base: Annotated[
        int,
        Field(
            ge=1,
            le=65_000,
            validation_alias=AliasChoices("port_base", f"{PREFIX}PORT_BASE", "FACESOCIAL_PORT_BASE"),
        ),
    ] = DEFAULT_PORT_BASE
    token_file: Path | None = None
    token: SecretStr | None = None
    timeout_s: Annotated[float, Field(gt=0)] = 60.0
    data_dir: Path | None = None
    state_dir: Annotated[
        Path | None, Field(validation_alias=AliasChoices("state_dir", "FACESOCIAL_STATE_DIR"))
    ] = None
    folders: tuple[Path, ...] = ()
    registry_uri: str | None = None
    registry_token: SecretStr | None = None
    model_command: str = "facesocial model"

    @property
    def data_folder(self) -> Path:
        """Where batch runs and labels are kept."""
        return self.data_dir or (self.state_dir or CHECKOUT / ".facesocial") / "workbench"

    @property
    def deployments(self) -> dict[str, Environment]:
        """Every environment by name, ``local`` first unless ``environments`` describes it anew."""
        services = dict(Endpoints.local(self.port_base, self.host).services)
        return {LOCAL: Environment(services=services, token_file=self.token_file), **self.environments}

    def given_token(self, name: str) -> str | None:
        """The token that the settings hold for an environment; a file is read anew, for it may be renewed.

        Raises:
            OSError: The file cannot be read.
            UnicodeDecodeError: It holds no text.
        """
        file = self.deployments[name].token_file
        if file is not None:
            return file.read_text().strip() or None
        return self.token.get_secret_value() if self.token is not None and name == LOCAL else None

    @field_validator("model_command")
    @classmethod
    def _splits(cls, words: str) -> str:
        shlex.split(words)  # raises ValueError where a quote is left open
        return words

    def model_words(self) -> list[str]:
        """The model command as a list."""
        return shlex.split(self.model_command)

    def command_environment(self) -> dict[str, str]:
        """Variables of the model command: this process' own, and the registry that is looked at here."""
        given = {"COLUMNS": "160", "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"}
        if self.registry_uri:
            given["FACESOCIAL_MLFLOW_URI"] = self.registry_uri
        if self.registry_token is not None:
            given["FACESOCIAL_MLFLOW_TOKEN"] = self.registry_token.get_secret_value()
        return {**os.environ, **given}
