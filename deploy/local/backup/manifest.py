"""What a backup says of itself, unencrypted: sizes, digests and counts, nothing about anybody."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bentos.common.errors import ConfigurationError

FORMAT: Literal[1] = 1
NAME = "manifest.json"
SEAL = "sha256"

Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
PartName = Literal["redis", "database", "tombstones", "pictures", "registry", "artifacts"]
DatabaseKind = Literal["SQLite", "PostgreSQL"]


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Part(Frozen):
    """One encrypted file.

    Attributes:
        kind: How it is made up, such as ``PostgreSQL`` or ``tar``.
        size: Bytes of the file.
        sha256: Of the file.
        plain_size: Bytes of what is in it.
        plain_sha256: Of what is in it.
        counts: Of what it holds.
        taken_at: When it was begun.
    """

    name: PartName
    kind: str
    size: int
    sha256: Digest
    plain_size: int
    plain_sha256: Digest
    counts: dict[str, int]
    taken_at: datetime

    @property
    def file(self) -> str:
        """Its name in the backup's folder."""
        return f"{self.name}.age"


class Truth(Frozen):
    """What the database held: a backup that was restored has to hold the same.

    Attributes:
        kind: Which can restore it.
        revisions: Of its tables.
        counts: Rows.
        digest: Of the rows; see ``truth.py``.
    """

    kind: DatabaseKind
    revisions: tuple[str, ...]
    counts: dict[str, int]
    digest: Digest


class Manifest(Frozen):
    """``version`` is the project's, ``recipients`` are the public keys whose owners can open the parts."""

    format: Literal[1] = FORMAT
    id: str
    version: str
    started_at: datetime
    finished_at: datetime
    database: Truth
    recipients: tuple[str, ...]
    parts: tuple[Part, ...]

    @property
    def size(self) -> int:
        """Bytes of all parts."""
        return sum(part.size for part in self.parts)

    def part(self, name: PartName) -> Part | None:
        """A part, where the backup has it."""
        return next((part for part in self.parts if part.name == name), None)

    def write(self, folder: Path) -> None:
        """Write it into a backup's folder, on the disk when this returns."""
        body = self.model_dump(mode="json")
        with (folder / NAME).open("x", encoding="utf-8") as file:
            json.dump({**body, SEAL: _seal(body)}, file, indent=2)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())

    @classmethod
    def read(cls, folder: Path) -> Self:
        """That of a backup's folder.

        Raises:
            ConfigurationError: It is missing, damaged, of another backup, or of a format that is not known.
        """
        try:
            body = json.loads((folder / NAME).read_bytes())
        except OSError as error:
            raise ConfigurationError(f"{folder.name} is no backup: {NAME}: {error.strerror}.") from error
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise _damaged(folder, "it is no JSON object")
        if body.get("format") != FORMAT:
            raise ConfigurationError(
                f"{folder.name} has the format {body.get('format')!r}, and this version knows {FORMAT} alone: "
                "use the version that made it."
            )
        if body.pop(SEAL, None) != _seal(body):
            raise _damaged(folder, "it was changed after it was written")
        try:
            found = cls.model_validate(body)
        except ValidationError as error:
            raise _damaged(folder, f"{error.error_count()} fields are wrong") from error
        if found.id != folder.name:
            raise _damaged(folder, f"it is that of {found.id}")
        return found


def _seal(body: object) -> str:
    """Against accidents; whoever can write here can make a new one."""
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _damaged(folder: Path, why: str) -> ConfigurationError:
    return ConfigurationError(f"The manifest of {folder.name} is damaged: {why}.")
