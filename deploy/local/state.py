"""The state folder of this machine's stack: secret, token, process, logs."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from bentos.common.errors import ConfigurationError

SECRET_BYTES = 32
OWNER_ONLY = 0o600
OF_PROGRAMS = (
    "logs",
    "models",
    "bentoml",
    "images",
    "gateway",
    "uploads",
    "broker",
    "video-worker.ready",
    "mlflow",
    "training",
)
STORES = ("facesocial.sqlite", "milvus.db", "tombstones.")
"""Files and folders of the embedded stores, with what lies beside them (logs, locks)."""
MAX_LOG_BYTES = 10_000_000
FOLDER_OWNER_ONLY = 0o700


@dataclass(frozen=True, slots=True)
class StackRecord:
    """What runs: the supervisor's process and the addresses of what it started.

    Attributes:
        gateway: ``url`` and ``certificate``; None without a gateway.
        models: Where the models come from: ``own``, ``published`` or ``mlflow``.
    """

    pid: int
    started: float
    services: dict[str, str]
    workbench: str | None
    gateway: dict[str, str] | None = None
    models: str | None = None

    def is_running(self) -> bool:
        """Whether the very process still runs; a reused number does not count."""
        try:
            process = psutil.Process(self.pid)
            return process.create_time() == self.started and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False


class StateFolder:
    """Files of the local stack, readable by their owner alone."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def secret(self) -> Path:
        return self.path / "jwt-secret"

    @property
    def token(self) -> Path:
        return self.path / "workbench-token"

    @property
    def record(self) -> Path:
        return self.path / "stack.json"

    @property
    def log(self) -> Path:
        return self.path / "logs" / "stack.log"

    def make(self) -> None:
        """Make the folder, for its owner alone, and the secret unless there is one.

        Raises:
            ConfigurationError: The folder cannot be written.
        """
        try:
            self.path.mkdir(mode=FOLDER_OWNER_ONLY, parents=True, exist_ok=True)
            self._close()
            self.log.parent.mkdir(mode=FOLDER_OWNER_ONLY, exist_ok=True)
            _create(self.secret, secrets.token_hex(SECRET_BYTES))
        except FileExistsError:
            pass
        except OSError as error:
            raise ConfigurationError(
                f"The state folder {self.path} cannot be written ({error.strerror}): "
                "set FACESOCIAL_STATE_DIR to another."
            ) from error

    def _close(self) -> None:
        """Shut others out of a folder that a service made for its own; one that holds more is not ours to shut."""
        own = {self.secret.name, self.token.name, self.record.name, *OF_PROGRAMS}
        there = {name for name in os.listdir(self.path) if not name.startswith(STORES)}
        if self.path.stat().st_uid == os.geteuid() and own.issuperset(there):
            self.path.chmod(FOLDER_OWNER_ONLY)

    def write_token(self, token: str) -> None:
        """Keep the workbench's token; the file is replaced whole."""
        fresh = self.token.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        _create(fresh, token)
        fresh.replace(self.token)

    def write_record(
        self,
        services: dict[str, str],
        workbench: str | None,
        gateway: dict[str, str] | None = None,
        models: str | None = None,
    ) -> None:
        """Say that this process runs the stack."""
        own = psutil.Process()
        record = StackRecord(own.pid, own.create_time(), services, workbench, gateway, models)
        fresh = self.record.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(record)))
        fresh.replace(self.record)

    def running(self) -> StackRecord | None:
        """The stack that runs, if one does; what a dead one left is cleaned up."""
        try:
            record = StackRecord(**json.loads(self.record.read_text()))
        except (OSError, ValueError, TypeError):
            return None
        if record.is_running():
            return record
        self.clear()
        return None

    def clear(self) -> None:
        """Nothing runs."""
        self.record.unlink(missing_ok=True)
        self.token.unlink(missing_ok=True)


def rotate(log: Path) -> None:
    """Begin a log anew that has grown large; the one before is kept."""
    if log.exists() and log.stat().st_size > MAX_LOG_BYTES:
        log.replace(log.with_suffix(".old.log"))


def _create(path: Path, text: str) -> None:
    """Write a new file that only its owner reads; never over another one."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(handle, "w") as file:
        file.write(text)
