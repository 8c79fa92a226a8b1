"""A real PostgreSQL of the tests' own: on a free port, with fresh databases, gone at the end."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg2
from service_process import free_port

START_LIMIT_S = 60
STOP_LIMIT_S = 30
POLL_S = 0.05
USER = "facesocial"
PASSWORD = "swordfish"
"""Never asked for on this machine; it must never be seen in a message either."""
COLLATION = ("--encoding=UTF8", "--locale-provider=icu", "--icu-locale=en-US", "--locale=C.UTF-8")
"""As most servers have it: names are not sorted by their bytes."""
HASTY = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
SETTINGS = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=150",
    "shared_buffers=32MB",
)


def programs() -> Path | None:
    """The folder of PostgreSQL's programs, the newest first; None where it is not installed."""
    found = [Path(path).resolve() for path in [shutil.which("initdb")] if path]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: -int(path.parts[-3]))
    return found[0].parent if found else None


def missing() -> str | None:
    """Why no server can be started here; None if one can."""
    if programs() is None:
        return "PostgreSQL is not installed (Debian: apt-get install postgresql)"
    if os.geteuid() == 0 and "postgres" not in {entry.pw_name for entry in pwd.getpwall()}:
        return "PostgreSQL does not run as root, and there is no user postgres"
    return None


@dataclass
class PostgresServer:
    """Makes a cluster in a folder of its own and runs it; ``with`` ends and removes it.

    Args:
        durable: Whether it outlives a power cut, as in production; without it is faster.
    """

    durable: bool = False
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False)

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="facesocial-postgres-"))
        self._names = (f"test_{number}" for number in count(1))
        try:
            if os.geteuid() == 0:
                shutil.chown(self._folder, "postgres", "postgres")
            self._initialise()
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.stop(signal.SIGQUIT)
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    def url(self, name: str) -> str:
        """The address of a database, as a deployment writes it."""
        return f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{name}"

    def create(self, template: str = "template0") -> str:
        """A new database, empty or as ``template`` is; its name."""
        name = next(self._names)
        self.ask(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever is connected."""
        self.ask(f"DROP DATABASE {name} WITH (FORCE)")

    def ask(self, statement: str, name: str = "postgres") -> list[tuple[Any, ...]]:
        """Rows of one statement, outside of what is tested."""
        connection = psycopg2.connect(self.url(name))
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def start(self) -> None:
        """Run it, and wait until it answers."""
        settings = [*SETTINGS, f"port={self.port}", *(() if self.durable else HASTY)]
        arguments = [argument for setting in settings for argument in ("-c", setting)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._program("postgres"), "-D", self._data, *arguments],
                stdout=log,
                stderr=log,
                start_new_session=True,
                **_as_server(),
            )
        limit = time.monotonic() + START_LIMIT_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > limit:
                raise AssertionError(f"PostgreSQL does not start\n{self._log.read_text()[-4000:]}")
            time.sleep(POLL_S)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: SIGINT undoes what is open and shuts down; SIGQUIT is a crash."""
        if self._process is None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise
        finally:
            self._process = None

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    @property
    def _log(self) -> Path:
        return self._folder / "server.log"

    def _program(self, name: str) -> Path:
        folder = programs()
        assert folder is not None
        return folder / name

    def _initialise(self) -> None:
        command = [
            self._program("initdb"),
            "-D",
            self._data,
            "-U",
            USER,
            "--auth=trust",
            "--no-sync",
            *COLLATION,
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=START_LIMIT_S, **_as_server())
        assert done.returncode == 0, done.stdout + done.stderr

    def _answers(self) -> bool:
        try:
            return bool(self.ask("SELECT 1"))
        except psycopg2.OperationalError:
            return False


def _as_server() -> Mapping[str, Any]:
    """PostgreSQL refuses to run as root."""
    own = os.geteuid() != 0
    return {} if own else {"user": "postgres", "group": "postgres", "extra_groups": [], "cwd": "/"}
