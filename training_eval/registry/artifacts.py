"""Files of MLflow's store of artifacts, wherever it lies: what a backup of the registry reads and puts back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from training_eval.errors import RegistryUnavailable

UPLOADING = ".artifact.uploading."
"""So begin the names of files that are not whole yet."""


class ArtifactFiles:
    """All files below one address, through MLflow's own repositories.

    Args:
        address: A folder or its ``file:`` address, ``s3://…``, or what else MLflow knows.

    Raises:
        RegistryUnavailable: The address is of no kind that MLflow knows, or a client for it is missing.
    """

    def __init__(self, address: str) -> None:
        with _in_words():
            self._repository: Any = get_artifact_repository(address)  # half of it is untyped

    def paths(self, below: str | None = None) -> Iterator[str]:
        """Paths of all files, with ``/``, as they are found.

        Raises:
            RegistryUnavailable: The store does not answer.
        """
        with _in_words():
            found = self._repository.list_artifacts(below)
        for one in found:
            if one.is_dir:
                yield from self.paths(one.path)
            elif not PurePosixPath(one.path).name.startswith(UPLOADING):
                yield one.path

    def fetch(self, path: str, into: Path) -> Path:
        """Bring a file into a folder.

        Raises:
            RegistryUnavailable: It is gone, or the store does not answer.
        """
        with _in_words():
            return Path(self._repository.download_artifacts(path, dst_path=str(into)))

    def put(self, path: str, file: Path) -> None:
        """Store a file whose name is the path's last part; one that is there already is replaced.

        Raises:
            RegistryUnavailable: The store does not answer.
        """
        folder = str(PurePosixPath(path).parent)
        with _in_words():
            self._repository.log_artifact(str(file), None if folder == "." else folder)


@contextmanager
def _in_words() -> Iterator[None]:
    """Clients of stores have faults of their own kinds, such as botocore's."""
    try:
        yield
    except (MlflowException, OSError, ImportError) as error:
        raise RegistryUnavailable(f"MLflow's artifacts cannot be used: {_first_line(error)}") from error
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in (
            "botocore",
            "boto3",
            "google",
            "azure",
            "requests",
        ):
            raise
        raise RegistryUnavailable(f"MLflow's artifacts cannot be used ({type(error).__name__}).") from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:400]
