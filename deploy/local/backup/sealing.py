"""Encryption with age (https://age-encryption.org/v1), in one pass and constant memory."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pyrage

from bentos.common.errors import ConfigurationError
from deploy.local.backup.keys import Identity, Recipient

BLOCK = 1 << 20
OWNER_ONLY = 0o600


class Source(Protocol):
    """What is read to its end: files, pipes, ``Chunks``."""

    def read(self, size: int = -1, /) -> bytes: ...


class Sink(Protocol):
    """What is written to."""

    def write(self, data: bytes, /) -> Any: ...


class Nowhere:
    """A sink for those who only want to know whether something can be read."""

    def write(self, data: bytes, /) -> None:
        """Forget it."""


class Chunks:
    """A source of parts that are made while they are read."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self._left = b""

    def read(self, size: int = -1, /) -> bytes:
        """At most ``size`` bytes; none at the end."""
        while not self._left:
            part = next(self._parts, None)
            if part is None:
                return b""
            self._left = part
        limit = size if size >= 0 else len(self._left)
        given, self._left = self._left[:limit], self._left[limit:]
        return given


@dataclass(frozen=True, slots=True)
class Digested:
    """Bytes and SHA-256 (64 hex digits), of what is kept and of what was encrypted."""

    size: int
    sha256: str
    plain_size: int
    plain_sha256: str


class _Counted:
    """Counts and hashes what passes; keeps a fault, of which age would give the text alone."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self.size = 0
        self.fault: BaseException | None = None

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def _count(self, data: bytes) -> None:
        self._digest.update(data)
        self.size += len(data)

    @contextmanager
    def _kept(self) -> Iterator[None]:
        try:
            yield
        except BaseException as fault:
            self.fault = fault
            raise


class _Reading(_Counted):
    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source = source

    def read(self, size: int = -1) -> bytes:
        with self._kept():
            data = self._source.read(size)
        self._count(data)
        return data


class _Writing(_Counted):
    def __init__(self, sink: Sink) -> None:
        super().__init__()
        self._sink = sink

    def write(self, data: bytes) -> int:
        with self._kept():
            self._sink.write(data)
        self._count(data)
        return len(data)

    def flush(self) -> None:
        """Whoever opened a file brings it to the disk."""


def seal(source: Source, file: Path, recipients: Sequence[Recipient]) -> Digested:
    """Encrypt a source into a new file, which is on the disk when this returns.

    Raises:
        OSError: The file cannot be written. What the source raises passes too.
    """
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "wb") as opened:
        plain, kept = _Reading(source), _Writing(opened)
        with _own_faults(plain, kept):
            pyrage.encrypt_io(plain, kept, list(recipients))
        opened.flush()
        os.fsync(opened.fileno())
    return Digested(kept.size, kept.sha256, plain.size, plain.sha256)


def unseal(file: Path, sink: Sink, identities: Sequence[Identity]) -> Digested:
    """Decrypt a file; what the sink was given is to be trusted once this has returned, and not before.

    Raises:
        ConfigurationError: None of the keys opens it, or it is damaged.
        OSError: The file cannot be read. What the sink raises passes too.
    """
    with file.open("rb") as opened:
        kept, plain = _Reading(opened), _Writing(sink)
        try:
            with _own_faults(kept, plain):
                pyrage.decrypt_io(kept, plain, list(identities))
        except (pyrage.DecryptError, OSError) as error:
            if error in (kept.fault, plain.fault):
                raise
            if "No matching keys" in str(error):
                raise ConfigurationError(f"None of the private keys opens {file.name}.") from error
            raise ConfigurationError(f"{file.name} is damaged: {error}.") from error
    return Digested(kept.size, kept.sha256, plain.size, plain.sha256)


def digest_of_file(file: Path) -> str:
    """SHA-256 of a file, 64 hex digits."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


@contextmanager
def _own_faults(*sides: _Counted) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        for side in sides:
            if side.fault is not None:
                raise side.fault from error
        raise
