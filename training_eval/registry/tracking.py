"""The MLflow store of runs and versions: a SQLite file with a folder of artifacts beside it, or a server."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from requests import RequestException
from sqlalchemy.exc import SQLAlchemyError

from models.catalogue.card import Task
from training_eval.errors import RegistryUnavailable
from training_eval.settings import PREFIX, TrainingSettings

SQLITE = "sqlite:///"
ARTIFACTS = "artifacts"
TOKEN = "MLFLOW_TRACKING_TOKEN"  # noqa: S105  # the variable's name
REFUSED = frozenset({"UNAUTHENTICATED", "CUSTOMER_UNAUTHORIZED", "PERMISSION_DENIED"})
EXISTS = "RESOURCE_ALREADY_EXISTS"
MISSING = "RESOURCE_DOES_NOT_EXIST"


@dataclass(frozen=True, slots=True)
class Store:
    """An open store.

    Attributes:
        client: Of both the runs and the registry.
        uri: As MLflow takes it; may hold a password.
        artifacts: Where files of runs are kept; None where the server says so.
    """

    client: MlflowClient
    uri: str
    artifacts: Path | None

    @property
    def address(self) -> str:
        """For people: without a password."""
        return _shown(self.uri)

    def experiment(self, task: Task) -> str:
        """Id of the experiment with a task's runs; made where there is none."""
        if (found := self.client.get_experiment_by_name(task.value)) is not None:
            return str(found.experiment_id)
        where = None if self.artifacts is None else (self.artifacts / task.value).as_uri()
        try:
            return str(self.client.create_experiment(task.value, artifact_location=where))
        except MlflowException as error:
            if error.error_code != EXISTS:
                raise
            return self.experiment(task)


def _silent(_: str) -> None:
    """Say nothing."""


@contextmanager
def opened(settings: TrainingSettings, say: Callable[[str], None] = _silent) -> Iterator[Store]:
    """The store that the settings name. What MLflow raises inside the ``with`` is said in a sentence.

    Nothing of MLflow's global state is left changed. A token of the settings stands in the environment meanwhile,
    where MLflow looks for it: a process opens one server at a time.

    Args:
        settings: Name the address, and the folder where there is none.
        say: Told what takes seconds.

    Raises:
        RegistryUnavailable: The address is of no kind that is supported, does not answer, or refuses.
    """
    uri, token = settings.tracking_uri, settings.mlflow_token
    with _token(token.get_secret_value() if token else None), _in_words(uri):
        artifacts = _make_folder(uri, say)
        client = MlflowClient(tracking_uri=uri, registry_uri=uri)
        yield Store(client, uri, artifacts)


def _make_folder(uri: str, say: Callable[[str], None]) -> Path | None:
    if urlsplit(uri).scheme in ("http", "https"):
        return None
    if not uri.startswith(SQLITE) or uri == SQLITE or uri.endswith(":memory:"):
        raise RegistryUnavailable(
            f"{PREFIX}MLFLOW_URI is neither the http address of an MLflow server nor {SQLITE}FILE: {_shown(uri)}"
        )
    file = Path(uri.removeprefix(SQLITE)).absolute()
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise RegistryUnavailable(f"{file.parent} cannot be made: {error.strerror}.") from error
    if not file.exists():
        say(f"Making MLflow's database {file} …")
    return file.parent / ARTIFACTS


@contextmanager
def _token(token: str | None) -> Iterator[None]:
    if token is None:
        yield
        return
    before = os.environ.get(TOKEN)
    os.environ[TOKEN] = token
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(TOKEN, None)
        else:
            os.environ[TOKEN] = before


@contextmanager
def _in_words(uri: str) -> Iterator[None]:
    try:
        yield
    except MlflowException as error:
        raise RegistryUnavailable(_sentence(uri, error)) from error
    except RequestException as error:
        raise RegistryUnavailable(f"{_silent_server(uri)} ({type(error).__name__})") from error
    except SQLAlchemyError as error:
        raise RegistryUnavailable(
            f"MLflow's database {_shown(uri)} cannot be used: {_first_line(error)}"
        ) from error


def _sentence(uri: str, error: MlflowException) -> str:
    message = str(error.message)
    if error.error_code in REFUSED:
        return (
            f"The MLflow server at {_shown(uri)} refuses access: set {PREFIX}MLFLOW_TOKEN to a token of it."
        )
    if message.startswith("API request to ") and " failed with " in message and "error code" not in message:
        return _silent_server(uri)
    return f"MLflow at {_shown(uri)} refuses: {_first_line(message or error.error_code)}"


def _first_line(what: object) -> str:
    return (str(what).splitlines() or [""])[0][:400]


def _silent_server(uri: str) -> str:
    return f"The MLflow server at {_shown(uri)} does not answer: start it, or correct {PREFIX}MLFLOW_URI."


def _shown(uri: str) -> str:
    parts = urlsplit(uri)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])) if parts.netloc else uri
