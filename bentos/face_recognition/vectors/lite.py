"""Milvus Lite in this process: the same interface as a server's, files in one folder that one process holds."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bentos.common.errors import ConfigurationError
from bentos.face_recognition.vectors.client import EXTRA

OPTIONS = {
    "grpc.max_receive_message_length": 256 * 1024 * 1024,
    "grpc.max_send_message_length": 256 * 1024 * 1024,
    # The client asks every ten seconds whether the connection lives; too often for a server unless it is told.
    "grpc.http2.max_ping_strikes": 0,
}
STOP_GRACE_S = 5.0
MAX_SOCKET_BYTES = 100
"""Of a name that an operating system takes for a socket file; Linux takes 107."""

_servers: weakref.WeakValueDictionary[Path, LiteServer] = weakref.WeakValueDictionary()
_finding = threading.Lock()


def server_of(folder: Path) -> LiteServer:
    """The one server that this process has for a folder: every model's index is in the same."""
    with _finding:
        path = folder.expanduser().resolve()
        return _servers.setdefault(path, LiteServer(path))


class LiteServer:
    """Serves one folder to this process alone, as long as somebody wants it.

    One worker takes one call at a time: Milvus Lite loses rows where two write to a collection at once, and a
    search that meets the writing of a segment misses what is being written, deletions too. The way in is a socket
    file in a folder of this user's alone, where pymilvus itself would open a port to everybody on the machine.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._names: set[str] = set()
        self._lock = threading.Lock()
        self._files: Any = None
        self._server: Any = None
        self._socket: Path | None = None

    @property
    def collections(self) -> Path:
        """Holds a folder for each collection."""
        return self.folder / "collections"

    def acquire(self, alias: str) -> str:
        """Start it if nobody has, for the collections of an alias; the address for the client.

        What was made for the alias and is not what it stands for is removed.

        Raises:
            ConfigurationError: Another process holds the folder, it cannot be used, Milvus Lite is not installed, or
                this process has an index of that name already.
            ValueError: What the alias stands for cannot be read.
        """
        with self._lock:
            if alias in self._names:
                raise ConfigurationError(
                    f"The index {alias} in {self.folder} is open already in this process."
                )
            try:
                self._claim()
                self._sweep(alias)
                address = self._serve()
            except BaseException:
                self._stop_unless_wanted()
                raise
            self._names.add(alias)
            return address

    def release(self, alias: str) -> None:
        """Finish what is under way, write what is in memory and let the folder go, if nobody else wants it."""
        with self._lock:
            self._names.discard(alias)
            self._stop_unless_wanted()

    def move_aside(self, alias: str) -> Path:
        """Move an alias' collections out of the folder; where to.

        Raises:
            ConfigurationError: Another process holds the folder, or it cannot be used.
        """
        with self._lock, self._usable():
            try:
                files = self._claim()
                aside = self.folder.with_name(
                    f"{self.folder.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"
                )
                aside.mkdir(mode=0o700)
                for collection in self.collections.glob(f"{alias}_*"):
                    collection.rename(aside / collection.name)
                try:
                    files.resolve_collection_name(alias)
                except ValueError:
                    (self.folder / "aliases.json").rename(aside / "aliases.json")
            finally:
                self._stop_unless_wanted()
        return aside

    def _claim(self) -> Any:
        """Take the folder for this process; Milvus Lite's own handle of it."""
        try:
            from milvus_lite import DataDirLockedError, MilvusLite
        except ImportError as error:
            raise ConfigurationError(EXTRA) from error
        if self._files is None:
            with self._usable():
                self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                try:
                    self._files = MilvusLite(str(self.folder))
                except DataDirLockedError as error:
                    raise ConfigurationError(_held(self.folder)) from error
        return self._files

    def _sweep(self, alias: str) -> None:
        current = self._claim().resolve_collection_name(alias)
        with self._usable():
            for files in self.collections.glob(f"{alias}_*"):
                if files.name != current:
                    shutil.rmtree(files)

    def _serve(self) -> str:
        if self._server is None:
            import grpc  # type: ignore[import-untyped]
            from milvus_lite.adapter.grpc.servicer import MilvusServicer
            from pymilvus.grpc_gen import milvus_pb2_grpc

            worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="milvus-lite")
            self._socket = self._place()
            self._server = grpc.server(worker, options=list(OPTIONS.items()))
            milvus_pb2_grpc.add_MilvusServiceServicer_to_server(MilvusServicer(self._files), self._server)
            self._server.add_insecure_port(f"unix:{self._socket}")
            self._server.start()
        return f"unix:{self._socket}"

    def _place(self) -> Path:
        """Where the socket is: in the folder, unless its name would be too long for one."""
        inside = self.folder / "socket"
        if len(os.fsencode(inside)) > MAX_SOCKET_BYTES:
            return Path(tempfile.mkdtemp(prefix="facesocial-milvus-")) / "socket"
        inside.unlink(missing_ok=True)
        return inside

    def _stop_unless_wanted(self) -> None:
        if self._names:
            return
        if self._server is not None:
            self._server.stop(STOP_GRACE_S).wait()
            self._server = None
        if self._socket is not None:
            self._socket.unlink(missing_ok=True)
            if self._socket.parent != self.folder:
                self._socket.parent.rmdir()
            self._socket = None
        if self._files is not None:
            self._files.close()
            self._files = None

    @contextmanager
    def _usable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ConfigurationError(
                f"The folder {self.folder} for the face vectors cannot be used: {error.strerror}."
            ) from error


def _held(folder: Path) -> str:
    return (
        f"The face vectors in {folder} are in use by another process, probably a running face recognition "
        f"service: the embedded Milvus Lite serves one process. Stop that one, or run a Milvus server and name "
        f"it in FACESOCIAL_MILVUS_URI."
    )
